from __future__ import annotations

import re

import click
import pytest
from pydantic import BaseModel

from docs.page import ROOT, quoted, rows, sections
from sfterritory.cli.main import COMMANDS, cli
from sfterritory.errors import ExitCode
from sfterritory.pipeline.apply import ApplyReport
from sfterritory.pipeline.construction.report import BuildReport
from sfterritory.pipeline.doctor.report import DoctorReport
from sfterritory.pipeline.pull.job import PullReport
from sfterritory.pipeline.review import ReviewState
from sfterritory.pipeline.route import RouteReport
from sfterritory.pipeline.status import StatusReport
from sfterritory.pipeline.territory_report import TerritoriesReport
from sfterritory.pipeline.why import WhyReport

PAGE = "commands.md"
NO_COMMANDS = {"Options of every command", "Exit codes", "Environment variables"}
VARIABLE = re.compile(r"(?<![A-Z_])SFTERRITORY_[A-Z_]*[A-Z]")


def every_command() -> dict[str, click.Command]:
    context = click.Context(cli)
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        found[name] = command
        found |= verbs_of(name, command)
    return found


def verbs_of(name: str, command: click.Command) -> dict[str, click.Command]:
    """Return what stands below a command, and below that."""
    below = command.commands if isinstance(command, click.Group) else {}
    found = {f"{name} {verb}": one for verb, one in below.items()}
    for verb, one in below.items():
        found |= verbs_of(f"{name} {verb}", one)
    return found


def options_of(command: click.Command) -> dict[str, click.Option]:
    return {
        name: option
        for option in command.params
        if isinstance(option, click.Option)
        for name in option.opts
    }


def documented_options(section: str) -> dict[str, list[str]]:
    return {
        name: row
        for row in rows(section)
        for name in quoted(row[0])
        if name.startswith("-") and name != "-h"
    }


def test_every_command_has_its_section_and_every_section_its_command() -> None:
    assert set(sections(PAGE)) - NO_COMMANDS == set(every_command())


@pytest.mark.parametrize("name", every_command())
def test_every_option_is_in_the_page_and_every_option_of_the_page_exists(name: str) -> None:
    known = options_of(every_command()[name])

    listed = documented_options(sections(PAGE)[name])

    assert set(listed) == set(known)


@pytest.mark.parametrize("name", every_command())
def test_the_page_tells_the_default_of_every_option(name: str) -> None:
    listed = documented_options(sections(PAGE)[name])

    wrong = [
        f"{option}: {known.default!r}, and the page says {listed[option][1]!r}"
        for option, known in options_of(every_command()[name]).items()
        if isinstance(known.default, str | int) and not known.is_flag and known.default != ""
        if listed[option][1] != str(known.default)
    ]

    assert wrong == []


def test_the_exit_codes_of_the_page_are_those_of_the_program() -> None:
    listed = {int(row[0]): row[1] for row in rows(sections(PAGE)["Exit codes"])}

    assert listed == {int(code): code.name for code in ExitCode}


def test_the_environment_variables_of_the_page_are_those_the_program_reads() -> None:
    page = set(VARIABLE.findall(sections(PAGE)["Environment variables"]))
    sources = (ROOT / "sfterritory").rglob("*.py")
    program = {name for path in sources for name in VARIABLE.findall(path.read_text("utf-8"))}

    named = {name for name in page if not name.endswith("_FILE")}
    files = {name.removesuffix("_FILE") for name in page - named}

    assert named == {name for name in program if not name.endswith("_FILE")}
    assert files == {"SFTERRITORY_CLIENT_SECRET", "SFTERRITORY_PRIVATE_KEY",
                     "SFTERRITORY_REFRESH_TOKEN", "SFTERRITORY_ACCESS_TOKEN"}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "report"),
    [
        pytest.param("doctor", DoctorReport, id="doctor"),
        pytest.param("pull", PullReport, id="pull"),
        pytest.param("build", BuildReport, id="build"),
        pytest.param("territories", TerritoriesReport, id="territories"),
        pytest.param("route", RouteReport, id="route"),
        pytest.param("approve", ReviewState, id="approve"),
        pytest.param("reject", ReviewState, id="reject"),
        pytest.param("apply", ApplyReport, id="apply"),
        pytest.param("status", StatusReport, id="status"),
        pytest.param("why", WhyReport, id="why"),
    ],
)
def test_the_page_lists_the_keys_of_a_json_answer(name: str, report: type[BaseModel]) -> None:
    _, line = sections(PAGE)[name].split("\nJSON: ")

    listed = set(quoted(line))

    assert set(report.model_fields) <= listed
