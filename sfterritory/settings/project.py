"""A project folder, read once: every mistake of all its files is reported together."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, Field, JsonValue, field_validator

from sfterritory.errors import ConfigError
from sfterritory.model.document import Document, content_hash
from sfterritory.model.ids import RecordId, to_18
from sfterritory.optimize.params import TerritoryParams, WorkloadParams
from sfterritory.routing.rules import Condition, RuleBook
from sfterritory.settings.mapping import AccountMeaning, PullParams
from sfterritory.settings.yaml_file import YamlFile, check, read_yaml
from sfterritory.writeback.apply import ApplyParams
from sfterritory.writeback.approvals import ApprovalPolicy
from sfterritory.writeback.history import HistoryFields

PROJECT_FILE = "sfterritory.yaml"
MAPPINGS = "mappings"
STORE_VARIABLE = "SFTERRITORY_STORE"

M = TypeVar("M", bound=BaseModel)


class OrgParams(Document):
    """Which org this project is about."""

    id: RecordId | None = None
    api_version: str = Field(default="66.0", pattern=r"^\d\d\.0$")


class PlanParams(Document):
    """When a plan expires, and what blocks it as a whole."""

    expires_after_hours: float = Field(default=72, gt=0, le=87_600)
    max_share_moved: float = Field(default=0.6, gt=0, le=1)


class ProjectFile(Document):
    """`sfterritory.yaml`."""

    version: Literal[1]
    org: OrgParams = OrgParams()
    store: str = "sqlite:///.sfterritory/store.db"
    seed: int = Field(default=0, ge=0)
    plan: PlanParams = PlanParams()
    approval: ApprovalPolicy = ApprovalPolicy()
    apply: ApplyParams = ApplyParams()


class SalesforceFile(Document):
    """`mappings/salesforce.yaml`."""

    version: Literal[1]
    pull: PullParams = PullParams()
    extra_fields: dict[Literal["Account", "Lead", "User"], tuple[str, ...]] = Field(
        default_factory=dict
    )
    account: AccountMeaning = AccountMeaning()
    history: dict[Literal["Account", "Lead"], HistoryFields] = Field(default_factory=dict)


class RosterParams(Document):
    """Which users get a territory, and how large a one."""

    where: Condition
    capacity: dict[str, float] = Field(default_factory=dict)


class LockParams(Document):
    """Which accounts stay with today's owner."""

    where: Condition | None = None
    list: str | None = None


class TerritoriesFile(Document):
    """`mappings/territories.yaml`."""

    version: Literal[1]
    roster: RosterParams
    scope: Condition | None = None
    locks: LockParams = LockParams()
    workload: WorkloadParams = WorkloadParams()
    territories: TerritoryParams = TerritoryParams()

    @field_validator("territories")
    @classmethod
    def _one_seed(cls, params: TerritoryParams) -> TerritoryParams:
        if "seed" in params.model_fields_set:
            raise ValueError("seed stands in sfterritory.yaml, one for the whole project")
        return params


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person configured, checked.

    Attributes:
        root: The project folder.
        store_url: With an absolute path where it is SQLite.
        lists: Named lists of ids or values that conditions refer to, by file name.
        routing_file: Kept for the line numbers of mistakes that only the org's data can show.
        config_hash: Of everything but the rules.
        rules_hash: Of the routing rules and the lists.
    """

    root: Path
    project: ProjectFile
    salesforce: SalesforceFile
    territories: TerritoriesFile
    routing: RuleBook
    lists: Mapping[str, frozenset[str]]
    locked_ids: frozenset[str]
    routing_file: YamlFile
    store_url: str
    config_hash: str
    rules_hash: str

    def history_of(self, object_name: str) -> HistoryFields:
        """Return the history fields of an object; none where mappings/ name none."""
        for name, fields in self.salesforce.history.items():
            if name == object_name:
                return fields
        return HistoryFields()

    def extra_fields_of(self, object_name: str) -> tuple[str, ...]:
        """Return the fields that a person asked for beside those that something uses."""
        for name, fields in self.salesforce.extra_fields.items():
            if name == object_name:
                return fields
        return ()


def load_settings(root: Path, environ: Mapping[str, str]) -> Settings:
    """Read and check a project folder.

    Raises:
        ConfigError: Lists every mistake of every file, each with its line.
    """
    root = root.resolve()
    if not (root / PROJECT_FILE).is_file():
        raise ConfigError(
            f"{root} is not a project folder: it has no {PROJECT_FILE}",
            remedy="run `sfterritory init` to make one, or name it with --project",
        )
    reader = _Reader(root)
    project = reader.document(ProjectFile, PROJECT_FILE)
    salesforce = reader.document(SalesforceFile, f"{MAPPINGS}/salesforce.yaml")
    territories = reader.document(TerritoriesFile, f"{MAPPINGS}/territories.yaml")
    routing = reader.document(RuleBook, f"{MAPPINGS}/routing.yaml")
    lists = reader.lists()
    locked_ids = reader.locks(territories)
    if reader.problems or not (project and salesforce and territories and routing):
        raise ConfigError(
            "\n".join(reader.problems), remedy="correct these lines; nothing was done"
        )
    config: JsonValue = {
        "project": project.model_dump(mode="json", exclude={"store", "approval", "apply"}),
        "salesforce": salesforce.model_dump(mode="json"),
        "territories": territories.model_dump(mode="json"),
        "locks": [*sorted(locked_ids)],
    }
    rules: JsonValue = {
        "routing": routing.model_dump(mode="json"),
        "lists": {name: [*sorted(values)] for name, values in sorted(lists.items())},
    }
    return Settings(
        root=root,
        project=project,
        salesforce=salesforce,
        territories=territories,
        routing=routing,
        lists=lists,
        locked_ids=locked_ids,
        routing_file=reader.files[f"{MAPPINGS}/routing.yaml"],
        store_url=_store_url(environ.get(STORE_VARIABLE) or project.store, root=root),
        config_hash=content_hash(config),
        rules_hash=content_hash(rules),
    )


class _Reader:
    """Reads the files of one folder and collects what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.files: dict[str, YamlFile] = {}
        self.problems: list[str] = []

    def document(self, model: type[M], name: str) -> M | None:
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

    def locks(self, territories: TerritoriesFile | None) -> frozenset[str]:
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


T = TypeVar("T")


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


def _store_url(url: str, *, root: Path) -> str:
    prefix = "sqlite:///"
    if url.startswith(prefix):
        return prefix + str((root / url.removeprefix(prefix)).resolve())
    return url
