"""Writing single records under a condition: only if nobody modified them since they were read.

Salesforce compares `If-Unmodified-Since` with `LastModifiedDate`, both in whole seconds, and
answers 412 where the record has moved on. Only a request for one row knows this header; several
such requests may travel in one composite, whose sub-requests carry headers of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from sfterritory.connectors.salesforce.collection import WRITE_HEADERS, checked_fields, refused
from sfterritory.connectors.salesforce.error_text import code_and_message
from sfterritory.connectors.salesforce.fault_table import (
    Act,
    row_is_locked,
    rule_of_record,
    rule_of_request,
)
from sfterritory.connectors.salesforce.faults import (
    NO_ANSWER,
    AnswerError,
    BadAnswerError,
    RefusedError,
)
from sfterritory.connectors.salesforce.lock_retry import write_until_unlocked
from sfterritory.connectors.salesforce.session import Session
from sfterritory.connectors.salesforce.soql import name as checked_name
from sfterritory.model.ids import to_18
from sfterritory.model.ports import MAX_COMPOSITE_REQUESTS, RecordWrite, WriteResult

MODIFIED_SINCE = "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"
_PRECONDITION_FAILED = 412
_DOING = "writing owners under a condition"
_READ_FIRST = "run the same command again: it reads Salesforce first"


def write_unmodified(
    session: Session, rows: Sequence[RecordWrite], *, rows_per_request: int
) -> list[WriteResult]:
    """Update each record unless it was modified since it was read, one answer each, in order.

    Args:
        session: The session.
        rows: Each with its `unmodified_since`.
        rows_per_request: 1 sends each record alone, more than that in a composite.

    Raises:
        ValueError: A row without a condition, one that changes nothing, or more records a
            request than Salesforce takes.
        AmbiguousWriteError: A request was sent and not answered; read to learn what happened.
        ConnectorError: Salesforce refused a request as a whole.
    """
    if not 1 <= rows_per_request <= MAX_COMPOSITE_REQUESTS:
        raise ValueError(f"{rows_per_request} records a request; 1 to {MAX_COMPOSITE_REQUESTS}")
    for row in rows:
        _headers(row)
        checked_fields(row)
    if rows_per_request == 1:
        return [_written_alone(session, row) for row in rows]
    return [
        result
        for start in range(0, len(rows), rows_per_request)
        for result in write_until_unlocked(
            session,
            rows[start : start + rows_per_request],
            lambda part: _sent_together(session, part),
            doing=_DOING,
        )
    ]


def _written_alone(session: Session, row: RecordWrite) -> WriteResult:
    """Send one record; again while it is locked."""

    def send() -> None:
        session.rest.restful(
            _path(row), method="PATCH", data=_body(row.fields), headers=_headers(row)
        )

    try:
        session.write(_DOING, send)
    except RefusedError as error:
        if not _is_of_the_record(error):
            raise
        return _refused(row, error.code, error.message)
    return WriteResult(record_id=row.record_id, accepted=True)


def _sent_together(session: Session, rows: Sequence[RecordWrite]) -> list[WriteResult]:
    """Send one composite, once; its parts are known by the records' ids."""
    body = {
        "allOrNone": False,
        "compositeRequest": [
            {
                "method": "PATCH",
                "url": f"{session.path}{_path(row)}",
                "referenceId": to_18(row.record_id),
                "httpHeaders": _headers(row),
                "body": row.fields,
            }
            for row in rows
        ],
    }
    answer = session.rest.restful(
        "composite", method="POST", data=_body(body), headers=dict(WRITE_HEADERS)
    )
    parts = answer.get("compositeResponse") if isinstance(answer, Mapping) else None
    found = {
        str(part.get("referenceId")): part
        for part in (parts if isinstance(parts, list) else [])
        if isinstance(part, Mapping)
    }
    if found.keys() != {to_18(row.record_id) for row in rows}:
        raise BadAnswerError(
            f"{_DOING}: sent {len(rows)} records, and the answer does not match",
            remedy=_READ_FIRST,
        )
    return [_result(row, found[to_18(row.record_id)]) for row in rows]


def _result(row: RecordWrite, part: Mapping[str, Any]) -> WriteResult:
    """Return the answer of one sub-request.

    Raises:
        AnswerError: A failure of the server, or one that no other record would escape.
    """
    status = part.get("httpStatusCode")
    if not isinstance(status, int):
        raise BadAnswerError(
            f"{_DOING}: the answer for {row.object_name} {row.record_id} has no status",
            remedy=_READ_FIRST,
        )
    if 200 <= status < 300:
        return WriteResult(record_id=row.record_id, accepted=True)
    code, message = code_and_message(part.get("body"))
    rule = rule_of_request(code, message, status=status)
    if status >= 500 and rule.act is Act.RETRY:
        # what the others of this request did is not known any better than this one
        raise AnswerError(status, json.dumps(part.get("body")))
    if not code and status != _PRECONDITION_FAILED:
        code = f"HTTP {status}"
    return _refused(row, code or MODIFIED_SINCE, message)


def _is_of_the_record(error: RefusedError) -> bool:
    """Tell whether a refusal is this record's own: any other would meet the next one too."""
    if row_is_locked(error.code, error.message):  # it outlasted every attempt
        return True
    if error.code in NO_ANSWER:  # no record was asked about
        return False
    if error.code.startswith("HTTP "):
        return error.code == f"HTTP {_PRECONDITION_FAILED}"
    return rule_of_record(error.code, error.message).act in {Act.FINAL, Act.CONFLICT}


def _refused(row: RecordWrite, code: str, message: str) -> WriteResult:
    if code == f"HTTP {_PRECONDITION_FAILED}":
        code = MODIFIED_SINCE
    if code == MODIFIED_SINCE and not message:
        message = f"somebody modified the record after {row.unmodified_since}"
    return refused(row, code, message)


def _path(row: RecordWrite) -> str:
    return f"sobjects/{checked_name(row.object_name)}/{to_18(row.record_id)}"


def _body(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def _headers(row: RecordWrite) -> dict[str, str]:
    """Return the headers of one record's request, its condition among them."""
    if row.unmodified_since is None:
        raise ValueError(f"{row.object_name} {row.record_id} has no unmodified_since")
    moment = datetime.fromisoformat(row.unmodified_since).astimezone(UTC)
    return {**WRITE_HEADERS, "If-Unmodified-Since": format_datetime(moment, usegmt=True)}
