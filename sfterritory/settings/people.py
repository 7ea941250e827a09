"""`mappings/people.yaml`: what HR and regional systems know of people, beside Salesforce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator

from sfterritory.connectors.table_file import Table, TableRow, read_table
from sfterritory.errors import ConfigError
from sfterritory.model.document import Document, content_hash
from sfterritory.quality.people_join import AttributeType, PeopleSource, SourceRow
from sfterritory.settings.yaml_file import YamlFile, did_you_mean

PEOPLE_FILE = "people.yaml"

Text = Annotated[str, Field(min_length=1)]


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path:
        raise ValueError(f"{path!r} leaves the folder mappings/; put the file there")
    return path


def _lower(name: str) -> str:
    if not (name.isidentifier() and name == name.lower()):
        raise ValueError(f"{name!r} is no attribute name: write lower case, e.g. hr_region")
    return name


class AttributeParams(Document):
    """Which column holds an attribute, and what it is."""

    column: Text
    type: AttributeType = AttributeType.TEXT


def _spelled_out(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


Attribute = Annotated[AttributeParams, BeforeValidator(_spelled_out)]
AttributeName = Annotated[str, AfterValidator(_lower)]


class SourceParams(Document):
    """One file of people, and how its rows lead to users."""

    name: Annotated[str, AfterValidator(_lower)]
    file: Annotated[str, AfterValidator(_inside)]
    sheet: str | None = None
    join: dict[Text, Text] = Field(min_length=1)
    attributes: dict[AttributeName, Attribute] = Field(default_factory=dict)
    compare: dict[Text, Text] = Field(default_factory=dict)
    complete: bool = True


class PeopleParams(Document):
    """`mappings/people.yaml`; the sources stand in order of trust."""

    version: Literal[1]
    sources: tuple[SourceParams, ...] = ()
    capacity: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> PeopleParams:
        names = [one.name for one in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are called {twice[0]!r}; each needs a name of its own")
        types = self.types
        for source in self.sources:
            for name, one in source.attributes.items():
                if one.type is not types[name]:
                    raise ValueError(
                        f"attribute {name!r} is a {types[name]} in one source and a {one.type} "
                        f"in {source.name!r}; give it one type, or two names"
                    )
        if self.capacity is not None and types.get(self.capacity) is not AttributeType.NUMBER:
            raise ValueError(
                f"capacity names {self.capacity!r}, which is no attribute of type number"
            )
        return self

    @property
    def types(self) -> dict[str, AttributeType]:
        """Return what each attribute holds, as the first source that gives it says."""
        found: dict[str, AttributeType] = {}
        for source in self.sources:
            for name, one in source.attributes.items():
                found.setdefault(name, one.type)
        return found

    @property
    def user_fields(self) -> tuple[str, ...]:
        """Return the fields of User that rows are joined and compared by."""
        named = {name for one in self.sources for name in (*one.join, *one.compare)}
        return tuple(sorted(named))


@dataclass(frozen=True, slots=True)
class PeopleSettings:
    """The checked file and the rows of its sources; no sources where there is no file."""

    params: PeopleParams
    sources: tuple[PeopleSource, ...]

    @property
    def attribute_names(self) -> frozenset[str]:
        """Return the names that conditions on users may ask for beside Salesforce's fields."""
        return frozenset(self.params.types)

    @property
    def content(self) -> JsonValue:
        """Return what a plan depends on: the file, and the rows it stands for."""
        rows: list[JsonValue] = [
            [[row.line, dict(row.keys), dict(row.attributes)] for row in one.rows]
            for one in self.sources
        ]
        return {"people": self.params.model_dump(mode="json"), "rows": content_hash(rows)}


NO_PEOPLE = PeopleSettings(PeopleParams(version=1), ())


def read_sources(
    params: PeopleParams, file: YamlFile, folder: Path
) -> tuple[PeopleSettings, list[str]]:
    """Read the file of every source, and return every mistake in them."""
    problems: list[str] = []
    sources: list[PeopleSource] = []
    for place, source in enumerate(params.sources):
        try:
            table = read_table(folder / source.file, name=source.file, sheet=source.sheet)
        except ConfigError as error:
            at = ("sources", place, "file")
            problems.append(file.problem(at, f"{error.problem} ({error.remedy})"))
            continue
        missing = _missing_columns(source, table, file, place=place)
        problems += missing
        if not missing:
            sources.append(_source(source, table))
    return PeopleSettings(params, tuple(sources)), problems


def _missing_columns(
    source: SourceParams, table: Table, file: YamlFile, *, place: int
) -> list[str]:
    columns: dict[str, Mapping[str, str]] = {
        "join": source.join,
        "attributes": {name: one.column for name, one in source.attributes.items()},
        "compare": source.compare,
    }
    known = [one for one in table.headings if one]
    return [
        file.problem(
            ("sources", place, part, name),
            f"{source.file} has no column {column!r}"
            + (did_you_mean(column, known) or f"; it has {', '.join(known)}"),
        )
        for part, named in columns.items()
        for name, column in named.items()
        if column not in known
    ]


def _source(source: SourceParams, table: Table) -> PeopleSource:
    spot = {heading: at for at, heading in enumerate(table.headings)}

    def cells(row: TableRow, columns: Mapping[str, str]) -> dict[str, str]:
        found = {name: row.cells[spot[column]] for name, column in columns.items()}
        return {name: text for name, text in found.items() if text}

    columns = {name: one.column for name, one in source.attributes.items()}
    return PeopleSource(
        name=source.name,
        file=source.file,
        types={name: one.type for name, one in source.attributes.items()},
        rows=tuple(
            SourceRow(
                row.line, cells(row, source.join), cells(row, columns), cells(row, source.compare)
            )
            for row in table.rows
        ),
        complete=source.complete,
    )
