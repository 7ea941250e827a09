"""An engine on loopback that answers as OSRM and Valhalla do, and wrongly where it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Place = tuple[float, float]

SECONDS_PER_DEGREE = 6_000.0
METRES_PER_DEGREE = 100_000.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `drop` hangs up without a word, `cut_bytes` are announced and never sent."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    cut_bytes: int = 0


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), named)


@dataclass(frozen=True, slots=True)
class Asked:
    """One table that was asked for."""

    sources: tuple[Place, ...]
    targets: tuple[Place, ...]


@dataclass
class FaultEngine:
    """Answers from `script` first, then as `rule` says, then as an engine on a plane would.

    Attributes:
        probe: What OSRM says when it is asked who it is; None lets it be answered.
        rule: Looks at a table; None lets it be answered.
        nowhere: Places that no road leads to: null in answers.
        calibration: What times are of those on the plane.
    """

    url: str
    script: deque[Answer | None] = field(default_factory=deque)
    rule: Callable[[Asked], Answer | None] = lambda _: None
    nowhere: set[Place] = field(default_factory=set)
    calibration: float = 1.0
    delay_seconds: float = 0.0
    graph: str = "g1"
    probe: Answer | None = None
    tables: list[Asked] = field(default_factory=list)
    requests: int = 0

    def minutes(self, start: Place, end: Place) -> float:
        """Return what a whole answer says; longer eastward, so that directions differ."""
        east = 1.1 if end[0] > start[0] else 1.0
        return _degrees(start, end) * SECONDS_PER_DEGREE * self.calibration * east / 60

    def answer(self, path: str, body: bytes) -> Answer:
        self.requests += 1
        if self.delay_seconds:
            time.sleep(self.delay_seconds)
        parts = urlsplit(path)
        if parts.path == "/status":
            return json_answer({"version": "3.9.1", "tileset_last_modified": 1700000000})
        osrm = parts.path.startswith("/table/v1/")
        asked = _osrm(parts.path, parts.query) if osrm else _valhalla(body)
        if osrm and asked.sources[0] == (-120.0, 40.0):
            if self.probe is not None:
                return self.probe
            return json_answer({**self._osrm(asked), "data_version": self.graph})
        self.tables.append(asked)
        if self.script and (scripted := self.script.popleft()) is not None:
            return scripted
        ruled = self.rule(asked)
        return ruled or json_answer(self._osrm(asked) if osrm else self._valhalla(asked))

    def _seconds(self, asked: Asked) -> list[list[float | None]]:
        return [
            [None if {a, b} & self.nowhere else self.minutes(a, b) * 60 for b in asked.targets]
            for a in asked.sources
        ]

    def _metres(self, asked: Asked) -> list[list[float | None]]:
        return [
            [
                None if {a, b} & self.nowhere else _degrees(a, b) * METRES_PER_DEGREE
                for b in asked.targets
            ]
            for a in asked.sources
        ]

    def _osrm(self, asked: Asked) -> dict[str, Any]:
        return {
            "code": "Ok",
            "durations": self._seconds(asked),
            "distances": self._metres(asked),
            "sources": [{"location": list(one)} for one in asked.sources],
        }

    def _valhalla(self, asked: Asked) -> dict[str, Any]:
        km = [[None if m is None else m / 1000 for m in row] for row in self._metres(asked)]
        return {
            "sources_to_targets": {"durations": self._seconds(asked), "distances": km},
            "units": "kilometers",
        }


def refused_by_osrm(code: str) -> Answer:
    return json_answer({"code": code, "message": "as scripted"}, 400)


def refused_by_valhalla(number: int) -> Answer:
    return json_answer({"error_code": number, "error": "as scripted"}, 400)


@contextmanager
def fault_engine() -> Iterator[FaultEngine]:
    """Run an engine on a free port while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    engine = FaultEngine(f"http://127.0.0.1:{server.server_port}")
    _Handler.engines[server.server_port] = engine
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield engine
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        del _Handler.engines[server.server_port]


def _degrees(start: Place, end: Place) -> float:
    return float(((start[0] - end[0]) ** 2 + (start[1] - end[1]) ** 2) ** 0.5)


def _osrm(path: str, query: str) -> Asked:
    places = [_place(text) for text in path.rpartition("/")[2].split(";")]
    rows = {name: text for name, (text,) in parse_qs(query, separator="&").items()}
    return Asked(
        tuple(places[int(row)] for row in rows["sources"].split(";")),
        tuple(places[int(row)] for row in rows["destinations"].split(";")),
    )


def _place(text: str) -> Place:
    lon, lat = text.split(",")
    return float(lon), float(lat)


def _valhalla(body: bytes) -> Asked:
    asked = json.loads(body)
    sources, targets = (
        tuple((one["lon"], one["lat"]) for one in asked[name]) for name in ("sources", "targets")
    )
    return Asked(sources, targets)


class _Handler(BaseHTTPRequestHandler):
    engines: dict[int, FaultEngine] = {}  # noqa: RUF012 - one per port, shared by design

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.engines[self.server.server_address[1]].answer(self.path, body)  # type: ignore[index]  # AF_INET
        if answer.drop:
            return
        self.send_response_only(answer.status)  # a Date only where the script has one
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + answer.cut_bytes))
        self.end_headers()
        with suppress(BrokenPipeError):  # who asked may be dead: a test kills one
            self.wfile.write(answer.body)

    do_GET = do_POST = _answer  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: pytest shows what matters."""
