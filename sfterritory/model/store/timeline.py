"""Who owned a record since when: Salesforce's history and our own journal as one list."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, select

from sfterritory.model.ids import USER_PREFIX
from sfterritory.model.plan import Outcome
from sfterritory.model.store.journal_table import JournalRow, RunRow
from sfterritory.model.store.mirror_registry import mirror_of
from sfterritory.model.store.people import (
    OwnerHistoryEntry,
    read_owner_histories,
    read_owner_history,
)
from sfterritory.model.store.run_room import ItemState
from sfterritory.model.store.tables import table_of

_JOURNAL = table_of(JournalRow)
_RUN = table_of(RunRow)
_WRITTEN = (Outcome.DONE.value, Outcome.UNVERIFIED.value)

# Both tell of the same write; the journal's time is when the batch was settled, by our clock.
SAME_WRITE_WITHIN = timedelta(minutes=15)


class Source(StrEnum):
    """Who told of a change of owner."""

    SALESFORCE = "salesforce"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class OwnerTurn:
    """One change of a record's owner.

    Attributes:
        by: A user id where Salesforce told of it, else who ran the apply.
        plan_hash: Of the plan behind it; None where it was not ours.
        run_id: Of the apply that wrote it; None where it was not ours.
    """

    at: datetime
    before: str | None
    after: str | None
    by: str | None
    source: Source
    plan_hash: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class FirstOwner:
    """The first person known to have owned a record, and since when; None where nobody knows."""

    owner_id: str
    at: datetime | None


def read_timeline(connection: Connection, record_id: str) -> tuple[OwnerTurn, ...]:
    """Return every known change of a record's owner, oldest first.

    A change that both sources know is told once, as ours, at Salesforce's time.
    """
    ours = _ours(connection, _JOURNAL.c.record_id == record_id)
    return merged(_theirs(read_owner_history(connection, record_id)), ours.get(record_id, []))


def read_first_owners(connection: Connection, object_name: str) -> Mapping[str, FirstOwner]:
    """Return the first person of every record's timeline that names one, by record id."""
    theirs = read_owner_histories(connection, object_name)
    ours = _ours(connection, _JOURNAL.c.object_name == object_name)
    created = read_created(connection, object_name)
    first = {}
    for record_id in sorted({*theirs, *ours}):
        turns = merged(_theirs(theirs.get(record_id, ())), ours.get(record_id, []))
        found = first_person(turns, created_at=created.get(record_id))
        if found is not None:
            first[record_id] = found
    return first


def read_owners_since(connection: Connection, object_name: str) -> Mapping[str, datetime]:
    """Return when each record last changed owner, by record id, where a change is known."""
    theirs = read_owner_histories(connection, object_name)
    ours = _ours(connection, _JOURNAL.c.object_name == object_name)
    since: dict[str, datetime] = {}
    for record_id in sorted({*theirs, *ours}):
        turns = merged(_theirs(theirs.get(record_id, ())), ours.get(record_id, []))
        since[record_id] = turns[-1].at
    return since


def first_person(turns: Sequence[OwnerTurn], *, created_at: datetime | None) -> FirstOwner | None:
    """Return the first user among the owners of a timeline, None where only queues had the record.

    Whoever was replaced by the first change is taken to have had the record since its creation.
    """
    if turns and _is_person(turns[0].before):
        return FirstOwner(str(turns[0].before), created_at)
    return next(
        (FirstOwner(str(turn.after), turn.at) for turn in turns if _is_person(turn.after)), None
    )


def merged(history: Sequence[OwnerTurn], ours: Sequence[OwnerTurn]) -> tuple[OwnerTurn, ...]:
    """Return both lists as one; each of our turns takes the nearest matching one of history."""
    left = list(history)
    turns = []
    for turn in ours:
        same = [
            other
            for other in left
            if (other.before, other.after) == (turn.before, turn.after)
            and abs(other.at - turn.at) <= SAME_WRITE_WITHIN
        ]
        if not same:
            turns.append(turn)
            continue
        nearest = min(same, key=lambda other: abs(other.at - turn.at))
        left.remove(nearest)
        turns.append(replace(turn, at=nearest.at))
    return tuple(sorted([*left, *turns], key=lambda turn: (turn.at, turn.source)))


def _is_person(owner_id: str | None) -> bool:
    return owner_id is not None and owner_id.startswith(USER_PREFIX)


def _theirs(entries: Sequence[OwnerHistoryEntry]) -> list[OwnerTurn]:
    return [
        OwnerTurn(entry.at, entry.before, entry.after, entry.by, Source.SALESFORCE)
        for entry in entries
    ]


def _ours(connection: Connection, condition: ColumnElement[bool]) -> dict[str, list[OwnerTurn]]:
    query = (
        select(_JOURNAL, _RUN.c.who, _RUN.c.plan_hash)
        .join(_RUN, _RUN.c.id == _JOURNAL.c.run_id)
        .where(
            condition,
            _JOURNAL.c.state == ItemState.SETTLED.value,
            _JOURNAL.c.outcome.in_(_WRITTEN),
        )
        .order_by(_JOURNAL.c.at, _JOURNAL.c.run_id)
    )
    turns: dict[str, list[OwnerTurn]] = {}
    for row in connection.execute(query):
        sent, found, read_back = (json.loads(t) for t in (row.sent, row.found, row.read_back))
        before = found.get("OwnerId")
        after = read_back.get("OwnerId", sent.get("OwnerId"))
        if after is not None and after != before:
            turn = OwnerTurn(row.at, before, after, row.who, Source.RUN, row.plan_hash, row.run_id)
            turns.setdefault(row.record_id, []).append(turn)
    return turns


def read_created(connection: Connection, object_name: str) -> Mapping[str, datetime]:
    """Return when each record was created, by record id."""
    table = mirror_of(object_name).table
    query = select(table.c.id, table.c.created_date).where(table.c.created_date.is_not(None))
    return {row.id: row.created_date for row in connection.execute(query)}
