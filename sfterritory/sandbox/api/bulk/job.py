"""What query jobs and ingest jobs have in common: their numbers, ages, lists and refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from sfterritory.sandbox.api.answer import ApiError, Call, json_answer, not_found
from sfterritory.sandbox.api.bulk.csv_form import CsvForm
from sfterritory.sandbox.clock import rest_form, stored

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Mapping, Sequence


JOB_PREFIX = "750"
KEPT = timedelta(days=7)
RUNNING = frozenset({"UploadComplete", "InProgress"})
# Jobs that may be deleted: those that have ended, and those that nobody has begun yet.
DELETABLE = frozenset({"UploadComplete", "JobComplete", "Aborted", "Failed"})
_FILTERS = ("concurrencyMode", "isPkChunkingEnabled", "jobType")
_CHUNKING = {"true": True, "false": False}
_JOB_TYPES = ("BigObjectIngest", "Classic", "V2Ingest", "V2Query")
_CONCURRENCY = ("parallel", "serial")


@dataclass(frozen=True, slots=True)
class Job:
    """What query jobs and ingest jobs have in common.

    Attributes:
        created: A stored moment, like `modified`.
        api_version: `62.0`: results are had with the version that made the job.
        line_ending: By the name that the job's JSON uses, like `delimiter`.
    """

    id: str
    operation: str
    object: str
    state: str
    created: str
    created_by: str
    modified: str
    api_version: str
    line_ending: str
    delimiter: str

    @property
    def form(self) -> CsvForm:
        """How its CSV is written."""
        return CsvForm(self.delimiter, self.line_ending)


JOB_COLUMNS = (
    "id, operation, object, state, created, created_by, modified, api_version, line_ending, "
    "delimiter"
)


def api_error(message: str) -> ApiError:
    """Return the refusal that the platform gives no code of its own."""
    return ApiError(400, "API_ERROR", message)


def invalid_job(message: str) -> ApiError:
    """Return the refusal of a job that cannot be made."""
    return ApiError(400, "INVALIDJOB", f"InvalidJob : {message}")


def wrong_state(message: str) -> ApiError:
    """Return the refusal of a request that the job's state does not allow."""
    return ApiError(400, "INVALIDJOBSTATE", message)


def choice(
    body: Mapping[str, Any], key: str, allowed: Collection[str], *, default: str | None
) -> str:
    """Return one of the allowed texts out of a job's JSON; null is as good as absent.

    Raises:
        ApiError: It is another, or missing without a default.
    """
    value = body.get(key) or default
    if not isinstance(value, str) or value not in allowed:
        raise invalid_job(f"{key} must be one of {', '.join(allowed)}, not {value!r:.80}")
    return value


def brief(job: Job) -> dict[str, Any]:
    """Return the facts that every answer about a job begins with."""
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": rest_form(job.created),
        "systemModstamp": rest_form(job.modified),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.api_version),
    }


def csv_facts(form: CsvForm) -> dict[str, str]:
    """Return how an answer names the form of a job's CSV."""
    return {"lineEnding": form.line_ending, "columnDelimiter": form.delimiter}


def processing_ms(records: int) -> int:
    """Return how long a job of so many records says it took: the same on any machine."""
    return 1 + records // 100


def check_owner(call: Call, job: Job) -> None:
    """Refuse a stranger.

    Raises:
        ApiError: 403; only the user who made a job may fill or end it.
    """
    if job.created_by != call.user_id:
        raise ApiError(
            403, "INSUFFICIENT_ACCESS", f"Only the user who created job {job.id} can change it"
        )


def check_version(call: Call, job: Job) -> None:
    """Refuse results to another version than the one that made the job.

    Raises:
        ApiError: 409.
    """
    if job.api_version != call.version:
        raise ApiError(
            409,
            "API_ERROR",
            f"The job was created with API version {job.api_version}, not {call.version}",
        )


def oldest_kept(call: Call) -> str:
    """Return the moment before which jobs are forgotten, with all that they hold."""
    return stored(call.state.now() - KEPT)


def job_row(call: Call, table: str, columns: str) -> tuple[Any, ...]:
    """Return the columns of the path's job.

    Raises:
        ApiError: 404; there is none, or it is older than jobs are kept.
    """
    with call.state.reading() as connection:
        row = connection.execute(
            f"SELECT {columns} FROM {table} "  # noqa: S608 - constants
            "WHERE substr(id, 1, 15) = ? AND length(?) IN (15, 18) AND created >= ?",
            (call.path["id"][:15], call.path["id"], oldest_kept(call)),
        ).fetchone()
    if row is None:
        raise not_found()
    return tuple(row)


def job_rows_after(
    call: Call, job_id: str, most: int, *, table: str, columns: str
) -> list[tuple[Any, ...]]:
    """Return the columns of at most so many jobs behind an id, oldest first."""
    with call.state.reading() as connection:
        return connection.execute(
            f"SELECT {columns} FROM {table} WHERE id > ? AND created >= ? "  # noqa: S608 - constants
            "ORDER BY id LIMIT ?",
            (job_id, oldest_kept(call), most),
        ).fetchall()


def delete_job(call: Call, job: Job, tables: Mapping[str, str]) -> Response:
    """Forget a job; `tables` names, for each table, its column of the job's id.

    Raises:
        ApiError: It is at work, or still open.
    """
    if job.state not in DELETABLE:
        raise wrong_state(f"A job in state {job.state} cannot be deleted: abort it first")
    with call.state.writing() as connection:
        for table, column in tables.items():
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (job.id,))  # noqa: S608 - names of our own schema
    return Response(status_code=call.state.switches.bulk_deletion_status)


def list_answer(
    call: Call,
    kind: str,
    *,
    job_type: str,
    chunked: bool,
    shown: Callable[[str, int], Sequence[Any]],
) -> Response:
    """Answer `GET /jobs/{kind}` with its filters, page by page.

    Args:
        call: The request.
        kind: `query` or `ingest`.
        job_type: What jobs of this kind are.
        chunked: Whether they are split by primary key.
        shown: Returns answers for at most so many jobs after an id, oldest first.

    Raises:
        ApiError: A filter has a value that it cannot have.
    """
    locator = call.query.get("queryLocator", "")
    page: list[Any] = []
    if _wanted(call, job_type=job_type, chunked=chunked):
        page = list(shown(locator, call.state.switches.bulk_jobs_listed + 1))
    done = len(page) <= call.state.switches.bulk_jobs_listed
    following = None
    if not done:
        page.pop()
        rest = f"/services/data/v{call.version}/jobs/{kind}?queryLocator={page[-1]['id']}"
        filters = {key: value for key, value in call.query.items() if key in _FILTERS}
        following = rest + "".join(f"&{key}={value}" for key, value in sorted(filters.items()))
    return json_answer({"done": done, "records": page, "nextRecordsUrl": following})


def _wanted(call: Call, *, job_type: str, chunked: bool) -> bool:
    """Tell whether jobs of one kind pass the filters of a request."""
    mode, chunking, kind = (call.query.get(name) for name in _FILTERS)
    if mode is not None and mode.lower() not in _CONCURRENCY:
        raise api_error(f"concurrencyMode must be Parallel or Serial, not {mode:.40}")
    if chunking is not None and chunking.lower() not in _CHUNKING:
        raise api_error(f"isPkChunkingEnabled must be true or false, not {chunking:.40}")
    if kind is not None and kind not in _JOB_TYPES:
        raise api_error(f"jobType must be one of {', '.join(_JOB_TYPES)}, not {kind:.40}")
    return (
        (mode is None or mode.lower() == "parallel")
        and (chunking is None or _CHUNKING[chunking.lower()] == chunked)
        and kind in {None, job_type}
    )


def forget_old(connection: sqlite3.Connection, *, before: str) -> None:
    """Drop every job, query or ingest, that was made before a moment."""
    old = "SELECT id FROM _ingest_job WHERE created < ?"
    for table in ("_ingest_upload", "_ingest_result"):
        connection.execute(f"DELETE FROM {table} WHERE job_id IN ({old})", (before,))  # noqa: S608 - constants
    for table in ("_ingest_job", "_query_job"):
        connection.execute(f"DELETE FROM {table} WHERE created < ?", (before,))  # noqa: S608 - constants
