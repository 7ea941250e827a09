"""From a path to its handler, for requests over HTTP and for those that came inside another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from sfterritory.sandbox.api.answer import ApiError, Call, error_answer, not_found
from sfterritory.sandbox.api.router import H, Router, segments_of
from sfterritory.sandbox.api.version import checked_version

if TYPE_CHECKING:
    from starlette.responses import Response

DATA = ("services", "data")


@dataclass(frozen=True, slots=True)
class SubRequest:
    """A request inside another one.

    Attributes:
        url: Path from `/services/data/` on, with its query string.
        headers: By lower-case name.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def versioned(segments: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return the API version of a path below `/services/data`, and the segments behind it.

    Raises:
        ApiError: The path lies elsewhere, or its version is not served.
    """
    if len(segments) < 3 or tuple(one.lower() for one in segments[:2]) != DATA:
        raise not_found()
    return checked_version(segments[2]), segments[3:]


def routed(
    routes: Router[H], segments: Sequence[str], *, method: str
) -> tuple[H, Mapping[str, str]]:
    """Return the handler of a path and method, and the path's variables.

    Raises:
        ApiError: 404 or 405.
    """
    found = routes.find(segments)
    if found is None:
        raise not_found()
    handler = found.methods.get("GET" if method == "HEAD" else method)
    if handler is None:
        raise wrong_method(method, sorted(found.methods))
    return handler, found.path


def wrong_method(method: str, allowed: Sequence[str]) -> ApiError:
    """Return the failure for a method that a path does not have."""
    listed = ",".join(("HEAD", *allowed) if "GET" in allowed else allowed)
    return ApiError(
        405,
        "METHOD_NOT_ALLOWED",
        f"HTTP Method '{method[:20]}' not allowed. Allowed are {listed}",
        headers={"Allow": listed},
    )


def answer_inside(call: Call, request: SubRequest) -> Response:
    """Answer a request that came inside another: the same handlers, no further API request.

    Its refusal is an answer like any other; nothing is raised.
    """
    path, _, query = request.url.partition("?")
    try:
        version, segments = versioned(segments_of(path))
        handler, variables = routed(call.routes, segments, method=request.method)
        return handler(
            replace(
                call,
                version=version,
                method=request.method,
                path=variables,
                query=dict(parse_qsl(query, keep_blank_values=True)),
                headers=request.headers,
                body=request.body,
            )
        )
    except ApiError as error:
        return error_answer(error)
