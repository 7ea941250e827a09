"""Which version of territories counts from when on; choices are only ever added or withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from sfterritory.model.store.result_table import TerritoryChoiceRow
from sfterritory.model.store.tables import table_of

_CHOICE = table_of(TerritoryChoiceRow)
_LAST_FIRST = (
    _CHOICE.c.effective_at.desc(),
    _CHOICE.c.chosen_at.desc(),
    _CHOICE.c.number.desc(),
)


@dataclass(frozen=True, slots=True)
class TerritoryChoice:
    """From when on a version counts.

    Attributes:
        scenario: The name of the scenario that it was activated as, None after a build.
    """

    version_id: str
    effective_at: datetime
    chosen_at: datetime
    scenario: str | None


def read_in_force(connection: Connection, *, as_of: datetime | None) -> TerritoryChoice | None:
    """Return the choice with the last date up to a moment, None where there is none.

    What counted as soon as it was chosen is found whatever the moment: clocks of machines differ
    by seconds, and a build must not be overlooked by the command after it.
    """
    counting = _CHOICE.c.effective_at <= _CHOICE.c.chosen_at
    if as_of is not None:
        counting = or_(counting, _CHOICE.c.effective_at <= as_of)
    rows = _standing(connection, counting)
    return _choice(rows[0]) if rows else None


def read_upcoming(connection: Connection, *, as_of: datetime) -> tuple[TerritoryChoice, ...]:
    """Return what counts after a moment, the nearest date first.

    Of several for the same date the one chosen last counts, and it alone is returned.
    """
    ahead = (_CHOICE.c.effective_at > as_of) & (_CHOICE.c.effective_at > _CHOICE.c.chosen_at)
    by_date: dict[datetime, TerritoryChoice] = {}
    for row in _standing(connection, ahead):
        by_date.setdefault(row.effective_at, _choice(row))
    return tuple(by_date[date] for date in sorted(by_date))


def insert_choice(connection: Connection, choice: TerritoryChoice) -> None:
    """Store from when on a version counts."""
    values = {
        "version_id": choice.version_id,
        "effective_at": choice.effective_at,
        "chosen_at": choice.chosen_at,
        "scenario": choice.scenario,
    }
    connection.execute(insert(_CHOICE).values(**values))


def withdraw_choices(connection: Connection, scenario: str, *, now: datetime) -> None:
    """Let no choice of a scenario count any more."""
    standing = (_CHOICE.c.scenario == scenario) & _CHOICE.c.withdrawn_at.is_(None)
    connection.execute(update(_CHOICE).where(standing).values(withdrawn_at=now))


def was_chosen(connection: Connection, version_id: str) -> bool:
    """Tell whether a version ever counted or was to count, withdrawn or not."""
    query = select(_CHOICE.c.number).where(_CHOICE.c.version_id == version_id).limit(1)
    return connection.execute(query).one_or_none() is not None


def _standing(connection: Connection, condition: ColumnElement[bool]) -> list[Row[Any]]:
    query = select(_CHOICE).where(_CHOICE.c.withdrawn_at.is_(None), condition)
    return list(connection.execute(query.order_by(*_LAST_FIRST)))


def _choice(row: Row[Any]) -> TerritoryChoice:
    return TerritoryChoice(row.version_id, row.effective_at, row.chosen_at, row.scenario)
