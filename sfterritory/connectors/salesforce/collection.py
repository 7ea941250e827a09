"""Writing and reading back records by sObject Collections and query: the owner gateway's work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any

from sfterritory.connectors.salesforce.faults import BadAnswerError, RowsLockedError, row_is_locked
from sfterritory.connectors.salesforce.query import records_of, value_at
from sfterritory.connectors.salesforce.session import Session
from sfterritory.connectors.salesforce.soql import among_ids, select
from sfterritory.connectors.salesforce.value import id_of, scalar_of
from sfterritory.model.document import Scalar
from sfterritory.model.ids import to_18
from sfterritory.model.ports import MAX_COLLECTION_RECORDS, RecordWrite, WriteResult

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


def read_records(
    session: Session, object_name: str, record_ids: Sequence[str], *, fields: Sequence[str]
) -> dict[str, dict[str, Scalar]]:
    """Return the fields of each record by 18-character id; a record that is gone is absent."""
    found: dict[str, dict[str, Scalar]] = {}
    columns = ("Id", *(field for field in fields if field.casefold() != "id"))
    for start in range(0, len(record_ids), IDS_PER_QUERY):
        chunk = record_ids[start : start + IDS_PER_QUERY]
        query = select(object_name, columns, where=among_ids("Id", chunk))
        for record in records_of(session, query):
            found[id_of(record.get("Id"))] = {
                field: scalar_of(value_at(record, "Id" if field.casefold() == "id" else field))
                for field in fields
            }
    return found


def write_records(session: Session, rows: Sequence[RecordWrite]) -> list[WriteResult]:
    """Update the records, one answer each, in order; locked ones are tried again alone.

    Raises:
        ValueError: More than 200 records, or a record that changes nothing or its own id.
        AmbiguousWriteError: A request was sent and not answered; read to learn what happened.
        ConnectorError: Salesforce refused the request as a whole.
    """
    if len(rows) > MAX_COLLECTION_RECORDS:
        raise ValueError(f"{len(rows)} records in one write; at most {MAX_COLLECTION_RECORDS}")
    return [
        result for request in _requests(rows) for result in _Collection(session, request).written()
    ]


class _Collection:
    """One collection on its way, with the answers it has so far."""

    def __init__(self, session: Session, rows: Sequence[RecordWrite]) -> None:
        self._session = session
        self._rows = rows
        self._records = [_record(row) for row in rows]
        self._results: dict[int, WriteResult] = {}
        self._pending = list(range(len(rows)))

    def written(self) -> list[WriteResult]:
        """Send until no record is locked or the attempts are used up."""
        with suppress(RowsLockedError):  # each locked record has that refusal as its result
            self._session.write(_DOING, self._send)
        return [self._results[index] for index in range(len(self._rows))]

    def _send(self) -> None:
        """Send what is pending and keep the answers; locked records stay pending."""
        sent = list(self._pending)
        body = json.dumps(
            {"allOrNone": False, "records": [self._records[index] for index in sent]},
            allow_nan=False,
        )
        answers = self._session.rest.restful(
            "composite/sobjects", method="PATCH", data=body, headers=dict(WRITE_HEADERS)
        )
        if not isinstance(answers, list) or len(answers) != len(sent):
            raise BadAnswerError(
                f"{_DOING}: sent {len(sent)} records, and the answer does not match",
                remedy="run the same command again: it reads Salesforce first",
            )
        for index, answer in zip(sent, answers, strict=True):
            self._results[index] = _result(self._rows[index], answer)
        self._pending = [
            index
            for index in sent
            if not self._results[index].accepted
            and row_is_locked(self._results[index].code, self._results[index].message)
        ]
        if self._pending:
            raise RowsLockedError(
                f"{len(self._pending)} of {len(sent)} records are locked by another transaction",
                remedy="run again when other loads have finished",
            )


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
    if not row.fields or {field.casefold() for field in row.fields} & {"id", "attributes"}:
        raise ValueError(f"{row.object_name} {row.record_id} changes {sorted(row.fields)}")
    return {
        "attributes": {"type": row.object_name},
        "id": to_18(row.record_id),
        **row.fields,
    }


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
    return WriteResult(
        record_id=row.record_id,
        accepted=False,
        code=str(errors[0].get("statusCode", "")),
        message="; ".join(
            str(error.get("message", "")) for error in errors if isinstance(error, Mapping)
        ),
    )
