"""The room of adjustments: other numbers of calls that people accepted, and took back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from sfterritory.errors import StoreError
from sfterritory.model.store.database import Database
from sfterritory.model.store.override import Ending
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


class AdjustmentRoom:
    """The adjustments of one store; nothing is ever changed or removed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accept(
        self, adjustments: Sequence[NewAdjustment], *, reason: str, by: str, at: datetime
    ) -> tuple[CadenceAdjustment, ...]:
        """Append adjustments, all or none, and return them with their numbers."""
        accepted = []
        with self._database.write_durably() as connection:
            for one in adjustments:
                values: dict[str, Any] = {**asdict(one), "reason": reason, "by": by, "at": at}
                made = insert(_ADJUSTMENT).values(**values).returning(_ADJUSTMENT.c.number)
                number = connection.execute(made).scalar_one()
                accepted.append(CadenceAdjustment(number, **values))
        return tuple(accepted)

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
