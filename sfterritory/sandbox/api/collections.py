"""sObject Collections: up to 200 records a request, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeGuard

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer
from sfterritory.sandbox.api.describe import object_named
from sfterritory.sandbox.api.dispatch import wrong_method
from sfterritory.sandbox.api.external_key import matching_ids, named_key
from sfterritory.sandbox.api.rows import fields_named, record_of, saver
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.state import row_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.save import Saver
    from sfterritory.sandbox.schema import FieldDef, ObjectDef

MAX_RECORDS = 200
MAX_RETRIEVED = 2000
MAX_RUNS = 10
_ROLLED_BACK = RefusedError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone "
    "header",
)

Result = dict[str, Any]
Step = Callable[["Saver"], Result]
"""Writes one record and returns its result; refuses by a RefusedError."""


def create(call: Call) -> Response:
    """`POST /composite/sobjects`."""
    return _written(call, _creation)


def update(call: Call) -> Response:
    """`PATCH /composite/sobjects`."""
    return _written(call, _change)


def upsert(call: Call) -> Response:
    """`PATCH /composite/sobjects/{name}/{key}`: by an external id; each result tells `created`."""
    described = object_named(call.schema, call.path["name"])
    field = named_key(described, call.path["key"])
    return _written(call, lambda record: _upserting(record, described, field))


def delete(call: Call) -> Response:
    """`DELETE /composite/sobjects?ids=a,b&allOrNone=`."""
    ids = [one.strip() for one in call.query.get("ids", "").split(",") if one.strip()]
    _check_count(ids, MAX_RECORDS)
    all_or_none = call.query.get("allOrNone", "false").lower() == "true"
    steps = [_deletion(record_id) for record_id in ids]
    return json_answer(_run(call, steps, all_or_none=all_or_none))


def retrieve(call: Call) -> Response:
    """`POST /composite/sobjects/{name}` with ids and fields; unknown ids answer null."""
    if not call.state.switches.collections_read_by_post:
        raise wrong_method("POST", ["GET"])
    body = call.json_object()
    return _retrieved(call, body.get("ids"), body.get("fields"))


def retrieve_by_url(call: Call) -> Response:
    """`GET /composite/sobjects/{name}?ids=&fields=`."""
    ids, fields = (call.query.get(key, "").split(",") for key in ("ids", "fields"))
    return _retrieved(call, ids, fields)


def _retrieved(call: Call, ids: object, fields: object) -> Response:
    described = object_named(call.schema, call.path["name"])
    if not _is_texts(ids) or not _is_texts(fields):
        raise ApiError(400, "JSON_PARSER_ERROR", "ids and fields must be lists of text")
    _check_count(ids, MAX_RETRIEVED)
    wanted = fields_named(described, fields)
    with call.state.reading() as connection:
        rows = [
            row_of(connection, described, full) if (full := normalised(one)) else None
            for one in ids
        ]
    return json_answer(
        [
            None
            if row is None or row.get("IsDeleted")
            else record_of(described, row, wanted, version=call.version)
            for row in rows
        ]
    )


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _written(call: Call, step_of: Callable[[dict[str, Any]], Step]) -> Response:
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "records must be a list of sObjects")
    _check_count(records, MAX_RECORDS)
    runs = sum(1 for _ in groupby(records, key=_type_of))
    if runs > MAX_RUNS:
        raise ApiError(
            400,
            "INVALID_BATCH_SIZE",
            f"Cannot have more than {MAX_RUNS} chunks in a single operation: {runs}",
        )
    all_or_none = body.get("allOrNone")
    if all_or_none is not None and not isinstance(all_or_none, bool):
        raise ApiError(400, "JSON_PARSER_ERROR", "allOrNone must be true or false")
    steps = [step_of(record) for record in records]
    return json_answer(_run(call, steps, all_or_none=bool(all_or_none)))


def _check_count(records: list[Any], most: int) -> None:
    if not records:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "no records given")
    if len(records) > most:
        raise ApiError(
            400,
            "EXCEEDED_MAX_RECORDS" if most == MAX_RETRIEVED else "INVALID_BATCH_SIZE",
            f"record limit reached. cannot submit more than {most} records in this operation",
        )


def _run(call: Call, steps: list[Step], *, all_or_none: bool) -> list[Result]:
    """Take every step in one transaction; a refused one leaves no trace."""
    results: list[Result] = []
    if not call.state.switches.collections_hear_auto_assign:
        heard = {name: one for name, one in call.headers.items() if name != "sforce-auto-assign"}
        call = replace(call, headers=heard)
    with call.state.writing() as connection:
        writer = saver(call, connection)
        connection.execute("SAVEPOINT request")
        for step in steps:
            connection.execute("SAVEPOINT record")
            try:
                results.append(step(writer))
            except RefusedError as error:
                connection.execute("ROLLBACK TO record")
                results.append(_failed(error))
            connection.execute("RELEASE record")
        failed = any(not one["success"] for one in results)
        if all_or_none and failed:
            connection.execute("ROLLBACK TO request")
            results = [_failed(_ROLLED_BACK) if one["success"] else one for one in results]
        connection.execute("RELEASE request")
    return results


def _failed(error: RefusedError) -> Result:
    entry = {
        "statusCode": error.code,
        "message": error.message,
        "fields": list(error.fields),
        **error.more,
    }
    return {"success": False, "errors": [entry]}


def _saved(record_id: str) -> Result:
    return {"id": record_id, "success": True, "errors": []}


def _creation(record: dict[str, Any]) -> Step:
    def step(writer: Saver) -> Result:
        described = _described(writer.schema, record)
        return _saved(writer.create(described, _values(record)))

    return step


def _change(record: dict[str, Any]) -> Step:
    def step(writer: Saver) -> Result:
        described = _described(writer.schema, record)
        ids = [value for name, value in record.items() if name.lower() == "id"]
        if len(ids) != 1 or not isinstance(ids[0], str):
            raise RefusedError("MISSING_ARGUMENT", "Id not specified in an update call", ("Id",))
        writer.update(described, ids[0], _values(record))
        return _saved(normalised(ids[0]) or ids[0])

    return step


def _upserting(record: dict[str, Any], described: ObjectDef, field: FieldDef) -> Step:
    def step(writer: Saver) -> Result:
        if _described(writer.schema, record) is not described:
            raise RefusedError(
                "INVALID_TYPE", f"sObject type of the record is not {described.name}."
            )
        key = [value for name, value in record.items() if name.lower() == field.name.lower()]
        rest = {
            name: value
            for name, value in _values(record).items()
            if name.lower() != field.name.lower()
        }
        ids = matching_ids(writer.connection, described, field, value=key[0]) if key else []
        if len(ids) > 1:
            raise RefusedError(
                "DUPLICATE_EXTERNAL_ID",
                f"{field.name}: more than one record found for external id field: {ids}",
                (field.name,),
            )
        if ids:
            writer.update(described, ids[0], rest)
            return {**_saved(ids[0]), "created": False}
        if field.type == "id" and key and key[0]:
            raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if not key and field.type != "id":
            raise RefusedError("MISSING_ARGUMENT", f"{field.name} not specified", (field.name,))
        given = rest if field.type == "id" else {**rest, field.name: key[0]}
        return {**_saved(writer.create(described, given)), "created": True}

    return step


def _deletion(record_id: str) -> Step:
    def step(writer: Saver) -> Result:
        described = writer.schema.of_id(record_id)
        full = normalised(record_id)
        if described is None or full is None:
            raise RefusedError("MALFORMED_ID", f"bad id {record_id}", ("Id",))
        writer.delete(described, full)
        return _saved(full)

    return step


def _type_of(record: dict[str, Any]) -> str:
    attributes = record.get("attributes")
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    return kind.lower() if isinstance(kind, str) else ""


def _described(schema: OrgSchema, record: dict[str, Any]) -> ObjectDef:
    kind = _type_of(record)
    if not kind:
        raise RefusedError(
            "JSON_PARSER_ERROR",
            "The value of a record must have an attributes field before any other fields.",
        )
    described = schema.find(kind)
    if described is None:
        raise RefusedError(
            "INVALID_TYPE", f"sObject type '{record['attributes']['type']}' is not supported."
        )
    return described


def _values(record: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in record.items()
        if name != "attributes" and name.lower() != "id"
    }


ROUTES: Routes = {
    "/composite/sobjects": {"POST": create, "PATCH": update, "DELETE": delete},
    "/composite/sobjects/{name}": {"GET": retrieve_by_url, "POST": retrieve},
    "/composite/sobjects/{name}/{key}": {"PATCH": upsert},
}
