"""The room of adjustments: other numbers of calls that people accepted, and took back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, Row, insert, select

from sfterritory.errors import StoreError
from sfterritory.model.store.activity import Activity, insert_activity
from sfterritory.model.store.database import Database
from sfterritory.model.store.override import (
    AssignmentOverride,
    Ending,
    NewOverride,
    insert_overrides,
)
from sfterritory.model.store.override_table import CadenceAdjustmentRow, CadenceWithdrawalRow
from sfterritory.model.store.tables import table_of

_ADJUSTMENT = table_of(CadenceAdjustmentRow)
_WITHDRAWAL = table_of(CadenceWithdrawalRow)


@dataclass(frozen=True, slots=True)
class NewAdjustment:
    """Another number of calls for an account, as it was proposed.

    Attributes:
        hours_saved: A year, as the proposal reckoned.
        cause: What it was proposed for, in words.
    """

    proposal_id: str
    territory_version: str
    account_id: str
    calls_before: float
    calls_after: float
    hours_saved: float
    cause: str


@dataclass(frozen=True, slots=True)
class CadenceAdjustment:
    """An accepted adjustment as it is kept; `end` is set where it was withdrawn."""

    number: int
    proposal_id: str
    territory_version: str
    account_id: str
    calls_before: float
    calls_after: float
    hours_saved: float
    cause: str
    reason: str
    by: str
    at: datetime
    end: Ending | None = None

    def counts(self, now: datetime) -> bool:
        """Tell whether it was accepted and not withdrawn at a moment."""
        return self.at <= now and (self.end is None or self.end.at > now)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one decision left: other numbers of calls, and accounts given to other reps."""

    adjustments: tuple[CadenceAdjustment, ...]
    overrides: tuple[AssignmentOverride, ...]


class AdjustmentRoom:
    """The adjustments of one store; nothing is ever changed or removed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accept(
        self,
        adjustments: Sequence[NewAdjustment],
        overrides: Sequence[NewOverride] = (),
        *,
        decision: Ending,
    ) -> Accepted:
        """Append adjustments, overrides and a line of the log: all of them or nothing.

        Args:
            adjustments: Of calls.
            overrides: For accounts that are given to other reps.
            decision: Who accepts them, when and why.
        """
        by, at = decision.by, decision.at
        facts: dict[str, JsonValue] = {
            "adjustments": len(adjustments),
            "overrides": len(overrides),
            "reason": decision.reason,
        }
        with self._database.write_durably() as connection:
            given = insert_overrides(connection, overrides, by=by, at=at)
            kept = tuple(_insert(connection, one, decision) for one in adjustments)
            insert_activity(connection, Activity("proposals accept", at, by, facts))
        return Accepted(kept, given)

    def withdraw(self, number: int, ending: Ending) -> CadenceAdjustment:
        """Append the end of an adjustment and return it.

        Raises:
            StoreError: There is no such adjustment, or it was withdrawn before.
        """
        with self._database.write_durably() as connection:
            row = connection.execute(_joined().where(_ADJUSTMENT.c.number == number)).one_or_none()
            if row is None:
                raise StoreError(
                    f"there is no accepted adjustment {number}",
                    remedy="list them with `sfterritory proposals list --accepted`",
                )
            found = _adjustment(row)
            if found.end is not None:
                raise StoreError(
                    f"adjustment {number} was withdrawn by {found.end.by} on "
                    f"{found.end.at:%Y-%m-%d}: {found.end.reason}",
                    remedy="nothing is left to do",
                )
            values: dict[str, Any] = {"adjustment": number, **asdict(ending)}
            connection.execute(insert(_WITHDRAWAL).values(**values))
        return replace(found, end=ending)

    def list(self) -> tuple[CadenceAdjustment, ...]:
        """Return every adjustment there ever was, by number."""
        with self._database.read() as connection:
            rows = connection.execute(_joined().order_by(_ADJUSTMENT.c.number))
            return tuple(_adjustment(row) for row in rows)


def _insert(connection: Connection, one: NewAdjustment, decision: Ending) -> CadenceAdjustment:
    values: dict[str, Any] = {**asdict(one), **asdict(decision)}
    made = insert(_ADJUSTMENT).values(**values).returning(_ADJUSTMENT.c.number)
    return CadenceAdjustment(connection.execute(made).scalar_one(), **values)


def _joined() -> Any:
    return select(
        *_ADJUSTMENT.c,
        _WITHDRAWAL.c.reason.label("end_reason"),
        _WITHDRAWAL.c.by.label("end_by"),
        _WITHDRAWAL.c.at.label("end_at"),
    ).select_from(
        _ADJUSTMENT.outerjoin(_WITHDRAWAL, _WITHDRAWAL.c.adjustment == _ADJUSTMENT.c.number)
    )


def _adjustment(row: Row[Any]) -> CadenceAdjustment:
    end = None if row.end_at is None else Ending(row.end_reason, row.end_by, row.end_at)
    kept = {column.name: getattr(row, column.name) for column in _ADJUSTMENT.c}
    return CadenceAdjustment(**kept, end=end)
