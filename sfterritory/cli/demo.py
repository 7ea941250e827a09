"""`demo`: the main job from nothing to an undone change, against an embedded org.

It types exactly what a user would type: each step is a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from sfterritory.errors import ConfigError, ExitCode, SfTerritoryError

_MARK = ".made-by-demo"
_FOLDER = Path("demo-project")
# The summary line is frozen, so it can be read.
_HASH = re.compile(r"Hash ([0-9a-f]{8})\.")
_ACCOUNT = re.compile(r"Account:(001\w{15})")
_SELF = (sys.executable, "-m", "sfterritory")


class DemoStepError(SfTerritoryError):
    """A step of the demo ended otherwise than it should."""


@click.command("demo", short_help="Run the main job against an embedded org.")
@click.argument(
    "folder", type=click.Path(file_okay=False, path_type=Path), default=_FOLDER, required=False
)
def command(folder: Path) -> None:
    """Run the main job against an embedded Salesforce org, in FOLDER (default: demo-project).

    No credentials are needed and nothing leaves this machine.
    """
    folder = folder.absolute()
    _make_room(folder)
    with _sandbox(folder) as access:
        demo = _Demo(folder, {**os.environ, **access})
        demo.run()


@dataclass(frozen=True, slots=True)
class _Demo:
    folder: Path
    environ: Mapping[str, str]

    def run(self) -> None:
        self._step("Is everything there?", "doctor")
        self._step("Bring accounts, leads and owners into the local store.", "pull")
        self._step("Build one balanced, compact territory per rep.", "build")
        self._step("Ask the rules who should own each record.", "route")
        planned = self._step(
            "See what would change. Nothing is written yet.", "plan", "--detailed-exitcode"
        )
        short, record = _found(_HASH, planned), _found(_ACCOUNT, planned)
        self._step("Look at one change in full.", "show", short, record)
        self._step("Approve the plan: the approval is bound to its hash.", "approve", short)
        self._step("Write what was approved, and read it back.", "apply", short)
        self._step("Ask why the record has its owner now.", "why", record)
        back = _found(_HASH, self._step("Plan the way back.", "revert", "latest", shown=6))
        self._step("The way back is an ordinary plan: approve it ...", "approve", back)
        self._step("... and apply it.", "apply", back)
        report = self.folder / "plans" / f"{short}.html"
        click.secho("\nThe plan report, one file that opens offline:", bold=True)
        click.echo(f"  {report}")
        click.secho("What to try next:", bold=True)
        click.echo(f"  cd {self.folder}")
        click.echo(
            "  sfterritory sandbox serve      # in a second terminal; it prints what to export"
        )
        click.echo("  sfterritory status             # where the job stands")
        click.echo("  edit mappings/routing.yaml     # then: sfterritory route && sfterritory plan")

    def _step(self, purpose: str, *words: str, shown: int = 40) -> str:
        """Type one command, show what it shows (cut where that is long), and return it."""
        click.secho(f"\n# {purpose}", fg="cyan")
        click.secho(f"$ sfterritory {' '.join(words)}", bold=True)
        ended = subprocess.run(  # noqa: S603 - our own program
            [*_SELF, *words],
            cwd=self.folder,
            env={**self.environ},
            capture_output=True,
            text=True,
            check=False,
        )
        click.echo(_shortened(ended.stdout.rstrip("\n"), shown))
        if ended.stderr.strip():
            click.echo(ended.stderr.rstrip("\n"))
        expected = {ExitCode.DONE} | ({ExitCode.CHANGES_PRESENT} if words[0] == "plan" else set())
        if ended.returncode not in expected:
            raise DemoStepError(
                f"`sfterritory {' '.join(words)}` ended with {ended.returncode}",
                remedy=f"look at what it printed above, and at {self.folder}",
            )
        return ended.stdout


def _found(pattern: re.Pattern[str], text: str) -> str:
    """Return what a command printed for the next one to use.

    Raises:
        DemoStepError: It is not there.
    """
    match = pattern.search(text)
    if match is None:
        raise DemoStepError(
            f"the last command printed nothing like {pattern.pattern}",
            remedy="look at what it printed above",
        )
    return match[1]


def _shortened(text: str, shown: int) -> str:
    lines = text.splitlines()
    if len(lines) <= shown:
        return text
    head, tail = lines[: shown // 2], lines[-(shown - shown // 2) :]
    return "\n".join([*head, f"  [{len(lines) - shown:,} more lines]", *tail])


def _make_room(folder: Path) -> None:
    """Make the folder anew, if it is not there or was made by a demo before."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise ConfigError(
                f"{folder} is not empty and was not made by the demo",
                remedy="name another folder: sfterritory demo FOLDER",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    click.secho("# A project folder with commented mappings.", fg="cyan")
    click.secho("$ sfterritory init", bold=True)
    subprocess.run([*_SELF, "init"], cwd=folder, check=True)  # noqa: S603 - our own program


@contextmanager
def _sandbox(folder: Path) -> Iterator[dict[str, str]]:
    """Serve an org on a free port while the block runs; yield what to put in the environment."""
    click.secho("\n# An embedded Salesforce org on a free port of this machine.", fg="cyan")
    click.secho("$ sfterritory sandbox serve --port 0 &", bold=True)
    with subprocess.Popen(  # noqa: S603 - our own program
        [*_SELF, "sandbox", "serve", "--port", "0", "--json"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line:
                raise DemoStepError(
                    "the embedded org did not start",
                    remedy="run `sfterritory sandbox serve` by hand to see why",
                )
            org = json.loads(line)
            click.echo(f"Org {org['org_id']} answers at {org['url']}")
            yield {
                "SFTERRITORY_INSTANCE_URL": org["url"],
                "SFTERRITORY_CLIENT_ID": org["client_id"],
                "SFTERRITORY_CLIENT_SECRET": org["client_secret"],
            }
        finally:
            server.terminate()
