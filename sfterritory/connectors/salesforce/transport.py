"""The requests session under simple-salesforce: timeouts, loopback, and what answers tell us."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.credentials import is_loopback

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path, not a secret
# simple-salesforce builds sign-in addresses as https://{prefix}.salesforce.com and nothing else,
# so a server on this machine needs a stand-in, which only ever leads to loopback.
LOOPBACK_LOGIN_PREFIX = "loopback.my"


class Headers(Protocol):
    """What both HTTP libraries' headers can do: look up without regard to case."""

    def get(self, key: str, /) -> str | None:
        """Return the header, or None."""


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """The org's API calls of the last 24 hours, by all integrations together."""

    used: int
    allowed: int


class Observed:
    """What Salesforce told in passing with its answers: its clock and the calls left."""

    def __init__(self) -> None:
        self.server_time: datetime | None = None
        self.limits: ApiLimits | None = None
        self._of_thread = threading.local()
        self.identity_url: str | None = None

    @property
    def retry_after(self) -> str | None:
        """The wait that the last answer to this thread asked for; None if it asked for none."""
        return getattr(self._of_thread, "retry_after", None)

    def forget_retry_after(self) -> None:
        """Forget it before a request: one that ends without an answer asked for nothing."""
        self._of_thread.retry_after = None

    def note(self, headers: Headers) -> None:
        """Keep what an answer's headers say."""
        self._of_thread.retry_after = headers.get("Retry-After")
        if date := headers.get("Date"):
            self.server_time = _moment(date) or self.server_time
        if info := headers.get("Sforce-Limit-Info"):
            self.limits = _limits(info) or self.limits

    def watch(self, response: requests.Response, **_: Any) -> None:
        """Note a response of requests; simple-salesforce throws away what we keep here."""
        self.note(response.headers)
        if response.ok and urlsplit(response.url).path == TOKEN_PATH:
            try:
                identity = response.json().get("id")
            except (ValueError, AttributeError):  # not JSON: the sign-in itself will say so
                return
            self.identity_url = str(identity) if identity else None


class _TimedAdapter(HTTPAdapter):
    """Gives every request a timeout; simple-salesforce sets none."""

    def __init__(self, *, read_timeout_seconds: float) -> None:
        super().__init__()
        self._timeout = (http.CONNECT_TIMEOUT_SECONDS, read_timeout_seconds)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the signature is requests'
        timeout: Any = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002 - the signature is requests'
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send with our timeout where the caller gave none."""
        return super().send(
            request,
            stream=stream,
            timeout=timeout or self._timeout,
            verify=verify,
            cert=cert,
            proxies=proxies,
        )


class _LoopbackAdapter(_TimedAdapter):
    """Leads requests to a plain-http server on this machine, and never elsewhere."""

    def __init__(self, origin: str, *, read_timeout_seconds: float) -> None:
        parts = urlsplit(origin)
        if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
            raise ValueError(f"{origin!r} is not an http address of this machine")
        super().__init__(read_timeout_seconds=read_timeout_seconds)
        self._origin = origin

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send the request to the loopback origin, path and query unchanged."""
        parts = urlsplit(request.url or "")
        query = f"?{parts.query}" if parts.query else ""
        request.url = f"{self._origin}{parts.path}{query}"
        return super().send(request, *args, **kwargs)


def open_session(
    instance_url: str, observed: Observed, *, read_timeout_seconds: float
) -> requests.Session:
    """Return a session for simple-salesforce: timeouts set, environment ignored."""
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = http.USER_AGENT
    session.hooks["response"].append(observed.watch)
    session.mount("https://", _TimedAdapter(read_timeout_seconds=read_timeout_seconds))
    parts = urlsplit(instance_url)
    if parts.scheme == "http":
        adapter = _LoopbackAdapter(instance_url, read_timeout_seconds=read_timeout_seconds)
        session.mount(f"https://{parts.netloc}/", adapter)
        session.mount(f"https://{LOOPBACK_LOGIN_PREFIX}.salesforce.com/", adapter)
    return session


def _moment(date: str) -> datetime | None:
    """Return an HTTP date in UTC; None if it is none."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return None


def _limits(info: str) -> ApiLimits | None:
    """Return the org-wide part of `api-usage=25/15000; per-app-api-usage=...`; None if absent."""
    for part in info.split(";"):
        key, _, value = part.strip().partition("=")
        used, slash, allowed = value.partition("/")
        if key == "api-usage" and slash and used.isdigit() and allowed.isdigit():
            return ApiLimits(int(used), int(allowed))
    return None
