"""Field history: rows that the server alone writes.

A changed lookup makes two rows of one second: one with names, one with ids. Nothing is written
about a field that is not tracked, and nothing at all about an object without a tracked field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.state import insert_rows, take_ids

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from sfterritory.sandbox.schema import FieldDef, ObjectDef
    from sfterritory.sandbox.transaction import Transaction

_NO_DATA_TYPE = None
_COLUMNS = ("CreatedById", "CreatedDate", "Field", "DataType", "OldValue", "NewValue")
_QUEUE_PREFIX = "00G"

# Field, data type, old value, new value.
Entry = tuple[str, str | None, Any, Any]


def record_changes(
    tx: Transaction,
    described: ObjectDef,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    owner_by_rule: bool = False,
) -> None:
    """Write history for every tracked field whose value changed.

    Args:
        tx: Who writes, and when.
        described: The object with all its fields.
        before: The stored values.
        after: The new ones.
        owner_by_rule: An assignment rule chose the owner.
    """
    entries: list[Entry] = []
    for field in tx.rules.tracked(described):
        old, new = before[field.name], after[field.name]
        if old != new:
            name = field.name
            if name == "OwnerId":
                name = _owner_name(tx, described, old, new, by_rule=owner_by_rule)
            entries += change_entries(tx, field, old, new, name=name)
    _write(tx, described, before["Id"], entries)


def record_event(tx: Transaction, described: ObjectDef, record_id: str, name: str) -> None:
    """Write the row that says what happened to a record: `created`, `leadConverted`."""
    if tx.rules.tracked(described):
        _write(tx, described, record_id, [(name, _NO_DATA_TYPE, None, None)])


def change_entries(
    tx: Transaction, field: FieldDef, old: Any, new: Any, *, name: str
) -> list[Entry]:
    """Return the history entries of one change."""
    text = "Text" if tx.switches.history_data_types else _NO_DATA_TYPE
    if field.type != "reference":
        return [(name, text, _shown(old), _shown(new))]
    ids = "EntityId" if tx.switches.history_data_types else _NO_DATA_TYPE
    names = (name_of(tx.connection, old), name_of(tx.connection, new))
    return [(name, text, *names), (name, ids, old, new)]


def history_rows(
    connection: sqlite3.Connection,
    history: ObjectDef,
    entries: Iterable[Sequence[Any]],
) -> int:
    """Insert history rows: parent id, author, moment, field, data type, old, new; return how many.

    For histories that lie in the past; changes made by a save write their own.
    """
    rows = list(entries)
    ids = take_ids(connection, history.sequence_prefix, len(rows))
    return insert_rows(
        connection,
        history,
        ("Id", "IsDeleted", str(history.history_parent), *_COLUMNS),
        ((record_id, 0, *row) for record_id, row in zip(ids, rows, strict=True)),
    )


def name_of(connection: sqlite3.Connection, owner_id: str | None) -> str | None:
    """Return the name of a user or queue."""
    if owner_id is None:
        return None
    found = connection.execute("SELECT Name FROM _Name WHERE Id = ?", (owner_id,)).fetchone()
    return None if found is None else str(found[0])


def _owner_name(tx: Transaction, described: ObjectDef, old: str, new: str, *, by_rule: bool) -> str:
    """Return what history calls a change of the owner."""
    if described.name != "Case":
        return tx.switches.history_owner_field
    if by_rule:
        return "ownerAssignment"
    accepted = old.startswith(_QUEUE_PREFIX) and new == tx.user_id
    return "ownerAccepted" if accepted else "Owner"


def _write(tx: Transaction, described: ObjectDef, record_id: str, entries: list[Entry]) -> None:
    history = EVERYTHING.history_of(described.name)
    if history is None or not entries:
        return
    history_rows(
        tx.connection,
        history,
        ((record_id, tx.user_id, tx.stamp, *entry) for entry in entries),
    )


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)
