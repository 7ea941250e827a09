"""uvicorn's HTTP protocol, with the socket handed to the application: faults write to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

from sfterritory.sandbox.faults.wire import TRANSPORT

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive, Scope, Send


class FaultProtocol(H11Protocol):
    """One connection; every scope of its requests names the transport as an extension."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Put the transport into the scope of every request of this connection."""
        super().connection_made(transport)
        app = self.config.loaded_app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), TRANSPORT: transport}
            await app({**scope, "extensions": extensions}, receive, send)

        self.app = with_transport
