"""Bulk API 2.0 query jobs: CSV of any size, streamed."""

from __future__ import annotations

import base64
import binascii
import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.responses import StreamingResponse

from sfterritory.sandbox.api.answer import (
    ApiError,
    Call,
    Routes,
    json_answer,
    no_content,
    not_found,
    whole_number,
)
from sfterritory.sandbox.api.query import compiled_for
from sfterritory.sandbox.clock import rest_form, stored
from sfterritory.sandbox.soql.run import row_numbers, values
from sfterritory.sandbox.state import SandboxState, take_ids

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from starlette.responses import Response

    from sfterritory.sandbox.soql.compile import Compiled

_JOB_PREFIX = "750"
_DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
_LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_OPERATIONS = {"query": False, "queryAll": True}
_PAGES_LISTED = 5
_JOB_COLUMNS = (
    "id, operation, object, soql, state, created, created_by, modified, api_version, "
    "line_ending, delimiter, length(row_numbers) / 8"
)


@dataclass(frozen=True, slots=True)
class QueryJob:
    """A job; `records` is how many rows it selected."""

    id: str
    operation: str
    object: str
    soql: str
    state: str
    created: str
    created_by: str
    modified: str
    api_version: str
    line_ending: str
    delimiter: str
    records: int


def create(call: Call) -> Response:
    """`POST /jobs/query`: the rows are chosen now, their values are read with the results."""
    body = call.json_object()
    operation = _choice(body, "operation", _OPERATIONS, default=None)
    line_ending = _choice(body, "lineEnding", _LINE_ENDINGS, default="LF")
    delimiter = _choice(body, "columnDelimiter", _DELIMITERS, default="COMMA")
    _choice(body, "contentType", {"CSV": None}, default="CSV")
    soql = body.get("query")
    if not isinstance(soql, str):
        raise _invalid("query is required")
    compiled = compiled_for(call, soql, deleted_too=_OPERATIONS[operation])
    _check_fit_for_bulk(compiled)
    with call.state.reading() as connection:
        numbers = row_numbers(connection, compiled)
    now = stored(call.state.now())
    with call.state.writing() as connection:
        (job_id,) = take_ids(connection, _JOB_PREFIX, 1)
        job = QueryJob(
            id=job_id,
            operation=operation,
            object=compiled.described.name,
            soql=soql,
            state="JobComplete",
            created=now,
            created_by=call.user_id,
            modified=now,
            api_version=call.version,
            line_ending=line_ending,
            delimiter=delimiter,
            records=len(numbers),
        )
        _store(connection, job, numbers)
    return json_answer(_short(job, state="UploadComplete"))


def show(call: Call) -> Response:
    """`GET /jobs/query/{id}`."""
    return json_answer(_full(_job(call)))


def list_jobs(call: Call) -> Response:
    """`GET /jobs/query`."""
    with call.state.reading() as connection:
        rows = connection.execute(f"SELECT {_JOB_COLUMNS} FROM _query_job ORDER BY id").fetchall()  # noqa: S608 - a constant
    records = [
        {**_short(job := QueryJob(*row), state=job.state), "jobType": "V2Query"} for row in rows
    ]
    return json_answer({"done": True, "records": records, "nextRecordsUrl": None})


def change(call: Call) -> Response:
    """`PATCH /jobs/query/{id}` with state Aborted."""
    job = _job(call)
    if call.json_object().get("state") != "Aborted":
        raise _invalid("A query job's state can only be set to Aborted")
    if job.state != "Aborted":
        with call.state.writing() as connection:
            connection.execute(
                "UPDATE _query_job SET state = 'Aborted', modified = ? WHERE id = ?",
                (stored(call.state.now()), job.id),
            )
    return json_answer(_short(job, state="Aborted"))


def delete(call: Call) -> Response:
    """`DELETE /jobs/query/{id}`."""
    job = _job(call)
    with call.state.writing() as connection:
        connection.execute("DELETE FROM _query_job WHERE id = ?", (job.id,))
    return no_content()


def results(call: Call) -> Response:
    """`GET /jobs/query/{id}/results?locator=&maxRecords=`: one page, streamed."""
    job = _finished(call)
    numbers = _row_numbers(call, job)
    start = _offset(call.query.get("locator"), job)
    end = min(start + _page_records(call, job), job.records)
    compiled = compiled_for(call, job.soql, deleted_too=_OPERATIONS[job.operation])
    return StreamingResponse(
        _csv(call.state, job, compiled, numbers[start:end]),
        media_type=None,
        headers={
            "Content-Type": "text/csv",
            "Sforce-Locator": _locator(end) if end < job.records else "null",
            "Sforce-NumberOfRecords": str(end - start),
        },
    )


def result_pages(call: Call) -> Response:
    """`GET /jobs/query/{id}/resultPages?locator=`: up to five pages to fetch side by side."""
    job = _finished(call)
    start = _offset(call.query.get("locator"), job)
    page = _page_records(call, job)
    starts = list(range(start, max(job.records, 1), page))
    root = f"/services/data/v{call.version}/jobs/query/{job.id}"
    answer: dict[str, Any] = {
        "resultPages": [
            {"resultUrl": f"{root}/results?locator={_locator(one)}&maxRecords={page}"}
            for one in starts[:_PAGES_LISTED]
        ],
        "nextRecordsUrl": None,
        "done": len(starts) <= _PAGES_LISTED,
    }
    if not answer["done"]:
        following = _locator(starts[_PAGES_LISTED])
        answer["nextRecordsUrl"] = f"{root}/resultPages?locator={following}&maxRecords={page}"
    return json_answer(answer)


def _csv(
    state: SandboxState, job: QueryJob, compiled: Compiled, numbers: NDArray[np.int64]
) -> Iterator[bytes]:
    """Yield the page in chunks; every value is quoted and null is the empty text."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(
        buffer,
        delimiter=_DELIMITERS[job.delimiter],
        lineterminator=_LINE_ENDINGS[job.line_ending],
        quoting=csv.QUOTE_ALL,
    )
    writer.writerow(".".join(output.path) for output in compiled.outputs)
    sql = _csv_sql(compiled, moment_suffix=state.switches.bulk_datetime_suffix)
    with state.reading() as connection:
        for rows in values(connection, sql, numbers):
            writer.writerows(row[1:] for row in rows)
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode()


def _csv_sql(compiled: Compiled, *, moment_suffix: str) -> str:
    """Return SQL that answers the page's cells ready to write."""
    cells = ["t0._row"]
    for output in compiled.outputs:
        sql = compiled.columns[output.index]
        kind = output.field.type if output.field else ""
        if kind == "boolean":
            sql = f"CASE {sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
        elif kind == "datetime" and moment_suffix != "Z":
            sql = f"replace({sql}, 'Z', '{moment_suffix}')"
        cells.append(sql)
    return (
        f"SELECT {', '.join(cells)} FROM {compiled.from_sql} "  # noqa: S608 - names of our own schema
        "WHERE t0._row IN (SELECT value FROM json_each(?))"
    )


def _check_fit_for_bulk(compiled: Compiled) -> None:
    if compiled.grouped or compiled.has_offset:
        raise _invalid("Bulk API 2.0 query does not support GROUP BY, OFFSET or aggregates")
    for output in compiled.outputs:
        if output.field is not None and not output.field.stored:
            raise _invalid(
                f"Selecting compound data not supported in Bulk Query: {'.'.join(output.path)}"
            )


def _invalid(message: str) -> ApiError:
    return ApiError(400, "API_ERROR", message)


def _choice(body: dict[str, Any], key: str, allowed: dict[str, Any], *, default: str | None) -> str:
    value = body.get(key) or default
    if not isinstance(value, str) or value not in allowed:
        raise _invalid(f"{key} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def _store(connection: sqlite3.Connection, job: QueryJob, numbers: NDArray[np.int64]) -> None:
    connection.execute(
        "INSERT INTO _query_job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.id,
            job.operation,
            job.object,
            job.soql,
            job.state,
            job.created,
            job.created_by,
            job.modified,
            job.api_version,
            job.line_ending,
            job.delimiter,
            numbers.tobytes(),
        ),
    )


def _job(call: Call) -> QueryJob:
    with call.state.reading() as connection:
        row = connection.execute(
            f"SELECT {_JOB_COLUMNS} FROM _query_job WHERE substr(id, 1, 15) = ?",  # noqa: S608 - a constant
            (call.path["id"][:15],),
        ).fetchone()
    if row is None:
        raise not_found()
    return QueryJob(*row)


def _finished(call: Call) -> QueryJob:
    job = _job(call)
    if job.state != "JobComplete":
        raise _invalid(f"Job is not complete: its state is {job.state}")
    if job.api_version != call.version:
        raise ApiError(
            409,
            "API_ERROR",
            f"The job was created with API version {job.api_version}, not {call.version}",
        )
    return job


def _row_numbers(call: Call, job: QueryJob) -> NDArray[np.int64]:
    with call.state.reading() as connection:
        (blob,) = connection.execute(
            "SELECT row_numbers FROM _query_job WHERE id = ?", (job.id,)
        ).fetchone()
    return np.frombuffer(blob, dtype=np.int64)


def _page_records(call: Call, job: QueryJob) -> int:
    asked = call.query.get("maxRecords")
    if asked is not None:
        return whole_number(asked, name="maxRecords", at_least=1)
    return call.state.switches.bulk_page_records or max(job.records, 1)


def _locator(offset: int) -> str:
    """Return an opaque locator; clients put it raw into a URL, so no padding."""
    return base64.urlsafe_b64encode(str(offset).encode()).decode().rstrip("=")


def _offset(locator: str | None, job: QueryJob) -> int:
    if not locator:
        return 0
    try:
        offset = int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _invalid(f"Invalid locator: {locator}") from error
    if not 0 <= offset <= job.records:
        raise _invalid(f"Invalid locator: {locator}")
    return offset


def _short(job: QueryJob, *, state: str) -> dict[str, Any]:
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": rest_form(job.created),
        "systemModstamp": rest_form(job.modified),
        "state": state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.api_version),
        "lineEnding": job.line_ending,
        "columnDelimiter": job.delimiter,
    }


def _full(job: QueryJob) -> dict[str, Any]:
    return {
        **_short(job, state=job.state),
        "jobType": "V2Query",
        "numberRecordsProcessed": job.records,
        "retries": 0,
        "totalProcessingTime": 1 + job.records // 100,
        "isPkChunkingSupported": True,
    }


ROUTES: Routes = {
    "/jobs/query": {"GET": list_jobs, "POST": create},
    "/jobs/query/{id}": {"GET": show, "PATCH": change, "DELETE": delete},
    "/jobs/query/{id}/results": {"GET": results},
    "/jobs/query/{id}/resultPages": {"GET": result_pages},
}
