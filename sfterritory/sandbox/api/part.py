"""The parts of a composite or graph: checked, filled with references, answered one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import ApiError, Call, error_answer
from sfterritory.sandbox.api.dispatch import SubRequest, answer_inside
from sfterritory.sandbox.api.reference import Bodies, filled, filled_text
from sfterritory.sandbox.api.router import segments_of
from sfterritory.sandbox.state import dump_json

if TYPE_CHECKING:
    from starlette.responses import Response

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
HALTED = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction "
    "failed.",
}
# Headers that a part shares with the whole request.
_SHARED = ("accept", "authorization", "content-type")
_CONDITIONS = ("if-match", "if-unmodified-since")
_INHERITED = (*_SHARED, "accept-encoding")
_TOLD = {"location": "Location", "etag": "ETag", "last-modified": "Last-Modified"}

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a composite.

    Attributes:
        headers: By lower-case name.
    """

    method: str
    url: str
    reference_id: str
    headers: Mapping[str, str]
    body: Any


def parts_of(call: Call, listed: object) -> list[Part]:
    """Return the parts of a `compositeRequest`.

    Raises:
        ApiError: One of them is malformed, or two share a reference id.
    """
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise _malformed("compositeRequest must be a list of requests")
    if not listed:
        raise _malformed("compositeRequest must not be empty")
    parts = [_part(call, one) for one in listed]
    names = [part.reference_id for part in parts]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ApiError(
            400, "DUPLICATE_VALUE", f"referenceId is not unique: {', '.join(doubled)[:80]}"
        )
    return parts


def _part(call: Call, given: dict[str, Any]) -> Part:
    method, url, name = (given.get(key) for key in ("method", "url", "referenceId"))
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise _malformed(f"method must be one of {', '.join(METHODS)}")
    if not isinstance(url, str) or not url.lower().startswith("/services/data/v"):
        raise _malformed(f"url must begin with /services/data/vXX.X/: {str(url)[:80]}")
    if not isinstance(name, str) or not name:
        raise _malformed("referenceId is required")
    return Part(
        method.upper(), url, name, _headers(call, given.get("httpHeaders")), given.get("body")
    )


def _headers(call: Call, given: object) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
        raise _malformed("httpHeaders must be an object of texts")
    headers = {name.lower(): value for name, value in given.items()}
    shared = sorted(set(headers) & set(_SHARED))
    if shared and call.state.switches.composite_refuses_headers:
        raise _malformed(f"httpHeaders of a subrequest cannot hold {', '.join(shared)}")
    unheard = _SHARED if call.state.switches.composite_conditions else (*_SHARED, *_CONDITIONS)
    return {name: value for name, value in headers.items() if name not in unheard}


def answer_part(call: Call, part: Part, bodies: dict[str, Any]) -> Result:
    """Answer one part and remember its body for those that refer to it."""
    try:
        response = _answered(call, part, bodies)
    except ApiError as error:
        response = error_answer(error)
    result = _result(part, response)
    if response.status_code < 400:
        bodies[part.reference_id] = result["body"]
    return result


def all_or_nothing(call: Call, parts: list[Part]) -> tuple[list[Result], bool]:
    """Answer parts in one transaction; after a failure nothing of it stays.

    Returns:
        The results, and whether all went well. After a failure, the failing part tells its cause
        and every other one that it was halted.
    """
    bodies: dict[str, Any] = {}
    with call.state.writing() as connection:
        connection.execute("SAVEPOINT parts")
        results: list[Result] = []
        for part in parts:
            results.append(answer_part(call, part, bodies))
            if results[-1]["httpStatusCode"] >= 300 and results[-1]["httpStatusCode"] != 304:
                connection.execute("ROLLBACK TO parts")
                failed = len(results) - 1
                results = [
                    results[failed] if place == failed else halted(one)
                    for place, one in enumerate(parts)
                ]
                break
        else:
            failed = None
        connection.execute("RELEASE parts")
    return results, failed is None


def halted(part: Part) -> Result:
    """Return the result of a part that was rolled back or never tried."""
    return {
        "body": [HALTED],
        "httpHeaders": {},
        "httpStatusCode": 400,
        "referenceId": part.reference_id,
    }


def _answered(call: Call, part: Part, bodies: Bodies) -> Response:
    url = filled_text(part.url, bodies)
    check_nests_nothing(url)
    body = filled(part.body, bodies)
    inherited = {name: call.headers[name] for name in _INHERITED if name in call.headers}
    own = {name: filled_text(value, bodies) for name, value in part.headers.items()}
    content = b"" if body is None else dump_json(body).encode()
    return answer_inside(call, SubRequest(part.method, url, {**inherited, **own}, content))


def check_nests_nothing(url: str) -> None:
    """Check that a part is neither composite itself nor a Bulk job.

    Raises:
        ApiError: It is.
    """
    segments = [one.lower() for one in segments_of(url.partition("?")[0])[3:]]
    nested = segments[:1] == ["composite"] and segments[1:2] != ["sobjects"]
    if nested or segments[:1] == ["jobs"]:
        raise ApiError(400, "INVALID_REQUEST", f"The resource cannot be a subrequest: {url[:80]}")


def _result(part: Part, response: Response) -> Result:
    body = bytes(response.body)
    return {
        "body": json.loads(body) if body else None,
        "httpHeaders": {
            spelled: response.headers[name]
            for name, spelled in _TOLD.items()
            if name in response.headers
        },
        "httpStatusCode": response.status_code,
        "referenceId": part.reference_id,
    }


def _malformed(message: str) -> ApiError:
    return ApiError(400, "JSON_PARSER_ERROR", message)
