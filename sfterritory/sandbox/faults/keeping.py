"""Faults in the state file: set, cleared, and noticed by a server that runs on the same file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.faults.catalogue import fault_from, fault_values
from sfterritory.sandbox.state import dump_json, stored_switches, write_meta

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from sfterritory.sandbox.faults.document import Fault
    from sfterritory.sandbox.state import SandboxState

KEY = "faults"
LAST_KEY = "last_fault"
_WATCHED = (KEY, "switches")


def add_fault(state: SandboxState, values: Mapping[str, Any]) -> int:
    """Add a fault to the org and return its number.

    Raises:
        SandboxError: There is no such fault, or it could not happen in this org.
    """
    fault = fault_from(values)
    fault.check(state)
    with state.writing() as connection:
        # A number is given out once: a running server must see that this is another fault.
        number = int(_stored(connection, LAST_KEY) or 0) + 1
        write_meta(connection, {LAST_KEY: str(number)})
        _keep(state, connection, {**kept_faults(connection), number: fault})
    return number


def clear_faults(state: SandboxState, *, number: int | None = None) -> int:
    """Take one fault or all out of the org, and return how many.

    Without any fault the clock and the schema are as they were; what happened to records stays.

    Raises:
        SandboxError: There is no fault of that number.
    """
    with state.writing() as connection:
        faults = kept_faults(connection)
        if number is not None and number not in faults:
            raise SandboxError(
                f"there is no fault {number}", remedy="`sfterritory sandbox fault list` has them"
            )
        left = {} if number is None else {n: one for n, one in faults.items() if n != number}
        _keep(state, connection, left)
    return len(faults) - len(left)


def kept_faults(connection: sqlite3.Connection) -> dict[int, Fault]:
    """Return the faults that the state file keeps, by their numbers."""
    listed = json.loads(_stored(connection, KEY) or "{}")
    return {int(number): fault_from(values) for number, values in listed.items()}


def _stored(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute("SELECT value FROM _meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def _keep(state: SandboxState, connection: sqlite3.Connection, faults: Mapping[int, Fault]) -> None:
    text = dump_json({str(number): fault_values(one) for number, one in sorted(faults.items())})
    write_meta(connection, {KEY: text})
    state.faults.replace(faults)
    state.apply_drift()


class Watch:
    """Notices what another process wrote into the state file of a running server."""

    def __init__(self, state: SandboxState) -> None:
        """Take the faults that the file keeps; its switches are taken already."""
        self._state = state
        with state.reading() as connection:
            self._seen = _watched(connection)
            state.faults.replace(kept_faults(connection))

    def look(self) -> None:
        """Take over faults and switches that have changed since the last look."""
        with self._state.reading() as connection:
            now = _watched(connection)
            if now == self._seen:
                return
            before, self._seen = self._seen, now
            faults = kept_faults(connection)
            switches = stored_switches(connection)
        if now.get(KEY) != before.get(KEY):
            self._state.faults.replace(faults)
        if now.get("switches") != before.get("switches"):
            self._state.take_switches(switches)
        self._state.apply_drift()


def _watched(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute(
        f"SELECT key, value FROM _meta WHERE key IN ({', '.join('?' * len(_WATCHED))})",  # noqa: S608 - marks
        _WATCHED,
    )
    return dict(rows.fetchall())
