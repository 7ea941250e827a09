"""`/composite/batch`: up to 25 requests after one another, each on its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, error_answer, json_answer
from sfterritory.sandbox.api.composite import flag
from sfterritory.sandbox.api.dispatch import SubRequest, answer_inside
from sfterritory.sandbox.api.part import METHODS, check_nests_nothing
from sfterritory.sandbox.state import dump_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

MAX_REQUESTS = 25
_ROOT = "/services/data/"
_HALTED = {
    "statusCode": 412,
    "result": [
        {
            "errorCode": "BATCH_PROCESSING_HALTED",
            "message": "Batch processing halted per request",
        }
    ],
}
_INHERITED = ("accept", "accept-encoding", "authorization", "content-type")


def batch(call: Call) -> Response:
    """`POST /composite/batch`: nothing is rolled back; `haltOnError` leaves the rest out."""
    body = call.json_object()
    halt_on_error = flag(body, "haltOnError")
    requests = _requests(call, body.get("batchRequests"))
    results: list[dict[str, Any]] = []
    failed = False
    for request in requests:
        if failed and halt_on_error:
            results.append(_HALTED)
            continue
        results.append(_answered(call, request))
        failed = failed or results[-1]["statusCode"] >= 400
    return json_answer({"hasErrors": failed, "results": results})


def _requests(call: Call, listed: object) -> list[SubRequest]:
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise _malformed("batchRequests must be a list of requests")
    if not listed:
        raise _malformed("batchRequests must not be empty")
    if len(listed) > MAX_REQUESTS:
        raise ApiError(
            400, "LIMIT_EXCEEDED", f"Batch request can have up to {MAX_REQUESTS} subrequests"
        )
    headers = _headers(call)
    return [_request(one, headers) for one in listed]


def _request(given: dict[str, Any], headers: Mapping[str, str]) -> SubRequest:
    method, url, body = (given.get(key) for key in ("method", "url", "richInput"))
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise _malformed(f"method must be one of {', '.join(METHODS)}")
    if not isinstance(url, str):
        raise _malformed("url is required")
    path = url if url.lower().startswith(_ROOT) else _ROOT + url.lstrip("/")
    return SubRequest(
        method.upper(), path, headers, b"" if body is None else dump_json(body).encode()
    )


def _headers(call: Call) -> dict[str, str]:
    """Return the headers that a batch lends its parts."""
    lent = call.state.switches.batch_inherits_headers
    return {
        name: value
        for name, value in call.headers.items()
        if name in _INHERITED or (lent and name.startswith("sforce-"))
    }


def _answered(call: Call, request: SubRequest) -> dict[str, Any]:
    try:
        check_nests_nothing(request.url)
        response = answer_inside(call, request)
    except ApiError as error:
        response = error_answer(error)
    content = bytes(response.body)
    return {
        "statusCode": response.status_code,
        "result": json.loads(content) if content else None,
    }


def _malformed(message: str) -> ApiError:
    return ApiError(400, "JSON_PARSER_ERROR", message)


ROUTES: Routes = {"/composite/batch": {"POST": batch}}
