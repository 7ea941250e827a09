"""The HTTP application: which path is answered by what, and what every answer carries."""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request

from sfterritory.sandbox.api import (
    batch,
    collections,
    composite,
    describe,
    graph,
    limits,
    query,
    replication,
    rows,
    tree,
    upsert,
    version,
)
from sfterritory.sandbox.api.admin import admin_app
from sfterritory.sandbox.api.answer import ApiError, Call, Handler, error_answer
from sfterritory.sandbox.api.bulk import ingest as bulk_ingest
from sfterritory.sandbox.api.bulk import query as bulk_query
from sfterritory.sandbox.api.classic import routes as classic_routes
from sfterritory.sandbox.api.classic.document import ClassicError, speaks_json, translated
from sfterritory.sandbox.api.classic.document import error_answer as classic_error_answer
from sfterritory.sandbox.api.coding import decoded
from sfterritory.sandbox.api.dispatch import DATA, routed, versioned, wrong_method
from sfterritory.sandbox.api.limits import limit_info, take_request
from sfterritory.sandbox.api.oauth import authorize, identity, logout, revoke, token
from sfterritory.sandbox.api.oauth.request import (
    OAuthError,
    SiteHandler,
    SiteRequest,
    read_form,
    refused,
)
from sfterritory.sandbox.api.router import Router, segments_of
from sfterritory.sandbox.api.session import Session, authorised
from sfterritory.sandbox.faults.front import FaultFront
from sfterritory.sandbox.header_case import WrittenHeaders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sfterritory.sandbox.state import SandboxState

MAX_BODY_BYTES = 160_000_000  # above an upload of 100 MB after its base64 growth
MAX_HEAD_BYTES = 16_384
_SIGN_IN = "/services/oauth2/"
_ON_LOOPBACK = re.compile(r"(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?", re.ASCII)
_MODULES = (
    version,
    query,
    limits,
    describe,
    rows,
    upsert,
    replication,
    collections,
    composite,
    batch,
    graph,
    tree,
    bulk_ingest,
    bulk_query,
)
_CLASSIC = ("services", "async")
_SITE_MODULES = (token, authorize, identity, revoke, logout)


def create_app(state: SandboxState, *, jwt_public_key: bytes | None = None) -> ASGIApp:
    """Return the org as an ASGI application.

    Args:
        state: The open state file; the caller closes it.
        jwt_public_key: PEM of the key whose JWT bearer assertions are accepted.
    """
    # No Route of Starlette's: its `{path:path}` does not match a line feed, which a path may hold.
    app = ServerErrorMiddleware(_Org(state, jwt_public_key), handler=_answer_crash)
    org = _Dated(_Front(app, state), state)
    return WrittenHeaders(FaultFront(org, state, admin=_Dated(admin_app(state), state)))


class _Org:
    """Answers every path: a body is read, then the rest happens in a thread."""

    def __init__(self, state: SandboxState, public_key: bytes | None) -> None:
        self._state = state
        self._public_key = public_key
        self._routes: Router[Handler] = Router(module.ROUTES for module in _MODULES)
        self._classic: Router[Handler] = Router([classic_routes.ROUTES])
        self._site: Router[SiteHandler] = Router(module.SITE_ROUTES for module in _SITE_MODULES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await _body(request)
            response = await run_in_threadpool(self._answer, request, body)
        except ApiError as error:
            response = self._refusal(request, error)
        await response(scope, receive, send)

    def _refusal(self, request: Request, error: ApiError) -> Response:
        """Return a refusal in the form of the place: clients that sign in read an object."""
        if not request.url.path.lower().startswith(_SIGN_IN):
            return error_answer(error)
        answer = refused(self._state, OAuthError("invalid_request", error.message))
        answer.status_code = error.status
        answer.headers.update(error.headers)
        return answer

    def _answer(self, request: Request, body: bytes) -> Response:
        segments = segments_of(request.scope["raw_path"].decode("ascii", "replace"))
        content = decoded(
            body, request.headers.get("content-encoding", ""), most_bytes=MAX_BODY_BYTES
        )
        if tuple(one.lower() for one in segments[:2]) == DATA:
            if len(segments) == 2:
                return _versions(request)
            return self._answer_data(request, segments, content)
        if tuple(one.lower() for one in segments[:2]) == _CLASSIC and len(segments) > 2:
            return self._answer_classic(request, segments, content)
        return self._answer_site(request, segments, content)

    def _answer_data(self, request: Request, segments: Sequence[str], body: bytes) -> Response:
        """Answer below `/services/data/vXX.0`: signed in, and within the allocation.

        Raises:
            ApiError: Unknown version, no living session, or nothing left of the allocation.
        """
        state = self._state
        number, rest = versioned(segments)
        try:
            session = authorised(state, request.headers.get("authorization"))
        except ApiError as error:
            if rest[:1] == ["jobs"] and state.switches.bulk_dead_token_as_bulk_1:
                raise ApiError(400, "InvalidSessionId", error.message) from error
            raise
        try:
            take_request(state, session)
            handler, path = routed(self._routes, rest, method=request.method)
            response = handler(
                self._call(request, session, version_number=number, path=path, body=body)
            )
        except ApiError as error:
            response = error_answer(error)
        if response.status_code != 204 or state.switches.limit_info_on_204:
            response.headers["Sforce-Limit-Info"] = limit_info(state, session)
        state.save_usage_if_free()
        return response

    def _answer_classic(self, request: Request, segments: Sequence[str], body: bytes) -> Response:
        """Answer below `/services/async/XX.0`: Bulk API 1.0, with refusals in its own form."""
        try:
            try:
                number = version.checked_version(f"v{segments[2]}")
                token = request.headers.get("x-sfdc-session")
                header = f"Bearer {token}" if token else request.headers.get("authorization")
                session = authorised(self._state, header)
                take_request(self._state, session)
                handler, path = routed(self._classic, segments[3:], method=request.method)
                return handler(
                    self._call(request, session, version_number=number, path=path, body=body)
                )
            except ApiError as error:
                raise translated(error.code, error.message) from error
        except ClassicError as refusal:
            return classic_error_answer(refusal, as_json=speaks_json(request.headers))

    def _call(
        self,
        request: Request,
        session: Session,
        *,
        version_number: str,
        path: Mapping[str, str],
        body: bytes,
    ) -> Call:
        return Call(
            state=self._state,
            version=version_number,
            method=request.method,
            user_id=session.user_id,
            schema=self._state.schema_for(session.user_id),
            path=path,
            query=dict(request.query_params),
            headers=dict(request.headers),
            body=body,
            origin=_origin(request),
            routes=self._routes,
        )

    def _answer_site(self, request: Request, segments: Sequence[str], body: bytes) -> Response:
        handler, path = routed(self._site, segments, method=request.method)
        return handler(
            SiteRequest(
                state=self._state,
                method=request.method,
                path=path,
                form=read_form(body, request.headers, dict(request.query_params)),
                body=body,
                authorization=request.headers.get("authorization"),
                host=request.headers.get("host", ""),
                origin=_origin(request),
                public_key=self._public_key,
            )
        )


def _versions(request: Request) -> Response:
    if request.method not in {"GET", "HEAD"}:
        raise wrong_method(request.method, ["GET"])
    return version.versions()


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
    """Return the address that the client reached us by: the socket's, or that of a TLS front.

    A front says so by `X-Forwarded-Proto: https`, and its Host has to be of this machine: any
    other could lead a token astray.
    """
    authority = request.headers.get("host", "").lower()
    forwarded = request.headers.get("x-forwarded-proto", "").lower()
    if forwarded == "https" and _ON_LOOPBACK.fullmatch(authority):
        return f"https://{authority}"
    host, port = request.scope["server"]
    scheme = request.scope["scheme"]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def _answer_crash(_request: Request, _error: Exception) -> Response:
    # Starlette raises the exception again after this answer, so that the log has it.
    message = "An unexpected error occurred. Please include this ErrorId if you contact support"
    return error_answer(ApiError(500, "UNKNOWN_EXCEPTION", message))


class _Dated:
    """Gives every answer the server's date."""

    def __init__(self, app: ASGIApp, state: SandboxState) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        date = format_datetime(self._state.now(), usegmt=True).encode()

        async def send_with_date(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await self._app(scope, receive, send_with_date)


class _Front:
    """Stands before the org: compression, and requests that are too long."""

    def __init__(self, app: ASGIApp, state: SandboxState) -> None:
        self._plain = app
        # The lowest level: it is there for clients that must cope with it, not to save bytes.
        self._compressing = GZipMiddleware(app, minimum_size=1, compresslevel=1)
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._plain(scope, receive, send)
            return
        refusal = _too_long(scope)
        if refusal is not None:
            await error_answer(refusal)(scope, receive, send)
            return
        app = self._compressing if self._state.switches.compress_answers else self._plain
        await app(scope, receive, send)


def _too_long(scope: Scope) -> ApiError | None:
    """Return the refusal of an address and headers beyond what the platform takes together."""
    address = len(scope["raw_path"]) + len(scope["query_string"])
    headers = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    if address + headers <= MAX_HEAD_BYTES:
        return None
    if address >= headers:
        return ApiError(414, "URI_TOO_LONG", "URI Too Long")
    return ApiError(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "Request Header Fields Too Large")
