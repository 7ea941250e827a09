import subprocess
import sys

import click
import pytest

from sfterritory.cli.main import COMMANDS, cli, run
from sfterritory.errors import ExitCode

HEAVY = "sqlmodel pydantic httpx requests simple_salesforce numpy ortools shapely rich starlette"


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom sfterritory.cli.main import run\nrun(['--help'])\n"
        f"print(sorted(set({HEAVY.split()!r}) & set(sys.modules)), file=sys.stderr)"
    )

    shown = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert shown.stderr.strip() == "[]"
    for name in COMMANDS:
        assert name in shown.stdout


def every_command() -> list[tuple[str, click.Command]]:
    context = click.Context(cli)
    found = []
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        found.append((name, command))
        found += verbs_of(name, command)
    return found


def verbs_of(name: str, command: click.Command) -> list[tuple[str, click.Command]]:
    """Return what stands below a command, and below that."""
    if not isinstance(command, click.Group):
        return []
    below = [(f"{name} {verb}", one) for verb, one in command.commands.items()]
    return below + [found for one in below for found in verbs_of(*one)]


def test_every_command_and_every_option_explains_itself() -> None:
    silent = [name for name, command in every_command() if not command.help]
    silent += [
        f"{name} {option.opts[0]}"
        for name, command in every_command()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]

    assert silent == []


def test_every_command_answers_as_json() -> None:
    without = [
        name
        for name, command in every_command()
        if not isinstance(command, click.Group)
        and name not in {"completion", "demo"}
        and "--json" not in [opt for option in command.params for opt in option.opts]
    ]

    assert without == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["fly"], "No such command 'fly'", id="unknown command"),
        pytest.param(["init", "--fly"], "No such option '--fly'", id="unknown option"),
    ],
)
def test_wrong_usage_ends_with_64_and_a_remedy(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(words)

    shown = capsys.readouterr()
    assert code == ExitCode.USAGE
    assert says in shown.err
    assert "--help`" in shown.err
    assert shown.out == ""


def test_outside_a_project_a_command_says_how_to_make_one(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["status", "--project", str(tmp_path)])

    shown = capsys.readouterr()
    assert code == ExitCode.ERROR
    assert "is not a project folder" in shown.err
    assert "sfterritory init" in shown.err
