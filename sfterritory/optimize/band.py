"""How much of a measure a territory may hold: hours of work, and value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sfterritory.model.columns import Flags, Floats

_SLACK_SHARE = 1e-9  # of the target: sums of floats do not count as a broken limit


class Measure(StrEnum):
    """What territories are balanced on."""

    HOURS = "hours_per_year"
    VALUE = "value_usd"


@dataclass(frozen=True, slots=True)
class Band:
    """Limits and load of every territory in one measure; all arrays have shape (k,).

    Attributes:
        measure: Names the unit of every array here.
        target: Fair part by capacity share.
        lo: Least that was asked for.
        hi: Most that was asked for.
        load: What the territory holds.
        excess: Part of `load` that the band does not count: a single account worth more than a
            territory can be levelled with counts only up to a cap (value only).
    """

    measure: Measure
    target: Floats
    lo: Floats
    hi: Floats
    load: Floats
    excess: Floats

    @property
    def over(self) -> Floats:
        """Return by how much each territory is above its limit, 0 within."""
        return _beyond(self.load - self.excess - self.hi, self.target)

    @property
    def under(self) -> Floats:
        """Return by how much each territory is below its limit, 0 within."""
        return _beyond(self.lo - self.load + self.excess, self.target)

    @property
    def outside(self) -> Flags:
        """Return which territories break a limit."""
        broken: Flags = (self.over > 0) | (self.under > 0)
        return broken

    @property
    def tolerance_needed(self) -> float:
        """Return the smallest equal tolerance around the targets that every load keeps to."""
        counted = self.load - self.excess
        safe = np.where(self.target > 0, self.target, 1.0)
        return float(np.max(np.abs(counted - self.target) / safe, initial=0.0))


def limits(
    total: float, capacity_share: Floats, *, tolerance: float | None
) -> tuple[Floats, Floats, Floats]:
    """Return target, lo and hi of each territory; no tolerance leaves the measure unlimited."""
    target = total * capacity_share / capacity_share.sum()
    if tolerance is None:
        return target, np.zeros_like(target), np.full_like(target, np.inf)
    return target, target * (1.0 - tolerance), target * (1.0 + tolerance)


def _beyond(amount: Floats, target: Floats) -> Floats:
    kept: Floats = np.where(amount > _SLACK_SHARE * np.maximum(target, 1e-9), amount, 0.0)
    return kept
