"""Merging records: the losers are deleted and name their master, what hung on them hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.history import record_event
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.row_store import change_row, system_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sfterritory.sandbox.schema import FieldDef, ObjectDef
    from sfterritory.sandbox.transaction import Transaction

MERGEABLE = ("Account", "Contact", "Lead")
MOST_LOSERS = 2
_STAY = frozenset({"MasterRecordId", "PersonContactId"})


def merge_rows(
    tx: Transaction,
    described: ObjectDef,
    master: Mapping[str, Any],
    losers: Sequence[Mapping[str, Any]],
) -> None:
    """Merge one or two records into another one.

    Raises:
        RefusedError: The object cannot be merged, or not these records.
    """
    if described.name not in MERGEABLE:
        raise RefusedError("INVALID_OPERATION", f"{described.name} records cannot be merged")
    ids = [str(one["Id"]) for one in losers]
    if not 1 <= len(set(ids)) == len(ids) <= MOST_LOSERS or master["Id"] in ids:
        raise RefusedError(
            "INVALID_NUMBER_FOR_MERGE", f"merge one or two other records, not {len(ids)}"
        )
    if any(one.get("IsPersonAccount") for one in (master, *losers)):
        raise RefusedError("INVALID_OPERATION", "the sandbox does not merge person accounts")
    for loser in losers:
        _move_references(tx, described, str(loser["Id"]), str(master["Id"]))
        change_row(tx, described, loser, {"IsDeleted": 1, "MasterRecordId": master["Id"]})
        if tx.switches.merge_history:
            name = f"{described.name.lower()}Merged"
            record_event(tx, described, str(master["Id"]), name)
    change_row(tx, described, master, {})


def _move_references(tx: Transaction, described: ObjectDef, loser: str, master: str) -> None:
    """Let everything that refers to the loser refer to the master: a change of the system's."""
    for child, field in _referring(described):
        found = tx.connection.execute(
            f'SELECT * FROM "{child.name}" WHERE "{field.name}" = ? ORDER BY Id',  # noqa: S608 - names of our own schema
            (loser,),
        )
        names = [column[0] for column in found.description]
        for values in found.fetchall():
            row = dict(zip(names, values, strict=True))
            if _is_there(tx, child, {**row, field.name: master}):
                tx.connection.execute(f'DELETE FROM "{child.name}" WHERE Id = ?', (row["Id"],))  # noqa: S608 - names of our own schema
            else:
                system_change(tx, child, row["Id"], {field.name: master})


def _referring(described: ObjectDef) -> Iterator[tuple[ObjectDef, FieldDef]]:
    for child in EVERYTHING.objects.values():
        if child.history_of is None:
            for field in child.columns:
                if described.name in field.reference_to and field.name not in _STAY:
                    yield child, field


def _is_there(tx: Transaction, described: ObjectDef, row: Mapping[str, Any]) -> bool:
    """Whether the master has such a row already: the same user in its team, say."""
    key = described.unique_together
    if not key:
        return False
    compared = " AND ".join(f'"{name}" = ?' for name in key)
    found = tx.connection.execute(
        f'SELECT 1 FROM "{described.name}" WHERE {compared} AND Id != ?',  # noqa: S608 - names of our own schema
        (*(row[name] for name in key), row["Id"]),
    ).fetchone()
    return found is not None
