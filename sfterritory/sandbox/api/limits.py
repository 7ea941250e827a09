"""The org's allocations, and how much of them is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import Call, Routes, json_answer

if TYPE_CHECKING:
    from starlette.responses import Response

_ALLOCATIONS = {
    "ActiveScratchOrgs": 40,
    "ConcurrentAsyncGetReportInstances": 200,
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyBulkV2QueryJobs": 10_000,
    "DataStorageMB": 1_073,
    "FileStorageMB": 1_073,
    "HourlyTimeBasedWorkflow": 1_000,
    "MassEmail": 5_000,
    "SingleEmail": 5_000,
}


def limits(call: Call) -> Response:
    """`GET /limits`."""
    answer: dict[str, Any] = {
        name: {"Max": most, "Remaining": most} for name, most in _ALLOCATIONS.items()
    }
    allowed = call.state.switches.daily_api_requests
    remaining = max(allowed - call.state.usage.used, 0)
    answer["DailyApiRequests"] = {"Max": allowed, "Remaining": remaining}
    answer["PermissionSets"] = {
        "Max": 1500,
        "Remaining": 1500,
        "CreateCustom": {"Max": 1000, "Remaining": 1000},
    }
    with call.state.reading() as connection:
        jobs = connection.execute("SELECT count(*) FROM _query_job").fetchone()[0]
    most = _ALLOCATIONS["DailyBulkV2QueryJobs"]
    answer["DailyBulkV2QueryJobs"] = {"Max": most, "Remaining": max(most - jobs, 0)}
    return json_answer(dict(sorted(answer.items())))


def record_count(call: Call) -> Response:
    """`GET /limits/recordCount?sObjects=Account,Lead`."""
    asked = call.query.get("sObjects", "")
    schema = call.schema
    named = (
        [schema.find(one.strip()) for one in asked.split(",")] if asked else schema.objects.values()
    )
    counts = []
    with call.state.reading() as connection:
        for described in sorted((one for one in named if one), key=lambda one: one.name):
            living = " WHERE IsDeleted = 0" if described.has("IsDeleted") else ""
            sql = f'SELECT count(*) FROM "{described.name}"{living}'  # noqa: S608 - names of our own schema
            counts.append({"count": connection.execute(sql).fetchone()[0], "name": described.name})
    return json_answer({"sObjects": counts})


ROUTES: Routes = {"/limits": {"GET": limits}, "/limits/recordCount": {"GET": record_count}}
