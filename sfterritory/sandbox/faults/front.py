"""Stands before the org: lets requests through, and the faults strike that are due."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from sfterritory.sandbox.faults.body import BodyFault, DuplicatePage, Page
from sfterritory.sandbox.faults.instead import InsteadFault
from sfterritory.sandbox.faults.keeping import Watch
from sfterritory.sandbox.faults.pages import EarlierPages, rows_of
from sfterritory.sandbox.faults.request import FaultRequest, fault_request, job_id
from sfterritory.sandbox.faults.whole import Answer, captured, sent, stamped
from sfterritory.sandbox.faults.wire import HangUp, Wire, WireFault
from sfterritory.sandbox.faults.world import Moment, WorldFault

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sfterritory.sandbox.faults.book import Strike
    from sfterritory.sandbox.state import SandboxState

_MOST_KEPT_BYTES = 160_000_000  # of a request: what the org reads at all
_ADMIN = "/sandbox/"


class FaultFront:
    """The org's application with its faults, and the admin's own paths beside it."""

    def __init__(self, app: ASGIApp, state: SandboxState, *, admin: ASGIApp) -> None:
        """Take the faults from the state file."""
        self._app = app
        self._state = state
        self._admin = admin
        self._pages = EarlierPages()
        self._watch = Watch(state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it go wrong."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(_ADMIN):
            await self._admin(scope, receive, send)
            return
        self._watch.look()
        if not self._state.faults.active:
            await self._app(scope, receive, send)
            return
        arrived = await _read(receive)
        if arrived is None:
            return
        body, replayed = arrived
        request = await run_in_threadpool(self._request, scope, body)
        strikes = self._state.faults.strikes(request)
        if not strikes and not self._looks_at_answers:
            await self._app(scope, replayed, send)
            return
        for strike in strikes:
            if isinstance(strike.fault, WorldFault):
                moment = Moment(self._state, request, strike.dice)
                await run_in_threadpool(strike.fault.happen, moment)
        answer = await self._answer(_plain(scope), replayed, request, strikes)
        await self._send(answer, strikes, wire_of=(scope, receive), send=send)

    @property
    def _looks_at_answers(self) -> bool:
        faults = self._state.faults
        return faults.counts_rows or faults.has(DuplicatePage)

    def _request(self, scope: Scope, body: bytes) -> FaultRequest:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        job = job_id(scope["path"])
        return fault_request(
            scope["method"],
            scope["path"],
            query=scope["query_string"],
            headers=headers,
            body=body,
            job_object=_job_object(self._state, job) if job else "",
        )

    async def _answer(
        self, scope: Scope, receive: Receive, request: FaultRequest, strikes: list[Strike]
    ) -> Answer:
        """Return what the org says, or what a fault says in its place."""
        faults = [one.fault for one in strikes]
        instead = next((one for one in faults if isinstance(one, InsteadFault)), None)
        unheard = instead or next((one for one in faults if isinstance(one, HangUp)), None)
        if unheard is not None and not unheard.processed:
            return stamped(instead.answer(self._state), self._state) if instead else Answer(0)
        answer = await captured(self._app, scope, receive)
        self._state.faults.count_rows(rows_of(answer, request))
        if instead is not None:
            return stamped(instead.answer(self._state), self._state)
        earlier = self._pages.before(request, answer)
        for strike in strikes:
            if isinstance(strike.fault, BodyFault) and answer.status < HTTPStatus.BAD_REQUEST:
                answer = strike.fault.changed(Page(answer, request, earlier, strike.dice))
        return answer

    async def _send(
        self, answer: Answer, strikes: list[Strike], *, wire_of: tuple[Scope, Receive], send: Send
    ) -> None:
        for strike in strikes:
            if isinstance(strike.fault, WireFault):
                await strike.fault.transmit(answer, Wire(*wire_of), strike.dice)
                return
        await sent(answer, send)


def _job_object(state: SandboxState, job: str) -> str:
    with state.reading() as connection:
        found = connection.execute(
            "SELECT object FROM _query_job WHERE id = ?1 "
            "UNION ALL SELECT object FROM _ingest_job WHERE id = ?1",
            (job,),
        ).fetchone()
    return "" if found is None else str(found[0])


def _plain(scope: Scope) -> Scope:
    """Return the request without its wish for compression: faults look at the body."""
    kept = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
    return {**scope, "headers": kept}


async def _read(receive: Receive) -> tuple[bytes, Receive] | None:
    """Return a request's body and a way to receive it once more; None where the client left."""
    chunks: list[bytes] = []
    more, size = True, 0
    while more and size <= _MOST_KEPT_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
    body = b"".join(chunks)
    first: Message | None = {"type": "http.request", "body": body, "more_body": more}

    async def replayed() -> Message:
        nonlocal first
        if first is None:
            return await receive()
        message, first = first, None
        return message

    return body, replayed
