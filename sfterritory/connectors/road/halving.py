"""Asking an engine for a block, in smaller ones where it refuses."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sfterritory.connectors.road.breaker import FAILURES_IN_A_ROW
from sfterritory.connectors.road.engine import (
    BlockRefusedError,
    EngineFailedError,
    Refusal,
    RoadEngine,
    Table,
)
from sfterritory.model.travel import Points

# What a pair gets that is refused on its own: no way is infinite, no answer NaN.
_LAST_PAIR: Final = {Refusal.NO_WAY: np.inf, Refusal.TOO_FAR: np.nan}
# An engine that refuses whatever it is asked would else be asked for each pair on its own.
_REFUSALS_IN_A_ROW: Final = 50

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Halved:
    """What came of one block.

    Attributes:
        table: NaN where no answer came.
        failure: The last reason why a part got no usable answer; None where all parts did.
        answered: Whether any part did.
    """

    table: Table
    failure: EngineFailedError | None
    answered: bool


class Halving:
    """Halves every refused block until the engine takes it, or one pair is left.

    A size that was refused as too large is not asked for again. Large parts come before small
    ones, so what the engine can answer is known before it is asked for single pairs.
    """

    def __init__(self, engine: RoadEngine) -> None:
        self._engine = engine
        self._refused_places: float = np.inf

    def ask(self, origins: Points, destinations: Points) -> Halved:
        """Return what the engine says of a block; a part without an answer spoils no other."""
        so_far = _SoFar(Table(*np.full((2, len(origins), len(destinations)), np.nan)))
        waiting = deque([(np.arange(len(origins)), np.arange(len(destinations)))])
        while waiting and not so_far.given_up:
            rows, columns = waiting.popleft()
            pair = len(rows) + len(columns) == 2
            if not pair and len(rows) + len(columns) >= self._refused_places:
                waiting.extend(_halves(rows, columns))
                continue
            try:
                told = self._engine.table(origins.taken(rows), destinations.taken(columns))
            except EngineFailedError as error:
                so_far.failed(error)
            except BlockRefusedError as refused:
                if refused.refusal is Refusal.SIZE and not pair:
                    self._refused_places = min(len(rows) + len(columns), self._refused_places)
                if pair and refused.refusal in _LAST_PAIR:
                    value = np.full((1, 1), _LAST_PAIR[refused.refusal])
                    so_far.took(Table(value, value), rows, columns)
                    continue
                so_far.refused(refused, pair=pair)
                waiting.extend(() if pair else _halves(rows, columns))
            else:
                so_far.took(told, rows, columns)
        return Halved(so_far.table, so_far.failure, so_far.answered)


@dataclass(slots=True)
class _SoFar:
    """What is known of a block, and how the last requests for its parts went."""

    table: Table
    failure: EngineFailedError | None = None
    answered: bool = False
    failures_in_a_row: int = 0
    refusals_in_a_row: int = 0

    @property
    def given_up(self) -> bool:
        return (
            self.failures_in_a_row >= FAILURES_IN_A_ROW
            or self.refusals_in_a_row >= _REFUSALS_IN_A_ROW
        )

    def took(self, told: Table, rows: Rows, columns: Rows) -> None:
        cells = np.ix_(rows, columns)
        self.table.minutes[cells], self.table.km[cells] = told.minutes, told.km
        self.answered = True
        self.failures_in_a_row = self.refusals_in_a_row = 0

    def failed(self, error: EngineFailedError) -> None:
        self.failure = error
        self.failures_in_a_row += 1

    def refused(self, refused: BlockRefusedError, *, pair: bool) -> None:
        """Take note of a refusal; one that tells neither a size nor a missing way may go on."""
        self.refusals_in_a_row += refused.refusal is Refusal.OTHER
        if pair or self.given_up:
            self.failure = EngineFailedError(
                f"the engine refuses even one pair of places: {refused.words}"
                if pair
                else f"the engine refuses {self.refusals_in_a_row} requests in a row: "
                f"{refused.words}",
                remedy="check travel.profile, the engine's limits, and the coordinates of accounts "
                "and homes",
            )


def _halves(rows: Rows, columns: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Yield the halves of the longer side with all of the other."""
    longer = rows if len(rows) >= len(columns) else columns
    for half in (longer[: len(longer) // 2], longer[len(longer) // 2 :]):
        yield (half, columns) if longer is rows else (rows, half)
