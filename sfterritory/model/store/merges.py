"""Records that were merged away: who they live on in, and references that still name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, select, update

from sfterritory.model.store.mirror_registry import MIRRORS, mirror_of

MERGED_OBJECTS = ("Account", "Contact", "Lead")  # what Salesforce can merge

# (object, field, object that the field refers to)
_REFERENCES = (
    ("Account", "ParentId", "Account"),
    ("Contact", "AccountId", "Account"),
    ("Opportunity", "AccountId", "Account"),
    ("Case", "AccountId", "Account"),
    ("Case", "ContactId", "Contact"),
    ("Lead", "ConvertedAccountId", "Account"),
    ("AccountTeamMember", "AccountId", "Account"),
    ("ObjectTerritory2Association", "ObjectId", "Account"),
    ("ObjectTerritory2Association", "ObjectId", "Lead"),
    ("Task", "AccountId", "Account"),
    ("Task", "WhatId", "Account"),
    ("Task", "WhoId", "Contact"),
    ("Task", "WhoId", "Lead"),
)


def masters(connection: Connection, object_name: str) -> Mapping[str, str]:
    """Return the last winner of every record merged away, by its id; {} where none can be.

    A circle, which Salesforce never makes, is left out.
    """
    mirror = mirror_of(object_name)
    if object_name not in MERGED_OBJECTS:
        return {}
    table = mirror.table
    query = select(table.c.id, table.c.master_record_id).where(
        table.c.master_record_id.is_not(None)
    )
    direct = {
        row.id: row.master_record_id for row in connection.execute(query.order_by(table.c.id))
    }
    found = {}
    for loser, master in direct.items():
        seen, winner = {loser}, master
        while winner in direct and winner not in seen:
            seen.add(winner)
            winner = direct[winner]
        if winner not in seen:
            found[loser] = winner
    return found


def follow(connection: Connection) -> int:
    """Let references to merged records name the winner; return how many changed."""
    known = {name: masters(connection, name) for name in MERGED_OBJECTS}
    return sum(
        _redirect(connection, column, target, known[target])
        for column, target in _references()
        if known[target]
    )


def _references() -> Iterator[tuple[Column[Any], str]]:
    """Yield every column that refers to what can be merged; several objects may share one."""
    seen = set()
    for object_name, field, target in _REFERENCES:
        column = MIRRORS[object_name].columns[field]
        if (str(column), target) not in seen:
            seen.add((str(column), target))
            yield column, target


def _redirect(
    connection: Connection, column: Column[Any], target: str, winners: Mapping[str, str]
) -> int:
    merged = mirror_of(target).table.c
    losers = select(merged.id).where(merged.master_record_id.is_not(None))
    named = select(column).where(column.in_(losers)).distinct().order_by(column)
    changed = 0
    for loser in connection.execute(named).scalars().all():
        if loser in winners:
            statement = update(column.table).where(column == loser)
            changed += connection.execute(statement.values({column.name: winners[loser]})).rowcount
    return changed
