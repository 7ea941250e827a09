"""The ways to prove who we are to Salesforce, and how the environment describes one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, SecretStr

from sfterritory.connectors.salesforce.address import InstanceUrl, origin_of
from sfterritory.connectors.salesforce.secret import SecretSource, read_secret
from sfterritory.errors import SignInError
from sfterritory.model.document import Document

INSTANCE_URL = "SFTERRITORY_INSTANCE_URL"
CLIENT_ID = "SFTERRITORY_CLIENT_ID"
CLIENT_SECRET = "SFTERRITORY_CLIENT_SECRET"  # noqa: S105 - the variable's name, not a secret
ACCESS_TOKEN = "SFTERRITORY_ACCESS_TOKEN"  # noqa: S105 - the variable's name, not a secret
REFRESH_TOKEN = "SFTERRITORY_REFRESH_TOKEN"  # noqa: S105 - the variable's name, not a secret
USERNAME = "SFTERRITORY_USERNAME"
PRIVATE_KEY = "SFTERRITORY_PRIVATE_KEY"
SF_ALIAS = "SFTERRITORY_SF_ALIAS"

SECRETS: Final = (ACCESS_TOKEN, CLIENT_SECRET, PRIVATE_KEY, REFRESH_TOKEN)
PLAIN: Final = (INSTANCE_URL, CLIENT_ID, USERNAME, SF_ALIAS)
_WAYS = (
    f"set {INSTANCE_URL} and one of: {CLIENT_ID} with {CLIENT_SECRET} (an External Client App "
    f"with the client credentials flow); {CLIENT_ID} with {USERNAME} and {PRIVATE_KEY}_FILE "
    f"(JWT bearer); {CLIENT_ID} with {REFRESH_TOKEN}_FILE (refresh token); {ACCESS_TOKEN} (a "
    f"ready token); or only {SF_ALIAS} (the login of the sf command). Each secret may be a file: "
    "NAME_FILE. Several orgs: describe them under profiles in sfterritory.yaml. "
    "To try without an org, run `sfterritory sandbox serve` and set what it prints"
)

Text = Annotated[str, Field(min_length=1)]


class ClientCredentials(Document):
    """An app that runs as the user its admin chose; the recommended way for a server."""

    instance_url: InstanceUrl
    client_id: Text
    client_secret: SecretStr


class JwtBearer(Document):
    """An app that signs for a user with its private key (PEM text), without any password."""

    instance_url: InstanceUrl
    client_id: Text
    username: Text
    private_key: SecretStr

    @property
    def audience(self) -> str:
        """Who the assertion is made out to: `test` for a sandbox org, `login` otherwise."""
        no_production = (".sandbox.my.", ".scratch.my.")
        return "test" if any(part in self.instance_url for part in no_production) else "login"


class RefreshToken(Document):
    """A person's consent, kept as a token that fetches access tokens.

    Attributes:
        client_secret: Where the app asks for it on refresh.
        source: Where the token stands; an app that rotates tokens has it replaced there.
        refresh_token: As it was read at the start; a file or keyring is read again each time.
    """

    instance_url: InstanceUrl
    client_id: Text
    client_secret: SecretStr | None = None
    source: SecretSource
    refresh_token: SecretStr


class SfCli(Document):
    """The login that the `sf` command of this machine keeps.

    Attributes:
        alias: Alias or username, as `sf org list` shows it.
        instance_url: The org it has to lead to; None for wherever it leads.
    """

    alias: Text
    instance_url: InstanceUrl | None = None


class AccessToken(Document):
    """A token that someone else fetched; it cannot be renewed when it ends."""

    instance_url: InstanceUrl
    access_token: SecretStr


Credentials = ClientCredentials | JwtBearer | RefreshToken | SfCli | AccessToken


def credentials_from(environ: Mapping[str, str]) -> Credentials:
    """Return the credentials that the environment describes.

    Raises:
        SignInError: None are set, some are missing, or two ways are mixed; every mistake is named.
    """
    problems: list[str] = []
    sources = {name: found for name in SECRETS if (found := _source(name, environ, problems))}
    plain = {name: environ.get(name, "").strip() for name in PLAIN}
    if not problems and not sources and not any(plain.values()):
        raise SignInError("no Salesforce credentials are set", remedy=_WAYS)
    if plain[INSTANCE_URL]:
        problems += _url_problem(plain[INSTANCE_URL])
    elif not plain[SF_ALIAS]:
        problems.append(f"{INSTANCE_URL} is not set")
    chosen = _chosen(sources, plain, problems)
    secrets = {
        name: secret
        for name, source in sources.items()
        if (secret := _read(name, source, environ, problems))
    }
    if problems or not chosen:
        raise SignInError("\n".join(problems), remedy=_WAYS)
    return _build(chosen, plain, sources=sources, secrets=secrets)


def _source(name: str, environ: Mapping[str, str], problems: list[str]) -> SecretSource | None:
    """Return where a secret stands: the variable, or the file that NAME_FILE names."""
    direct, path = environ.get(name, "").strip(), environ.get(f"{name}_FILE", "").strip()
    if direct and path:
        problems.append(f"{name} and {name}_FILE are both set; keep one")
    if direct:
        return SecretSource(env=name)
    return SecretSource(file=path) if path else None


def _read(
    name: str, source: SecretSource, environ: Mapping[str, str], problems: list[str]
) -> SecretStr | None:
    try:
        return read_secret(source, environ)
    except SignInError as error:
        problems.append(f"{name}_FILE: {error.problem}")
        return None


def _url_problem(url: str) -> list[str]:
    """Return what is wrong with the address, as a list of at most one line."""
    try:
        origin_of(url)
    except ValueError as error:
        return [f"{INSTANCE_URL}: {error}"]
    return []


def _chosen(
    sources: Mapping[str, SecretSource], plain: Mapping[str, str], problems: list[str]
) -> str:
    """Return the variable that stands for the way chosen, '' where none or several are."""
    ways = [name for name in SECRETS if name in sources] + [SF_ALIAS] * bool(plain[SF_ALIAS])
    if set(ways) == {REFRESH_TOKEN, CLIENT_SECRET}:
        ways = [REFRESH_TOKEN]  # the app's secret goes with it, where the app wants one
    if len(ways) > 1:
        problems.append(f"{' and '.join(ways)} are all set, and each is a way of its own; keep one")
    elif not ways and not problems:
        problems.append(f"none of {', '.join(SECRETS)} is set")
    elif ways:
        problems += _missing_beside(ways[0], plain)
    return ways[0] if len(ways) == 1 else ""


def _missing_beside(way: str, plain: Mapping[str, str]) -> list[str]:
    """Return a line for every variable that the chosen way needs and that is not set."""
    needed = {
        CLIENT_SECRET: (CLIENT_ID,),
        PRIVATE_KEY: (CLIENT_ID, USERNAME),
        REFRESH_TOKEN: (CLIENT_ID,),
    }.get(way, ())
    return [f"{way} needs {name}, which is not set" for name in needed if not plain[name]]


def _build(
    way: str,
    plain: Mapping[str, str],
    *,
    sources: Mapping[str, SecretSource],
    secrets: Mapping[str, SecretStr],
) -> Credentials:
    """Return the credentials of the chosen way; everything it needs is there."""
    url, client_id = plain[INSTANCE_URL], plain[CLIENT_ID]
    match way:
        case "SFTERRITORY_ACCESS_TOKEN":
            return AccessToken(instance_url=url, access_token=secrets[way])
        case "SFTERRITORY_CLIENT_SECRET":
            return ClientCredentials(
                instance_url=url, client_id=client_id, client_secret=secrets[way]
            )
        case "SFTERRITORY_PRIVATE_KEY":
            return JwtBearer(
                instance_url=url,
                client_id=client_id,
                username=plain[USERNAME],
                private_key=secrets[way],
            )
        case "SFTERRITORY_REFRESH_TOKEN":
            return RefreshToken(
                instance_url=url,
                client_id=client_id,
                client_secret=secrets.get(CLIENT_SECRET),
                source=sources[way],
                refresh_token=secrets[way],
            )
    return SfCli(alias=plain[SF_ALIAS], instance_url=url or None)
