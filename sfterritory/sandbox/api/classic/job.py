"""Jobs and batches of Bulk API 1.0 as the state file keeps them."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.bulk.job import oldest_kept, processing_ms
from sfterritory.sandbox.api.classic.document import ClassicError
from sfterritory.sandbox.clock import rest_form

if TYPE_CHECKING:
    import sqlite3

    from sfterritory.sandbox.api.answer import Call

QUERIES = {"query": False, "queryAll": True}
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete", *QUERIES)


@dataclass(frozen=True, slots=True)
class ClassicJob:
    """A job.

    Attributes:
        state: Open, Closed or Aborted.
        created: A stored moment, like `modified`.
        content_type: CSV or JSON: of its batches and of their results.
        external_id_field: By which an upsert finds its records; '' for other operations.
        assignment_rule_id: '' runs no rule.
    """

    id: str
    operation: str
    object: str
    state: str
    created: str
    created_by: str
    modified: str
    api_version: str
    content_type: str
    concurrency: str
    external_id_field: str
    assignment_rule_id: str

    @property
    def as_json(self) -> bool:
        """Whether facts about its batches are told as JSON."""
        return self.content_type == "JSON"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, done when it is stored.

    Attributes:
        state: Completed or Failed.
        message: Why it failed; ''.
        request: What was sent.
        outcomes: JSON list of `[id, created, code, message, fields]`, in the order of the rows.
        row_numbers: What a query selected.
    """

    id: str
    job_id: str
    state: str
    message: str
    created: str
    records: int
    failed: int
    request: bytes = b""
    outcomes: str = "[]"
    row_numbers: bytes = b""


def insert(connection: sqlite3.Connection, table: str, entry: ClassicJob | Batch) -> None:
    """Store a new job or batch."""
    marks = ", ".join("?" * len(fields(entry)))
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", astuple(entry))  # noqa: S608 - names of our own schema


def find_job(call: Call) -> ClassicJob:
    """Return the job of the path.

    Raises:
        ClassicError: There is none, or it is older than jobs are kept, or a stranger's.
    """
    with call.state.reading() as connection:
        row = connection.execute(
            "SELECT * FROM _classic_job WHERE substr(id, 1, 15) = ? AND length(?) IN (15, 18) "
            "AND created >= ? AND created_by = ?",
            (call.path["id"][:15], call.path["id"], oldest_kept(call), call.user_id),
        ).fetchone()
    if row is None:
        raise ClassicError("InvalidJob", f"Unable to find job with id {call.path['id'][:18]}")
    return ClassicJob(*row)


def find_batch(call: Call, job: ClassicJob) -> Batch:
    """Return the batch of the path.

    Raises:
        ClassicError: The job has none of that id.
    """
    wanted = call.path["batch"]
    with call.state.reading() as connection:
        row = connection.execute(
            "SELECT * FROM _classic_batch WHERE job_id = ? AND substr(id, 1, 15) = ? "
            "AND length(?) IN (15, 18)",
            (job.id, wanted[:15], wanted),
        ).fetchone()
    if row is None:
        raise ClassicError("InvalidBatch", f"Unable to find batch with id {wanted[:18]}")
    return Batch(*row)


def batches_of(call: Call, job: ClassicJob) -> list[Batch]:
    """Return a job's batches without what they hold, oldest first."""
    with call.state.reading() as connection:
        rows = connection.execute(
            "SELECT id, job_id, state, message, created, records, failed FROM _classic_batch "
            "WHERE job_id = ? ORDER BY id",
            (job.id,),
        ).fetchall()
    return [Batch(*row) for row in rows]


def job_facts(job: ClassicJob, batches: list[Batch]) -> dict[str, Any]:
    """Return what `jobInfo` tells."""
    records = sum(one.records for one in batches)
    completed = sum(one.state == "Completed" for one in batches)
    took_ms = processing_ms(records) if batches else 0
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": _moment(job.created),
        "systemModstamp": _moment(job.modified),
        "state": job.state,
        "externalIdFieldName": job.external_id_field or None,
        "assignmentRuleId": job.assignment_rule_id or None,
        "concurrencyMode": job.concurrency,
        "contentType": job.content_type,
        "numberBatchesQueued": 0,
        "numberBatchesInProgress": 0,
        "numberBatchesCompleted": completed,
        "numberBatchesFailed": len(batches) - completed,
        "numberBatchesTotal": len(batches),
        "numberRecordsProcessed": records,
        "numberRetries": 0,
        "apiVersion": float(job.api_version),
        "numberRecordsFailed": sum(one.failed for one in batches),
        "totalProcessingTime": took_ms,
        "apiActiveProcessingTime": took_ms,
        "apexProcessingTime": 0,
    }


def batch_facts(batch: Batch) -> dict[str, Any]:
    """Return what `batchInfo` tells."""
    took_ms = processing_ms(batch.records)
    return {
        "id": batch.id,
        "jobId": batch.job_id,
        "state": batch.state,
        "stateMessage": batch.message or None,
        "createdDate": _moment(batch.created),
        "systemModstamp": _moment(batch.created),
        "numberRecordsProcessed": batch.records,
        "numberRecordsFailed": batch.failed,
        "totalProcessingTime": took_ms,
        "apiActiveProcessingTime": took_ms,
        "apexProcessingTime": 0,
    }


def _moment(moment: str) -> str:
    return rest_form(moment).replace("+0000", "Z")
