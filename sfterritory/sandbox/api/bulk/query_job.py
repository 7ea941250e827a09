"""Query jobs as the state file keeps them."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sfterritory.sandbox.api.answer import ApiError, Call
from sfterritory.sandbox.api.bulk.bulk_soql import check_compiled
from sfterritory.sandbox.api.bulk.job import JOB_COLUMNS, RUNNING, Job, job_row, job_rows_after
from sfterritory.sandbox.api.query import compiled_for
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.soql.run import row_numbers

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray

    from sfterritory.sandbox.soql.compiled import Compiled

OPERATIONS = {"query": False, "queryAll": True}
_COLUMNS = f"{JOB_COLUMNS}, soql, polls, records, error"


@dataclass(frozen=True, slots=True)
class QueryJob(Job):
    """A job that reads.

    Attributes:
        polls: How often somebody asked for it before it was complete.
        records: Rows that it selected; 0 until it is complete.
        error: Why it failed; '' if it did not.
    """

    soql: str
    polls: int = 0
    records: int = 0
    error: str = ""


def insert_job(connection: sqlite3.Connection, job: QueryJob) -> None:
    """Store a new job."""
    marks = ", ".join("?" * len(astuple(job)))
    connection.execute(f"INSERT INTO _query_job VALUES ({marks}, x'')", astuple(job))  # noqa: S608 - marks


def find_job(call: Call) -> QueryJob:
    """Return the job of the path.

    Raises:
        ApiError: 404; there is none, or it is older than jobs are kept.
    """
    return QueryJob(*job_row(call, "_query_job", _COLUMNS))


def jobs_after(call: Call, job_id: str, most: int) -> list[QueryJob]:
    """Return at most so many jobs behind an id, oldest first."""
    rows = job_rows_after(call, job_id, most, table="_query_job", columns=_COLUMNS)
    return [QueryJob(*row) for row in rows]


def compiled_job(call: Call, job: QueryJob) -> Compiled:
    """Return a job's query ready to run, for the user who asked it.

    Raises:
        ApiError: It cannot run, or no longer.
    """
    asker = replace(call, schema=call.state.schema_for(job.created_by))
    compiled = compiled_for(asker, job.soql, deleted_too=OPERATIONS[job.operation])
    check_compiled(compiled)
    if call.state.switches.bulk_results_by_id:
        return replace(compiled, order_sql=f"{compiled.root_alias}.Id")
    return compiled


def advance(call: Call, job: QueryJob) -> QueryJob:
    """Return the job as it is after somebody asked: a running job ends when it was asked enough."""
    if job.state not in RUNNING:
        return job
    if job.polls < call.state.switches.bulk_polls_before_complete:
        return _stored(call, replace(job, state="InProgress", polls=job.polls + 1), None)
    try:
        compiled = compiled_job(call, job)
    except ApiError as error:
        why = f"InvalidBatch : Failed to process query: {error.code}: {error.message.strip()}"
        return _stored(call, replace(job, state="Failed", error=why), None)
    with call.state.reading() as connection:
        numbers = row_numbers(connection, compiled)
    return _stored(call, replace(job, state="JobComplete", records=len(numbers)), numbers)


def abort(call: Call, job: QueryJob) -> QueryJob:
    """Return the job aborted."""
    return _stored(call, replace(job, state="Aborted"), None)


def selected_rows(call: Call, job: QueryJob) -> NDArray[np.int64]:
    """Return the row numbers that a complete job selected."""
    with call.state.reading() as connection:
        (blob,) = connection.execute(
            "SELECT row_numbers FROM _query_job WHERE id = ?", (job.id,)
        ).fetchone()
    return np.frombuffer(blob, dtype=np.int64)


def _stored(call: Call, job: QueryJob, numbers: NDArray[np.int64] | None) -> QueryJob:
    """Store a running job's next state, unless another request ended it meanwhile."""
    job = replace(job, modified=stored(call.state.now()))
    with call.state.writing() as connection:
        done = connection.execute(
            "UPDATE _query_job SET state = ?, polls = ?, records = ?, error = ?, modified = ?, "
            "row_numbers = ? WHERE id = ? AND state IN ('UploadComplete', 'InProgress')",
            (
                job.state,
                job.polls,
                job.records,
                job.error,
                job.modified,
                b"" if numbers is None else numbers.data,
                job.id,
            ),
        )
    return job if done.rowcount else find_job(call)
