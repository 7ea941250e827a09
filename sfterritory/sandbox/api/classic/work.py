"""Doing a batch of Bulk API 1.0: its rows are saved, or its query is run, when it is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import ApiError
from sfterritory.sandbox.api.bulk.allocation import remaining, use
from sfterritory.sandbox.api.bulk.bulk_soql import check_compiled, check_text
from sfterritory.sandbox.api.bulk.csv_form import CsvForm
from sfterritory.sandbox.api.bulk.header_plan import plan_header
from sfterritory.sandbox.api.bulk.ingest_work import TRANSACTION_ROWS, row_outcome
from sfterritory.sandbox.api.bulk.row_saving import NULL, RowSaver, Saved
from sfterritory.sandbox.api.bulk.upload import UploadedRow, UploadError, read_header, read_rows
from sfterritory.sandbox.api.classic.document import ClassicError
from sfterritory.sandbox.api.classic.job import QUERIES
from sfterritory.sandbox.api.external_key import key_field
from sfterritory.sandbox.api.json_body import JsonError, parsed_json
from sfterritory.sandbox.api.query import compiled_for
from sfterritory.sandbox.api.rows import saver
from sfterritory.sandbox.soql.run import row_numbers

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from sfterritory.sandbox.api.answer import Call
    from sfterritory.sandbox.api.classic.job import Batch, ClassicJob
    from sfterritory.sandbox.refusal import RefusedError
    from sfterritory.sandbox.soql.compiled import Compiled

MAX_BATCH_BYTES = 10_000_000
MAX_BATCH_ROWS = 10_000
Outcome = tuple[str, bool, str, str, Sequence[str]]


def compiled_query(call: Call, job: ClassicJob, soql: str) -> Compiled:
    """Return a batch's query ready to run.

    Raises:
        ApiError: It cannot run.
    """
    check_text(soql)
    compiled = compiled_for(call, soql, deleted_too=QUERIES[job.operation])
    check_compiled(compiled)
    return compiled


def done(call: Call, job: ClassicJob, batch: Batch) -> Batch:
    """Return a batch after its work; one that cannot be read has failed as a whole.

    Raises:
        ClassicError: It is too long, or the batches of the day are used up.
    """
    if len(batch.request) > MAX_BATCH_BYTES:
        raise ClassicError("ClientInputError", f"A batch has at most {MAX_BATCH_BYTES} bytes")
    try:
        if job.operation in QUERIES:
            return _queried(call, job, batch)
        return _saved(call, job, batch)
    except UploadError as error:
        return replace(batch, state="Failed", message=str(error))
    except ApiError as error:
        why = f"InvalidBatch : Failed to process query: {error.code}: {error.message.strip()}"
        return replace(batch, state="Failed", message=why)


def _queried(call: Call, job: ClassicJob, batch: Batch) -> Batch:
    soql = batch.request.decode("utf-8", "replace").strip()
    compiled = compiled_query(call, job, soql)
    with call.state.reading() as connection:
        numbers = row_numbers(connection, compiled)
    return replace(batch, records=len(numbers), row_numbers=numbers.tobytes())


def _saved(call: Call, job: ClassicJob, batch: Batch) -> Batch:
    """Save a batch's rows, 200 a transaction, each with an outcome of its own."""
    read = _json_rows if job.as_json else _csv_rows
    names, rows = read(batch.request)
    if len(rows) > MAX_BATCH_ROWS:
        raise ClassicError("InvalidBatch", f"Records per batch exceeded limit of {MAX_BATCH_ROWS}")
    described = call.schema.find(job.object)
    if described is None:
        raise UploadError(f"InvalidBatch : Unable to find object: {job.object}")
    columns = plan_header(
        names,
        described,
        call.schema,
        operation=job.operation,
        polymorphic=call.state.switches.bulk_polymorphic_headers,
    )
    outcomes: list[Outcome] = []
    for start in range(0, len(rows), TRANSACTION_ROWS):
        with call.state.writing() as connection:
            if start == 0:
                _take_batch(call, connection, rows=len(rows))
            row_saver = RowSaver(
                _saver_of(call, connection, job),
                described,
                job.operation,
                columns,
                key_field(described, job.external_id_field),
            )
            outcomes += [
                _told(row_outcome(connection, row_saver, row)[0])
                for row in rows[start : start + TRANSACTION_ROWS]
            ]
    failed = sum(1 for one in outcomes if one[2])
    return replace(batch, records=len(outcomes), failed=failed, outcomes=json.dumps(outcomes))


def _take_batch(call: Call, connection: sqlite3.Connection, *, rows: int) -> None:
    now, switches = call.state.now(), call.state.switches
    if not remaining(connection, "batch", switches=switches, now=now):
        raise ClassicError("ExceededQuota", "The batches allowed in 24 hours are used up")
    use(connection, "batch", now=now)
    use(connection, "record", amount=rows, now=now)


def _saver_of(call: Call, connection: sqlite3.Connection, job: ClassicJob) -> Any:
    return replace(
        saver(replace(call, headers={}), connection),
        auto_assign=bool(job.assignment_rule_id) or call.state.switches.bulk_assigns_by_default,
        assignment_rule_id=job.assignment_rule_id or None,
    )


def _told(outcome: Saved | RefusedError) -> Outcome:
    """Return an outcome as id, created, code, message, fields; a saved row has no code."""
    if isinstance(outcome, Saved):
        return outcome.record_id, outcome.created, "", "", ()
    return "", False, outcome.code, outcome.message, outcome.fields


def _csv_rows(data: bytes) -> tuple[Sequence[str], list[UploadedRow]]:
    """Return header and rows of a CSV whose first line says how its lines end.

    Raises:
        UploadError: It cannot be read at all.
    """
    first = data.partition(b"\n")[0]
    form = CsvForm("COMMA", "CRLF" if first.endswith(b"\r") else "LF")
    header = read_header(data, form)
    rows = read_rows(data, form, columns=len(header.names), start_byte=header.end_byte)
    return header.names, list(rows)


def _json_rows(data: bytes) -> tuple[Sequence[str], list[UploadedRow]]:
    """Return the fields and rows of a JSON list of records, as if they had come as CSV.

    Raises:
        UploadError: It is no list of objects.
    """
    try:
        records = parsed_json(data)
    except JsonError as error:
        raise UploadError(f"InvalidBatch : Failed to parse JSON: {error}") from error
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise UploadError("InvalidBatch : Failed to parse JSON: no list of records")
    flat = [_cells(one) for one in records]
    names: dict[str, str] = {}  # by lower case: the same field may be spelled in two ways
    for cells in flat:
        for name in cells:
            names.setdefault(name.lower(), name)
    rows = [
        [{key.lower(): text for key, text in cells.items()}.get(name, "") for name in names]
        for cells in flat
    ]
    return list(names.values()), [UploadedRow(row, "", 0) for row in rows]


def _cells(record: Mapping[str, Any]) -> dict[str, str]:
    """Return a record's values by column: null as `#N/A`, a parent's key as `Owner.Username`.

    Raises:
        UploadError: A value is neither.
    """
    cells: dict[str, str] = {}
    for name, value in record.items():
        if name.lower() == "attributes":
            continue
        if not isinstance(value, dict):
            cells[name] = _text(name, value)
            continue
        for key, inner in value.items():
            if key.lower() != "attributes":
                cells[f"{name}.{key}"] = _text(f"{name}.{key}", inner)
    return cells


def _text(name: str, value: object) -> str:
    if value is None:
        return NULL
    if isinstance(value, dict | list):
        raise UploadError(f"InvalidBatch : Failed to parse JSON: {name:.80} is no single value")
    return str(value).lower() if isinstance(value, bool) else str(value)
