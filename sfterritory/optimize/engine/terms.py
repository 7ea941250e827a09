"""What a rep costs beyond distance and churn: the longest distance, and who may have what."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.kernel import Longs, compiled, travel_km


class Terms(NamedTuple):
    """Terms of all reps; a tuple, so that kernels take it.

    Attributes:
        max_km: Longest distance that is not priced as prohibitive, shape (k,).
        extra_km: What a rep costs more for a group, infinite where never, shape (groups, k).
        start: First entry of each group in `allowed`, and their number, shape (groups + 1,).
        allowed: Reps that may have each group, ascending.
    """

    max_km: Floats
    extra_km: Floats
    start: Longs
    allowed: Ints

    def reps_of(self, group: int) -> Ints:
        """Return the reps that may have a group, ascending."""
        return self.allowed[self.start[group] : self.start[group + 1]]


def make_terms(max_km: Floats, extra_km: Floats) -> Terms:
    """Return terms; `max_km` has the shape (k,), `extra_km` (groups, k)."""
    group, rep = np.nonzero(np.isfinite(extra_km))
    counts = np.bincount(group, minlength=len(extra_km))
    start = np.append(0, np.cumsum(counts)).astype(np.int64)
    return Terms(
        np.ascontiguousarray(max_km, dtype=np.float64),
        np.ascontiguousarray(extra_km, dtype=np.float64),
        start,
        rep.astype(np.int32),
    )


def plain_terms(k: int) -> Terms:
    """Return terms under which any of k reps may have any row, at any distance."""
    return make_terms(np.full(k, np.inf), np.zeros((1, k)))


@compiled
def priced_km(terms: Terms, group: int, rep: int, km: float) -> float:
    """Return what a distance to a rep costs an account of a group, churn not counted."""
    return travel_km(km, terms.max_km[rep]) + float(terms.extra_km[group, rep])
