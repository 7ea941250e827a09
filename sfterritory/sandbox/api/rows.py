"""Single records: create, read, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer, no_content
from sfterritory.sandbox.api.conditional import not_modified, validators_of
from sfterritory.sandbox.api.describe import object_named
from sfterritory.sandbox.assignment import rule_asked
from sfterritory.sandbox.declared import allows_duplicates
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
    from sfterritory.sandbox.switches import Switches

_NO_ACCESS = frozenset(
    {"INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"}
)


def saver(call: Call, connection: sqlite3.Connection) -> Saver:
    """Return the way to write for a request; without the header, assignment rules run."""
    header = call.headers.get("sforce-auto-assign")
    auto_assign, rule_id = rule_asked(header, call.state.switches)
    return Saver(
        connection,
        call.user_id,
        schema=call.schema,
        now=call.state.now(),
        switches=call.state.switches,
        rules=call.state.rules(connection),
        auto_assign=auto_assign,
        assignment_rule_id=rule_id,
        allow_duplicates=allows_duplicates(call.headers.get("sforce-duplicate-rule-header")),
        faults=call.state.faults,
    )


def create(call: Call) -> Response:
    """`POST /sobjects/{name}`."""
    described = object_named(call.schema, call.path["name"])
    record_id = created(call, described, given_fields(call))
    return creation_answer(call, described, record_id)


def created(call: Call, described: ObjectDef, values: Mapping[str, Any]) -> str:
    """Insert a record and return its id.

    Raises:
        ApiError: The platform would not do it.
    """
    with call.state.writing() as connection:
        try:
            return saver(call, connection).create(described, values)
        except RefusedError as error:
            raise refused(error, call.state.switches) from error


def creation_answer(
    call: Call, described: ObjectDef, record_id: str, *, facts: Mapping[str, Any] | None = None
) -> Response:
    """Return the 201 answer for a new record."""
    location = f"/services/data/v{call.version}/sobjects/{described.name}/{record_id}"
    answer = {"id": record_id, "success": True, "errors": [], **(facts or {})}
    return json_answer(answer, status=201, headers={"Location": location})


def update(call: Call) -> Response:
    """`PATCH /sobjects/{name}/{id}`, if the conditions of the request hold."""
    described = object_named(call.schema, call.path["name"])
    values = given_fields(call)
    if any(name.lower() == "id" for name in values):
        raise ApiError(
            400,
            "INVALID_FIELD",
            "The Id field should not be specified in the sobject data.",
            fields=(),
        )
    with call.state.writing() as connection:
        row = stored_row(call, connection, described, record_id=call.path["id"])
        unchanged = not_modified(call, validators_of(call, described, row))
        if unchanged is not None:
            return unchanged
        changed(call, connection, described, record_id=row["Id"], values=values)
    return no_content()


def changed(
    call: Call,
    connection: sqlite3.Connection,
    described: ObjectDef,
    *,
    record_id: str,
    values: Mapping[str, Any],
) -> None:
    """Change fields of a record.

    Raises:
        ApiError: The platform would not do it.
    """
    try:
        saver(call, connection).update(described, record_id, values)
    except RefusedError as error:
        raise refused(error, call.state.switches) from error


def delete(call: Call) -> Response:
    """`DELETE /sobjects/{name}/{id}`; conditions do not hold it back."""
    described = object_named(call.schema, call.path["name"])
    with call.state.writing() as connection:
        row = stored_row(call, connection, described, record_id=call.path["id"])
        try:
            saver(call, connection).delete(described, row["Id"])
        except RefusedError as error:
            raise refused(error, call.state.switches) from error
    return no_content()


def retrieve(call: Call) -> Response:
    """`GET /sobjects/{name}/{id}[?fields=]`."""
    described = object_named(call.schema, call.path["name"])
    return record_answer(call, described, call.path["id"])


def record_answer(call: Call, described: ObjectDef, record_id: str) -> Response:
    """Return a record with its validators, or 304 where the request knows it already.

    Raises:
        ApiError: There is no such record or field, or a condition fails.
    """
    asked = call.query.get("fields")
    fields = fields_named(described, asked.split(",")) if asked else described.fields
    with call.state.reading() as connection:
        row = stored_row(call, connection, described, record_id=record_id)
    if row.get("IsDeleted"):
        status = call.state.switches.entity_is_deleted_status
        raise ApiError(status, "ENTITY_IS_DELETED", "entity is deleted", fields=())
    validators = validators_of(call, described, row)
    unchanged = not_modified(call, validators)
    if unchanged is not None:
        return unchanged
    record = record_of(described, row, fields, version=call.version)
    return json_answer(record, headers=validators.headers)


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


def refused(error: RefusedError, switches: Switches) -> ApiError:
    """Return a refused save as a failed request."""
    status = 400
    if error.code == "ENTITY_IS_DELETED":
        status = switches.entity_is_deleted_status
    elif error.code in _NO_ACCESS:
        status = switches.no_access_status
    elif error.code == "UNABLE_TO_LOCK_ROW":
        status = switches.row_lock_status
    return ApiError(status, error.code, error.message, fields=error.fields, more=error.more)


def given_fields(call: Call) -> dict[str, Any]:
    """Return the fields of a record in the request's body."""
    return {name: value for name, value in call.json_object().items() if name != "attributes"}


def stored_row(
    call: Call, connection: sqlite3.Connection, described: ObjectDef, *, record_id: str
) -> dict[str, Any]:
    """Return the stored values of a record, deleted ones too.

    Raises:
        ApiError: The id is none of this object, or unknown.
    """
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
        raise unknown_key("Id")
    return row


def unknown_key(name: str) -> ApiError:
    """Return the failure for a key that leads to no record."""
    return ApiError(
        404,
        "NOT_FOUND",
        f"Provided external ID field does not exist or is not accessible: {name}",
    )


ROUTES: Routes = {
    "/sobjects/{name}": {"POST": create},
    "/sobjects/{name}/{id}": {"GET": retrieve, "PATCH": update, "DELETE": delete},
}
