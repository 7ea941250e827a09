"""The org's own assignment rules: what `Sforce-Auto-Assign: TRUE`, the default, runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from sfterritory.sandbox.schema import ObjectDef


def ruled_owner(
    connection: sqlite3.Connection, described: ObjectDef, row: Mapping[str, Any]
) -> str | None:
    """Return the owner that the object's active rule gives a record, or None if no entry fits."""
    entries = connection.execute(
        "SELECT field, allowed, owner_id FROM _assignment_entry "
        "JOIN _assignment_rule ON rule_id = id WHERE object = ? AND active ORDER BY position",
        (described.name,),
    )
    for field, allowed, owner_id in entries:
        value = row.get(field)
        if value is not None and str(value).casefold() in json.loads(allowed):
            return str(owner_id)
    return None


def add_assignment_rule(
    connection: sqlite3.Connection,
    rule_id: str,
    *,
    object_name: str,
    name: str,
    entries: list[tuple[str, tuple[str, ...], str]],
) -> None:
    """Store an active rule; its entries (field, values, owner) are tried in order."""
    connection.execute(
        "UPDATE _assignment_rule SET active = 0 WHERE object = ?", (object_name,)
    )  # an object has one active rule
    connection.execute(
        "INSERT INTO _assignment_rule VALUES (?, ?, ?, 1)", (rule_id, object_name, name)
    )
    connection.executemany(
        "INSERT INTO _assignment_entry VALUES (?, ?, ?, ?, ?)",
        [
            (rule_id, position, field, json.dumps([one.casefold() for one in allowed]), owner_id)
            for position, (field, allowed, owner_id) in enumerate(entries, start=1)
        ],
    )
