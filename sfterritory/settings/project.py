"""A project folder, read once: every mistake of all its files is reported together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue
from pydantic.main import IncEx

from sfterritory.connectors.salesforce.credentials import Credentials, credentials_from
from sfterritory.errors import ConfigError
from sfterritory.model.document import content_hash
from sfterritory.routing.rules import RuleBook
from sfterritory.settings.people import PeopleSettings
from sfterritory.settings.profile import ORG_VARIABLE, Profile
from sfterritory.settings.project_file import ProjectFile, SalesforceFile
from sfterritory.settings.reader import MAPPINGS, PROJECT_FILE, FolderReader
from sfterritory.settings.territories import TerritoriesFile
from sfterritory.settings.yaml_file import YamlFile
from sfterritory.writeback.history import HistoryFields

STORE_VARIABLE = "SFTERRITORY_STORE"

# Connections and rights are not part of what a plan says; the org's id is, and stands in it.
_NOT_PLANNED_ON: Final[dict[str, IncEx | bool]] = {
    "store": True,
    "approval": True,
    "apply": True,
    "profiles": True,
    "org": {"profile": True},
}


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

    @property
    def says_which_org(self) -> bool:
        """Tell whether the project says what the org has to be."""
        profile = self.profile
        return self.project.org.id is not None or (
            profile is not None and (profile.org_id is not None or profile.sandbox is not None)
        )

    def credentials(self, environ: Mapping[str, str]) -> Credentials:
        """Return how to sign in to the org that was chosen.

        Raises:
            SignInError: Something is missing; every mistake is named.
        """
        if self.profile is None:
            return credentials_from(environ)
        return self.profile.credentials(environ, root=self.root, key=f"profiles.{self.org_name}")

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
    reader = FolderReader(root)
    project = reader.project()
    chosen = reader.choose(project, org_name, environ.get(ORG_VARIABLE))
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
