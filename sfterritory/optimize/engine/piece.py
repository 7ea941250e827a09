"""Heavy rows as pieces: prices of a transport that may split are nearer to the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.kernel import Longs


@dataclass(frozen=True, slots=True)
class Pieces:
    """Rows cut into equal pieces, those of one row beside each other.

    Attributes:
        hours: Of each piece, shape (p,).
        of_row: The row of each piece, shape (p,).
        start: First piece of each row, and the number of pieces, shape (n + 1,).
    """

    hours: Floats
    of_row: Longs
    start: Longs

    def vote(self, rep: Ints, *, k: int) -> Ints:
        """Return, for each row, the rep that has most of its pieces; of equals the lowest."""
        key, pieces = np.unique(self.of_row * k + rep, return_counts=True)
        order = np.lexsort((key % k, -pieces, key // k))
        _, first = np.unique(key[order] // k, return_index=True)
        chosen: Ints = (key[order] % k)[first].astype(np.int32)
        return chosen


def cut(hours: Floats, *, most_hours: float) -> Pieces:
    """Return pieces of at most that many hours each."""
    parts = np.maximum(1, np.ceil(hours / most_hours)).astype(np.int64)
    of_row = np.repeat(np.arange(len(parts)), parts)
    return Pieces((hours / parts)[of_row], of_row, np.append(0, np.cumsum(parts)))
