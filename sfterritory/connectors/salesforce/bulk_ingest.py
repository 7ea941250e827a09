"""Bulk API 2.0 updates: records handed over as a file, their fate fetched by id.

One job at a time, each of so few records that Salesforce makes one batch of it: Bulk 2.0 works on
the batches of a job side by side, and owner changes of one account meet in its lock. A job is
told to the caller before anything is uploaded; it writes nothing before it is closed, so that one
found open can always be aborted, and one found closed is waited for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from pydantic import Field

from sfterritory.connectors import http
from sfterritory.connectors.salesforce.bulk_job import GONE, JobResource, Patience
from sfterritory.connectors.salesforce.collection import refused
from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.ingest_file import (
    MAX_UPLOAD_BYTES,
    Upload,
    result_rows,
    uploads,
)
from sfterritory.connectors.salesforce.session import Session
from sfterritory.connectors.salesforce.soql import name as checked_name
from sfterritory.errors import JobRunningError
from sfterritory.events import emit
from sfterritory.model.ids import to_18
from sfterritory.model.ports import AmbiguousWriteError, JobEnd, OnJob, RecordWrite, WriteResult

UPLOAD_ATTEMPTS = 3
_DOING = "writing owners by Bulk API"
_AGAIN = "run the same command again: it reads Salesforce first"


class IngestParams(Patience):
    """How much goes into a Bulk job, and how long it is waited for."""

    max_rows: int = Field(
        default=10_000, ge=1, description="of one job; Salesforce makes one batch of 10,000"
    )
    max_bytes: int = Field(default=MAX_UPLOAD_BYTES, ge=1, le=MAX_UPLOAD_BYTES)
    first_poll_seconds: float = Field(default=0.5, gt=0)


class BulkIngest:
    """Updates records by Bulk jobs, one after the other."""

    def __init__(self, session: Session, client: http.Client, *, params: IngestParams) -> None:
        self._session = session
        self._client = client
        self._params = params
        self._jobs = JobResource(session, client, "ingest", doing=_DOING, remedy=_AGAIN)

    def write(self, rows: Sequence[RecordWrite], *, on_job: OnJob) -> JobEnd:
        """Update records of one object; see `OwnerGateway.write_in_bulk`.

        What a file cannot express gets no answer: it has to go another way.

        Raises:
            AmbiguousWriteError: No job could be given its file.
            JobRunningError: A job outlasted the wait; it may still write.
            ConnectorError: Salesforce refused a job as a whole.
        """
        ids = [to_18(row.record_id) for row in rows]
        if len(set(ids)) != len(ids):
            raise ValueError("a record stands twice in one Bulk write")
        answers: dict[str, WriteResult | None] = dict.fromkeys(ids)
        files = uploads(rows, max_rows=self._params.max_rows, max_bytes=self._params.max_bytes)
        for upload in files:
            end = self._ended(self._started(upload, on_job), upload.rows)
            of_job = zip(upload.rows, end.answers, strict=True)
            answers |= {to_18(row.record_id): answer for row, answer in of_job}
            if end.aborted:  # whoever ended this job does not want the next one
                return JobEnd([answers[one] for one in ids], end.aborted)
        return JobEnd([answers[one] for one in ids])

    def finish(self, job_id: str, rows: Sequence[RecordWrite]) -> JobEnd:
        """Bring a job of an earlier run to its end; see `OwnerGateway.finish_job`."""
        nothing = JobEnd([None] * len(rows))
        try:
            if self._state(job_id) == "Open":
                emit("bulk.job_dropped", job_id=job_id)
                self._close(job_id, "Aborted")
                if self._state(job_id) == "Aborted":
                    return nothing
            return self._ended(job_id, rows)
        except RefusedError as error:
            if error.code in GONE:
                return nothing
            raise

    def _started(self, upload: Upload, on_job: OnJob) -> str:
        """Return the job that holds the file and is closed.

        An upload whose answer is lost may not be repeated in its job: that one is aborted, and
        another takes its place.
        """
        for attempt in range(1, UPLOAD_ATTEMPTS + 1):
            job_id = self._created(upload.rows[0].object_name)
            on_job(job_id, upload.rows)
            try:
                self._session.write(_DOING, partial(self._put, job_id, upload.content))
            except AmbiguousWriteError:
                self._close(job_id, "Aborted")
                if attempt == UPLOAD_ATTEMPTS:
                    raise
                continue
            self._close(job_id, "UploadComplete")
            break
        return job_id

    def _created(self, object_name: str) -> str:
        body = {
            "object": checked_name(object_name),
            "operation": "update",
            "contentType": "CSV",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }
        return self._jobs.created(object_name, body)

    def _put(self, job_id: str, content: bytes) -> None:
        headers = self._jobs.headers("application/json")
        self._jobs.noted(
            self._client.request(
                "PUT",
                self._jobs.url(f"/{job_id}/batches"),
                content=content,
                headers=headers | {"Content-Type": "text/csv; charset=UTF-8"},
            )
        )

    def _close(self, job_id: str, state: str) -> None:
        """Bring an open job into a state, unless it has left `Open` already."""
        try:
            self._session.read(
                _DOING, lambda: self._jobs.json("PATCH", f"/{job_id}", body={"state": state})
            )
        except RefusedError:
            # the first of two requests may have closed it, its answer lost; or somebody aborted it
            if self._state(job_id) == "Open":
                raise

    def _ended(self, job_id: str, rows: Sequence[RecordWrite]) -> JobEnd:
        """Wait for a job's end and return what it says of the records."""
        job = self._jobs.ended(job_id, self._params, _late)
        fates = self._fates(job_id)
        answers = [fates.get(to_18(row.record_id)) for row in rows]
        state = str(job.get("state"))
        results = [
            None if fate is None else _result(row, *fate)
            for row, fate in zip(rows, answers, strict=True)
        ]
        emit(
            "bulk.job_ended",
            job_id=job_id,
            state=state,
            reason=str(job.get("errorMessage") or ""),
            accepted=sum(one is not None and one.accepted for one in results),
            refused=sum(one is not None and not one.accepted for one in results),
            untold=results.count(None),
        )
        if state == "Aborted":
            reason = job.get("errorMessage") or "somebody ended it in Salesforce"
            return JobEnd(results, f"job {job_id} was aborted: {reason}")
        return JobEnd(results)

    def _fates(self, job_id: str) -> dict[str, tuple[str, str] | None]:
        """Return what became of each record by id: ("", "") for accepted, (code, text), or None.

        A record that stands in none of the files is absent; the caller settles it by reading.
        """
        fates: dict[str, tuple[str, str] | None] = dict.fromkeys(
            self._result_file(job_id, "unprocessedrecords")
        )
        fates |= dict.fromkeys(self._result_file(job_id, "successfulResults"), ("", ""))
        fates |= {
            record_id: _code_and_text(row.get("sf__error", ""))
            for record_id, row in self._result_file(job_id, "failedResults").items()
        }
        return fates

    def _result_file(self, job_id: str, kind: str) -> Mapping[str, Mapping[str, str]]:
        def fetched() -> Mapping[str, Mapping[str, str]]:
            response = self._jobs.noted(
                self._client.request(
                    "GET",
                    self._jobs.url(f"/{job_id}/{kind}"),
                    headers=self._jobs.headers("text/csv"),
                )
            )
            return result_rows(response.content, doing=_DOING)

        return self._session.read(_DOING, fetched)

    def _state(self, job_id: str) -> str:
        return str(self._jobs.state_of(job_id).get("state"))


def _late(problem: str) -> JobRunningError:
    return JobRunningError(
        problem,
        remedy="run the same command again later: it attaches to this job. To give it up, abort "
        "it in Setup > Bulk Data Load Jobs first",
    )


def _result(row: RecordWrite, code: str, text: str) -> WriteResult:
    if not code:
        return WriteResult(record_id=row.record_id, accepted=True)
    return refused(row, code, text)


def _code_and_text(error: str) -> tuple[str, str]:
    """Return the parts of `STATUS_CODE:message:field --`; the message may hold colons itself."""
    code, _, text = error.partition(":")
    return code.strip() or "NO_REASON", text.strip().removesuffix("--").rstrip(" :")
