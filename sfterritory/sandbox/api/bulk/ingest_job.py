"""Ingest jobs as the state file keeps them, with what was uploaded."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.answer import Call
from sfterritory.sandbox.api.bulk.job import JOB_COLUMNS, Job, job_row, job_rows_after
from sfterritory.sandbox.clock import stored

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection
    from datetime import datetime

    from sfterritory.sandbox.state import SandboxState

OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_MAX_OPEN = timedelta(hours=24)
_COLUMNS = (
    f"{JOB_COLUMNS}, external_id_field, assignment_rule_id, polls, next_byte, batches, processed, "
    "failed, retries, error, header"
)


@dataclass(frozen=True, slots=True)
class IngestJob(Job):
    """A job that writes.

    Attributes:
        external_id_field: By which an upsert finds its records; '' for other operations.
        assignment_rule_id: '' runs no rule.
        polls: How often somebody asked for it before it went on.
        next_byte: Where in the upload its next row begins; 0 before the header was read.
        batches: Batches taken from the daily allocation.
        processed: Rows settled, the failed ones among them.
        retries: Rows tried again because another transaction held their lock.
        error: Why it failed; '' if it did not.
        header: The upload's first line as its sender wrote it, once it was read.
    """

    external_id_field: str
    assignment_rule_id: str
    polls: int = 0
    next_byte: int = 0
    batches: int = 0
    processed: int = 0
    failed: int = 0
    retries: int = 0
    error: str = ""
    header: str = ""


def insert_job(connection: sqlite3.Connection, job: IngestJob) -> None:
    """Store a new job."""
    marks = ", ".join("?" * len(astuple(job)))
    connection.execute(f"INSERT INTO _ingest_job VALUES ({marks})", astuple(job))  # noqa: S608 - marks


def update_job(connection: sqlite3.Connection, job: IngestJob, *, now: datetime) -> IngestJob:
    """Store what changed of a job, and when."""
    job = replace(job, modified=stored(now))
    connection.execute(
        "UPDATE _ingest_job SET state = ?, modified = ?, polls = ?, next_byte = ?, batches = ?, "
        "processed = ?, failed = ?, retries = ?, error = ?, header = ? WHERE id = ?",
        (
            job.state,
            job.modified,
            job.polls,
            job.next_byte,
            job.batches,
            job.processed,
            job.failed,
            job.retries,
            job.error,
            job.header,
            job.id,
        ),
    )
    return job


def move_job(state: SandboxState, job: IngestJob, *, among: Collection[str]) -> IngestJob | None:
    """Store what changed of a job; None if another request moved it out of these states."""
    with state.writing() as connection:
        current = job_by_id(connection, job.id)
        if current is None or current.state not in among:
            return None
        return update_job(connection, job, now=state.now())


def job_by_id(connection: sqlite3.Connection, job_id: str) -> IngestJob | None:
    """Return the job with an id of 18 characters, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM _ingest_job WHERE id = ?",  # noqa: S608 - constants
        (job_id,),
    ).fetchone()
    return None if row is None else IngestJob(*row)


def find_job(call: Call) -> IngestJob:
    """Return the job of the path; one that stayed open for too long is aborted.

    Raises:
        ApiError: 404; there is none, or it is older than jobs are kept.
    """
    return _as_it_is_now(call, IngestJob(*job_row(call, "_ingest_job", _COLUMNS)))


def jobs_after(call: Call, job_id: str, most: int) -> list[IngestJob]:
    """Return at most so many jobs behind an id, oldest first."""
    rows = job_rows_after(call, job_id, most, table="_ingest_job", columns=_COLUMNS)
    return [_as_it_is_now(call, IngestJob(*row)) for row in rows]


def store_upload(connection: sqlite3.Connection, job_id: str, data: bytes) -> bool:
    """Keep a job's upload; False where it has one already."""
    done = connection.execute(
        "INSERT INTO _ingest_upload VALUES (?, ?) ON CONFLICT DO NOTHING", (job_id, data)
    )
    return done.rowcount == 1


def upload_of(connection: sqlite3.Connection, job_id: str) -> bytes | None:
    """Return a job's upload, or None where it has none (any more)."""
    row = connection.execute(
        "SELECT data FROM _ingest_upload WHERE job_id = ?", (job_id,)
    ).fetchone()
    return None if row is None else bytes(row[0])


def drop_upload(connection: sqlite3.Connection, job_id: str) -> None:
    """Forget a job's upload."""
    connection.execute("DELETE FROM _ingest_upload WHERE job_id = ?", (job_id,))


def _as_it_is_now(call: Call, job: IngestJob) -> IngestJob:
    if job.state == "Open" and job.created < _oldest_open(call):
        return replace(job, state="Aborted", error="The job was open for more than 24 hours")
    return job


def _oldest_open(call: Call) -> str:
    return stored(call.state.now() - _MAX_OPEN)
