"""What an org may do in bulk within 24 hours, and how much of it is used.

The window rolls: work of exactly a day ago no longer counts. Deleting a job gives nothing back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from sfterritory.sandbox.clock import stored

if TYPE_CHECKING:
    import sqlite3

    from sfterritory.sandbox.switches import Switches

Kind = Literal["batch", "query job", "record"]
BATCH_RECORDS = 10_000  # the platform cuts an upload into batches of this many
_WINDOW = timedelta(hours=24)


def remaining(
    connection: sqlite3.Connection, kind: Kind, *, switches: Switches, now: datetime
) -> int:
    """Return how much of one allocation is left."""
    return max(_most(kind, switches) - _used(connection, kind, now=now), 0)


def use(connection: sqlite3.Connection, kind: Kind, *, amount: int = 1, now: datetime) -> None:
    """Take from an allocation."""
    connection.execute(
        "INSERT INTO _bulk_use VALUES (?, ?, ?) "
        "ON CONFLICT (moment, kind) DO UPDATE SET amount = amount + excluded.amount",
        (stored(now), kind, amount),
    )


def bulk_limits(
    connection: sqlite3.Connection, *, switches: Switches, now: datetime
) -> dict[str, dict[str, int]]:
    """Return what `/limits` says about the allocations of Bulk API 2.0, by name."""
    shown: dict[str, Kind] = {
        "DailyBulkApiBatches": "batch",
        "DailyBulkV2QueryJobs": "query job",
    }
    return {
        name: {
            "Max": _most(kind, switches),
            "Remaining": remaining(connection, kind, switches=switches, now=now),
        }
        for name, kind in shown.items()
    }


def _most(kind: Kind, switches: Switches) -> int:
    return {
        "batch": switches.daily_bulk_batches,
        "query job": switches.daily_bulk_query_jobs,
        "record": switches.daily_bulk_records,
    }[kind]


def _used(connection: sqlite3.Connection, kind: Kind, *, now: datetime) -> int:
    (used,) = connection.execute(
        "SELECT ifnull(sum(amount), 0) FROM _bulk_use WHERE moment > ? AND kind = ?",
        (stored(now - _WINDOW), kind),
    ).fetchone()
    return int(used)
