"""The server's clock, and the forms in which the API writes a moment.

Moments are stored as `2026-05-01T07:25:37.000Z`: text that sorts by time, as Bulk CSV wants it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the machine's time in UTC."""
    return datetime.now(UTC)


def stored(moment: datetime) -> str:
    """Return a moment as the tables hold it; audit stamps have a resolution of one second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def stored_precisely(moment: datetime) -> str:
    """Return a moment with its milliseconds, for values that a client supplied."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def rest_form(value: str) -> str:
    """Return a stored moment as JSON answers write it: offset without a colon."""
    return value[:-1] + "+0000"
