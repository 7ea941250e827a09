"""The org's allocations, and how much of them is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer
from sfterritory.sandbox.api.bulk.allocation import bulk_limits

if TYPE_CHECKING:
    from starlette.responses import Response

    from sfterritory.sandbox.api.session import Session
    from sfterritory.sandbox.state import SandboxState

_ALLOCATIONS = {
    "ActiveScratchOrgs": 40,
    "ConcurrentAsyncGetReportInstances": 200,
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DataStorageMB": 1_073,
    "FileStorageMB": 1_073,
    "HourlyTimeBasedWorkflow": 1_000,
    "MassEmail": 5_000,
    "SingleEmail": 5_000,
}


APP_NAME = "sfterritory"


def take_request(state: SandboxState, session: Session) -> None:
    """Count an API request.

    Raises:
        ApiError: 403: the org's allocation of the last 24 hours is used up.
    """
    allowed = state.switches.daily_api_requests
    if not state.usage.take(session.client_id, allowed=allowed, now=state.now()):
        raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", state.switches.daily_limit_message)


def limit_info(state: SandboxState, session: Session) -> str:
    """Return the value of `Sforce-Limit-Info`."""
    now, switches = state.now(), state.switches
    info = f"api-usage={state.usage.used(now=now)}/{switches.daily_api_requests}"
    if not switches.per_app_api_requests:
        return info
    used = state.usage.used(now=now, app=session.client_id)
    allowed = switches.per_app_api_requests
    return f"{info}; per-app-api-usage={used}/{allowed}(appName={APP_NAME})"


def limits(call: Call) -> Response:
    """`GET /limits`."""
    answer: dict[str, Any] = {
        name: {"Max": most, "Remaining": most} for name, most in _ALLOCATIONS.items()
    }
    allowed = call.state.switches.daily_api_requests
    remaining = max(allowed - call.state.usage.used(now=call.state.now()), 0)
    answer["DailyApiRequests"] = {"Max": allowed, "Remaining": remaining}
    if call.state.switches.limits_name_app:
        own = call.state.switches.per_app_api_requests
        answer["DailyApiRequests"][APP_NAME] = {"Max": own, "Remaining": own}
    answer["PermissionSets"] = {
        "Max": 1500,
        "Remaining": 1500,
        "CreateCustom": {"Max": 1000, "Remaining": 1000},
    }
    with call.state.reading() as connection:
        answer |= bulk_limits(connection, switches=call.state.switches, now=call.state.now())
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
