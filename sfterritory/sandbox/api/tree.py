"""`/composite/tree`: new records with their children, all or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer
from sfterritory.sandbox.api.describe import object_named
from sfterritory.sandbox.api.rows import saver
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.soql.child import find_child

if TYPE_CHECKING:
    from starlette.responses import Response

    from sfterritory.sandbox.schema import ObjectDef

MAX_RECORDS = 200
MAX_LEVELS = 5
MAX_OBJECTS = 5


@dataclass(frozen=True, slots=True)
class Node:
    """A new record of a tree.

    Attributes:
        parent: Reference id of the record it hangs on; '' at the top.
        lookup: The field that gets the parent's id; '' at the top.
    """

    described: ObjectDef
    reference_id: str
    values: dict[str, Any]
    parent: str
    lookup: str
    level: int


def tree(call: Call) -> Response:
    """`POST /composite/tree/{name}`: 201 and an id for each reference, or 400 and the errors."""
    described = object_named(call.schema, call.path["name"])
    nodes: list[Node] = []
    for record in _records(call.json_object()):
        _collect(call, record, described, into=nodes)
    _check_sizes(nodes)
    ids, errors = _created(call, nodes)
    if errors:
        return json_answer({"hasErrors": True, "results": errors}, status=400)
    results = [{"referenceId": name, "id": record_id} for name, record_id in ids.items()]
    return json_answer({"hasErrors": False, "results": results}, status=201)


def _created(call: Call, nodes: list[Node]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Insert every node, parents first; return the ids, or the errors of a tree undone."""
    ids: dict[str, str] = {}
    errors: list[dict[str, Any]] = []
    with call.state.writing() as connection:
        writer = saver(call, connection)
        connection.execute("SAVEPOINT tree")
        for node in nodes:
            if node.parent and node.parent not in ids:
                continue  # its parent's error says why
            link = {node.lookup: ids[node.parent]} if node.parent else {}
            try:
                ids[node.reference_id] = writer.create(node.described, {**node.values, **link})
            except RefusedError as error:
                errors.append(_error(node, error))
        if errors:
            connection.execute("ROLLBACK TO tree")
        connection.execute("RELEASE tree")
    return ids, errors


def _error(node: Node, error: RefusedError) -> dict[str, Any]:
    entry = {
        "statusCode": error.code,
        "message": error.message,
        "fields": list(error.fields),
        **error.more,
    }
    return {"referenceId": node.reference_id, "errors": [entry]}


def _records(body: dict[str, Any]) -> list[dict[str, Any]]:
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise _refused("JSON_PARSER_ERROR", "records must be a list of sObjects")
    if not records:
        raise _refused("REQUIRED_FIELD_MISSING", "no records given")
    return records


def _collect(
    call: Call,
    record: dict[str, Any],
    described: ObjectDef,
    *,
    into: list[Node],
    above: tuple[str, str, int] = ("", "", 0),
) -> None:
    """Append a record and all below it, parents before children.

    `above` is the reference id of the parent, the lookup to it, and the parent's level.
    """
    parent, lookup, level = above
    reference_id = _reference_id(record, described)
    if any(one.reference_id == reference_id for one in into):
        raise _refused("DUPLICATE_VALUE", f"Duplicate ReferenceId provided: {reference_id[:80]}")
    if level == MAX_LEVELS:
        raise _refused("LIMIT_EXCEEDED", f"Cannot have more than {MAX_LEVELS} levels")
    values: dict[str, Any] = {}
    children: list[tuple[str, dict[str, Any]]] = []
    for name, value in record.items():
        if isinstance(value, dict) and name != "attributes":
            children.append((name, value))
        elif name != "attributes":
            values[name] = value
    into.append(Node(described, reference_id, values, parent, lookup, level + 1))
    for name, group in children:
        found = find_child(call.schema, described, name)
        if found is None:
            raise _refused(
                "INVALID_FIELD", f"No such relationship '{name}' on sobject {described.name}"
            )
        link = (reference_id, found.field.name, level + 1)
        for one in _records(group):
            _collect(call, one, found.child, into=into, above=link)


def _reference_id(record: dict[str, Any], described: ObjectDef) -> str:
    attributes = record.get("attributes")
    facts = attributes if isinstance(attributes, dict) else {}
    kind, reference_id = facts.get("type"), facts.get("referenceId")
    if not isinstance(kind, str) or kind.lower() != described.name.lower():
        raise _refused("INVALID_TYPE", f"Include an attributes type of {described.name}")
    if not isinstance(reference_id, str) or not reference_id:
        raise _refused("INVALID_INPUT", "Include a reference id for each record in the request.")
    return reference_id


def _check_sizes(nodes: list[Node]) -> None:
    if len(nodes) > MAX_RECORDS:
        raise _refused("LIMIT_EXCEEDED", f"Cannot have more than {MAX_RECORDS} records in a tree")
    if len({one.described.name for one in nodes}) > MAX_OBJECTS:
        raise _refused("LIMIT_EXCEEDED", f"Cannot have more than {MAX_OBJECTS} kinds of objects")


def _refused(code: str, message: str) -> ApiError:
    return ApiError(400, code, message)


ROUTES: Routes = {"/composite/tree/{name}": {"POST": tree}}
