"""A server on loopback that answers by script: also what no well-behaved server would."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROOT = "/services/data/v66.0"
TOKEN_PATH = "/services/oauth2/token"
ORG_ID = "00D000000000001EAA"
USER_ID = "005000000000001AAA"


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer; `drop` reads the request and then hangs up without a word."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    cut_bytes: int = 0  # announced, and never sent


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


def refusal(status: int, code: str, message: str = "as scripted", **headers: str) -> Answer:
    return json_answer([{"errorCode": code, "message": message}], status, **headers)


EXPIRED = refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


class FaultServer:
    """Answers each (method, path) with its script; the last answer of a script stays."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.seen: list[Seen] = []
        self._scripts: dict[tuple[str, str], deque[Answer]] = defaultdict(deque)

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """Replace the script of one path; paths without `/services` are of the API version."""
        full = path if path.startswith("/services") else f"{ROOT}{path}"
        self._scripts[method, full.rstrip("/")] = deque(answers)

    def calls(self, method: str, path: str) -> list[Seen]:
        full = path if path.startswith("/services") else f"{ROOT}{path}"
        return [one for one in self.seen if (one.method, one.path) == (method, full.rstrip("/"))]

    def answer_for(self, request: Seen) -> Answer:
        self.seen.append(request)
        script = self._scripts[request.method, request.path]
        if not script:
            return refusal(404, "NOT_FOUND", "The requested resource does not exist")
        return script.popleft() if len(script) > 1 else script[0]

    def allow_sign_in(self) -> None:
        """Answer every sign-in with the next token of a row: T1, T2, ..."""
        self.on(
            "POST",
            TOKEN_PATH,
            *(
                json_answer(
                    {
                        "access_token": f"{ORG_ID[:15]}!T{number}",
                        "instance_url": self.url,
                        "id": f"{self.url}/id/{ORG_ID}/{USER_ID}",
                        "token_type": "Bearer",
                    }
                )
                for number in range(1, 100)
            ),
        )


@contextmanager
def fault_server() -> Iterator[FaultServer]:
    """Run a server on a free port while the block runs."""
    http_server = HTTPServer(("127.0.0.1", 0), _Handler)
    script = FaultServer(http_server.server_port)
    _Handler.scripts[http_server.server_port] = script
    thread = threading.Thread(target=http_server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        http_server.shutdown()
        thread.join()
        http_server.server_close()
        del _Handler.scripts[http_server.server_port]


class _Handler(BaseHTTPRequestHandler):
    scripts: dict[int, FaultServer] = {}  # noqa: RUF012 - one per port, shared by design

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = parts.path.rstrip("/")
        seen = Seen(self.command, path, parse_qs(parts.query), dict(self.headers.items()), body)
        answer = self.scripts[self.server.server_address[1]].answer_for(seen)  # type: ignore[index]  # AF_INET
        if answer.drop:
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + answer.cut_bytes))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: pytest shows what matters."""
