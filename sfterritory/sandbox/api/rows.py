"""Single records: create, read, change, delete."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer, no_content
from sfterritory.sandbox.api.describe import object_named
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.save import Saver
from sfterritory.sandbox.soql.run import json_value
from sfterritory.sandbox.state import row_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from starlette.responses import Response

    from sfterritory.sandbox.schema import FieldDef, ObjectDef

_STATUSES = {
    "ENTITY_IS_DELETED": 404,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
}


def saver(call: Call, connection: sqlite3.Connection) -> Saver:
    """Return the way to write for a request; without the header, assignment rules run."""
    header = call.headers.get("sforce-auto-assign", "TRUE").strip().upper()
    return Saver(
        connection,
        call.user_id,
        schema=call.schema,
        now=call.state.now(),
        switches=call.state.switches,
        auto_assign=header != "FALSE",
    )


def create(call: Call) -> Response:
    """`POST /sobjects/{name}`."""
    described = object_named(call.schema, call.path["name"])
    values = _fields_of(call.json_object())
    with call.state.writing() as connection:
        try:
            record_id = saver(call, connection).create(described, values)
        except RefusedError as error:
            raise refused(error) from error
    location = f"/services/data/v{call.version}/sobjects/{described.name}/{record_id}"
    answer = {"id": record_id, "success": True, "errors": []}
    return json_answer(answer, status=201, headers={"Location": location})


def update(call: Call) -> Response:
    """`PATCH /sobjects/{name}/{id}`."""
    described = object_named(call.schema, call.path["name"])
    values = _fields_of(call.json_object())
    if any(name.lower() == "id" for name in values):
        raise ApiError(
            400,
            "INVALID_FIELD",
            "The Id field should not be specified in the sobject data.",
            fields=(),
        )
    with call.state.writing() as connection:
        _stored_row(call, connection, described)
        try:
            saver(call, connection).update(described, call.path["id"], values)
        except RefusedError as error:
            raise refused(error) from error
    return no_content()


def delete(call: Call) -> Response:
    """`DELETE /sobjects/{name}/{id}`."""
    described = object_named(call.schema, call.path["name"])
    with call.state.writing() as connection:
        _stored_row(call, connection, described)
        try:
            saver(call, connection).delete(described, call.path["id"])
        except RefusedError as error:
            raise refused(error) from error
    return no_content()


def retrieve(call: Call) -> Response:
    """`GET /sobjects/{name}/{id}[?fields=]`."""
    described = object_named(call.schema, call.path["name"])
    asked = call.query.get("fields")
    fields = fields_named(described, asked.split(",")) if asked else described.fields
    with call.state.reading() as connection:
        row = _stored_row(call, connection, described)
    if row.get("IsDeleted"):
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", fields=())
    return json_answer(
        record_of(described, row, fields, version=call.version), headers=_freshness(row)
    )


def fields_named(described: ObjectDef, names: list[str]) -> tuple[FieldDef, ...]:
    """Return fields by name, each once.

    Raises:
        ApiError: INVALID_FIELD for a name that the object does not have.
    """
    found: dict[str, FieldDef] = {}
    for name in names:
        field = described.find(name.strip())
        if field is None:
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"No such column '{name.strip()}' on sobject of type {described.name}",
            )
        found[field.name] = field
    return tuple(found.values())


def record_of(
    described: ObjectDef,
    row: Mapping[str, Any],
    fields: tuple[FieldDef, ...],
    *,
    version: str,
) -> dict[str, Any]:
    """Return a stored row as the record of an answer; its id is always there."""
    url = f"/services/data/v{version}/sobjects/{described.name}/{row['Id']}"
    record: dict[str, Any] = {"attributes": {"type": described.name, "url": url}}
    for field in fields:
        if field.stored:
            record[field.name] = json_value(field, row[field.name])
        else:
            parts = {part: row[name] for part, name in field.components}
            filled = any(value is not None for value in parts.values())
            record[field.name] = parts if filled else None
    record.setdefault("Id", row["Id"])
    return record


def refused(error: RefusedError) -> ApiError:
    """Return a refused save as a failed request."""
    return ApiError(_STATUSES.get(error.code, 400), error.code, error.message, fields=error.fields)


def _fields_of(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "attributes"}


def _stored_row(call: Call, connection: sqlite3.Connection, described: ObjectDef) -> dict[str, Any]:
    record_id = call.path["id"]
    full = normalised(record_id)
    if full is None or call.schema.of_id(full) is not described:
        raise ApiError(
            400,
            "MALFORMED_ID",
            f"{described.label} ID: id value of incorrect type: {record_id}",
            fields=("Id",),
        )
    row = row_of(connection, described, full)
    if row is None:
        raise ApiError(
            404,
            "NOT_FOUND",
            "Provided external ID field does not exist or is not accessible: Id",
        )
    return row


def _freshness(row: Mapping[str, Any]) -> dict[str, str]:
    if not row.get("LastModifiedDate"):
        return {}
    moment = datetime.fromisoformat(row["LastModifiedDate"]).astimezone(UTC)
    return {"Last-Modified": format_datetime(moment, usegmt=True)}


ROUTES: Routes = {
    "/sobjects/{name}": {"POST": create},
    "/sobjects/{name}/{id}": {"GET": retrieve, "PATCH": update, "DELETE": delete},
}
