"""What a run leaves, in a form in which two runs can be held against each other.

A run that met a fault has to leave what its twin left that met none: the same rows and the same
snapshot in the store, the same outcomes in the log, the same records and history in the org.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from end_to_end.desk import Desk, Row, owner_moves, records
from sfterritory.sandbox.running import SandboxHandle

# When something happened: a run that was delayed differs in nothing else.
_MOMENTS = frozenset(
    {"LastModifiedDate", "SystemModstamp", "CreatedDate", "Owner_Since__c", "First_Assigned_At__c"}
)
# Tables of the store that tell when and how often, not what.
_NOT_CONTENT = frozenset({"activity", "lease", "snapshot", "pull_cursor", "pull_watermark"})


@dataclass(frozen=True, slots=True)
class Stored:
    """What a pull leaves.

    Attributes:
        tables: Every row that says what was pulled, by table.
    """

    snapshot_id: str
    tables: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Settled:
    """What an apply leaves, but for the moments.

    Attributes:
        records: Accounts and leads of the org by object and id.
        history: (record, old owner, new owner) of the org's owner history.
        outcomes: Record, outcome, code, and the fields that were sent, as the log has them.
    """

    records: dict[str, dict[str, Row]]
    history: list[tuple[str, str, str]]
    outcomes: list[tuple[str, str, str, Row]]


def stored(desk: Desk) -> Stored:
    """Return what the pulls of a project have left in its store."""
    return Stored(desk.ask("status")["snapshot_id"], content(desk))


def settled(desk: Desk, org: SandboxHandle) -> Settled:
    """Return what the one apply of a project has left in the org and in the log."""
    (run,) = {line["facts"]["run"] for line in desk.ask("log") if line["kind"] == "apply"}
    outcomes = (
        (one["record_id"], one["outcome"], one["code"], _timeless(one["sent"]))
        for one in desk.ask("log", run)["records"]
    )
    return Settled(written(org), owner_moves(org), sorted(outcomes, key=lambda one: one[0]))


def content(desk: Desk) -> dict[str, list[Any]]:
    """Return every row of the store that says what was pulled."""
    with closing(sqlite3.connect(desk.store_file)) as store:
        names = [
            name
            for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name not in _NOT_CONTENT
        ]
        return {name: sorted(store.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}  # noqa: S608 - our own names


def written(org: SandboxHandle) -> dict[str, dict[str, Row]]:
    """Return what an apply leaves in the org's accounts and leads, but for the moments."""
    return {
        name: {key: _timeless(row) for key, row in rows.items()}
        for name, rows in records(org, "Account", "Lead").items()
    }


def _timeless(row: Row) -> Row:
    return {field: value for field, value in row.items() if field not in _MOMENTS}
