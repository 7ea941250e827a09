"""How to prove who we are to Salesforce, read from the environment and checked at once."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from sfterritory.errors import SignInError
from sfterritory.model.document import Document

INSTANCE_URL = "SFTERRITORY_INSTANCE_URL"
CLIENT_ID = "SFTERRITORY_CLIENT_ID"
CLIENT_SECRET = "SFTERRITORY_CLIENT_SECRET"  # noqa: S105 - the variable's name, not a secret
ACCESS_TOKEN = "SFTERRITORY_ACCESS_TOKEN"  # noqa: S105 - the variable's name, not a secret
USERNAME = "SFTERRITORY_USERNAME"
PRIVATE_KEY = "SFTERRITORY_PRIVATE_KEY"

_SECRETS: Final = (ACCESS_TOKEN, CLIENT_SECRET, PRIVATE_KEY)
_MY_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.my\.salesforce\.com\Z")
_BROWSER_HOST = re.compile(r"(?P<org>.+?)\.(?:lightning\.force\.com|my\.salesforce-setup\.com)\Z")
_WAYS = (
    f"set {INSTANCE_URL} and one of: {CLIENT_ID} with {CLIENT_SECRET} (an External Client App "
    f"with the client credentials flow); {CLIENT_ID} with {USERNAME} and {PRIVATE_KEY}_FILE "
    f"(JWT bearer); {ACCESS_TOKEN} (a ready token). Each secret may be a file: NAME_FILE. "
    "To try without an org, run `sfterritory sandbox serve` and set what it prints"
)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _origin(url: str) -> str:
    """Return the origin of an instance URL, or say what is wrong with it.

    Raises:
        ValueError: Not a My Domain address over https, nor an http address of this machine.
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise ValueError(
            f"{_without_user(url)!r} is not an address like https://acme.my.salesforce.com"
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"{url!r} has a path; give only the address: {parts.scheme}://{host}")
    port = "" if parts.port is None else f":{parts.port}"
    if is_loopback(host):
        if parts.scheme == "https":
            raise ValueError(
                f"{url!r}: the sandbox on this machine is reached by http://, not https://"
            )
        return f"http://{f'[{host}]' if ':' in host else host}{port}"
    if browser := _BROWSER_HOST.match(host):
        right = f"https://{browser['org']}.my.salesforce.com"
        raise ValueError(
            f"{url!r} is where the browser goes, and refuses every API token; the API is at {right}"
        )
    if parts.scheme == "http":
        raise ValueError(f"{url!r} would send secrets unencrypted; use https://{host}")
    if not _MY_DOMAIN.match(host):
        raise ValueError(
            f"{url!r} is not a My Domain address (https://NAME.my.salesforce.com); Setup > "
            "My Domain shows yours"
        )
    return f"https://{host}{port}"


def _without_user(url: str) -> str:
    """Return the address without a user and password that someone wrote into it."""
    return re.sub(r"//[^/@]*@", "//", url)


InstanceUrl = Annotated[str, AfterValidator(_origin)]
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
        return "test" if ".sandbox.my." in self.instance_url else "login"


class AccessToken(Document):
    """A token that someone else fetched; it cannot be renewed when it ends."""

    instance_url: InstanceUrl
    access_token: SecretStr


Credentials = ClientCredentials | JwtBearer | AccessToken


def credentials_from(environ: Mapping[str, str]) -> Credentials:
    """Return the credentials that the environment describes.

    Raises:
        SignInError: None are set, some are missing, or two ways are mixed; every mistake is named.
    """
    problems: list[str] = []
    secrets = {name: _secret(name, environ, problems=problems) for name in _SECRETS}
    plain = {name: environ.get(name, "").strip() for name in (INSTANCE_URL, CLIENT_ID, USERNAME)}
    given = [name for name in _SECRETS if secrets[name]]
    if not problems and not given and not any(plain.values()):
        raise SignInError("no Salesforce credentials are set", remedy=_WAYS)

    if plain[INSTANCE_URL]:
        problems += _url_problem(plain[INSTANCE_URL])
    else:
        problems.append(f"{INSTANCE_URL} is not set")
    if len(given) > 1:
        problems.append(
            f"{' and '.join(given)} are all set, and each is a way of its own; keep one"
        )
    elif not given and not problems:
        problems.append(f"none of {', '.join(_SECRETS)} is set")
    elif given:
        problems += _missing_beside(given[0], plain)
    if problems:
        raise SignInError("\n".join(problems), remedy=_WAYS)
    return _build(given[0], plain, secret=SecretStr(secrets[given[0]]))


def _secret(name: str, environ: Mapping[str, str], *, problems: list[str]) -> str:
    """Return a secret from the variable or from the file that NAME_FILE names; '' if neither."""
    direct, path = environ.get(name, "").strip(), environ.get(f"{name}_FILE", "").strip()
    if direct and path:
        problems.append(f"{name} and {name}_FILE are both set; keep one")
    if direct or not path:
        return direct
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        problems.append(f"{name}_FILE names {path!r}, which cannot be read: {reason}")
        return ""
    if not text:
        problems.append(f"{name}_FILE names {path!r}, which is empty")
    return text


def _url_problem(url: str) -> list[str]:
    """Return what is wrong with the address, as a list of at most one line."""
    try:
        _origin(url)
    except ValueError as error:
        return [f"{INSTANCE_URL}: {error}"]
    return []


def _missing_beside(secret_name: str, plain: Mapping[str, str]) -> list[str]:
    """Return a line for every variable that the chosen way needs and that is not set."""
    needed = {
        ACCESS_TOKEN: (),
        CLIENT_SECRET: (CLIENT_ID,),
        PRIVATE_KEY: (CLIENT_ID, USERNAME),
    }[secret_name]
    return [f"{secret_name} needs {name}, which is not set" for name in needed if not plain[name]]


def _build(secret_name: str, plain: Mapping[str, str], *, secret: SecretStr) -> Credentials:
    """Return the credentials of the way that the given secret stands for."""
    url, client_id = plain[INSTANCE_URL], plain[CLIENT_ID]
    if secret_name == ACCESS_TOKEN:
        return AccessToken(instance_url=url, access_token=secret)
    if secret_name == CLIENT_SECRET:
        return ClientCredentials(instance_url=url, client_id=client_id, client_secret=secret)
    return JwtBearer(
        instance_url=url, client_id=client_id, username=plain[USERNAME], private_key=secret
    )
