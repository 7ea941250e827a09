"""getUpdated and getDeleted: which records changed or vanished within a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.answer import ApiError, Call, Routes, json_answer
from sfterritory.sandbox.api.describe import object_named
from sfterritory.sandbox.clock import rest_form, stored

if TYPE_CHECKING:
    from starlette.responses import Response

    from sfterritory.sandbox.schema import ObjectDef

UPDATED_DAYS = 30
DELETED_DAYS = 15


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time in whole minutes: from `start` on, up to but without `end`."""

    start: datetime
    end: datetime

    def covered(self, now: datetime) -> datetime:
        """Return up to when the answer is complete: never beyond the server's own minute."""
        return min(self.end, _minute(now))


def updated(call: Call) -> Response:
    """`GET /sobjects/{name}/updated?start=&end=`."""
    described = _replicated(call)
    window = _window(call, most_days=UPDATED_DAYS)
    rows = _changed(call, described, window, deleted=False)
    return json_answer(
        {
            "ids": [record_id for record_id, _ in rows],
            "latestDateCovered": _told(window.covered(call.state.now())),
        }
    )


def deleted(call: Call) -> Response:
    """`GET /sobjects/{name}/deleted?start=&end=`: as far back as the delete log goes."""
    described = _replicated(call)
    window = _window(call, most_days=DELETED_DAYS)
    now = call.state.now()
    earliest = _minute(now - timedelta(hours=call.state.switches.delete_log_hours))
    logged = Window(max(window.start, earliest), window.end)
    rows = _changed(call, described, logged, deleted=True) if described.has("IsDeleted") else []
    return json_answer(
        {
            "deletedRecords": [
                {"id": record_id, "deletedDate": rest_form(stamp)} for record_id, stamp in rows
            ],
            "earliestDateAvailable": _told(earliest),
            "latestDateCovered": _told(window.covered(now)),
        }
    )


def _replicated(call: Call) -> ObjectDef:
    described = object_named(call.schema, call.path["name"])
    if not described.replicateable or not described.has("SystemModstamp"):
        raise ApiError(
            400, "INVALID_TYPE", f"sObject type '{described.name}' is not replicateable."
        )
    return described


def _window(call: Call, *, most_days: int) -> Window:
    start, end = (_minute(_moment(call, name)) for name in ("start", "end"))
    if end - start <= timedelta(minutes=1):
        raise _refused(call, "startDate must be more than one minute before endDate")
    if start < _minute(call.state.now() - timedelta(days=most_days)):
        raise _refused(call, f"startDate cannot be more than {most_days} days ago")
    return Window(start, end)


def _moment(call: Call, name: str) -> datetime:
    text = call.query.get(name)
    if text is None:
        raise ApiError(400, "MISSING_ARGUMENT", f"the parameter {name} is required")
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _refused(call, f"{name} is no date and time: {text[:40]}") from error


def _changed(
    call: Call, described: ObjectDef, window: Window, *, deleted: bool
) -> list[tuple[str, str]]:
    """Return id and stamp of the records that changed within a window, oldest first."""
    most = call.state.switches.replication_max_ids
    condition = f" AND IsDeleted = {int(deleted)}" if described.has("IsDeleted") else ""
    with call.state.reading() as connection:
        rows: list[tuple[str, str]] = connection.execute(
            f'SELECT Id, SystemModstamp FROM "{described.name}" '  # noqa: S608 - names of our own schema
            f"WHERE SystemModstamp >= ? AND SystemModstamp < ?{condition} "
            "ORDER BY SystemModstamp, Id LIMIT ?",
            (stored(window.start), stored(window.end), most + 1),
        ).fetchall()
    if len(rows) > most:
        status = call.state.switches.replication_refusal_status
        raise ApiError(status, "EXCEEDED_ID_LIMIT", f"more than {most} ids: use a shorter time")
    return rows


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _told(moment: datetime) -> str:
    return rest_form(stored(moment))


def _refused(call: Call, message: str) -> ApiError:
    status = call.state.switches.replication_refusal_status
    return ApiError(status, "INVALID_REPLICATION_DATE", message)


ROUTES: Routes = {
    "/sobjects/{name}/updated": {"GET": updated},
    "/sobjects/{name}/deleted": {"GET": deleted},
}
