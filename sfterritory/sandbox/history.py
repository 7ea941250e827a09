"""Field history: rows that the server alone writes.

A changed lookup makes two rows of one second: one with names, one with ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.state import insert_rows, take_ids

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from sfterritory.sandbox.save import Saver
    from sfterritory.sandbox.schema import FieldDef, ObjectDef

_NO_DATA_TYPE = None
_COLUMNS = ("CreatedById", "CreatedDate", "Field", "DataType", "OldValue", "NewValue")


def record_changes(
    saver: Saver, described: ObjectDef, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Write history for every tracked field whose value changed."""
    changed = [one for one in described.tracked if before[one.name] != after[one.name]]
    entries = [
        entry
        for field in changed
        for entry in change_entries(
            saver.connection,
            field,
            before[field.name],
            after[field.name],
            data_types=saver.switches.history_data_types,
        )
    ]
    _write(saver, described, before["Id"], entries)


def record_creation(saver: Saver, described: ObjectDef, row: Mapping[str, Any]) -> None:
    """Write the row that says a record was created."""
    _write(saver, described, row["Id"], [("created", _NO_DATA_TYPE, None, None)])


def change_entries(
    connection: sqlite3.Connection,
    field: FieldDef,
    old: Any,
    new: Any,
    *,
    data_types: bool,
) -> list[tuple[str, str | None, Any, Any]]:
    """Return the history entries of one change: field, data type, old value, new value."""
    name = field.name_in_history or field.name
    if field.type != "reference":
        return [(name, "Text" if data_types else _NO_DATA_TYPE, _shown(old), _shown(new))]
    names = (name_of(connection, old), name_of(connection, new))
    return [
        (name, "Text" if data_types else _NO_DATA_TYPE, *names),
        (name, "EntityId" if data_types else _NO_DATA_TYPE, old, new),
    ]


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


def _write(
    saver: Saver,
    described: ObjectDef,
    record_id: str,
    entries: list[tuple[str, str | None, Any, Any]],
) -> None:
    history = saver.schema.history_of(described.name)
    if history is None or not entries:
        return
    moment = stored(saver.now)
    history_rows(
        saver.connection,
        history,
        ((record_id, saver.user_id, moment, *entry) for entry in entries),
    )


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)
