"""The requests session under simple-salesforce: timeouts, loopback, and what answers tell us."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.address import is_loopback
from sfterritory.connectors.salesforce.faults import RefusedError

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
    """What Salesforce told in passing with its answers: its clock and the calls left.

    Attributes:
        calls: Answers seen, each of which was an API call of ours.
    """

    def __init__(self) -> None:
        self.server_time: datetime | None = None
        self.limits: ApiLimits | None = None
        self._of_thread = threading.local()
        self._counting = threading.Lock()
        self.calls = 0
        self.identity_url: str | None = None

    @property
    def retry_after(self) -> str | None:
        """Seconds that the last answer to this thread asked to wait; None if it asked for none."""
        return getattr(self._of_thread, "retry_after", None)

    def forget_retry_after(self) -> None:
        """Forget it before a request: one that ends without an answer asked for nothing."""
        self._of_thread.retry_after = None

    def note(self, headers: Headers) -> None:
        """Keep what an answer's headers say."""
        with self._counting:
            self.calls += 1
        now = _moment(headers.get("Date") or "")
        self.server_time = now or self.server_time
        self._of_thread.retry_after = _wait(headers.get("Retry-After"), now=now)
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


class _StayingSession(requests.Session):
    """Follows no redirect: a form with a secret, or the token, would be sent on to elsewhere."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return that there is none.

        Raises:
            RefusedError: The answer names one.
        """
        if not resp.is_redirect:
            return
        here, there = (
            "{0.scheme}://{0.netloc}".format(urlsplit(url))
            for url in (resp.url, urljoin(resp.url, resp.headers["Location"]))
        )
        resp.close()
        raise RefusedError(
            f"{here} sends requests on to {there} (HTTP {resp.status_code}), where no secret is "
            "sent to",
            remedy="if the org's My Domain was renamed, correct the instance URL; Setup > My "
            "Domain shows it",
        )


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


def open_session(observed: Observed, *, read_timeout_seconds: float) -> requests.Session:
    """Return a session for simple-salesforce: timeouts set, environment and redirects ignored."""
    session = _StayingSession()
    session.trust_env = False
    session.headers["User-Agent"] = http.USER_AGENT
    session.hooks["response"].append(observed.watch)
    for scheme in ("https://", "http://"):
        session.mount(scheme, _TimedAdapter(read_timeout_seconds=read_timeout_seconds))
    return session


def lead_home(session: requests.Session, origin: str, *, read_timeout_seconds: float) -> None:
    """Lead what simple-salesforce sends to an http origin to this machine; others need nothing.

    Raises:
        ValueError: A plain-http origin that is not on this machine.
    """
    parts = urlsplit(origin)
    if parts.scheme != "http":
        return
    adapter = _LoopbackAdapter(origin, read_timeout_seconds=read_timeout_seconds)
    session.mount(f"https://{parts.netloc}/", adapter)
    session.mount(f"https://{LOOPBACK_LOGIN_PREFIX}.salesforce.com/", adapter)


def _moment(date: str) -> datetime | None:
    """Return an HTTP date in UTC; None if it is none."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return None


def _wait(retry_after: str | None, *, now: datetime | None) -> str | None:
    """Return a Retry-After as seconds; its other form, a date, is held against the server's clock.

    A date counts only beside the server's own `Date`: this machine's clock may be off.
    """
    until = _moment(retry_after or "")
    if until is None:
        return retry_after
    return None if now is None else f"{max(0.0, (until - now).total_seconds()):g}"


def _limits(info: str) -> ApiLimits | None:
    """Return the org-wide part of `api-usage=25/15000; per-app-api-usage=...`; None if absent."""
    for part in info.split(";"):
        key, _, value = part.strip().partition("=")
        used, slash, allowed = value.partition("/")
        if key == "api-usage" and slash and used.isdigit() and allowed.isdigit():
            return ApiLimits(int(used), int(allowed))
    return None
