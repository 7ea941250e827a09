"""How many API requests the org has answered in the last 24 hours.

The allocation rolls: what was used 24 hours ago is free again. Requests are counted by the minute,
in memory; the state file gets them in batches, so that a restart forgets none and a request
does not cost a write.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

WINDOW_MINUTES = 24 * 60
_BATCH_REQUESTS = 200


class UsageMeter:
    """Counts API requests by minute and app."""

    def __init__(self, kept: dict[tuple[int, str], int] | None = None) -> None:
        """Start from what the state file kept: requests by minute since the epoch and app."""
        self._by_minute: Counter[tuple[int, str]] = Counter(kept or {})
        self._unsaved: Counter[tuple[int, str]] = Counter()
        self._oldest_minute = min((minute for minute, _ in self._by_minute), default=0)
        self._lock = threading.Lock()

    def take(self, app: str, *, allowed: int, now: datetime) -> bool:
        """Count a request of an app; False where the allocation is used up."""
        with self._lock:
            self._forget_old(now)
            if self._by_minute.total() >= allowed:
                return False
            self._by_minute[_minute(now), app] += 1
            self._unsaved[_minute(now), app] += 1
            return True

    def used(self, *, now: datetime, app: str | None = None) -> int:
        """Return the requests of the last 24 hours, of one app or of all."""
        with self._lock:
            self._forget_old(now)
            return sum(
                count for (_, of), count in self._by_minute.items() if app is None or of == app
            )

    @property
    def unsaved(self) -> int:
        """How many requests wait for being stored."""
        return self._unsaved.total()

    @property
    def due(self) -> bool:
        """Whether enough of them wait."""
        return self.unsaved >= _BATCH_REQUESTS

    def save(self, connection: sqlite3.Connection, *, now: datetime) -> None:
        """Store what was counted since the last time."""
        with self._lock:
            unsaved, self._unsaved = self._unsaved, Counter()
        connection.executemany(
            "INSERT INTO _usage VALUES (?, ?, ?) ON CONFLICT (minute, app) "
            "DO UPDATE SET requests = requests + excluded.requests",
            [(minute, app, count) for (minute, app), count in sorted(unsaved.items())],
        )
        connection.execute("DELETE FROM _usage WHERE minute <= ?", (_minute(now) - WINDOW_MINUTES,))

    def _forget_old(self, now: datetime) -> None:
        first = _minute(now) - WINDOW_MINUTES
        if self._oldest_minute > first:
            return
        for key in [key for key in self._by_minute if key[0] <= first]:
            del self._by_minute[key]
        self._oldest_minute = min((minute for minute, _ in self._by_minute), default=_minute(now))


def stored_usage(connection: sqlite3.Connection) -> UsageMeter:
    """Return the meter as the state file kept it."""
    rows = connection.execute("SELECT minute, app, requests FROM _usage").fetchall()
    return UsageMeter({(minute, app): requests for minute, app, requests in rows})


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
