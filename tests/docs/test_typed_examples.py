"""What the pages show as typed can be typed: every option exists, and the sandbox's ids do too."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from docs.page import DOCS, ROOT, text_of
from sfterritory.cli.main import cli, run
from sfterritory.errors import ExitCode
from sfterritory.sandbox.seed import seed_org

PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
TYPED = re.compile(r"^ {4}(?:\$ )?sfterritory (.+)$", re.MULTILINE)
# What a shell does with the rest of the line is none of the command's business.
SHELL = {"&&", "&", ">", "|"}
# They wait for a Ctrl-C, want files, or take long to make an org anew.
NOT_RUN = {"serve", "load", "reset"}


def typed(text: str) -> list[list[str]]:
    """Return the words behind `sfterritory` of every example, comments left out."""
    found = []
    for line in TYPED.findall(text):
        words = shlex.split(line, comments=True)
        ends = [at for at, word in enumerate(words) if word in SHELL]
        found.append(words[: ends[0]] if ends else words)
    return found


def found_by(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that the words name, and the words behind its name.

    Raises:
        click.UsageError: There is no such command.
    """
    command: click.Command = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        below = command.get_command(click.Context(command), name)
        if below is None:
            raise click.UsageError(f"there is no {name!r}")
        command = below
    return command, rest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_option_of_an_example_exists(page: Path) -> None:
    wrong = []
    for words in typed(page.read_text(encoding="utf-8")):
        try:
            command, rest = found_by(words)
            command.make_parser(click.Context(command)).parse_args(rest)
        except click.UsageError as error:
            wrong.append(f"{' '.join(words)}: {error.message}")

    assert wrong == []


@pytest.mark.parametrize("page", ["commands.md", "sandbox.md"])
def test_what_a_page_does_to_the_sample_org_can_be_done_in_that_order(
    page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "org.db"
    seed_org(state, accounts=20, leads=10, reps=3)
    examples = [
        words
        for words in typed(text_of(page))
        if words[0] == "sandbox" and words[1] not in NOT_RUN and "--url" not in words
    ]

    failed = []
    for words in examples:
        where = [] if words[1:] == ["fault", "kinds"] else ["--state", str(state)]
        if run([*words, *where]) != ExitCode.DONE:
            failed.append(f"{' '.join(words)}: {capsys.readouterr().err}")

    assert len(examples) > 5
    assert failed == []
