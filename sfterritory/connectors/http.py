"""The one door to httpx: every client that this package opens is made here.

A change of HTTP library (httpx2 speaks the same interface) touches this file and no other. What
the neighbours need of httpx, they import from here under these names.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from sfterritory import __version__

USER_AGENT = f"sfterritory/{__version__}"
CONNECT_TIMEOUT_SECONDS = 10.0
READ_TIMEOUT_SECONDS = 120.0  # Salesforce may think for two minutes before the first byte

Client = httpx.Client
Response = httpx.Response
HttpError = httpx.HTTPError
InvalidUrlError = httpx.InvalidURL
NotConnectedError = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def open_client(
    origin: str,
    *,
    headers: Mapping[str, str] | None = None,
    connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
    read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
) -> httpx.Client:
    """Return a client for one origin: HTTP/1.1, every timeout set, proxies and netrc ignored.

    The environment is not trusted because a stray `HTTPS_PROXY` or `.netrc` would carry tokens to
    a place that nobody configured here.
    """
    return httpx.Client(
        base_url=origin,
        headers={"User-Agent": USER_AGENT, **(headers or {})},
        timeout=httpx.Timeout(read_timeout_seconds, connect=connect_timeout_seconds),
        http1=True,
        http2=False,
        trust_env=False,
        follow_redirects=False,
    )
