"""Where each value of the configuration comes from: flag, environment, file and line, default."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, JsonValue

from sfterritory.connectors.salesforce.address import without_secrets
from sfterritory.connectors.salesforce.credentials import PLAIN, SECRETS
from sfterritory.model.document import Document
from sfterritory.routing.rules import Condition
from sfterritory.settings.profile import ENVIRONMENT, ORG_VARIABLE
from sfterritory.settings.project import STORE_VARIABLE, Settings
from sfterritory.settings.yaml_file import KeyPath, YamlFile, dotted

DEFAULT = "default"
ENVIRON = "environment"
_PASSWORD = re.compile(r"(?<=//)([^/@:]*):[^/]*@|(?<=[?&])((?:ssl)?password)=[^&]*")


class ConfigValue(Document):
    """One value that holds, and why.

    Attributes:
        key: As its file writes it, or the name of a variable.
        origin: `flag`, `environment`, `FILE:LINE` or `default`.
    """

    key: str
    value: str
    origin: str


class ConfigReport(Document):
    """Every value, file by file."""

    config: tuple[ConfigValue, ...]


def config_report(
    settings: Settings, environ: Mapping[str, str], *, org_flag: str | None
) -> ConfigReport:
    """Return what holds and where it comes from; of a secret only whether it is set."""
    return ConfigReport(
        config=(
            _chosen_org(settings, environ, org_flag=org_flag),
            *_variables(settings, environ),
            *(_store(settings, environ) if one.key == "store" else one for one in _files(settings)),
        )
    )


def _chosen_org(
    settings: Settings, environ: Mapping[str, str], *, org_flag: str | None
) -> ConfigValue:
    file = settings.files["sfterritory.yaml"]
    origin = (
        "flag"
        if org_flag
        else ENVIRON
        if environ.get(ORG_VARIABLE)
        else _line(file, ("org", "profile"))
    )
    return ConfigValue(key="--org", value=settings.org_name, origin=origin)


def _variables(settings: Settings, environ: Mapping[str, str]) -> Iterator[ConfigValue]:
    """Yield the variables of the profile `environment`; another profile reads none of them."""
    unused = "" if settings.org_name == ENVIRONMENT else f", not used by {settings.org_name}"
    for name in PLAIN:
        value = without_secrets(environ.get(name, "").strip())
        yield ConfigValue(
            key=name,
            value=f"{value}{unused}" if value else "not set",
            origin=ENVIRON if value else DEFAULT,
        )
    for name in SECRETS:
        direct, path = environ.get(name), environ.get(f"{name}_FILE")
        value = "set" if direct else f"set, in the file {path}" if path else ""
        yield ConfigValue(
            key=name,
            value=f"{value}{unused}" if value else "not set",
            origin=ENVIRON if value else DEFAULT,
        )


def _store(settings: Settings, environ: Mapping[str, str]) -> ConfigValue:
    profile = settings.profile
    if environ.get(STORE_VARIABLE):
        origin = ENVIRON
    elif profile is not None and profile.store is not None:
        path: KeyPath = ("profiles", settings.org_name, "store")
        origin = _line(settings.files["sfterritory.yaml"], path)
    else:
        origin = _line(settings.files["sfterritory.yaml"], ("store",))
    return ConfigValue(key="store", value=_masked(settings.store_url), origin=origin)


def _masked(text: str) -> str:
    """Return a value without the password that the address of a PostgreSQL store may hold."""
    return _PASSWORD.sub(lambda found: f"{found[2]}=***" if found[2] else f"{found[1]}:***@", text)


def _files(settings: Settings) -> Iterator[ConfigValue]:
    documents: Mapping[str, BaseModel] = {
        "sfterritory.yaml": settings.project,
        "mappings/salesforce.yaml": settings.salesforce,
        "mappings/territories.yaml": settings.territories,
    }
    for name, document in documents.items():
        file = settings.files[name]
        yield from _values(document, file, (), file.data)


def _values(
    value: object, file: YamlFile, path: KeyPath, written: JsonValue
) -> Iterator[ConfigValue]:
    """Yield every leaf of a document; a condition, or what a person wrote as text, is one."""
    of_key: Mapping[str, object] | None = None
    if isinstance(value, BaseModel) and not isinstance(value, Condition):
        of_key = {name: getattr(value, name) for name in type(value).model_fields}
    elif isinstance(value, Mapping):
        of_key = {str(name): one for name, one in value.items()}
    if not of_key or (path and path in file.lines and not isinstance(written, dict)):
        shown = written if path in file.lines else _plain(value)
        text = shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
        yield ConfigValue(key=dotted(path), value=_masked(text), origin=_line(file, path))
        return
    below = written if isinstance(written, dict) else {}
    for name, one in of_key.items():
        yield from _values(one, file, (*path, name), below.get(name))


def _plain(value: object) -> JsonValue:
    """Return a default as JSON has it."""
    if isinstance(value, BaseModel):
        plain: JsonValue = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return plain
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _line(file: YamlFile, path: KeyPath) -> str:
    return f"{file.name}:{file.lines[path]}" if path in file.lines else DEFAULT
