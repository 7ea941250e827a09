"""The sandbox's own paths, `/sandbox/...`. No org of Salesforce has them.

Faults and switches, what an administrator declares, and what people do in the user interface.

They need no token, so they answer this machine alone: neither a web page nor another host.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from sfterritory.sandbox.act import perform
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.faults.catalogue import fault_values
from sfterritory.sandbox.faults.keeping import add_fault, clear_faults
from sfterritory.sandbox.rule_book import rule_of
from sfterritory.sandbox.state import SandboxState
from sfterritory.sandbox.switches import Switches, switches_from

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from sfterritory.sandbox.faults.book import Standing

Body = dict[str, Any]
Act = Callable[[SandboxState, Body], Body]

_MOST_BYTES = 100_000


class _RefusedError(Exception):
    """A request that is not the admin's, or not understood."""

    def __init__(self, status: int, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.status = status
        self.problem = problem
        self.remedy = remedy


def admin_app(state: SandboxState) -> ASGIApp:
    """Return the application that answers below `/sandbox/`."""

    def route(path: str, method: str, act: Act) -> Route:
        async def answer(request: Request) -> Response:
            try:
                _check_local(request)
                body = await _body(request)
                return JSONResponse(await run_in_threadpool(act, state, body))
            except _RefusedError as error:
                return _refused(error.status, error.problem, error.remedy)
            except SandboxError as error:
                return _refused(400, error.problem, error.remedy)

        return Route(path, answer, methods=[method])

    return Starlette(routes=[route(*one) for one in _ROUTES])


def _add(state: SandboxState, body: Body) -> Body:
    return {"number": add_fault(state, body)}


def _faults(state: SandboxState, _body: Body) -> Body:
    return {"faults": [fault_entry(one) for one in state.faults.listed()]}


def _clear(state: SandboxState, body: Body) -> Body:
    return {"cleared": clear_faults(state, number=_number(body))}


def _switches(state: SandboxState, _body: Body) -> Body:
    return {"switches": asdict(state.switches), "defaults": asdict(Switches())}


def _change(state: SandboxState, body: Body) -> Body:
    state.set_switches(switches_from({**asdict(state.switches), **body}))
    return _switches(state, {})


def _declare(state: SandboxState, body: Body) -> Body:
    return {"number": state.add_rule(rule_of(body))}


def _rules(state: SandboxState, _body: Body) -> Body:
    return {"rules": state.listed_rules()}


def _take_back(state: SandboxState, body: Body) -> Body:
    return {"removed": state.drop_rules(_number(body))}


def _number(body: Body) -> int | None:
    """Return the number of a fault or rule; None where the body names none.

    Raises:
        SandboxError: It is none that a list shows.
    """
    number = body.get("number")
    if number is None:
        return None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**63:
        raise SandboxError(
            f"number cannot be {number!r:.80}", remedy="name one by the number that the list shows"
        )
    return number


_ROUTES: tuple[tuple[str, str, Act], ...] = (
    ("/sandbox/faults", "POST", _add),
    ("/sandbox/faults", "GET", _faults),
    ("/sandbox/faults", "DELETE", _clear),
    ("/sandbox/switches", "GET", _switches),
    ("/sandbox/switches", "PATCH", _change),
    ("/sandbox/rules", "POST", _declare),
    ("/sandbox/rules", "GET", _rules),
    ("/sandbox/rules", "DELETE", _take_back),
    ("/sandbox/acts", "POST", perform),
)


def fault_entry(standing: Standing) -> dict[str, Any]:
    """Return a fault with its counts, as answers list it."""
    return {
        "number": standing.number,
        **fault_values(standing.fault),
        "seen": standing.seen,
        "fired": standing.fired,
    }


def _check_local(request: Request) -> None:
    """Refuse other hosts, names that only look like this one, and pages of web sites.

    Raises:
        _RefusedError: 403.
    """
    remedy = "ask from this machine, by 127.0.0.1, and not from a web page"
    client = request.client.host if request.client else ""
    if not _is_loopback(client):
        raise _RefusedError(403, f"{client} is not this machine", remedy)
    name = request.headers.get("host", "").rsplit(":", 1)[0].strip("[]")
    if name != "localhost" and not _is_loopback(name):  # DNS can point any name at 127.0.0.1
        raise _RefusedError(403, f"the Host header names {name!r}", remedy)
    site = request.headers.get("sec-fetch-site", "none")
    if "origin" in request.headers or site not in {"none", "same-origin"}:
        raise _RefusedError(403, "the request comes from a web page", remedy)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _body(request: Request) -> dict[str, Any]:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _MOST_BYTES:
            raise _RefusedError(413, "the body is too large", f"send {_MOST_BYTES} bytes at most")
        chunks.append(chunk)
    text = b"".join(chunks)
    if not text:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _RefusedError(400, f"the body is no JSON: {error}", "send an object") from error
    if not isinstance(value, dict):
        raise _RefusedError(400, "the body is no JSON object", 'send e.g. {"kind": "cut"}')
    return value


def _refused(status: int, problem: str, remedy: str) -> Response:
    return JSONResponse({"problem": problem, "remedy": remedy}, status_code=status)
