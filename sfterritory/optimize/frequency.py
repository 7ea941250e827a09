"""Who is called on far more often than is usual in the book."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Flags, Floats

HIGH_TIMES = 2.0  # the median of those that are called on at all


def high_frequency(calls_per_year: Floats) -> tuple[float, Flags]:
    """Return the median calls a year of who is called on, and which rows have over twice as many.

    Rows without a number count nowhere.
    """
    called = calls_per_year > 0
    if not called.any():
        return 0.0, np.zeros(len(calls_per_year), dtype=np.bool_)
    usual = float(np.median(calls_per_year[called]))
    high: Flags = called & (calls_per_year > HIGH_TIMES * usual)
    return usual, high
