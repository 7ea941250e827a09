"""The faults of an org, and how often each has struck since the server started."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sfterritory.sandbox.faults.document import Fault, RequestFault, RowFault
from sfterritory.sandbox.faults.rows import FailRows, LockRows, RewriteRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from random import Random

    from sfterritory.sandbox.faults.drift import Drift
    from sfterritory.sandbox.faults.request import FaultRequest
    from sfterritory.sandbox.refusal import RefusedError
    from sfterritory.sandbox.schema import ObjectDef


@dataclass(slots=True)
class Standing:
    """A fault with its count.

    Attributes:
        number: Its name in the org: 1, 2, ...
        seen: Requests or rows that it was for.
        fired: How many of them it struck.
        rows_before: The org's count of rows when it was added.
    """

    number: int
    fault: Fault
    rows_before: int = 0
    seen: int = 0
    fired: int = 0
    attempts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that strikes at this request, with its dice."""

    fault: RequestFault
    dice: Random


class FaultBook:
    """What is to go wrong. Safe to be asked from several threads.

    Attributes:
        clock_offset: How far the org's clock is off.
        drifts: Changes of the schema that have happened.
    """

    def __init__(self, faults: Mapping[int, Fault]) -> None:
        """Start counting for faults by their numbers."""
        self._lock = threading.Lock()
        self._rows = 0
        self._standing: dict[int, Standing] = {}
        self.clock_offset = timedelta()
        self.drifts: list[Drift] = []
        self.replace(faults)

    def replace(self, faults: Mapping[int, Fault]) -> None:
        """Take these faults in place of those before; the same ones go on counting.

        Without any fault the clock and the schema are as they were.
        """
        with self._lock:
            before = self._standing
            self._standing = {
                number: before[number]
                if number in before and before[number].fault == fault
                else Standing(number, fault, rows_before=self._rows)
                for number, fault in sorted(faults.items())
            }
            if not self._standing:
                self.clock_offset = timedelta()
                self.drifts.clear()

    @property
    def active(self) -> bool:
        """Whether any fault looks at requests."""
        return any(isinstance(one.fault, RequestFault) for one in self._standing.values())

    def has(self, kind: type[Fault]) -> bool:
        """Whether there is a fault of that kind."""
        return any(isinstance(one.fault, kind) for one in self._standing.values())

    @property
    def counts_rows(self) -> bool:
        """Whether any fault waits for a number of rows."""
        return any(
            isinstance(one.fault, RequestFault) and one.fault.after_rows
            for one in self._standing.values()
        )

    def listed(self) -> list[Standing]:
        """Return every fault with its count, in the order of their numbers."""
        with self._lock:
            return list(self._standing.values())

    def count_rows(self, rows: int) -> None:
        """Count rows that the org has answered or saved."""
        with self._lock:
            self._rows += rows

    def strikes(self, request: FaultRequest) -> list[Strike]:
        """Return the faults that strike at a request, in the order of their numbers."""
        with self._lock:
            return [
                Strike(one.fault, one.fault.dice("strike", one.seen))
                for one in self._standing.values()
                if isinstance(one.fault, RequestFault)
                and one.fault.concerns(request)
                and _counted(
                    one,
                    one.fault.strikes(
                        one.seen + 1, fired=one.fired, rows=self._rows - one.rows_before
                    ),
                )
            ]

    def row_refusal(
        self, described: ObjectDef, operation: str, record_id: str
    ) -> RefusedError | None:
        """Return why a record is not saved, or None; asked before each save."""
        for fault in self._row_strikes((LockRows, FailRows), described, operation, record_id):
            if isinstance(fault, LockRows | FailRows):
                return fault.refusal(record_id)
        return None

    def rewrites(self, described: ObjectDef, operation: str, record_id: str) -> list[RewriteRows]:
        """Return what automation does to a record; asked after each save."""
        found = self._row_strikes((RewriteRows,), described, operation, record_id)
        return [one for one in found if isinstance(one, RewriteRows)]

    def _row_strikes(
        self,
        kinds: tuple[type[RowFault], ...],
        described: ObjectDef,
        operation: str,
        record_id: str,
    ) -> Iterable[Fault]:
        if not self._standing:
            return []
        with self._lock:
            return [
                one.fault
                for one in self._standing.values()
                if isinstance(one.fault, kinds)
                and (one.fault.object or described.name).lower() == described.name.lower()
                and one.fault.operation in {None, operation}
                and _counted(one, _row_struck(one, one.fault, record_id))
            ]


def _row_struck(standing: Standing, fault: RowFault, record_id: str) -> bool:
    key = record_id or str(standing.seen)  # a record that is created has no id yet
    if not fault.due(standing.seen + 1, standing.fired) or not fault.chosen(key):
        return False
    standing.attempts[key] += 1
    return fault.attempts is None or standing.attempts[key] <= fault.attempts


def _counted(standing: Standing, strikes: bool) -> bool:  # noqa: FBT001 - what was decided
    standing.seen += 1
    standing.fired += strikes
    return strikes
