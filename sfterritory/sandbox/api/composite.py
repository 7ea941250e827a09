"""`/composite`: up to 25 requests in one, with references between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer
from sfterritory.sandbox.api.part import Part, all_or_nothing, answer_part, parts_of
from sfterritory.sandbox.api.router import segments_of

if TYPE_CHECKING:
    from starlette.responses import Response

MAX_PARTS = 25


def composite(call: Call) -> Response:
    """`POST /composite`: answers 200 even where parts fail."""
    body = call.json_object()
    parts = parts_of(call, body.get("compositeRequest"))
    if len(parts) > MAX_PARTS:
        raise ApiError(
            400, "LIMIT_EXCEEDED", f"Composite request can have up to {MAX_PARTS} subrequests"
        )
    _check_queries(call, parts)
    if flag(body, "allOrNone"):
        results, _ = all_or_nothing(call, parts)
    else:
        bodies: dict[str, Any] = {}
        results = [answer_part(call, part, bodies) for part in parts]
    return json_answer({"compositeResponse": results})


def flag(body: dict[str, Any], name: str) -> bool:
    """Return a boolean of a request's body; missing and null are false.

    Raises:
        ApiError: It is something else.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise ApiError(400, "JSON_PARSER_ERROR", f"{name} must be true or false")
    return bool(value)


def _check_queries(call: Call, parts: list[Part]) -> None:
    most = call.state.switches.composite_max_queries
    if sum(_is_query(part) for part in parts) > most:
        raise ApiError(
            400,
            "LIMIT_EXCEEDED",
            f"Composite request can have up to {most} query and sObject collection subrequests",
        )


def _is_query(part: Part) -> bool:
    segments = [one.lower() for one in segments_of(part.url.partition("?")[0])[3:]]
    return segments[:1] in (["query"], ["queryall"]) or segments[:2] == ["composite", "sobjects"]


ROUTES: Routes = {"/composite": {"POST": composite}}
