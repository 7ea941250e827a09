"""`/services/async/XX.0/job`: jobs, their batches and results."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from sfterritory.sandbox.api.bulk.job import JOB_PREFIX, oldest_kept
from sfterritory.sandbox.api.classic.document import (
    ClassicError,
    info_answer,
    list_answer,
    read_info,
    speaks_json,
)
from sfterritory.sandbox.api.classic.job import (
    OPERATIONS,
    QUERIES,
    Batch,
    ClassicJob,
    batch_facts,
    batches_of,
    find_batch,
    find_job,
    insert,
    job_facts,
)
from sfterritory.sandbox.api.classic.result import CSV_TYPE, outcomes_answer, rows_answer
from sfterritory.sandbox.api.classic.work import done
from sfterritory.sandbox.api.external_key import key_field
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.state import take_ids

if TYPE_CHECKING:
    import sqlite3

    from sfterritory.sandbox.api.answer import Call, Routes
    from sfterritory.sandbox.schema import ObjectDef

_BATCH_PREFIX = "751"
_RESULT_PREFIX = "752"
_CONTENT_TYPES = ("CSV", "JSON")


def create(call: Call) -> Response:
    """`POST /job`."""
    as_json = speaks_json(call.headers)
    facts = read_info(call.body, as_json=as_json)
    operation = _choice(facts, "operation", OPERATIONS, default="")
    described = call.schema.find(str(facts.get("object", "")))
    if described is None:
        raise ClassicError("InvalidJob", f"Unable to find object: {facts.get('object', '')!s:.80}")
    if operation == "hardDelete" and not call.state.switches.bulk_hard_delete_allowed:
        raise ClassicError(
            "FeatureNotEnabled", "hardDelete operation requires special user profile permission"
        )
    moment = stored(call.state.now())
    with call.state.writing() as connection:
        _forget_old(connection, before=oldest_kept(call))
        (job_id,) = take_ids(connection, JOB_PREFIX, 1)
        job = ClassicJob(
            id=job_id,
            operation=operation,
            object=described.name,
            state="Open",
            created=moment,
            created_by=call.user_id,
            modified=moment,
            api_version=call.version,
            content_type=_choice(facts, "contentType", _CONTENT_TYPES, default="CSV"),
            concurrency=_choice(
                facts, "concurrencyMode", ("Parallel", "Serial"), default="Parallel"
            ),
            external_id_field=_external_id(facts, described) if operation == "upsert" else "",
            assignment_rule_id=_assignment_rule(facts),
        )
        insert(connection, "_classic_job", job)
    return info_answer("jobInfo", job_facts(job, []), as_json=as_json, status=201)


def show(call: Call) -> Response:
    """`GET /job/{id}`."""
    job = find_job(call)
    facts = job_facts(job, batches_of(call, job))
    return info_answer("jobInfo", facts, as_json=speaks_json(call.headers))


def change(call: Call) -> Response:
    """`POST /job/{id}`: close the job, or abort it."""
    job = find_job(call)
    as_json = speaks_json(call.headers)
    wanted = _choice(
        read_info(call.body, as_json=as_json), "state", ("Closed", "Aborted"), default=""
    )
    if job.state != "Open":
        raise ClassicError("InvalidJobState", f"Closing already {job.state} Job not allowed")
    job = replace(job, state=wanted, modified=stored(call.state.now()))
    with call.state.writing() as connection:
        connection.execute(
            "UPDATE _classic_job SET state = ?, modified = ? WHERE id = ?",
            (job.state, job.modified, job.id),
        )
    return info_answer("jobInfo", job_facts(job, batches_of(call, job)), as_json=as_json)


def add_batch(call: Call) -> Response:
    """`POST /job/{id}/batch`: rows, or the query. The work is done with the answer."""
    job = find_job(call)
    if job.state != "Open":
        raise ClassicError("InvalidJobState", f"Job is not open; it is {job.state}")
    with call.state.writing() as connection:
        (batch_id,) = take_ids(connection, _BATCH_PREFIX, 1)
    begun = Batch(
        id=batch_id,
        job_id=job.id,
        state="Completed",
        message="",
        created=stored(call.state.now()),
        records=0,
        failed=0,
        request=call.body,
    )
    batch = done(call, job, begun)
    with call.state.writing() as connection:
        insert(connection, "_classic_batch", batch)
    queued = {**batch_facts(begun), "state": "Queued"}
    return info_answer("batchInfo", queued, as_json=job.as_json, status=201)


def list_batches(call: Call) -> Response:
    """`GET /job/{id}/batch`."""
    job = find_job(call)
    facts = [batch_facts(one) for one in batches_of(call, job)]
    return list_answer("batchInfoList", "batchInfo", facts, as_json=job.as_json)


def show_batch(call: Call) -> Response:
    """`GET /job/{id}/batch/{batch}`."""
    job = find_job(call)
    return info_answer("batchInfo", batch_facts(find_batch(call, job)), as_json=job.as_json)


def request_of_batch(call: Call) -> Response:
    """`GET /job/{id}/batch/{batch}/request`: what was sent."""
    job = find_job(call)
    kind = "application/json" if job.as_json else CSV_TYPE
    return Response(find_batch(call, job).request, headers={"Content-Type": kind})


def results(call: Call) -> Response:
    """`GET /job/{id}/batch/{batch}/result`: outcomes, or the ids of a query's results."""
    job = find_job(call)
    batch = _completed(call, job)
    if job.operation not in QUERIES:
        return outcomes_answer(job, batch)
    return list_answer("result-list", "result", [_result_id(batch)], as_json=job.as_json)


def rows(call: Call) -> Response:
    """`GET /job/{id}/batch/{batch}/result/{result}`: the rows of a query."""
    job = find_job(call)
    batch = _completed(call, job)
    if job.operation not in QUERIES or call.path["result"][:15] != _result_id(batch)[:15]:
        raise ClassicError("InvalidBatch", f"No result {call.path['result'][:18]} in this batch")
    return rows_answer(call, job, batch)


def _completed(call: Call, job: ClassicJob) -> Batch:
    batch = find_batch(call, job)
    if batch.state != "Completed":
        raise ClassicError("InvalidBatch", f"Batch {batch.id} has no results: {batch.message}")
    return batch


def _result_id(batch: Batch) -> str:
    return _RESULT_PREFIX + batch.id[3:]


def _choice(facts: dict[str, Any], name: str, allowed: tuple[str, ...], *, default: str) -> str:
    value = facts.get(name) or default
    if value not in allowed:
        raise ClassicError(
            "InvalidJob", f"{name} must be one of {', '.join(allowed)}, not {value!s:.40}"
        )
    return str(value)


def _external_id(facts: dict[str, Any], described: ObjectDef) -> str:
    name = str(facts.get("externalIdFieldName") or "")
    field = key_field(described, name)
    if field is None:
        raise ClassicError("InvalidJob", f"Invalid externalIdFieldName: {name:.80}")
    return field.name


def _assignment_rule(facts: dict[str, Any]) -> str:
    given = str(facts.get("assignmentRuleId") or "")
    rule_id = normalised(given)
    if given and rule_id is None:
        raise ClassicError("InvalidJob", f"Invalid assignmentRuleId: {given:.40}")
    return rule_id or ""


def _forget_old(connection: sqlite3.Connection, *, before: str) -> None:
    connection.execute(
        "DELETE FROM _classic_batch WHERE job_id IN "
        "(SELECT id FROM _classic_job WHERE created < ?)",
        (before,),
    )
    connection.execute("DELETE FROM _classic_job WHERE created < ?", (before,))


ROUTES: Routes = {
    "/job": {"POST": create},
    "/job/{id}": {"GET": show, "POST": change},
    "/job/{id}/batch": {"GET": list_batches, "POST": add_batch},
    "/job/{id}/batch/{batch}": {"GET": show_batch},
    "/job/{id}/batch/{batch}/request": {"GET": request_of_batch},
    "/job/{id}/batch/{batch}/result": {"GET": results},
    "/job/{id}/batch/{batch}/result/{result}": {"GET": rows},
}
