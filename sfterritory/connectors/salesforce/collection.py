"""Writing and reading back records by sObject Collections and query: the owner gateway's work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sfterritory.connectors.salesforce.error_text import code_and_message, message_of
from sfterritory.connectors.salesforce.fault_table import Act, rule_of_record
from sfterritory.connectors.salesforce.faults import BadAnswerError, RefusedError
from sfterritory.connectors.salesforce.lock_retry import write_until_unlocked
from sfterritory.connectors.salesforce.query import records_of, value_at
from sfterritory.connectors.salesforce.session import Session
from sfterritory.connectors.salesforce.soql import among_ids, select
from sfterritory.connectors.salesforce.value import id_of, scalar_of
from sfterritory.model.document import Scalar
from sfterritory.model.ids import to_18
from sfterritory.model.ports import MAX_COLLECTION_RECORDS, RecordWrite, Refusal, WriteResult

MAX_TYPE_RUNS = 10  # Salesforce cuts a collection into runs of one type, and takes ten
IDS_PER_QUERY = 200  # about 27 bytes each in the URL, of 16,384 allowed

WRITE_HEADERS: Mapping[str, str] = {
    # without it the org's own assignment rules would move what was just assigned
    "Sforce-Auto-Assign": "FALSE",
    # tells our own changes apart in Change Data Capture
    "Sforce-Call-Options": "client=sfterritory",
    # an alerting duplicate rule is meant for people at a form; a blocking one still blocks
    "Sforce-Duplicate-Rule-Header": "allowSave=true",
}
_DOING = "writing owners"
_REFUSAL_OF = {
    Act.RETRY: Refusal.PASSING,
    Act.CONFLICT: Refusal.CONFLICT,
    Act.STOP: Refusal.GENERAL,
}


def read_records(
    session: Session, object_name: str, record_ids: Sequence[str], *, fields: Sequence[str]
) -> dict[str, dict[str, Scalar]]:
    """Return the fields of each record by 18-character id; a record that is gone is absent."""
    found: dict[str, dict[str, Scalar]] = {}
    for start in range(0, len(record_ids), IDS_PER_QUERY):
        chunk = record_ids[start : start + IDS_PER_QUERY]
        found |= _read(session, object_name, chunk, fields)
    return found


def _read(
    session: Session, object_name: str, record_ids: Sequence[str], fields: Sequence[str]
) -> dict[str, dict[str, Scalar]]:
    """Read some records at once, or in halves where Salesforce finds that too much."""
    columns = ("Id", *(field for field in fields if field.casefold() != "id"))
    query = select(object_name, columns, where=among_ids("Id", record_ids))
    try:
        return {
            id_of(record.get("Id")): {
                field: scalar_of(value_at(record, "Id" if field.casefold() == "id" else field))
                for field in fields
            }
            for record in records_of(session, query)
        }
    except RefusedError as error:
        if error.act is not Act.SPLIT or len(record_ids) == 1:
            raise
    half = len(record_ids) // 2
    return _read(session, object_name, record_ids[:half], fields) | _read(
        session, object_name, record_ids[half:], fields
    )


def write_records(session: Session, rows: Sequence[RecordWrite]) -> list[WriteResult]:
    """Update the records, one answer each, in order; locked ones are tried again in small parts.

    Raises:
        ValueError: More than 200 records, or a record that changes nothing or its own id.
        AmbiguousWriteError: A request was sent and not answered; read to learn what happened.
        ConnectorError: Salesforce refused the request as a whole.
    """
    if len(rows) > MAX_COLLECTION_RECORDS:
        raise ValueError(f"{len(rows)} records in one write; at most {MAX_COLLECTION_RECORDS}")
    for row in rows:
        checked_fields(row)
    return [
        result
        for request in _requests(rows)
        for result in write_until_unlocked(
            session, request, lambda part: _sent(session, part), doing=_DOING
        )
    ]


def checked_fields(row: RecordWrite) -> Mapping[str, Scalar]:
    """Return the fields of a write.

    Raises:
        ValueError: It changes nothing, or its own id.
    """
    if not row.fields or {field.casefold() for field in row.fields} & {"id", "attributes"}:
        raise ValueError(f"{row.object_name} {row.record_id} changes {sorted(row.fields)}")
    return row.fields


def refused(row: RecordWrite, code: str, message: str) -> WriteResult:
    """Return the result of a record that Salesforce refused, with what its code means."""
    rule = rule_of_record(code, message)
    return WriteResult(
        record_id=row.record_id,
        accepted=False,
        code=code,
        message=message,
        refusal=_REFUSAL_OF.get(rule.act, Refusal.FINAL),
        remedy=rule.remedy,
    )


def _sent(session: Session, rows: Sequence[RecordWrite]) -> list[WriteResult]:
    """Send one collection, once."""
    body = json.dumps(
        {"allOrNone": False, "records": [_record(row) for row in rows]}, allow_nan=False
    )
    answers = session.rest.restful(
        "composite/sobjects", method="PATCH", data=body, headers=dict(WRITE_HEADERS)
    )
    if not isinstance(answers, list) or len(answers) != len(rows):
        raise BadAnswerError(
            f"{_DOING}: sent {len(rows)} records, and the answer does not match",
            remedy="run the same command again: it reads Salesforce first",
        )
    return [_result(row, answer) for row, answer in zip(rows, answers, strict=True)]


def _requests(rows: Sequence[RecordWrite]) -> Iterator[Sequence[RecordWrite]]:
    """Cut the rows so that no request has more type runs than Salesforce takes."""
    request: list[RecordWrite] = []
    for run, (_, group) in enumerate(groupby(rows, key=lambda row: row.object_name)):
        if run and run % MAX_TYPE_RUNS == 0:
            yield request
            request = []
        request.extend(group)
    if request:
        yield request


def _record(row: RecordWrite) -> dict[str, Any]:
    """Return a record as the request has it: `attributes` must come first."""
    return {"attributes": {"type": row.object_name}, "id": to_18(row.record_id), **row.fields}


def _result(row: RecordWrite, answer: Any) -> WriteResult:
    """Return Salesforce's answer for one record; it is known by its place only."""
    success = answer.get("success") if isinstance(answer, Mapping) else None
    if success is True and id_of(answer.get("id")) == to_18(row.record_id):
        return WriteResult(record_id=row.record_id, accepted=True)
    errors = answer.get("errors") if success is False else None
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], Mapping):
        raise BadAnswerError(
            f"{_DOING}: the answer for {row.object_name} {row.record_id} is not in the agreed form",
            remedy="run the same command again: it reads Salesforce first",
        )
    code, _ = code_and_message(errors)
    texts = [message_of(error) for error in errors if isinstance(error, Mapping)]
    return refused(row, code, "; ".join(texts))
