"""Reading a project folder: every mistake of every file is collected, none stops the reading."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from sfterritory.errors import ConfigError
from sfterritory.model.ids import to_18
from sfterritory.settings.people import (
    NO_PEOPLE,
    PEOPLE_FILE,
    PeopleParams,
    PeopleSettings,
    read_sources,
)
from sfterritory.settings.profile import ENVIRONMENT, ORG_VARIABLE, secret_problems
from sfterritory.settings.project_file import ProjectFile
from sfterritory.settings.territories import TerritoriesFile
from sfterritory.settings.yaml_file import YamlFile, check, did_you_mean, read_yaml

PROJECT_FILE = "sfterritory.yaml"
MAPPINGS = "mappings"

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class FolderReader:
    """Reads the files of one folder and collects what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.files: dict[str, YamlFile] = {}
        self.problems: list[str] = []

    def project(self) -> ProjectFile | None:
        """Read the project file; a secret in it is told once, without a word of it."""
        before = len(self.problems)
        project = self.document(ProjectFile, PROJECT_FILE)
        file = self.files.get(PROJECT_FILE)
        found = secret_problems(file) if file else []
        lines = tuple(line[: line.index(": ") + 1] for line in found)
        others = [one for one in self.problems[before:] if not one.startswith(lines or ("\n",))]
        self.problems[before:] = [*found, *others]
        return project

    def choose(self, project: ProjectFile | None, flag: str | None, variable: str | None) -> str:
        """Return the name of the org to reach: of --org, else SFTERRITORY_ORG, else the file."""
        if project is None:
            return ENVIRONMENT
        asked = (
            ("--org", flag),
            (ORG_VARIABLE, variable),
            (f"{PROJECT_FILE}: org.profile", project.org.profile),
        )
        where, name = next(((where, name) for where, name in asked if name), ("", ENVIRONMENT))
        if name != ENVIRONMENT and name not in project.profiles:
            known = ", ".join([*sorted(project.profiles), ENVIRONMENT])
            hint = did_you_mean(name, sorted(project.profiles))
            self.problems.append(
                f"{where}: {PROJECT_FILE} has no profile {name!r}, only {known}{hint}"
            )
        return name

    def document(self, model: type[M], name: str) -> M | None:
        """Read a YAML file; None where it is wrong."""
        file = self._collecting(lambda: read_yaml(self._root / name, name=name))
        if file is None:
            return None
        self.files[name] = file
        document, problems = check(model, file)
        self.problems += problems
        return document

    def lists(self) -> dict[str, frozenset[str]]:
        """Read every CSV beside the mappings: the first column, without its heading."""
        found: dict[str, frozenset[str]] = {}
        for path in sorted((self._root / MAPPINGS).glob("*.csv")):
            values = self._collecting(lambda path=path: _first_column(path))  # type: ignore[misc]
            found[path.name] = frozenset(value for _, value in values or ())
        return found

    def people(self) -> PeopleSettings:
        """Read `people.yaml` and the files it names; a project may do without."""
        name = f"{MAPPINGS}/{PEOPLE_FILE}"
        if not (self._root / name).is_file():
            return NO_PEOPLE
        params = self.document(PeopleParams, name)
        if params is None:
            return NO_PEOPLE
        people, problems = read_sources(params, self.files[name], self._root / MAPPINGS)
        self.problems += problems
        return people

    def locks(self, territories: TerritoriesFile | None) -> frozenset[str]:
        """Read the list of locked accounts, if one is named; ids of 18 characters."""
        name = territories.locks.list if territories else None
        if name is None:
            return frozenset()
        rows = self._collecting(lambda: _first_column(self._root / MAPPINGS / name))
        ids: set[str] = set()
        for line, value in rows or ():
            try:
                ids.add(to_18(value))
            except ValueError as error:
                self.problems.append(f"{MAPPINGS}/{name}:{line}: {error}")
        return frozenset(ids)

    def _collecting(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except ConfigError as error:
            self.problems.append(f"{error.problem} ({error.remedy})")
            return None


def _first_column(path: Path) -> list[tuple[int, str]]:
    """Return (line, value) of a CSV's first column, its heading and blanks left out.

    Raises:
        ConfigError: The file cannot be read as UTF-8 CSV.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as text:
            rows = csv.reader(text)
            next(rows, None)
            return [(rows.line_num, row[0].strip()) for row in rows if row and row[0].strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(
            f"{MAPPINGS}/{path.name} cannot be read: {error}",
            remedy="give it as UTF-8 CSV with a heading",
        ) from error
