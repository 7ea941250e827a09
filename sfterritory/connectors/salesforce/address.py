"""The address of an org's API: checked before a secret is sent to it."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_MY_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.my\.salesforce\.com\Z")
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


InstanceUrl = Annotated[str, AfterValidator(origin_of)]
