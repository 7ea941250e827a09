"""`/jobs/query`: query jobs and their result pages."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer, whole_number
from sfterritory.sandbox.api.bulk.allocation import remaining, use
from sfterritory.sandbox.api.bulk.bulk_soql import check_compiled, check_text
from sfterritory.sandbox.api.bulk.csv_form import DELIMITERS, LINE_ENDINGS
from sfterritory.sandbox.api.bulk.job import (
    JOB_PREFIX,
    RUNNING,
    api_error,
    brief,
    check_version,
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
from sfterritory.sandbox.api.bulk.query_csv import csv_page
from sfterritory.sandbox.api.bulk.query_job import (
    OPERATIONS,
    QueryJob,
    abort,
    advance,
    compiled_job,
    find_job,
    insert_job,
    jobs_after,
    selected_rows,
)
from sfterritory.sandbox.api.query import compiled_for
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.state import take_ids

if TYPE_CHECKING:
    from starlette.responses import Response

_PAGES_LISTED = 5


def create(call: Call) -> Response:
    """`POST /jobs/query`: refused now if the query cannot run; its rows are chosen later."""
    body = call.json_object()
    operation = choice(body, "operation", OPERATIONS, default=None)
    line_ending = choice(body, "lineEnding", LINE_ENDINGS, default="LF")
    delimiter = choice(body, "columnDelimiter", DELIMITERS, default="COMMA")
    choice(body, "contentType", ("CSV",), default="CSV")
    soql = body.get("query")
    if not isinstance(soql, str):
        raise invalid_job("query is required")
    check_text(soql)
    compiled = compiled_for(call, soql, deleted_too=OPERATIONS[operation])
    check_compiled(compiled)
    moment = call.state.now()
    with call.state.writing() as connection:
        _check_allocation(call)
        use(connection, "query job", now=moment)
        forget_old(connection, before=oldest_kept(call))
        (job_id,) = take_ids(connection, JOB_PREFIX, 1)
        job = QueryJob(
            id=job_id,
            operation=operation,
            object=compiled.described.name,
            soql=soql,
            state="UploadComplete",
            created=stored(moment),
            created_by=call.user_id,
            modified=stored(moment),
            api_version=call.version,
            line_ending=line_ending,
            delimiter=delimiter,
        )
        insert_job(connection, job)
    return json_answer({**brief(job), **csv_facts(job.form)})


def show(call: Call) -> Response:
    """`GET /jobs/query/{id}`: asking moves a job on."""
    return json_answer(_full(advance(call, find_job(call))))


def list_jobs(call: Call) -> Response:
    """`GET /jobs/query`."""
    return list_answer(
        call,
        "query",
        job_type="V2Query",
        chunked=True,
        shown=lambda after, most: [
            {**brief(job), **csv_facts(job.form), "jobType": "V2Query"}
            for job in jobs_after(call, after, most)
        ],
    )


def change(call: Call) -> Response:
    """`PATCH /jobs/query/{id}` with state Aborted."""
    job = find_job(call)
    if call.json_object().get("state") != "Aborted":
        raise invalid_job("A query job's state can only be set to Aborted")
    if job.state == "Aborted":
        return json_answer({**brief(job), **csv_facts(job.form)})
    if job.state not in RUNNING:
        raise wrong_state(f"A job in state {job.state} cannot be aborted")
    job = abort(call, job)
    return json_answer({**brief(job), **csv_facts(job.form)})


def delete(call: Call) -> Response:
    """`DELETE /jobs/query/{id}`."""
    return delete_job(call, find_job(call), {"_query_job": "id"})


def results(call: Call) -> Response:
    """`GET /jobs/query/{id}/results?locator=&maxRecords=`: one page, streamed."""
    job = _finished(call)
    start = _offset(call.query.get("locator"), job)
    end = min(start + _page_records(call, job), job.records)
    page = csv_page(
        call.state,
        compiled_job(call, job),
        selected_rows(call, job)[start:end],
        form=job.form,
        moment_suffix=call.state.switches.bulk_datetime_suffix,
    )
    return StreamingResponse(
        page,
        media_type=None,
        headers={
            "Content-Type": "text/csv",
            "Sforce-Locator": _locator(end) if end < job.records else "null",
            "Sforce-NumberOfRecords": str(end - start),
        },
    )


def result_pages(call: Call) -> Response:
    """`GET /jobs/query/{id}/resultPages?locator=`: up to five pages to fetch side by side."""
    job = _finished(call)
    start = _offset(call.query.get("locator"), job)
    page = _page_records(call, job)
    starts = range(start, max(job.records, 1), page)
    root = f"/services/data/v{call.version}/jobs/query/{job.id}"
    following = None
    if len(starts) > _PAGES_LISTED:
        locator = _locator(starts[_PAGES_LISTED])
        following = f"{root}/resultPages?locator={locator}&maxRecords={page}"
    answer: dict[str, Any] = {
        "resultPages": [
            {"resultUrl": f"{root}/results?locator={_locator(one)}&maxRecords={page}"}
            for one in starts[:_PAGES_LISTED]
        ],
        # The documentation spells it both ways.
        "nextRecordsUrl": following,
        "nextRecordUrl": following,
        "done": following is None,
    }
    return json_answer(answer)


def _check_allocation(call: Call) -> None:
    switches = call.state.switches
    with call.state.reading() as connection:
        left = remaining(connection, "query job", switches=switches, now=call.state.now())
    if not left:
        most = switches.daily_bulk_query_jobs
        raise ApiError(
            400,
            "LIMIT_EXCEEDED",
            f"Max bulk v2 query jobs ({most}) per 24 hrs has been exceeded ({most + 1})",
        )


def _finished(call: Call) -> QueryJob:
    """Return the job of the path, whose results can be had.

    Raises:
        ApiError: It is not complete, or was made with another version.
    """
    job = find_job(call)
    check_version(call, job)
    if not call.state.switches.bulk_polls_before_complete:
        job = advance(call, job)
    if job.state != "JobComplete":
        raise wrong_state(f"Job is not complete: its state is {job.state}")
    return job


def _page_records(call: Call, job: QueryJob) -> int:
    asked = call.query.get("maxRecords")
    if asked is not None:
        return whole_number(asked, name="maxRecords", at_least=1)
    return call.state.switches.bulk_page_records or max(job.records, 1)


def _locator(offset: int) -> str:
    """Return an opaque locator; clients put it raw into a URL, so no padding."""
    return base64.urlsafe_b64encode(str(offset).encode()).decode().rstrip("=")


def _offset(locator: str | None, job: QueryJob) -> int:
    if not locator:
        return 0
    try:
        offset = int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except (binascii.Error, ValueError) as error:
        raise api_error(f"Invalid locator: {locator[:80]}") from error
    if not 0 <= offset <= job.records:
        raise api_error(f"Invalid locator: {locator[:80]}")
    return offset


def _full(job: QueryJob) -> dict[str, Any]:
    done = job.state == "JobComplete"
    return {
        **brief(job),
        **csv_facts(job.form),
        "jobType": "V2Query",
        "numberRecordsProcessed": job.records,
        "retries": 0,
        "totalProcessingTime": processing_ms(job.records) if done else 0,
        "isPkChunkingSupported": True,
        **({"errorMessage": job.error} if job.error else {}),
    }


ROUTES: Routes = {
    "/jobs/query": {"GET": list_jobs, "POST": create},
    "/jobs/query/{id}": {"GET": show, "PATCH": change, "DELETE": delete},
    "/jobs/query/{id}/results": {"GET": results},
    "/jobs/query/{id}/resultPages": {"GET": result_pages},
}
