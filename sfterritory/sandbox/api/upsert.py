"""Single records by an external id: read, upsert, delete; and the paths that hang on a record.

`/sobjects/Contact/Email/ada@example.org` and `/sobjects/Account/001.../Contacts` have the same
form; the second segment tells which it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer, no_content
from sfterritory.sandbox.api.describe import object_named
from sfterritory.sandbox.api.external_key import ids_of_path, key_field, named_key
from sfterritory.sandbox.api.relationship import related
from sfterritory.sandbox.api.rows import (
    changed,
    created,
    creation_answer,
    given_fields,
    record_answer,
    refused,
    saver,
    unknown_key,
)
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from starlette.responses import Response

    from sfterritory.sandbox.schema import FieldDef, ObjectDef


def retrieve(call: Call) -> Response:
    """`GET /sobjects/{name}/{field}/{value}`, or a relationship of a record."""
    described = object_named(call.schema, call.path["name"])
    if normalised(call.path["key"]) is not None and key_field(described, call.path["key"]) is None:
        return related(call, described)
    field = named_key(described, call.path["key"])
    with call.state.reading() as connection:
        ids = ids_of_path(call, connection, described, field=field)
    if not ids:
        raise unknown_key(field.name)
    if len(ids) > 1:
        return _ambiguous(call, described, ids)
    return record_answer(call, described, ids[0])


def upsert(call: Call) -> Response:
    """`PATCH /sobjects/{name}/{field}/{value}[?updateOnly=true]`.

    The conditional headers do not hold here, as on the platform.
    """
    described = object_named(call.schema, call.path["name"])
    field = named_key(described, call.path["key"])
    values = _fields_without_key(call, field)
    with call.state.writing() as connection:
        ids = ids_of_path(call, connection, described, field=field)
        if len(ids) > 1:
            return _ambiguous(call, described, ids)
        if ids:
            changed(call, connection, described, record_id=ids[0], values=values)
            answer = {"id": ids[0], "success": True, "errors": [], "created": False}
            return json_answer(answer)
        update_only = call.query.get("updateOnly", "").lower() == "true"
        if update_only or field.type == "id":
            raise unknown_key(field.name)
        record_id = created(call, described, {**values, field.name: call.path["value"]})
    return creation_answer(call, described, record_id, facts={"created": True})


def delete(call: Call) -> Response:
    """`DELETE /sobjects/{name}/{field}/{value}`."""
    described = object_named(call.schema, call.path["name"])
    field = named_key(described, call.path["key"])
    with call.state.writing() as connection:
        ids = ids_of_path(call, connection, described, field=field)
        if not ids:
            raise unknown_key(field.name)
        if len(ids) > 1:
            return _ambiguous(call, described, ids)
        try:
            saver(call, connection).delete(described, ids[0])
        except RefusedError as error:
            raise refused(error, call.state.switches) from error
    return no_content()


def create_by_id(call: Call) -> Response:
    """`POST /sobjects/{name}/Id`: a new record, in the form of an upsert."""
    described = object_named(call.schema, call.path["name"])
    if call.path["id"].lower() != "id":
        raise ApiError(
            405,
            "METHOD_NOT_ALLOWED",
            "HTTP Method 'POST' not allowed. Allowed are HEAD,GET,PATCH,DELETE",
        )
    record_id = created(call, described, given_fields(call))
    return creation_answer(call, described, record_id, facts={"created": True})


def _fields_without_key(call: Call, field: FieldDef) -> dict[str, Any]:
    values = given_fields(call)
    for name in values:
        if name.lower() in {"id", field.name.lower()}:
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"The {name} field should not be specified in the sobject data.",
                fields=(),
            )
    return values


def _ambiguous(call: Call, described: ObjectDef, ids: list[str]) -> Response:
    """Answer 300: the addresses of all records that the key leads to."""
    root = f"/services/data/v{call.version}/sobjects/{described.name}"
    return json_answer([f"{root}/{one}" for one in ids], status=300)


ROUTES: Routes = {
    "/sobjects/{name}/{id}": {"POST": create_by_id},
    "/sobjects/{name}/{key}/{value}": {"GET": retrieve, "PATCH": upsert, "DELETE": delete},
}
