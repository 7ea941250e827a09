"""How the names of headers are written: ASGI has them in lower case, the platform writes capitals.

HTTP does not care, some clients do: they copy headers into a plain dictionary and look for
`Content-Type`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_IRREGULAR = {
    b"etag": b"ETag",
    b"sforce-numberofrecords": b"Sforce-NumberOfRecords",
    b"www-authenticate": b"WWW-Authenticate",
    # uvicorn looks for this one in lower case.
    b"connection": b"connection",
}


class WrittenHeaders:
    """Stands before an application and writes the names of its answers' headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and its answer back."""

        async def send_written(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(written(name), value) for name, value in message["headers"]]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_written)


@cache
def written(name: bytes) -> bytes:
    """Return a header's name, given in lower case, as the platform writes it."""
    return _IRREGULAR.get(name) or name.title()
