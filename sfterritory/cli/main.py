"""The entry point: a lazy group of commands, and the one place where an error becomes text.

Only click and the standard library are imported here and at the top of each command's file, so
`--help` and shell completion answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from sfterritory import __version__
from sfterritory.cli import failure
from sfterritory.errors import ExitCode

# In the order of the work, which is the order of the help.
COMMANDS = (
    "init",
    "doctor",
    "pull",
    "roster",
    "travel",
    "geo",
    "build",
    "override",
    "proposals",
    "scenario",
    "territories",
    "route",
    "unassigned",
    "plan",
    "show",
    "approve",
    "reject",
    "apply",
    "revert",
    "why",
    "status",
    "log",
    "bench",
    "sandbox",
    "demo",
    "completion",
)

GROUPS = frozenset({"sandbox"})

# click ends with 2 on wrong usage; 2 means "changes present" here, as it does in Terraform.
click.UsageError.exit_code = ExitCode.USAGE


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for: `cli/NAME.py:command`.

    A command with verbs is a folder: `cli/NAME/group.py:command`.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the work."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Import one command's file."""
        if cmd_name not in COMMANDS:
            return None
        module = f"{cmd_name}.group" if cmd_name in GROUPS else cmd_name
        command = import_module(f"sfterritory.cli.{module}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"sfterritory.cli.{module}.command is not a click command")
        return command


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Nothing reaches Salesforce except by `apply`, and only what was approved.",
)
@click.version_option(__version__, prog_name="sfterritory")
def cli() -> None:
    """Terraform for Salesforce territory ownership.

    Pull accounts, leads and owners, build territories, route records by rules, review the plan,
    apply what was approved, and revert it if need be.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code; no traceback reaches a user."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(words))


def run(words: Sequence[str]) -> int:
    """Run a command line and return the exit code."""
    try:
        code = cli.main(list(words), prog_name="sfterritory", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as usage:
        click.echo(usage.ctx.get_help())
        return ExitCode.USAGE
    except BrokenPipeError:
        # The reader (`head`, a closed pager) has what it wanted; keep Python from complaining.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except BaseException as error:  # noqa: BLE001 - the last line of defence: shown, never swallowed
        return failure.show(error, as_json="--json" in words)
    return code if isinstance(code, int) else ExitCode.DONE
