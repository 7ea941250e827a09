"""`/composite/graph`: groups of related records, each written whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer
from sfterritory.sandbox.api.part import Part, all_or_nothing, halted, parts_of
from sfterritory.sandbox.api.reference import names_in
from sfterritory.sandbox.api.router import segments_of

if TYPE_CHECKING:
    from starlette.responses import Response

MAX_NODES = 500
MAX_GRAPHS = 75
MAX_DEPTH = 15
MAX_KINDS = 15
MAX_FAILURES = 14


def graphs(call: Call) -> Response:
    """`POST /composite/graph`: answers 200; after 14 failed graphs the rest is not tried."""
    named = _graphs(call, call.json_object().get("graphs"))
    _check_sizes(named)
    answers: list[dict[str, Any]] = []
    failures = 0
    for name, parts in named.items():
        if failures >= MAX_FAILURES:
            results, successful = [halted(one) for one in parts], False
        else:
            results, successful = all_or_nothing(call, parts)
            failures += not successful
        answers.append(
            {
                "graphId": name,
                "graphResponse": {"compositeResponse": results},
                "isSuccessful": successful,
            }
        )
    return json_answer({"graphs": answers})


def _graphs(call: Call, listed: object) -> dict[str, list[Part]]:
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise _refused("JSON_PARSER_ERROR", "graphs must be a list")
    if not listed:
        raise _refused("JSON_PARSER_ERROR", "graphs must not be empty")
    if len(listed) > MAX_GRAPHS:
        raise _refused("LIMIT_EXCEEDED", f"more than {MAX_GRAPHS} graphs: {len(listed)}")
    named: dict[str, list[Part]] = {}
    for one in listed:
        name = one.get("graphId")
        if not isinstance(name, str) or not name:
            raise _refused("JSON_PARSER_ERROR", "graphId is required")
        if name in named:
            raise _refused("DUPLICATE_VALUE", f"graphId is not unique: {name[:80]}")
        named[name] = parts_of(call, one.get("compositeRequest"))
    return named


def _check_sizes(named: dict[str, list[Part]]) -> None:
    nodes = sum(map(len, named.values()))
    if nodes > MAX_NODES:
        raise _refused("LIMIT_EXCEEDED", f"more than {MAX_NODES} nodes: {nodes}")
    for name, parts in named.items():
        for part in parts:
            _check_record_url(part)
        if _depth(parts) > MAX_DEPTH:
            raise _refused("LIMIT_EXCEEDED", f"graph {name[:80]} is more than {MAX_DEPTH} deep")
        kinds = {(part.method, _object_of(part)) for part in parts}
        if len(kinds) > MAX_KINDS:
            raise _refused(
                "LIMIT_EXCEEDED", f"graph {name[:80]} has more than {MAX_KINDS} kinds of nodes"
            )


def _check_record_url(part: Part) -> None:
    """Check that a node is about one record: created, by id, or by external id."""
    steps = [one.lower() for one in _steps(part)]
    if steps[:1] != ["sobjects"] or not 2 <= len(steps) <= 4 or "describe" in steps:
        raise _refused("INVALID_REQUEST", f"The resource is not supported here: {part.url[:80]}")


def _object_of(part: Part) -> str:
    return _steps(part)[1].lower()


def _steps(part: Part) -> list[str]:
    """Return the segments behind the version."""
    return segments_of(part.url.partition("?")[0])[3:]


def _depth(parts: list[Part]) -> int:
    """Return the length of the longest chain of references."""
    depths: dict[str, int] = {}
    for part in parts:
        named = names_in(part.url) | names_in(part.body)
        depths[part.reference_id] = 1 + max(
            (depths[one] for one in named if one in depths), default=0
        )
    return max(depths.values())


def _refused(code: str, message: str) -> ApiError:
    return ApiError(400, code, message)


ROUTES: Routes = {"/composite/graph": {"POST": graphs}}
