"""`query` and `queryAll`, page by page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api import cursor
from sfterritory.sandbox.api.accept import check_takes_json
from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer, whole_number
from sfterritory.sandbox.api.columns import described_columns
from sfterritory.sandbox.api.viewed import remember_viewed
from sfterritory.sandbox.soql.compile import compile_query
from sfterritory.sandbox.soql.parse import parse
from sfterritory.sandbox.soql.refusal import SoqlError
from sfterritory.sandbox.soql.run import Reading, grouped_records, records, row_numbers
from sfterritory.sandbox.soql.terms import Terms

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray
    from starlette.responses import Response

    from sfterritory.sandbox.soql.compiled import Compiled

MIN_PAGE_RECORDS = 200
MAX_PAGE_RECORDS = 2000
MAX_GROUPS = 2000
_BATCH_SIZE = re.compile(r"\s*batchSize\s*=\s*(\d{1,6})\s*", re.IGNORECASE | re.ASCII)


def query(call: Call) -> Response:
    """`GET /query?q=`."""
    return _answered(call, deleted_too=False)


def query_all(call: Call) -> Response:
    """`GET /queryAll?q=`: deleted and merged rows too."""
    return _answered(call, deleted_too=True)


def query_more(call: Call) -> Response:
    """`GET /query/{locator}`: the rows from the locator's offset on."""
    check_takes_json(call)
    with call.state.reading() as connection:
        kept = cursor.find(call, connection, call.path["locator"], most=MAX_PAGE_RECORDS)
        compiled = compiled_for(call, kept.soql, deleted_too=kept.deleted_too)
        for number in kept.place:
            compiled = compiled.children[number].compiled
        size = _page_records(call, compiled)
        reading = _reading(
            call, connection, kept.soql, deleted_too=kept.deleted_too, page_records=size
        )
        page = _page(
            kept.size,
            records(reading, compiled, kept.numbers[:size], place=kept.place),
            following=_address(call, kept.id, kept.offset + size),
            done=kept.offset + size >= kept.size,
        )
    return json_answer(page)


def compiled_for(call: Call, soql: str, *, deleted_too: bool) -> Compiled:
    """Return a query ready to run.

    Raises:
        ApiError: The platform would refuse it.
    """
    switches = call.state.switches
    terms = Terms(
        now=call.state.now(),
        user_id=call.user_id,
        deleted_too=deleted_too,
        fiscal_start_month=switches.fiscal_year_start_month,
        fields_all_most_rows=switches.fields_all_most_rows,
    )
    try:
        return compile_query(parse(soql), call.schema, terms)
    except SoqlError as error:
        code = error.code
        if code == "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS":
            code = switches.too_many_semi_joins_code
        raise ApiError(switches.refused_query_status, code, error.message) from error


def _answered(call: Call, *, deleted_too: bool) -> Response:
    check_takes_json(call)
    soql = call.query.get("q")
    if soql is None:
        raise ApiError(400, "MALFORMED_QUERY", "SOQL statement is required: ?q=")
    compiled = compiled_for(call, soql, deleted_too=deleted_too)
    if call.query.get("columns", "").lower() == "true":
        return json_answer(described_columns(parse(soql), compiled))
    with call.state.reading() as connection:
        if compiled.grouped:
            return json_answer(_groups(connection, compiled))
        size = _page_records(call, compiled)
        numbers = row_numbers(connection, compiled)
        reading = _reading(call, connection, soql, deleted_too=deleted_too, page_records=size)
        found = records(reading, compiled, numbers[:size])
    following = ""
    if len(numbers) > size:
        cursor_id = cursor.keep(call, soql, numbers, deleted_too=deleted_too)
        following = _address(call, cursor_id, size)
    if "VIEW" in compiled.purposes:
        remember_viewed(call, compiled.described, found)
    return json_answer(_page(len(numbers), found, following=following, done=len(numbers) <= size))


def _groups(connection: sqlite3.Connection, compiled: Compiled) -> dict[str, Any]:
    if compiled.count_only:
        found = connection.execute(compiled.grouped_sql, compiled.params).fetchone()
        return {"totalSize": found[0], "done": True, "records": []}
    groups = grouped_records(connection, compiled, most=MAX_GROUPS + 1)
    if len(groups) > MAX_GROUPS:
        raise ApiError(
            400,
            "EXCEEDED_ID_LIMIT",
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a "
            "single batch",
        )
    return {"totalSize": len(groups), "done": True, "records": groups}


def _page(size: int, found: list[dict[str, Any]], *, following: str, done: bool) -> dict[str, Any]:
    page: dict[str, Any] = {"totalSize": size, "done": done}
    if not done:
        page["nextRecordsUrl"] = following
    page["records"] = found
    return page


def _reading(
    call: Call, connection: sqlite3.Connection, soql: str, *, deleted_too: bool, page_records: int
) -> Reading:
    def keep_children(place: tuple[int, ...], numbers: NDArray[np.int64]) -> str:
        kept = cursor.keep(call, soql, numbers, deleted_too=deleted_too, place=place)
        return _address(call, kept, page_records)

    return Reading(
        connection=connection,
        schema=call.schema,
        version=call.version,
        page_records=page_records,
        no_children_null=call.state.switches.empty_children_null,
        keep_children=keep_children,
    )


def _address(call: Call, cursor_id: str, offset: int) -> str:
    return f"/services/data/v{call.version}/query/{cursor_id}-{offset}"


def _page_records(call: Call, compiled: Compiled) -> int:
    found = _BATCH_SIZE.fullmatch(call.headers.get("sforce-query-options", ""))
    if found is not None:
        wanted = whole_number(found[1], name="batchSize")
        return min(max(wanted, MIN_PAGE_RECORDS), MAX_PAGE_RECORDS)
    switches = call.state.switches
    most = min(switches.query_page_records, MAX_PAGE_RECORDS)
    return min(most, switches.long_text_page_records) if compiled.has_long_text else most


ROUTES: Routes = {
    "/query": {"GET": query},
    "/query/{locator}": {"GET": query_more},
    "/queryAll": {"GET": query_all},
    "/queryAll/{locator}": {"GET": query_more},
}
