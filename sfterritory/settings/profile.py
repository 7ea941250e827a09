"""Named orgs: how each is reached and what it has to be; secrets stand elsewhere and are named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, JsonValue, SecretStr, model_validator

from sfterritory.connectors.salesforce.address import InstanceUrl
from sfterritory.connectors.salesforce.credentials import (
    AccessToken,
    ClientCredentials,
    Credentials,
    JwtBearer,
    RefreshToken,
    SfCli,
)
from sfterritory.connectors.salesforce.secret import SecretSource, read_secret
from sfterritory.errors import SignInError
from sfterritory.model.document import Document
from sfterritory.model.ids import RecordId
from sfterritory.settings.yaml_file import KeyPath, YamlFile

ORG_VARIABLE = "SFTERRITORY_ORG"
# The name of the profile that the environment's variables describe.
ENVIRONMENT = "environment"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")
_NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "client_credentials": frozenset({"instance_url", "client_id", "secret"}),
    "jwt": frozenset({"instance_url", "client_id", "username", "secret"}),
    "refresh_token": frozenset({"instance_url", "client_id", "secret"}),
    "access_token": frozenset({"instance_url", "secret"}),
    "sf_cli": frozenset({"sf_alias"}),
}
_ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "refresh_token": frozenset({"client_secret"}),
    "sf_cli": frozenset({"instance_url"}),
}
_OF_THE_WAY = frozenset().union(*_NEEDED.values(), *_ALLOWED.values())

_SECRET_KEY = re.compile(
    r"(?:.*_)?(?:secret|password|passwd|passphrase|token|private_?key|api_?key|credentials?)\Z",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|00D[A-Za-z0-9]{12,15}![\w.]|5Aep[\w.]{20}"
)
_NO_SECRETS = (
    "holds a secret, and this file is no place for one: write where it stands ({env: VARIABLE}, "
    "{file: path} or {keyring: service/name}), and replace the secret: it was in plain sight"
)


class Profile(Document):
    """One org under a name.

    Attributes:
        org_id: What the org's id has to be.
        sandbox: Whether it has to be a sandbox or production; None asks for neither.
        secret: Of the way to sign in: the app's secret, the private key, the refresh token or the
            access token.
        client_secret: Of an app that asks for it beside a refresh token.
        store: Outranks the project's store.
    """

    instance_url: InstanceUrl | None = None
    org_id: RecordId | None = None
    sandbox: bool | None = None
    sign_in: Literal["client_credentials", "jwt", "refresh_token", "sf_cli", "access_token"]
    client_id: str | None = None
    username: str | None = None
    sf_alias: str | None = None
    secret: SecretSource | None = None
    client_secret: SecretSource | None = None
    store: str | None = None

    @model_validator(mode="after")
    def _has_what_the_way_needs(self) -> Profile:
        given = {name for name in _OF_THE_WAY if getattr(self, name) is not None}
        needed = _NEEDED[self.sign_in]
        problems = [f"needs {name}" for name in sorted(needed - given)] + [
            f"has no use for {name}"
            for name in sorted(given - needed - _ALLOWED.get(self.sign_in, frozenset()))
        ]
        if problems:
            raise ValueError(f"sign_in {self.sign_in} {', and '.join(problems)}")
        return self

    def credentials(self, environ: Mapping[str, str], *, root: Path, key: str) -> Credentials:
        """Return the profile's credentials; every secret is read now.

        Args:
            environ: Where `env` secrets stand.
            root: What relative paths of `file` secrets start from.
            key: Where the profile stands, for messages: `profiles.production`.

        Raises:
            SignInError: A secret is missing or unreadable; every one is named.
        """
        sources = {
            name: _placed(source, root)
            for name, source in (("secret", self.secret), ("client_secret", self.client_secret))
            if source is not None
        }
        secrets = _read_all(sources, environ, key=key)
        # What a way needs was checked, so the empty texts below are never seen.
        url, client_id = self.instance_url or "", self.client_id or ""
        match self.sign_in:
            case "client_credentials":
                return ClientCredentials(
                    instance_url=url, client_id=client_id, client_secret=secrets["secret"]
                )
            case "jwt":
                return JwtBearer(
                    instance_url=url,
                    client_id=client_id,
                    username=self.username or "",
                    private_key=secrets["secret"],
                )
            case "refresh_token":
                return RefreshToken(
                    instance_url=url,
                    client_id=client_id,
                    client_secret=secrets.get("client_secret"),
                    source=sources["secret"],
                    refresh_token=secrets["secret"],
                )
            case "access_token":
                return AccessToken(instance_url=url, access_token=secrets["secret"])
            case "sf_cli":
                return SfCli(alias=self.sf_alias or "", instance_url=self.instance_url)

    def placed_sources(self, root: Path) -> tuple[SecretSource, ...]:
        """Return where the profile's secrets stand, paths made absolute."""
        return tuple(
            _placed(one, root) for one in (self.secret, self.client_secret) if one is not None
        )


def _checked_name(name: str) -> str:
    if name == ENVIRONMENT:
        raise ValueError(f"{name!r} stands for the SFTERRITORY_ variables; choose another name")
    if not _NAME.match(name):
        raise ValueError(f"{name!r} is not a name: letters, digits, '-' and '_'")
    return name


ProfileName = Annotated[str, AfterValidator(_checked_name)]


def secret_problems(file: YamlFile) -> list[str]:
    """Return a line for every place of a file where a secret seems to stand; it is not shown."""
    return [
        file.problem(path, _NO_SECRETS)
        for path, value in _leaves(file.data, ())
        if value not in (None, "")
        and (
            _SECRET_VALUE.search(str(value))
            or _SECRET_KEY.match(next(part for part in reversed(path) if isinstance(part, str)))
        )
    ]


def _leaves(data: JsonValue, path: KeyPath) -> Iterator[tuple[KeyPath, JsonValue]]:
    match data:
        case dict():
            for key, value in data.items():
                yield from _leaves(value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from _leaves(value, (*path, index))
        case _ if path:
            yield path, data


def _placed(source: SecretSource, root: Path) -> SecretSource:
    """Return the source with its file's path made absolute."""
    if source.file is None:
        return source
    return SecretSource(file=str(root / Path(source.file).expanduser()))


def _read_all(
    sources: Mapping[str, SecretSource], environ: Mapping[str, str], *, key: str
) -> dict[str, SecretStr]:
    found: dict[str, SecretStr] = {}
    refused: list[tuple[str, SignInError]] = []
    for name, source in sources.items():
        try:
            found[name] = read_secret(source, environ)
        except SignInError as error:
            refused.append((name, error))
    if refused:
        raise SignInError(
            "\n".join(f"{key}.{name}: {error.problem}" for name, error in refused),
            remedy="; ".join(dict.fromkeys(error.remedy for _, error in refused)),
        )
    return found
