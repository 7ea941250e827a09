"""The room of overrides: accounts that people gave to a rep, and how that ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from sfterritory.errors import StoreError
from sfterritory.model.store.database import Database
from sfterritory.model.store.override_table import AssignmentOverrideRow, OverrideEndRow
from sfterritory.model.store.tables import table_of

_OVERRIDE = table_of(AssignmentOverrideRow)
_END = table_of(OverrideEndRow)


@dataclass(frozen=True, slots=True)
class Ending:
    """Who ended something before its day, when and why."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewOverride:
    """An account that a person gives to a rep, up to and including a day (UTC)."""

    account_id: str
    rep_id: str
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class AssignmentOverride:
    """An override as it is kept.

    Attributes:
        number: What people call it by.
        account_id: As it was named; the account may have been merged away since.
        until: Its last day (UTC).
        end: Set where a person ended it.
    """

    number: int
    account_id: str
    rep_id: str
    until: date
    reason: str
    by: str
    at: datetime
    end: Ending | None = None

    def expired(self, now: datetime) -> bool:
        """Tell whether its last day is over."""
        return self.until < now.astimezone(UTC).date()

    def counts(self, now: datetime) -> bool:
        """Tell whether it was made, neither ended nor expired, at a moment."""
        ended = self.end is not None and self.end.at <= now
        return self.at <= now and not ended and not self.expired(now)


class OverrideRoom:
    """The overrides of one store; nothing is ever changed or removed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, overrides: Sequence[NewOverride], *, by: str, at: datetime
    ) -> tuple[AssignmentOverride, ...]:
        """Append overrides, all or none, and return them with their numbers."""
        with self._database.write_durably() as connection:
            return insert_overrides(connection, overrides, by=by, at=at)

    def end(self, number: int, ending: Ending) -> AssignmentOverride:
        """Append the end of an override and return it.

        Raises:
            StoreError: There is no such override, or it was ended before.
        """
        with self._database.write_durably() as connection:
            query = _joined().where(_OVERRIDE.c.number == number)
            row = connection.execute(query).one_or_none()
            if row is None:
                raise StoreError(
                    f"there is no override {number}",
                    remedy="list them with `sfterritory override list --expired`",
                )
            found = _override(row)
            if found.end is not None:
                raise StoreError(
                    f"override {number} was ended by {found.end.by} on {found.end.at:%Y-%m-%d}: "
                    f"{found.end.reason}",
                    remedy="nothing is left to do",
                )
            values: dict[str, Any] = {"override": number, **asdict(ending)}
            connection.execute(insert(_END).values(**values))
        return replace(found, end=ending)

    def list(self) -> tuple[AssignmentOverride, ...]:
        """Return every override there ever was, by number."""
        with self._database.read() as connection:
            rows = connection.execute(_joined().order_by(_OVERRIDE.c.number))
            return tuple(_override(row) for row in rows)


def insert_overrides(
    connection: Connection, overrides: Sequence[NewOverride], *, by: str, at: datetime
) -> tuple[AssignmentOverride, ...]:
    """Append overrides, in a transaction of the caller's, and return them with their numbers."""
    added = []
    for one in overrides:
        values: dict[str, Any] = {**asdict(one), "by": by, "at": at}
        made = insert(_OVERRIDE).values(**values).returning(_OVERRIDE.c.number)
        number = connection.execute(made).scalar_one()
        added.append(AssignmentOverride(number, **values))
    return tuple(added)


def _joined() -> Any:
    return select(
        *_OVERRIDE.c,
        _END.c.reason.label("end_reason"),
        _END.c.by.label("end_by"),
        _END.c.at.label("end_at"),
    ).select_from(_OVERRIDE.outerjoin(_END, _END.c.override == _OVERRIDE.c.number))


def _override(row: Row[Any]) -> AssignmentOverride:
    end = None if row.end_at is None else Ending(row.end_reason, row.end_by, row.end_at)
    kept = {column.name: getattr(row, column.name) for column in _OVERRIDE.c}
    return AssignmentOverride(**kept, end=end)
