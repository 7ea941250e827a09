from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs.page import fenced, quoted, rows, sections
from sfterritory.routing.rules import Condition, Destination, RuleBook
from sfterritory.settings.people import PeopleParams
from sfterritory.settings.project_file import ProjectFile, SalesforceFile
from sfterritory.settings.territories import TerritoriesFile
from sfterritory.settings.yaml_file import check, parse_yaml
from sfterritory.writeback.history import HistorySource

PAGE = "configuration.md"
FILES: Mapping[str, type[BaseModel]] = {
    "sfterritory.yaml": ProjectFile,
    "mappings/salesforce.yaml": SalesforceFile,
    "mappings/territories.yaml": TerritoriesFile,
    "mappings/people.yaml": PeopleParams,
    "mappings/routing.yaml": RuleBook,
}
# Told once, in sections of their own, wherever a file may hold one.
SHAPES: tuple[type[BaseModel], ...] = (Condition, Destination)


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every key that a file may hold, as the page writes it, with its field."""
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        below = list(_below(field.annotation, key))
        yield from below or [(key, field)]


def _below(annotation: Any, key: str) -> Iterator[tuple[str, FieldInfo]]:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is None and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in SHAPES:
            yield from keys_of(annotation, f"{key}.")
    elif origin in (dict, Mapping):
        name = "OBJECT" if key in {"objects", "history"} else "NAME"
        yield from _below(inner[1], f"{key}.{name}")
    elif origin is tuple:
        yield from _below(inner[0], f"{key}[]")
    elif origin is Annotated:
        yield from _below(inner[0], key)
    elif origin in (UnionType, Union):
        for one in inner:
            yield from _below(one, key)


def default_of(field: FieldInfo) -> str | None:
    """Return the default as the page writes it, None where it needs words."""
    default = field.get_default(call_default_factory=True)
    if field.is_required() or default is PydanticUndefined:
        return "required"
    match default:
        case None | bool():
            return json.dumps(default)
        case int() | float():
            return f"{default:g}" if abs(default) < 10_000 else str(default)
        case str():
            return default or "empty"
        case tuple() if default and all(isinstance(one, str | float) for one in default):
            return ", ".join(one if isinstance(one, str) else f"{one:g}" for one in default)
        case _:
            return None if default else "none"


def documented(section: str) -> dict[str, list[str]]:
    return {name: row for row in rows(sections(PAGE)[section]) for name in quoted(row[0])}


@pytest.mark.parametrize("file", FILES)
def test_every_key_of_a_file_is_in_the_page_with_its_default_and_no_other_key_is(file: str) -> None:
    known = {
        "extra_fields.OBJECT" if key == "extra_fields" else key: default_of(field)
        for key, field in keys_of(FILES[file])
    }

    listed = {name: row[2] for name, row in documented(file).items()}

    assert listed == known


@pytest.mark.parametrize("shape", SHAPES)
def test_every_key_of_a_condition_and_a_destination_is_in_the_page(shape: type[BaseModel]) -> None:
    listed = documented(f"{shape.__name__}s")

    assert set(listed) == {key for key, _ in keys_of(shape)}


def test_the_sources_of_history_fields_are_told_in_the_words_of_the_program() -> None:
    listed = {name: row[1] for name, row in documented("Sources of history fields").items()}

    assert listed == {str(source): source.description for source in HistorySource}


def examples() -> dict[str, str]:
    """Return the YAML of the page by the file that its first line names."""
    return {block.splitlines()[0].removeprefix("# "): block for block in fenced(PAGE, "yaml")}


def test_there_is_an_example_of_every_file() -> None:
    assert list(examples()) == list(FILES)


@pytest.mark.parametrize("file", FILES)
def test_the_example_of_a_file_is_valid(file: str) -> None:
    document, problems = check(FILES[file], parse_yaml(examples()[file].encode(), name=file))

    assert problems == []
    assert document is not None


def test_the_profiles_of_the_readme_are_valid() -> None:
    (block,) = fenced("../README.md", "yaml")

    document, problems = check(
        ProjectFile, parse_yaml(f"version: 1\n{block}".encode(), name="README.md")
    )

    assert problems == []
    assert document is not None
    assert document.profiles


def test_the_page_tells_the_capacity_that_the_defaults_leave() -> None:
    params = TerritoriesFile.model_validate(
        {"version": 1, "roster": {"where": {"always": True}}}
    ).workload
    gross = params.field_hours_per_week * params.paid_weeks_per_year
    absence = params.absence_days_per_year * params.field_hours_per_week / params.days_per_week
    weeks = (gross - absence) / params.field_hours_per_week
    meetings = params.meeting_hours_per_week * weeks
    planning = params.planning_hours_per_week * weeks
    idle = (gross - absence - meetings - planning) * (1 - params.productive_share)
    service = (gross - absence - meetings - planning - idle) * params.service_allowance_share
    net = gross - absence - meetings - planning - idle - service
    terms = (gross, absence, meetings, planning, idle, service)

    told = f"{' - '.join(f'{term:g}' for term in terms)} = {net:g} hours a year"

    assert told in sections(PAGE)["Capacity of a rep"]
