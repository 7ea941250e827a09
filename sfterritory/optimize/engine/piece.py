"""Heavy rows as pieces: prices of a transport that may split are nearer to the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Ints
from sfterritory.optimize.engine.rows import Groups, Longs, Rows


@dataclass(frozen=True, slots=True)
class Pieces:
    """Rows cut into equal pieces.

    Attributes:
        rows: The pieces, those of one row beside each other.
        groups: The groups of the rows, over pieces.
        of_row: The row of each piece.
    """

    rows: Rows
    groups: Groups
    of_row: Longs

    def vote(self, rep: Ints, *, k: int) -> Ints:
        """Return, for each row, the rep that has most of its pieces; of equals the lowest."""
        count = int(self.of_row[-1]) + 1
        key, pieces = np.unique(self.of_row * k + rep, return_counts=True)
        order = np.lexsort((key % k, -pieces, key // k))
        _, first = np.unique(key[order] // k, return_index=True)
        chosen = np.empty(count, dtype=np.int32)
        chosen[:] = (key[order] % k)[first]
        return chosen


def cut(rows: Rows, groups: Groups, *, most_hours: float) -> Pieces:
    """Return pieces of at most that many hours each."""
    parts = np.maximum(1, np.ceil(rows.hours / most_hours)).astype(np.int64)
    of_row = np.repeat(np.arange(len(parts)), parts)
    start = np.append(0, np.cumsum(parts))[groups.start]
    pieces = Rows(
        rows.vectors[of_row],
        (rows.hours / parts)[of_row],
        rows.rep[of_row],
        rows.churn_km[of_row],
    )
    return Pieces(pieces, Groups(start, groups.middle, groups.radius_km), of_row)
