"""Asking a road engine over HTTP: politely, and again where that makes sense."""

from __future__ import annotations

import ipaddress
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sfterritory.connectors import http
from sfterritory.connectors.road.engine import CHECK_ENGINE, EngineFailedError
from sfterritory.connectors.road.params import TravelParams
from sfterritory.errors import ConfigError
from sfterritory.events import emit

Sleep = Callable[[float], None]

ATTEMPTS: Final = 4
FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 120.0  # who asks for a longer one has said no
_BUSY: Final = frozenset({429, 502, 503, 504})
_REFUSED: Final = frozenset({400, 413, 414})
# Run for everybody by volunteers; thousands of table requests are against their rules of use.
_PUBLIC: Final = ("project-osrm.org", "openstreetmap.de", "openstreetmap.org", "osm.org")
_TEXT_SHOWN: Final = 200


class RefusedAnswerError(Exception):
    """The server refused a request for what it says: 400, 413 or 414.

    Attributes:
        content: The answer's JSON; None where it is no JSON.
    """

    def __init__(self, status: int, content: Any, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.content = content


@dataclass(frozen=True, slots=True)
class _Content:
    """What an answer holds."""

    json: Any


@dataclass(frozen=True, slots=True)
class _Trouble:
    """A failure that may pass, and how long the server asked to wait."""

    words: str
    wait_seconds: float = 0.0


class RoadServer:
    """A server at one address; safe to be asked by several threads.

    Args:
        params: Address, timeouts, whether public servers may be asked.
        sleep: Waits.
        rng: Spreads waits, so that several clients do not come back at once.

    Raises:
        ConfigError: The address is none, or of a public server that was not allowed.
    """

    def __init__(self, params: TravelParams, *, sleep: Sleep, rng: random.Random) -> None:
        self.url = _checked_url(params)
        self.is_local = is_loopback(urlsplit(self.url).hostname or "")
        self._sleep = sleep
        self._rng = rng
        try:
            self._client = http.open_client(
                self.url,
                connect_timeout_seconds=params.connect_timeout_seconds,
                read_timeout_seconds=params.read_timeout_seconds,
            )
        except http.InvalidUrlError as error:
            raise _no_address(params) from error

    def get(self, path: str) -> Any:
        """Return the JSON of a GET; see `_ask`."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Return the JSON of a POST that only asks; see `_ask`."""
        return self._ask("POST", path, body)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None) -> Any:
        """Return the JSON of the answer.

        Raises:
            RefusedAnswerError: The server does not want this request.
            EngineFailedError: No usable answer after all attempts.
        """
        attempt = 0
        while True:
            attempt += 1
            outcome = self._attempt(method, path, body)
            if isinstance(outcome, _Content):
                return outcome.json
            if attempt == ATTEMPTS or outcome.wait_seconds > LONGEST_WAIT_SECONDS:
                times = "once" if attempt == 1 else f"{attempt} times"
                raise EngineFailedError(
                    f"{self.url}: {outcome.words}, {times}", remedy=CHECK_ENGINE
                )
            backoff = FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * (1 + self._rng.random())
            wait_seconds = max(backoff, outcome.wait_seconds)
            emit("travel.retry", attempt=attempt, wait_seconds=round(wait_seconds, 3))
            self._sleep(wait_seconds)

    def _attempt(
        self, method: str, path: str, body: Mapping[str, object] | None
    ) -> _Content | _Trouble:
        try:
            answer = self._client.request(method, path, json=body)
        except http.HttpError as error:
            return _Trouble(str(error) or type(error).__name__)
        if answer.status_code == 200:
            try:
                return _Content(answer.json())
            except ValueError as error:
                return _Trouble(f"the answer is no JSON ({error})")
        words = f"status {answer.status_code} {_shown(answer)}".rstrip()
        if answer.status_code in _BUSY:
            return _Trouble(words, _retry_after_seconds(answer))
        if answer.status_code in _REFUSED:
            raise RefusedAnswerError(answer.status_code, _json_or_none(answer), words)
        raise EngineFailedError(
            f"{self.url}: {words}",
            remedy="check that travel.url is the engine's address, without a path of one request",
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _checked_url(params: TravelParams) -> str:
    url = (params.url or "").rstrip("/")
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if (
        parts.scheme not in {"http", "https"}
        or not host
        or parts.query
        or parts.fragment
        or parts.username is not None
    ):
        raise _no_address(params)
    name = host.lower().rstrip(".")  # a full name may end with the dot of the root
    public = any(name == one or name.endswith(f".{one}") for one in _PUBLIC)
    if public and not params.allow_public_host:
        raise ConfigError(
            f"travel.url is {url}, a public demonstration server: it is not there for whole books "
            "of customers, and their places would be told to others",
            remedy="run an engine of your own (docs/travel.md), or set travel.allow_public_host",
        )
    return url


def _no_address(params: TravelParams) -> ConfigError:
    shown = re.sub(r"//[^/]*@", "//...@", params.url or "")
    return ConfigError(
        f"travel.url is {shown!r}, not the address of a server",
        remedy="write it as http://HOST:PORT, without user, password or question mark",
    )


def _retry_after_seconds(answer: http.Response) -> float:
    """Return the wait that the server asks for; a moment is counted from the server's own clock."""
    asked = answer.headers.get("Retry-After", "").strip()
    if asked.isdigit():
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
        now = parsedate_to_datetime(answer.headers.get("Date", ""))
        return max((until - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0


def _json_or_none(answer: http.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _shown(answer: http.Response) -> str:
    """Return the beginning of what the server says, on one line."""
    text = answer.content[: 4 * _TEXT_SHOWN].decode("utf-8", "replace")
    return " ".join(text.split())[:_TEXT_SHOWN]
