"""An answer as one value, to be looked at, changed and sent in other ways."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sfterritory.sandbox.state import SandboxState

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; header names are in lower case."""

    status: int
    headers: Headers = field(default=())
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return a header's value, or None."""
        return next((value for key, value in self.headers if key == name), None)

    def with_header(self, name: str, value: str | None) -> Answer:
        """Return the answer with one header set, or left out where the value is None."""
        others = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=others if value is None else (*others, (name, value)))

    def with_body(self, body: bytes) -> Answer:
        """Return the answer with another body and the length that it says."""
        sized = replace(self, body=body)
        return sized.with_header("content-length", str(len(body)))

    def json(self) -> Any:
        """Return the body as JSON, or None where it is none."""
        if "json" not in (self.header("content-type") or ""):
            return None
        try:
            return json.loads(self.body)
        except ValueError:  # another fault has broken it
            return None


async def captured(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """Run a request and return its answer instead of sending it."""
    status = 500
    headers: Headers = ()
    chunks: list[bytes] = []

    async def keep(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in message["headers"]
            )
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, receive, keep)
    return Answer(status, headers, b"".join(chunks))


def stamped(answer: Answer, state: SandboxState) -> Answer:
    """Return an answer with the server's date."""
    return answer.with_header("date", format_datetime(state.now(), usegmt=True))


async def sent(answer: Answer, send: Send) -> None:
    """Send an answer as any server would."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
