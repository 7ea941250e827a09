"""Processing an ingest job: 200 rows a transaction, as far as one step of it goes.

A job takes a step when it is closed and whenever somebody asks for it: what fits into one is done
at once. Larger jobs go on by themselves meanwhile. What a transaction did is committed with the
job's place in its upload, so however the steps fall, each row is settled once, in the order of the
upload, and a job goes on where it was after a restart. Other writers take turns between
transactions, readers are not held up.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.bulk.allocation import BATCH_RECORDS, remaining, use
from sfterritory.sandbox.api.bulk.header_plan import Column, plan_header
from sfterritory.sandbox.api.bulk.ingest_job import (
    IngestJob,
    drop_upload,
    job_by_id,
    move_job,
    update_job,
    upload_of,
)
from sfterritory.sandbox.api.bulk.job import RUNNING
from sfterritory.sandbox.api.bulk.result_file import failure_line, place_of, success_line
from sfterritory.sandbox.api.bulk.row_saving import RowSaver, Saved
from sfterritory.sandbox.api.bulk.upload import UploadedRow, UploadError, read_header, read_rows
from sfterritory.sandbox.api.external_key import key_field
from sfterritory.sandbox.api.rows import saver
from sfterritory.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfterritory.sandbox.api.answer import Call
    from sfterritory.sandbox.save import Saver
    from sfterritory.sandbox.schema import ObjectDef
    from sfterritory.sandbox.state import SandboxState

TRANSACTION_ROWS = 200
MAX_ROW_TRIES = 3
_LOCKED = "UNABLE_TO_LOCK_ROW"
_GAVE_UP = "InternalServerError : The job was retried too often and gave up"
_NO_BATCHES = "LimitExceeded : The batches allowed in 24 hours are used up"


@dataclass(frozen=True, slots=True)
class _Opened:
    """A job whose header makes sense."""

    job: IngestJob
    described: ObjectDef
    columns: Sequence[Column]
    rows: Iterator[UploadedRow]


def take_step(call: Call, job: IngestJob) -> IngestJob:
    """Process a running job's next rows, as many as one step does; return it as it is then.

    Two steps at a time share the rows: each transaction looks again where the job stands.
    """
    state = call.state
    opened = _opened(state, job)
    if opened is None:
        return _read_again(state, job)
    job = opened.job
    last = job.processed + state.switches.bulk_rows_per_poll
    while job.state in RUNNING and job.processed < last:
        allowed = _rows_before_stop(state, job)
        rows = list(islice(opened.rows, min(TRANSACTION_ROWS, last - job.processed, allowed)))
        if allowed == 0 and (rows := list(islice(opened.rows, 1))):
            return _stopped(state, job)
        settled = _settle(call, replace(opened, job=job), rows)
        if settled is None:  # another request went on with the job, or aborted it
            return _read_again(state, job)
        job = settled
    return job


def go_on_alone(call: Call, job: IngestJob) -> None:
    """Process the rest of a job beside the answers to requests."""
    threading.Thread(target=_go_on, args=(call, job), name=f"job {job.id}", daemon=True).start()


def _go_on(call: Call, job: IngestJob) -> None:
    try:
        while job.state in RUNNING:
            done = job.processed
            job = take_step(call, job)
            if job.processed == done:  # it hangs, as a switch told it to
                return
    except sqlite3.ProgrammingError:
        if not call.state.closed:
            raise
        # The server stopped: the job goes on when somebody asks for it again.


def abort(state: SandboxState, job: IngestJob) -> IngestJob:
    """End a job that has not ended; what it did stays done, the rest stays unprocessed."""
    with state.writing() as connection:
        current = job_by_id(connection, job.id) or job
        if current.state not in RUNNING | {"Open"}:
            return current
        opened = replace(current, state="Aborted")
        if not opened.header:
            opened = _with_header(connection, opened)
        return update_job(connection, opened, now=state.now())


def _with_header(connection: sqlite3.Connection, job: IngestJob) -> IngestJob:
    """Return a job with its upload's first line, if it has one that can be read."""
    data = upload_of(connection, job.id)
    if data is None:
        return job
    try:
        return replace(job, header=read_header(data, job.form).line)
    except UploadError:
        return job


def _opened(state: SandboxState, job: IngestJob) -> _Opened | None:
    """Return a job ready to go on; None where it just failed, or has ended already."""
    with state.reading() as connection:
        current = job_by_id(connection, job.id)
        data = upload_of(connection, job.id) or b""
    if current is None or current.state not in RUNNING:
        return None
    try:
        header = read_header(data, job.form)
        current = replace(
            current, header=header.line, next_byte=current.next_byte or header.end_byte
        )
        described, columns = _planned(state, current, header.names)
    except UploadError as error:
        _finish(state, replace(current, state="Failed", error=str(error)))
        return None
    rows = read_rows(data, job.form, columns=len(columns), start_byte=current.next_byte)
    return _Opened(replace(current, state="InProgress"), described, columns, rows)


def _planned(
    state: SandboxState, job: IngestJob, names: Sequence[str]
) -> tuple[ObjectDef, Sequence[Column]]:
    """Return the job's object and what each column sets, as its creator sees the org.

    Raises:
        UploadError: The object is gone, or a column means nothing.
    """
    schema = state.schema_for(job.created_by)
    described = schema.find(job.object)
    if described is None:
        raise UploadError(f"InvalidBatch : Unable to find object: {job.object}")
    polymorphic = state.switches.bulk_polymorphic_headers
    return described, plan_header(
        names, described, schema, operation=job.operation, polymorphic=polymorphic
    )


def _rows_before_stop(state: SandboxState, job: IngestJob) -> int:
    stop = state.switches.bulk_stop_after_rows
    return max(stop - job.processed, 0) if stop else TRANSACTION_ROWS


def _stopped(state: SandboxState, job: IngestJob) -> IngestJob:
    """Return a job that goes no further, though rows are left."""
    if state.switches.bulk_stopped_jobs_hang:
        return _finish(state, job)
    return _finish(state, replace(job, state="Failed", error=_GAVE_UP))


def _finish(state: SandboxState, job: IngestJob) -> IngestJob:
    return move_job(state, job, among=RUNNING) or _read_again(state, job)


def _read_again(state: SandboxState, job: IngestJob) -> IngestJob:
    with state.reading() as connection:
        return job_by_id(connection, job.id) or job


def _settle(call: Call, opened: _Opened, rows: Sequence[UploadedRow]) -> IngestJob | None:
    """Save rows in one transaction, with their results and the job's new place.

    No rows end the job. Returns None, with nothing done, where the job is no longer at its place.
    """
    state, job = call.state, opened.job
    with state.writing() as connection:
        current = job_by_id(connection, job.id)
        if current is None or current.state not in RUNNING or current.processed != job.processed:
            return None
        if not rows:
            drop_upload(connection, job.id)
            return update_job(connection, _ended(state, job), now=state.now())
        if job.processed // BATCH_RECORDS >= job.batches:
            if not _take_batch(state, connection):
                drop_upload(connection, job.id)  # rows beyond the allocation are recorded nowhere
                failed = replace(job, state="Failed", error=_NO_BATCHES)
                return update_job(connection, failed, now=state.now())
            job = replace(job, batches=job.batches + 1)
        use(connection, "record", amount=len(rows), now=state.now())
        return update_job(
            connection, _saved(call, connection, replace(opened, job=job), rows), now=state.now()
        )


def _ended(state: SandboxState, job: IngestJob) -> IngestJob:
    if job.failed and state.switches.bulk_row_failures_fail_job:
        return replace(job, state="Failed", error="Some records in the job failed")
    return replace(job, state="JobComplete")


def _take_batch(state: SandboxState, connection: sqlite3.Connection) -> bool:
    """Take a batch from the daily allocation; False where nothing is left of it."""
    now, switches = state.now(), state.switches
    if not remaining(connection, "batch", switches=switches, now=now):
        return False
    if not remaining(connection, "record", switches=switches, now=now):
        return False
    use(connection, "batch", now=now)
    return True


def _saved(
    call: Call,
    connection: sqlite3.Connection,
    opened: _Opened,
    rows: Sequence[UploadedRow],
) -> IngestJob:
    """Save rows, each with an outcome of its own, and return the job behind them."""
    job, switches = opened.job, call.state.switches
    row_saver = RowSaver(
        _saver_of_job(call, connection, job),
        opened.described,
        job.operation,
        opened.columns,
        key_field(opened.described, job.external_id_field),
    )
    lines: list[tuple[str, str, int, int, str]] = []
    failed = retries = 0
    for number, row in enumerate(rows, start=job.processed):
        outcome, tries = row_outcome(connection, row_saver, row)
        retries += tries - 1
        place = place_of(job.id, number, shuffled=switches.bulk_results_shuffled)
        if isinstance(outcome, Saved):
            line = success_line(
                job.form, row.cells, record_id=outcome.record_id, created=outcome.created
            )
            lines.append((job.id, "successful", place, number, line))
            continue
        failed += 1
        named = switches.bulk_failed_rows_carry_id
        record_id = row_saver.record_id(row.cells) if named and not row.problem else ""
        line = failure_line(job.form, row.cells, error=outcome, record_id=record_id)
        lines.append((job.id, "failed", place, number, line))
    connection.executemany("INSERT INTO _ingest_result VALUES (?, ?, ?, ?, ?)", lines)
    return replace(
        job,
        next_byte=rows[-1].end_byte,
        processed=job.processed + len(rows),
        failed=job.failed + failed,
        retries=job.retries + retries,
    )


def _saver_of_job(call: Call, connection: sqlite3.Connection, job: IngestJob) -> Saver:
    """Return the way to write of the job's creator, whoever asks for the job now."""
    schema = call.state.schema_for(job.created_by)
    creator = replace(call, user_id=job.created_by, schema=schema, headers={})
    return replace(
        saver(creator, connection),
        auto_assign=bool(job.assignment_rule_id) or call.state.switches.bulk_assigns_by_default,
        assignment_rule_id=job.assignment_rule_id or None,
    )


def row_outcome(
    connection: sqlite3.Connection, row_saver: RowSaver, row: UploadedRow
) -> tuple[Saved | RefusedError, int]:
    """Return what became of a row, and how often it was tried: a locked one more than once."""
    if row.problem:
        return RefusedError("INVALID_CSV", row.problem), 1
    tries = 1
    while isinstance(outcome := _tried(connection, row_saver, row), RefusedError):
        if outcome.code != _LOCKED or tries == MAX_ROW_TRIES:
            break
        tries += 1
    return outcome, tries


def _tried(
    connection: sqlite3.Connection, row_saver: RowSaver, row: UploadedRow
) -> Saved | RefusedError:
    connection.execute("SAVEPOINT row")
    try:
        return row_saver.save(row.cells)
    except RefusedError as error:
        connection.execute("ROLLBACK TO row")
        return error
    finally:
        connection.execute("RELEASE row")
