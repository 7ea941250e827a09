"""The HTTP application: which path is answered by what, and what every answer carries."""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route

from sfterritory.sandbox.api import (
    auth,
    bulk_query,
    collections,
    describe,
    limits,
    query,
    rows,
    version,
)
from sfterritory.sandbox.api.answer import ApiError, Call, Handler, error_answer
from sfterritory.sandbox.api.session import authorised

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sfterritory.sandbox.state import SandboxState

    Endpoint = Callable[[Request], Awaitable[Response]]

MAX_BODY_BYTES = 160_000_000  # above an upload of 100 MB after its base64 growth
MAX_HEAD_BYTES = 16_384
_DATA = "/services/data"
_MODULES = (version, query, limits, describe, rows, collections, bulk_query)
_LIMITED = re.compile(r"/services/data/v[^/]+/.")


def create_app(state: SandboxState, *, jwt_public_key: bytes | None = None) -> ASGIApp:
    """Return the org as an ASGI application.

    Args:
        state: The open state file; the caller closes it.
        jwt_public_key: PEM of the key whose JWT bearer assertions are accepted.
    """
    app = Starlette(
        routes=[*_oauth_routes(state, jwt_public_key), *_data_routes(state)],
        exception_handlers={
            ApiError: _answer_api_error,
            HTTPException: _answer_http_error,
            Exception: _answer_crash,
        },
    )
    return _Front(app, state)


def _oauth_routes(state: SandboxState, public_key: bytes | None) -> list[Route]:
    def endpoint(handler: Callable[[auth.TokenRequest], Response]) -> Endpoint:
        async def answer(request: Request) -> Response:
            asked = auth.TokenRequest(
                state=state,
                form=auth.read_form(await _body(request), dict(request.query_params)),
                authorization=request.headers.get("authorization"),
                origin=_origin(request),
                public_key=public_key,
            )
            return await run_in_threadpool(handler, asked)

        return answer

    async def versions(_request: Request) -> Response:
        return version.versions()

    return [
        Route("/services/oauth2/token", endpoint(auth.token), methods=["POST"]),
        Route("/services/oauth2/introspect", endpoint(auth.introspect), methods=["POST"]),
        Route(_DATA, versions, methods=["GET"]),
    ]


def _data_routes(state: SandboxState) -> list[Route]:
    def route(path: str, handlers: Mapping[str, Handler]) -> Route:
        """Return one path with a handler for each of its methods."""

        async def answer(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            handler = handlers[method]
            call = await _call(request, state)
            return await run_in_threadpool(handler, call)

        return Route(f"{_DATA}/{{version}}{path}", answer, methods=sorted(handlers))

    by_path: dict[str, dict[str, Handler]] = {}
    for module in _MODULES:
        for path, handlers in module.ROUTES.items():
            by_path.setdefault(path, {}).update(handlers)
    # Literal paths stand before those with a variable, which would take their place.
    listed = sorted(by_path, key=lambda path: [step.startswith("{") for step in path.split("/")])
    return [route(path, by_path[path]) for path in listed]


async def _call(request: Request, state: SandboxState) -> Call:
    """Return the request as handlers see it.

    Raises:
        ApiError: Unknown version, no living session, or a body beyond every limit.
    """
    number = version.checked_version(request.path_params["version"])
    session = await run_in_threadpool(authorised, state, request.headers.get("authorization"))
    return Call(
        state=state,
        version=number,
        user_id=session.user_id,
        schema=state.schema_for(session.user_id),
        path={key: str(value) for key, value in request.path_params.items()},
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=await _body(request),
        origin=_origin(request),
    )


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", "The request body is too large")
        chunks.append(chunk)
    return b"".join(chunks)


def _origin(request: Request) -> str:
    """Return the address of the socket: a Host header could name any other."""
    host, port = request.scope["server"]
    return f"http://{host}:{port}"


async def _answer_api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for it alone
    return error_answer(error)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        message = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
        return error_answer(ApiError(405, "METHOD_NOT_ALLOWED", message))
    return error_answer(
        ApiError(error.status_code, "NOT_FOUND", "The requested resource does not exist")
    )


async def _answer_crash(_request: Request, _error: Exception) -> Response:
    # Starlette raises the exception again after this answer, so that the log has it.
    message = "An unexpected error occurred. Please include this ErrorId if you contact support"
    return error_answer(ApiError(500, "UNKNOWN_EXCEPTION", message))


class _Front:
    """Stands before the routes: trailing slashes, the server's date, the use of the allocation."""

    def __init__(self, app: ASGIApp, state: SandboxState) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope = {**scope, "path": path.rstrip("/")}
        date = format_datetime(self._state.now(), usegmt=True).encode()
        extra = [(b"date", date)]
        if _LIMITED.match(path):
            extra.append(
                (
                    b"sforce-limit-info",
                    self._state.usage.count_one(
                        allowed=self._state.switches.daily_api_requests
                    ).encode(),
                )
            )

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        if _head_bytes(scope) > MAX_HEAD_BYTES:
            answer = error_answer(ApiError(414, "URI_TOO_LONG", "URI Too Long"))
            await answer(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def _head_bytes(scope: Scope) -> int:
    """Return the size of address and headers, which the platform limits together."""
    headers = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return len(scope["raw_path"]) + len(scope["query_string"]) + headers
