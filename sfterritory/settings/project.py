"""A project folder, read once: every mistake of all its files is reported together."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

from pydantic import BaseModel, Field, JsonValue, field_validator
from pydantic.main import IncEx

from sfterritory.connectors.salesforce.credentials import Credentials, credentials_from
from sfterritory.errors import ConfigError
from sfterritory.model.document import Document, content_hash
from sfterritory.model.ids import RecordId, to_18
from sfterritory.optimize.params import TerritoryParams, WorkloadParams
from sfterritory.routing.rules import Condition, RuleBook
from sfterritory.settings.mapping import AccountMeaning, PullParams
from sfterritory.settings.people import (
    NO_PEOPLE,
    PEOPLE_FILE,
    PeopleParams,
    PeopleSettings,
    read_sources,
)
from sfterritory.settings.profile import (
    ENVIRONMENT,
    ORG_VARIABLE,
    Profile,
    ProfileName,
    secret_problems,
)
from sfterritory.settings.yaml_file import YamlFile, check, did_you_mean, read_yaml
from sfterritory.writeback.approvals import ApprovalPolicy
from sfterritory.writeback.history import HistoryFields
from sfterritory.writeback.method import ApplyParams

PROJECT_FILE = "sfterritory.yaml"
MAPPINGS = "mappings"
STORE_VARIABLE = "SFTERRITORY_STORE"

# Connections and rights are not part of what a plan says; the org's id is, and stands in it.
_NOT_PLANNED_ON: Final[dict[str, IncEx | bool]] = {
    "store": True,
    "approval": True,
    "apply": True,
    "profiles": True,
    "org": {"profile": True},
}

M = TypeVar("M", bound=BaseModel)


class OrgParams(Document):
    """Which org this project is about."""

    id: RecordId | None = None
    api_version: str = Field(default="66.0", pattern=r"^\d\d\.0$")
    profile: ProfileName | None = None


class PlanParams(Document):
    """When a plan expires, and what blocks it as a whole."""

    expires_after_hours: float = Field(default=72, gt=0, le=87_600)
    max_share_moved: float = Field(default=0.6, gt=0, le=1)


class ProjectFile(Document):
    """`sfterritory.yaml`."""

    version: Literal[1]
    org: OrgParams = OrgParams()
    profiles: dict[ProfileName, Profile] = Field(default_factory=dict)
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
        people: What HR and regional systems say of users.
        lists: Named lists of ids or values that conditions refer to, by file name.
        routing_file: Kept for the line numbers of mistakes that only the org's data can show.
        config_hash: Of everything but the rules, and but how an org is reached.
        rules_hash: Of the routing rules and the lists.
        org_name: The profile that commands reach: a name of `profiles`, or `environment`.
        files: What a person wrote, by file name, to tell it from what is a default.
    """

    root: Path
    project: ProjectFile
    salesforce: SalesforceFile
    territories: TerritoriesFile
    routing: RuleBook
    people: PeopleSettings
    lists: Mapping[str, frozenset[str]]
    locked_ids: frozenset[str]
    routing_file: YamlFile
    store_url: str
    config_hash: str
    rules_hash: str
    org_name: str
    files: Mapping[str, YamlFile]

    @property
    def profile(self) -> Profile | None:
        """The profile that commands reach, None where the environment describes the org."""
        return self.project.profiles.get(self.org_name)

    def credentials(self, environ: Mapping[str, str]) -> Credentials:
        """Return how to sign in to the org that was chosen.

        Raises:
            SignInError: Something is missing; every mistake is named.
        """
        if self.profile is None:
            return credentials_from(environ)
        return self.profile.credentials(environ, root=self.root)

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


def load_settings(
    root: Path, environ: Mapping[str, str], *, org_name: str | None = None
) -> Settings:
    """Read and check a project folder.

    Args:
        root: The folder of `sfterritory.yaml`.
        environ: Where `SFTERRITORY_` variables are looked up.
        org_name: The profile that the command line names; it outranks SFTERRITORY_ORG, and that
            outranks `org.profile`.

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
    project = reader.project()
    chosen = reader.choose(project, org_name or environ.get(ORG_VARIABLE))
    salesforce = reader.document(SalesforceFile, f"{MAPPINGS}/salesforce.yaml")
    territories = reader.document(TerritoriesFile, f"{MAPPINGS}/territories.yaml")
    routing = reader.document(RuleBook, f"{MAPPINGS}/routing.yaml")
    people = reader.people()
    lists = reader.lists()
    locked_ids = reader.locks(territories)
    if reader.problems or not (project and salesforce and territories and routing):
        raise ConfigError(
            "\n".join(reader.problems), remedy="correct these lines; nothing was done"
        )
    config: dict[str, JsonValue] = {
        "project": project.model_dump(mode="json", exclude=_NOT_PLANNED_ON),
        "salesforce": salesforce.model_dump(mode="json"),
        "territories": territories.model_dump(mode="json"),
        "locks": [*sorted(locked_ids)],
    }
    if people.sources:
        config["people"] = people.content
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
        people=people,
        lists=lists,
        locked_ids=locked_ids,
        routing_file=reader.files[f"{MAPPINGS}/routing.yaml"],
        store_url=_store_url(_store(project, chosen, environ), root=root),
        config_hash=content_hash(config),
        rules_hash=content_hash(rules),
        org_name=chosen,
        files=reader.files,
    )


class _Reader:
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

    def choose(self, project: ProjectFile | None, asked: str | None) -> str:
        """Return the name of the org to reach: what was asked, else what the file says."""
        if project is None:
            return ENVIRONMENT
        name = asked or project.org.profile or ENVIRONMENT
        if name != ENVIRONMENT and name not in project.profiles:
            where = "" if asked else f"{PROJECT_FILE}: org.profile: "
            known = ", ".join([*sorted(project.profiles), ENVIRONMENT])
            hint = did_you_mean(name, sorted(project.profiles))
            self.problems.append(f"{where}there is no profile {name!r}, only {known}{hint}")
        return name

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


def _store(project: ProjectFile, org_name: str, environ: Mapping[str, str]) -> str:
    """Return the store's address: the variable, else the profile's, else the project's."""
    profile = project.profiles.get(org_name)
    own = profile.store if profile else None
    return environ.get(STORE_VARIABLE) or own or project.store


def _store_url(url: str, *, root: Path) -> str:
    prefix = "sqlite:///"
    if url.startswith(prefix):
        return prefix + str((root / url.removeprefix(prefix)).resolve())
    return url
