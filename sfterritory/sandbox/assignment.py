"""The org's own assignment rules: what `Sforce-Auto-Assign: TRUE`, the default, runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.refusal import RefusedError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from sfterritory.sandbox.schema import ObjectDef
    from sfterritory.sandbox.switches import Switches

RULED = frozenset({"Case", "Lead"})


def rule_asked(header: str | None, switches: Switches) -> tuple[bool, str | None]:
    """Return whether assignment rules run, and the one rule that a `Sforce-Auto-Assign` names.

    Without the header they run: the platform's default.
    """
    text = (header or "TRUE").strip()
    if switches.auto_assign_header_ignored or text.upper() == "TRUE":
        return True, None
    return (False, None) if text.upper() == "FALSE" else (True, text)


def ruled_owner(
    connection: sqlite3.Connection,
    described: ObjectDef,
    row: Mapping[str, Any],
    *,
    rule_id: str | None = None,
) -> str | None:
    """Return the owner that a rule gives a record, or None if no entry fits.

    Args:
        connection: Of the transaction.
        described: The record's object.
        row: The record.
        rule_id: The rule to run; by default the object's active one.

    Raises:
        RefusedError: The object has no rule of that id.
    """
    if rule_id is None:
        chosen = connection.execute(
            "SELECT Id FROM AssignmentRule WHERE SobjectType = ? AND Active = 1", (described.name,)
        ).fetchone()
    else:
        chosen = connection.execute(
            "SELECT Id FROM AssignmentRule WHERE SobjectType = ? AND substr(Id, 1, 15) = ?",
            (described.name, rule_id[:15]),
        ).fetchone()
        if chosen is None:
            raise RefusedError(
                "INVALID_ASSIGNMENT_RULE", f"invalid assignment rule: {rule_id[:80]}"
            )
    return None if chosen is None else _first_fitting(connection, chosen[0], row)


def _first_fitting(
    connection: sqlite3.Connection, rule_id: str, row: Mapping[str, Any]
) -> str | None:
    entries = connection.execute(
        "SELECT field, allowed, owner_id FROM _assignment_entry WHERE rule_id = ? "
        "ORDER BY position",
        (rule_id,),
    )
    for field, allowed, owner_id in entries:
        value = row.get(field)
        if value is not None and str(value).casefold() in json.loads(allowed):
            return str(owner_id)
    return None


def add_assignment_rule(  # noqa: PLR0913 - a rule is these facts
    connection: sqlite3.Connection,
    rule_id: str,
    *,
    object_name: str,
    name: str,
    entries: list[tuple[str, tuple[str, ...], str]],
    stamps: Mapping[str, str],
    active: bool = True,
) -> None:
    """Store a rule; its entries (field, values, owner) are tried in order.

    Args:
        connection: Of the transaction.
        rule_id: Its id.
        object_name: Lead or Case.
        name: What people call it.
        entries: Field, values and owner of each.
        stamps: CreatedDate and the rest of the audit fields.
        active: Whether it takes the place of the object's active rule.
    """
    if active:  # an object has one
        connection.execute(
            "UPDATE AssignmentRule SET Active = 0 WHERE SobjectType = ?", (object_name,)
        )
    row = {"Id": rule_id, "Name": name, "SobjectType": object_name, "Active": int(active), **stamps}
    columns = ", ".join(row)
    marks = ", ".join("?" * len(row))
    connection.execute(
        f"INSERT INTO AssignmentRule ({columns}) VALUES ({marks})",  # noqa: S608 - names of our own
        tuple(row.values()),
    )
    connection.executemany(
        "INSERT INTO _assignment_entry VALUES (?, ?, ?, ?, ?)",
        [
            (rule_id, position, field, json.dumps([one.casefold() for one in allowed]), owner_id)
            for position, (field, allowed, owner_id) in enumerate(entries, start=1)
        ],
    )
