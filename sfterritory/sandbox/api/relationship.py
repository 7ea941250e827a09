"""The records that hang on a record: its parents and its children."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from sfterritory.sandbox.api.answer import Call, not_found
from sfterritory.sandbox.api.dispatch import SubRequest, answer_inside
from sfterritory.sandbox.api.rows import fields_named, record_answer, stored_row
from sfterritory.sandbox.soql.child import find_child

if TYPE_CHECKING:
    from starlette.responses import Response

    from sfterritory.sandbox.schema import FieldDef, ObjectDef


def related(call: Call, described: ObjectDef) -> Response:
    """Answer `GET /sobjects/{name}/{id}/{relationship}[?fields=]`.

    A parent is a record, children are the answer to a query.

    Raises:
        ApiError: There is no such record, relationship or parent.
    """
    with call.state.reading() as connection:
        row = stored_row(call, connection, described, record_id=call.path["key"])
    relationship = call.path["value"].lower()
    lookup = described.by_relationship.get(relationship)
    if lookup is not None:
        return _parent(call, row[lookup.name])
    found = find_child(call.schema, described, relationship)
    if found is None:
        raise not_found()
    return _children(call, found.child, found.field, parent_id=row["Id"])


def _parent(call: Call, parent_id: str | None) -> Response:
    parent = call.schema.of_id(parent_id) if parent_id else None
    if parent is None or parent_id is None:
        raise not_found()
    return record_answer(call, parent, parent_id)


def _children(call: Call, child: ObjectDef, lookup: FieldDef, *, parent_id: str) -> Response:
    asked = call.query.get("fields")
    fields = (
        fields_named(child, asked.split(","))
        if asked
        else tuple(one for one in child.fields if one.stored)
    )
    names = ", ".join(dict.fromkeys(("Id", *(one.name for one in fields))))
    soql = f"SELECT {names} FROM {child.name} WHERE {lookup.name} = '{parent_id}'"  # noqa: S608 - SOQL of our own names
    url = f"/services/data/v{call.version}/query?q={quote(soql)}"
    return answer_inside(call, SubRequest("GET", url, call.headers, b""))
