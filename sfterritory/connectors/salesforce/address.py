"""The address of an org's API: checked before a secret is sent to it."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_MY_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.my\.salesforce\.com\Z")
# What to look at where an answer is not Salesforce's, whichever way the org was named.
ADDRESS_OF_ORG = "SFTERRITORY_INSTANCE_URL, or instance_url of the profile,"
CHECK_ADDRESS = f"check that {ADDRESS_OF_ORG} is Salesforce, and not a proxy's page"

_BROWSER_HOST = re.compile(r"(?P<org>.+?)\.(?:lightning\.force\.com|my\.salesforce-setup\.com)\Z")


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """Return the origin of an instance URL, or say what is wrong with it.

    Raises:
        ValueError: Not a My Domain address over https, nor an http address of this machine.
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower()
    if parts.username is not None:
        raise ValueError(
            f"an address with a user or a password in it; give only {without_secrets(url)!r}"
        )
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError(
            f"{without_secrets(url)!r} is not an address like https://acme.my.salesforce.com"
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            f"{without_secrets(url)!r} has a path or a query; give only the address: "
            f"{parts.scheme}://{host}"
        )
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


def without_secrets(url: str) -> str:
    """Return what may be shown of an address: no user and password, no query (`?sid=...`)."""
    return re.sub(r"//[^/?#]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])


InstanceUrl = Annotated[str, AfterValidator(origin_of)]
