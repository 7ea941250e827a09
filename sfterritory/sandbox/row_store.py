"""Writing rows with their stamps and their history, without asking whether it is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.history import record_changes, record_event
from sfterritory.sandbox.state import take_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfterritory.sandbox.schema import ObjectDef
    from sfterritory.sandbox.transaction import Transaction

Values = dict[str, Any]


def insert_row(tx: Transaction, described: ObjectDef, row: Mapping[str, Any]) -> str:
    """Insert a record by column name and return its id; what is left out takes its default."""
    (record_id,) = take_ids(tx.connection, described.sequence_prefix, 1)
    whole: Values = {one.name: one.default for one in described.columns}
    whole |= {**row, "Id": record_id, **_creation_stamps(tx, described)}
    names = ", ".join(f'"{name}"' for name in whole)
    marks = ", ".join("?" * len(whole))
    tx.connection.execute(
        f'INSERT INTO "{described.name}" ({names}) VALUES ({marks})',  # noqa: S608 - names of our own schema
        tuple(whole.values()),
    )
    record_event(tx, described, record_id, "created")
    return record_id


def change_row(
    tx: Transaction,
    described: ObjectDef,
    before: Mapping[str, Any],
    changes: Mapping[str, Any],
    *,
    owner_by_rule: bool = False,
) -> Values:
    """Change columns of a record as its user's work; return the record as it is now."""
    stamps = edit_stamps(tx, described)
    _write(tx, described, str(before["Id"]), {**changes, **stamps})
    after = {**before, **changes, **stamps}
    record_changes(tx, described, before, after, owner_by_rule=owner_by_rule)
    return after


def system_change(
    tx: Transaction, described: ObjectDef, record_id: str, changes: Mapping[str, Any]
) -> None:
    """Change columns in the background: SystemModstamp moves, LastModifiedDate does not."""
    stamp = {"SystemModstamp": tx.stamp} if described.has("SystemModstamp") else {}
    _write(tx, described, record_id, {**changes, **stamp})


def edit_stamps(tx: Transaction, described: ObjectDef) -> Values:
    """Return what every change by a user writes."""
    stamps = {
        "LastModifiedDate": tx.stamp,
        "LastModifiedById": tx.user_id,
        "SystemModstamp": tx.stamp,
    }
    return {name: value for name, value in stamps.items() if described.has(name)}


def _creation_stamps(tx: Transaction, described: ObjectDef) -> Values:
    created = {"CreatedDate": tx.stamp, "CreatedById": tx.user_id}
    own = {name: value for name, value in created.items() if described.has(name)}
    return own | edit_stamps(tx, described)


def _write(
    tx: Transaction, described: ObjectDef, record_id: str, written: Mapping[str, Any]
) -> None:
    if not written:
        return
    names = ", ".join(f'"{name}" = ?' for name in written)
    tx.connection.execute(
        f'UPDATE "{described.name}" SET {names} WHERE Id = ?',  # noqa: S608 - names of our own schema
        (*written.values(), record_id),
    )
