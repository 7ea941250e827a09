"""`/jobs/ingest`: jobs that write, their uploads and their result files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer
from sfterritory.sandbox.api.bulk.allocation import remaining
from sfterritory.sandbox.api.bulk.csv_form import DELIMITERS, LINE_ENDINGS
from sfterritory.sandbox.api.bulk.ingest_job import (
    OPERATIONS,
    IngestJob,
    find_job,
    insert_job,
    job_by_id,
    jobs_after,
    move_job,
    store_upload,
    upload_of,
)
from sfterritory.sandbox.api.bulk.ingest_work import abort, go_on_alone, take_step
from sfterritory.sandbox.api.bulk.job import (
    JOB_PREFIX,
    RUNNING,
    brief,
    check_owner,
    choice,
    csv_facts,
    delete_job,
    forget_old,
    invalid_job,
    list_answer,
    oldest_kept,
    processing_ms,
    wrong_state,
)
from sfterritory.sandbox.api.bulk.multipart import MAX_CONTENT_CHARACTERS, read_parts
from sfterritory.sandbox.api.bulk.result_file import result_lines, unprocessed_lines
from sfterritory.sandbox.api.bulk.upload import MAX_UPLOAD_BYTES
from sfterritory.sandbox.api.external_key import key_field
from sfterritory.sandbox.api.json_body import JsonError, parsed_json
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.state import take_ids

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sfterritory.sandbox.schema import ObjectDef

_ENDED = frozenset({"JobComplete", "Failed", "Aborted"})


def create(call: Call) -> Response:
    """`POST /jobs/ingest`: an open job, or with parts `job` and `content` one that starts."""
    content_type = call.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/"):
        job = _created(call, call.json_object())
        return json_answer({**brief(job), **_options(job), **_upload_facts(job)})
    parts = read_parts(content_type, call.body)
    if set(parts) != {"job", "content"}:
        raise invalid_job(f"a multipart request has the parts job and content, not {sorted(parts)}")
    if len(parts["content"].decode("utf-8", "replace")) > MAX_CONTENT_CHARACTERS:
        raise invalid_job(f"the content part has more than {MAX_CONTENT_CHARACTERS} characters")
    job = _created(call, _json_part(parts["job"]))
    with call.state.writing() as connection:
        store_upload(connection, job.id, parts["content"])
    job = _closed(call, job)
    return json_answer({**brief(job), **_options(job), **csv_facts(job.form)})


def upload(call: Call) -> Response:
    """`PUT /jobs/ingest/{id}/batches`: the CSV, once."""
    job = find_job(call)
    check_owner(call, job)
    kind = call.headers.get("content-type", "text/csv").partition(";")[0].strip().lower()
    if kind != "text/csv":
        raise ApiError(
            415, "UNSUPPORTED_MEDIA_TYPE", f"An upload's Content-Type is text/csv, not {kind[:80]}"
        )
    if len(call.body) > MAX_UPLOAD_BYTES:
        raise ApiError(
            413,
            "REQUEST_ENTITY_TOO_LARGE",
            f"The upload has {len(call.body)} bytes, at most {MAX_UPLOAD_BYTES} are allowed",
        )
    with call.state.writing() as connection:
        state = _state_now(connection, job)
        if state != "Open":
            raise wrong_state(f"Data can be uploaded to an Open job, not to one in state {state}")
        if not store_upload(connection, job.id, call.body):
            raise wrong_state(f"Data was uploaded to job {job.id} already; a job takes it once")
    return Response(status_code=201)


def change(call: Call) -> Response:
    """`PATCH /jobs/ingest/{id}`: close the job, or abort it."""
    job = find_job(call)
    check_owner(call, job)
    wanted = choice(call.json_object(), "state", ("UploadComplete", "Aborted"), default=None)
    if wanted == "Aborted":
        if job.state not in RUNNING | {"Open"}:
            raise wrong_state(f"A job in state {job.state} cannot be aborted")
        return json_answer({**brief(abort(call.state, job)), **_options(job)})
    return json_answer({**brief(_closed(call, job)), **_options(job)})


def show(call: Call) -> Response:
    """`GET /jobs/ingest/{id}`: asking moves a closed job on."""
    return json_answer(_full(_asked(call, find_job(call))))


def list_jobs(call: Call) -> Response:
    """`GET /jobs/ingest`."""
    return list_answer(
        call,
        "ingest",
        job_type="V2Ingest",
        chunked=False,
        shown=lambda after, most: [
            {**brief(job), **_options(job), **_upload_facts(job), "jobType": "V2Ingest"}
            for job in jobs_after(call, after, most)
        ],
    )


def delete(call: Call) -> Response:
    """`DELETE /jobs/ingest/{id}`."""
    tables = {"_ingest_upload": "job_id", "_ingest_result": "job_id", "_ingest_job": "id"}
    return delete_job(call, find_job(call), tables)


def successful(call: Call) -> Response:
    """`GET /jobs/ingest/{id}/successfulResults`."""
    job = _ended(call)
    return _csv(result_lines(call.state, job, "successful"))


def failed(call: Call) -> Response:
    """`GET /jobs/ingest/{id}/failedResults`."""
    job = _ended(call)
    return _csv(result_lines(call.state, job, "failed"))


def unprocessed(call: Call) -> Response:
    """`GET /jobs/ingest/{id}/unprocessedrecords`."""
    job = _ended(call)
    with call.state.reading() as connection:
        data = upload_of(connection, job.id)
    return _csv(unprocessed_lines(job, data))


def _csv(lines: Iterator[bytes]) -> Response:
    return StreamingResponse(lines, media_type=None, headers={"Content-Type": "text/csv"})


def _created(call: Call, body: dict[str, Any]) -> IngestJob:
    """Store a new open job.

    Raises:
        ApiError: Its options do not fit each other or the org, or the day's batches are used up.
    """
    operation = choice(body, "operation", OPERATIONS, default=None)
    line_ending = choice(body, "lineEnding", LINE_ENDINGS, default="LF")
    delimiter = choice(body, "columnDelimiter", DELIMITERS, default="COMMA")
    choice(body, "contentType", ("CSV",), default="CSV")
    described = _object(call, body, operation)
    external_id_field = _external_id(body, described, operation)
    moment = call.state.now()
    with call.state.writing() as connection:
        if not remaining(connection, "batch", switches=call.state.switches, now=moment):
            most = call.state.switches.daily_bulk_batches
            raise ApiError(
                400,
                "LIMIT_EXCEEDED",
                f"Max bulk batches ({most}) per 24 hrs has been exceeded ({most + 1})",
            )
        forget_old(connection, before=oldest_kept(call))
        (job_id,) = take_ids(connection, JOB_PREFIX, 1)
        job = IngestJob(
            id=job_id,
            operation=operation,
            object=described.name,
            external_id_field=external_id_field,
            assignment_rule_id=str(body.get("assignmentRuleId") or ""),
            state="Open",
            created=stored(moment),
            created_by=call.user_id,
            modified=stored(moment),
            api_version=call.version,
            line_ending=line_ending,
            delimiter=delimiter,
        )
        insert_job(connection, job)
    return job


def _object(call: Call, body: dict[str, Any], operation: str) -> ObjectDef:
    name = body.get("object")
    described = call.schema.find(name) if isinstance(name, str) else None
    if described is None:
        raise invalid_job(f"Unable to find object: {name!s:.80}")
    if not (described.createable or described.updateable or described.deletable):
        raise ApiError(
            400, "INVALIDENTITY", f"Entity '{described.name}' is not supported by the Bulk API."
        )
    if operation == "hardDelete" and not call.state.switches.bulk_hard_delete_allowed:
        raise ApiError(
            400,
            "FEATURENOTENABLED",
            "FeatureNotEnabled : hardDelete operation requires special user profile permission, "
            "please contact your system administrator",
        )
    return described


def _external_id(body: dict[str, Any], described: ObjectDef, operation: str) -> str:
    """Return the field by which an upsert finds records, '' for other operations."""
    if operation != "upsert":
        return ""
    name = body.get("externalIdFieldName")
    field = key_field(described, name) if isinstance(name, str) else None
    if field is None:
        raise invalid_job(
            f"externalIdFieldName must name an external id of {described.name}, not {name!r:.80}"
        )
    return field.name


def _state_now(connection: sqlite3.Connection, job: IngestJob) -> str:
    """Return a job's state as this transaction sees it; an Open job may be too old to be."""
    current = job_by_id(connection, job.id)
    return current.state if current and job.state == "Open" else job.state


def _json_part(part: bytes) -> dict[str, Any]:
    try:
        body = parsed_json(part)
    except JsonError as error:
        raise ApiError(400, "JSON_PARSER_ERROR", f"Part job: {error}") from error
    if not isinstance(body, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "Part job is no JSON object")
    return body


def _closed(call: Call, job: IngestJob) -> IngestJob:
    """Close a job, and let it take its first step unless asking comes first; return it closed."""
    closed = None
    if job.state == "Open":  # an old one is not, though the file says so
        closed = move_job(call.state, replace(job, state="UploadComplete"), among={"Open"})
    if closed is None:
        raise wrong_state(f"Only an Open job can be closed; this one is in state {job.state}")
    switches = call.state.switches
    if not switches.bulk_polls_before_complete:
        begun = take_step(call, closed)
        if switches.bulk_jobs_go_on_alone and begun.state in RUNNING:
            go_on_alone(call, begun)
    return closed


def _asked(call: Call, job: IngestJob) -> IngestJob:
    """Return a job as it is after somebody asked for it."""
    if job.state not in RUNNING:
        return job
    if job.polls >= call.state.switches.bulk_polls_before_complete:
        return take_step(call, job)
    waiting = replace(job, state="InProgress", polls=job.polls + 1)
    return move_job(call.state, waiting, among=RUNNING) or find_job(call)


def _ended(call: Call) -> IngestJob:
    """Return the job of the path, whose result files can be had.

    Raises:
        ApiError: It has not ended.
    """
    job = find_job(call)
    if job.state not in _ENDED:
        raise wrong_state(f"Results can be had of a job that has ended, not in state {job.state}")
    return job


def _options(job: IngestJob) -> dict[str, Any]:
    """Return what only some jobs have."""
    options = {
        "externalIdFieldName": job.external_id_field,
        "assignmentRuleId": job.assignment_rule_id,
    }
    return {name: value for name, value in options.items() if value}


def _upload_facts(job: IngestJob) -> dict[str, Any]:
    """Return where an open job takes its CSV, and in which form."""
    path = f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"
    return {**({"contentUrl": path} if job.state == "Open" else {}), **csv_facts(job.form)}


def _full(job: IngestJob) -> dict[str, Any]:
    took_ms = processing_ms(job.processed) if job.state not in {"Open", "UploadComplete"} else 0
    return {
        **brief(job),
        **_options(job),
        **_upload_facts(job),
        "jobType": "V2Ingest",
        "numberRecordsProcessed": job.processed,
        "numberRecordsFailed": job.failed,
        "retries": job.retries,
        "totalProcessingTime": took_ms,
        "apiActiveProcessingTime": took_ms,
        "apexProcessingTime": 0,
        **({"errorMessage": job.error} if job.error else {}),
    }


ROUTES: Routes = {
    "/jobs/ingest": {"GET": list_jobs, "POST": create},
    "/jobs/ingest/{id}": {"GET": show, "PATCH": change, "DELETE": delete},
    "/jobs/ingest/{id}/batches": {"PUT": upload},
    "/jobs/ingest/{id}/successfulResults": {"GET": successful},
    "/jobs/ingest/{id}/failedResults": {"GET": failed},
    "/jobs/ingest/{id}/unprocessedRecords": {"GET": unprocessed},
}
