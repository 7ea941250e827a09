"""Faults in how an answer is sent: cut, hung up, ended too early, slow.

These write to the socket themselves, because no HTTP server would send what they send.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from abc import abstractmethod
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sfterritory.sandbox.faults.document import Occasion, RequestFault
from sfterritory.sandbox.header_case import written

if TYPE_CHECKING:
    from random import Random

    from starlette.types import Receive, Scope

    from sfterritory.sandbox.faults.whole import Answer

TRANSPORT = "sandbox.transport"
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})
_RESET = struct.pack("ii", 1, 0)  # linger for no second: closing sends RST instead of FIN
_FLUSH_PAUSE_S = 0.001


class Wire:
    """The socket of one request."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        """Take the request's transport, which `FaultProtocol` put into its scope."""
        self._transport: asyncio.Transport = scope["extensions"][TRANSPORT]
        self._receive = receive

    @property
    def gone(self) -> bool:
        """Whether the client has left."""
        return self._transport.is_closing()

    async def write(self, data: bytes) -> None:
        """Send bytes and wait until the kernel has them."""
        if self.gone:
            return
        self._transport.write(data)
        # uvicorn keeps the transport's own notice of an empty buffer to itself.
        while self._transport.get_write_buffer_size() and not self.gone:  # noqa: ASYNC110 - see above
            await asyncio.sleep(_FLUSH_PAUSE_S)

    async def until_gone(self) -> None:
        """Wait until the client leaves."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def close(self, *, reset: bool = False) -> None:
        """End the connection, and return when the server has seen it end."""
        if reset and not self.gone:
            raw: socket.socket = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()
        else:
            self._transport.close()
        await self.until_gone()


class WireFault(RequestFault):
    """A fault that sends an answer in its own way."""

    @abstractmethod
    async def transmit(self, answer: Answer, wire: Wire, dice: Random) -> None:
        """Send the answer, or what the client is to get of it, and end the connection."""


class HangUp(WireFault):
    """The connection ends without a byte of an answer, before or after the work is done."""

    kind: Literal["hang_up"] = "hang_up"
    processed: bool = False
    reset: bool = False
    after_s: float = Field(default=0, ge=0, le=600)

    async def transmit(self, answer: Answer, wire: Wire, dice: Random) -> None:  # noqa: ARG002 - nothing is sent
        """Send nothing."""
        await asyncio.sleep(self.after_s)
        await wire.close(reset=self.reset)


class Cut(WireFault):
    """The connection ends at a byte of the body (drawn where none is named), with FIN or RST."""

    occasion: ClassVar[Occasion] = "read"

    kind: Literal["cut"] = "cut"
    at_byte: int | None = Field(default=None, ge=0)
    reset: bool = False

    async def transmit(self, answer: Answer, wire: Wire, dice: Random) -> None:
        """Announce the whole body and send a part of it."""
        part = answer.body[: _place(self.at_byte, answer.body, dice)]
        await wire.write(head_of(answer, ("content-length", str(len(answer.body)))) + part)
        await wire.close(reset=self.reset)


class ShortBody(WireFault):
    """The body ends too early and HTTP says that it is whole: the most treacherous fault.

    `chunked` ends properly, `close` has no length, `gzip` is a compressed stream without its end.
    With `whole_rows` it ends behind a line, so that CSV reads well too.
    """

    occasion: ClassVar[Occasion] = "page"

    kind: Literal["short_body"] = "short_body"
    framing: Literal["chunked", "close", "gzip"] = "chunked"
    at_byte: int | None = Field(default=None, ge=0)
    whole_rows: bool = False

    async def transmit(self, answer: Answer, wire: Wire, dice: Random) -> None:
        """Send a part of the body as if it were all."""
        body = answer.body if self.framing != "gzip" else gzip.compress(answer.body, mtime=0)
        part = body[: _place(self.at_byte, body, dice)]
        if self.whole_rows and self.framing != "gzip":
            part = part[: part.rfind(b"\n") + 1]
        if self.framing == "chunked":
            chunk = b"%x\r\n%b\r\n" % (len(part), part) if part else b""
            data = head_of(answer, ("transfer-encoding", "chunked")) + chunk + b"0\r\n\r\n"
        elif self.framing == "gzip":
            data = head_of(answer, ("content-encoding", "gzip")) + part
        else:
            data = head_of(answer) + part
        await wire.write(data)
        await wire.close()


class Slow(WireFault):
    """The answer comes late, or drips; with `stall_at_byte` it never goes on."""

    kind: Literal["slow"] = "slow"
    before_s: float = Field(default=0.0, ge=0, le=600)
    piece_bytes: int | None = Field(default=None, ge=1)
    pause_s: float = Field(default=0.05, ge=0, le=600)
    stall_at_byte: int | None = Field(default=None, ge=0)

    async def transmit(self, answer: Answer, wire: Wire, dice: Random) -> None:  # noqa: ARG002 - nothing is drawn
        """Send the answer, head and body, piece by piece."""
        await asyncio.sleep(self.before_s)
        head = head_of(answer, ("content-length", str(len(answer.body))))
        data = head + answer.body
        end = len(data) if self.stall_at_byte is None else len(head) + self.stall_at_byte
        step = self.piece_bytes or max(end, 1)
        for start in range(0, end, step):
            if wire.gone:
                break
            await wire.write(data[start : min(start + step, end)])
            if self.piece_bytes is not None:
                await asyncio.sleep(self.pause_s)
        if self.stall_at_byte is not None:
            await wire.until_gone()
        await wire.close()


def head_of(answer: Answer, *framing: tuple[str, str]) -> bytes:
    """Return an answer's first lines with this framing in place of its own."""
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    kept = [pair for pair in answer.headers if pair[0] not in _FRAMING]
    headers = (*kept, *framing, ("connection", "close"))
    lines = [f"{written(name.encode()).decode()}: {value}" for name, value in headers]
    return "\r\n".join([f"HTTP/1.1 {answer.status} {phrase}", *lines, "", ""]).encode("latin-1")


def _place(at_byte: int | None, body: bytes, dice: Random) -> int:
    """Return where a body is cut: always before its end."""
    end = max(len(body) - 1, 0)
    return dice.randint(0, end) if at_byte is None else min(at_byte, end)
