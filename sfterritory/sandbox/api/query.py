"""`query` and `queryAll`, page by page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sfterritory.sandbox.api.answer import (
    ApiError,
    Call,
    Routes,
    from_soql,
    is_number,
    json_answer,
    whole_number,
)
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.soql.compile import Compiled, compile_query
from sfterritory.sandbox.soql.parse import parse
from sfterritory.sandbox.soql.refusal import SoqlError
from sfterritory.sandbox.soql.run import RecordReader, grouped_records, row_numbers, values
from sfterritory.sandbox.state import take_ids

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray
    from starlette.responses import Response

MIN_PAGE_RECORDS = 200
MAX_PAGE_RECORDS = 2000
MAX_GROUPS = 2000
_BATCH_SIZE = re.compile(r"\s*batchSize\s*=\s*(\d{1,6})\s*", re.IGNORECASE | re.ASCII)
_CURSOR_PREFIX = "0r8"


def query(call: Call) -> Response:
    """`GET /query?q=`."""
    return _answered(call, deleted_too=False)


def query_all(call: Call) -> Response:
    """`GET /queryAll?q=`: deleted and merged rows too."""
    return _answered(call, deleted_too=True)


def query_more(call: Call) -> Response:
    """`GET /query/{locator}`: the rows from the locator's offset on."""
    cursor_id, _, offset = call.path["locator"].partition("-")
    with call.state.reading() as connection:
        row = connection.execute(
            "SELECT soql, deleted_too, row_numbers FROM _cursor WHERE id = ?", (cursor_id,)
        ).fetchone()
        if row is None or not is_number(offset):
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        compiled = compiled_for(call, row[0], deleted_too=bool(row[1]))
        numbers = np.frombuffer(row[2], dtype=np.int64)
        if int(offset) > len(numbers):
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return json_answer(
            _page(call, connection, compiled, numbers, start=int(offset), cursor_id=cursor_id)
        )


def compiled_for(call: Call, soql: str, *, deleted_too: bool) -> Compiled:
    """Return a query ready to run.

    Raises:
        ApiError: The platform would refuse it.
    """
    try:
        return compile_query(
            parse(soql), call.schema, now=call.state.now(), deleted_too=deleted_too
        )
    except SoqlError as error:
        raise from_soql(error) from error


def _answered(call: Call, *, deleted_too: bool) -> Response:
    soql = call.query.get("q")
    if soql is None:
        raise ApiError(400, "MALFORMED_QUERY", "SOQL statement is required: ?q=")
    compiled = compiled_for(call, soql, deleted_too=deleted_too)
    with call.state.reading() as connection:
        if compiled.grouped:
            return json_answer(_groups(connection, compiled))
        numbers = row_numbers(connection, compiled)
        if len(numbers) <= _page_records(call):
            page = _page(call, connection, compiled, numbers, start=0, cursor_id="")
            return json_answer(page)
    cursor_id = _keep(call, soql, numbers, deleted_too=deleted_too)
    with call.state.reading() as connection:
        page = _page(call, connection, compiled, numbers, start=0, cursor_id=cursor_id)
    return json_answer(page)


def _groups(connection: sqlite3.Connection, compiled: Compiled) -> dict[str, Any]:
    if compiled.count_only:
        found = connection.execute(compiled.whole_sql, compiled.params).fetchone()
        return {"totalSize": found[0], "done": True, "records": []}
    records = grouped_records(connection, compiled)
    if len(records) > MAX_GROUPS:
        raise ApiError(
            400,
            "EXCEEDED_ID_LIMIT",
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results",
        )
    return {"totalSize": len(records), "done": True, "records": records}


def _page(
    call: Call,
    connection: sqlite3.Connection,
    compiled: Compiled,
    numbers: NDArray[np.int64],
    *,
    start: int,
    cursor_id: str,
) -> dict[str, Any]:
    end = start + _page_records(call)
    reader = RecordReader(compiled, call.schema, version=call.version)
    records = [
        record
        for rows in values(connection, compiled.records_sql, numbers[start:end])
        for record in reader.records(rows)
    ]
    done = end >= len(numbers)
    page: dict[str, Any] = {"totalSize": len(numbers), "done": done}
    if not done:
        page["nextRecordsUrl"] = f"/services/data/v{call.version}/query/{cursor_id}-{end}"
    page["records"] = records
    return page


def _keep(call: Call, soql: str, numbers: NDArray[np.int64], *, deleted_too: bool) -> str:
    """Store a query's rows under a new locator."""
    with call.state.writing() as connection:
        (cursor_id,) = take_ids(connection, _CURSOR_PREFIX, 1)
        connection.execute(
            "INSERT INTO _cursor VALUES (?, ?, ?, ?, ?)",
            (cursor_id, soql, int(deleted_too), stored(call.state.now()), numbers.tobytes()),
        )
    return cursor_id


def _page_records(call: Call) -> int:
    found = _BATCH_SIZE.fullmatch(call.headers.get("sforce-query-options", ""))
    if found is None:
        return call.state.switches.query_page_records
    wanted = whole_number(found[1], name="batchSize")
    return min(max(wanted, MIN_PAGE_RECORDS), MAX_PAGE_RECORDS)


ROUTES: Routes = {
    "/query": {"GET": query},
    "/query/{locator}": {"GET": query_more},
    "/queryAll": {"GET": query_all},
    "/queryAll/{locator}": {"GET": query_more},
}
