"""What a batch of Bulk API 1.0 gives back: an outcome for each row, or the rows of a query."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.responses import Response, StreamingResponse

from sfterritory.sandbox.api.bulk.csv_form import CsvForm
from sfterritory.sandbox.api.bulk.query_csv import csv_page
from sfterritory.sandbox.api.classic.work import compiled_query
from sfterritory.sandbox.soql.compiled import Node, Output
from sfterritory.sandbox.soql.run import Reading, records
from sfterritory.sandbox.state import dump_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sfterritory.sandbox.api.answer import Call
    from sfterritory.sandbox.api.classic.job import Batch, ClassicJob
    from sfterritory.sandbox.soql.compiled import Compiled

CSV_TYPE = "text/csv"
_FORM = CsvForm("COMMA", "LF")
_NOTHING = "Records not found for this query"


def outcomes_answer(job: ClassicJob, batch: Batch) -> Response:
    """Answer what became of each row, in the order of the batch."""
    outcomes = json.loads(batch.outcomes)
    if job.as_json:
        text = dump_json([_outcome_object(one) for one in outcomes])
        return Response(
            text.encode("utf-8", "replace"), headers={"Content-Type": "application/json"}
        )
    lines = [_FORM.line(("Id", "Success", "Created", "Error"))]
    for record_id, created, code, message, fields in outcomes:
        named = ",".join(fields)
        error = f"{code}:{message}:{named + ' ' if named else ''}--" if code else ""
        lines.append(_FORM.line((record_id, _word(not code), _word(created), error)))
    return Response("".join(lines).encode(), headers={"Content-Type": CSV_TYPE})


def rows_answer(call: Call, job: ClassicJob, batch: Batch) -> Response:
    """Answer the rows of a query; in CSV, none at all are a sentence that says so."""
    compiled = compiled_query(call, job, batch.request.decode("utf-8", "replace").strip())
    numbers = np.frombuffer(batch.row_numbers, dtype=np.int64)
    if job.as_json:
        text = "[" + ",".join(_json_rows(call, compiled, numbers)) + "]"
        return Response(
            text.encode("utf-8", "replace"), headers={"Content-Type": "application/json"}
        )
    if not len(numbers):
        return Response(_NOTHING, headers={"Content-Type": CSV_TYPE})
    suffix = call.state.switches.bulk_datetime_suffix
    page = csv_page(call.state, compiled, numbers, form=_FORM, moment_suffix=suffix)
    return StreamingResponse(page, media_type=None, headers={"Content-Type": CSV_TYPE})


def _outcome_object(outcome: Sequence[Any]) -> dict[str, Any]:
    record_id, created, code, message, fields = outcome
    errors = [{"message": message, "fields": fields, "statusCode": code}] if code else []
    return {"success": not code, "created": created, "id": record_id or None, "errors": errors}


def _json_rows(call: Call, compiled: Compiled, numbers: NDArray[np.int64]) -> Iterator[str]:
    with call.state.reading() as connection:
        reading = Reading(
            connection=connection,
            schema=call.schema,
            version=call.version,
            page_records=1,
            no_children_null=True,
            keep_children=lambda _place, _numbers: "",  # bulk queries have no children
        )
        assert compiled.root is not None  # noqa: S101 - nor groups
        for record in records(reading, compiled, numbers):
            _tell_milliseconds(record, compiled.root)
            yield dump_json(record)


def _tell_milliseconds(record: dict[str, Any], node: Node) -> None:
    """Write moments and days as this API's JSON does: milliseconds since 1970."""
    for name, entry in node.entries.items():
        value = record[name]
        if isinstance(entry, Node) and value is not None:
            _tell_milliseconds(value, entry)
        elif isinstance(value, str) and _is_moment(entry):
            moment = datetime.fromisoformat(value)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            record[name] = int(aware.timestamp() * 1000)


def _is_moment(entry: object) -> bool:
    field = entry.field if isinstance(entry, Output) else None
    return field is not None and field.type in {"date", "datetime"}


def _word(value: bool) -> str:  # noqa: FBT001 - it is the value that is written
    return "true" if value else "false"
