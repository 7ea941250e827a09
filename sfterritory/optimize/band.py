"""How much of a demand a territory may hold, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import totals
from sfterritory.optimize.request import Demand

_SLACK_SHARE = 1e-9  # of the target or limit: sums of floats do not count as a broken limit


@dataclass(frozen=True, slots=True)
class Band:
    """Limits and load of every territory in one demand; arrays of territories have shape (k,).

    Attributes:
        name: `hours`, `value`, `accounts`, or the name of the field it is read from.
        unit: As people write it: `h`, `USD`, `` for counts.
        target: Fair part of the territory.
        lo: Least that was asked for.
        hi: Most that was asked for, infinite where nothing was.
        load: What the territory holds.
        amount: What each account adds, shape (n,).
    """

    name: str
    unit: str
    target: Floats
    lo: Floats
    hi: Floats
    load: Floats
    amount: Floats

    @property
    def over(self) -> Floats:
        """Return by how much each territory is above its limit, 0 within."""
        return _beyond(self.load - self.hi, self._scale)

    @property
    def under(self) -> Floats:
        """Return by how much each territory is below its limit, 0 within."""
        return _beyond(self.lo - self.load, self._scale)

    @property
    def outside(self) -> Flags:
        """Return which territories break a limit."""
        broken: Flags = (self.over > 0) | (self.under > 0)
        return broken

    @property
    def share(self) -> Floats:
        """Return each load as a part of its target; NaN where the target is nothing."""
        return self.load / np.where(self.target > 0, self.target, np.nan)

    @property
    def tolerance_needed(self) -> float:
        """Return the smallest equal tolerance around the targets that every load keeps to."""
        off = np.abs(self.share - 1.0)
        return float(np.max(off[~np.isnan(off)], initial=0.0))

    @property
    def _scale(self) -> Floats:
        finite = np.where(np.isfinite(self.hi), self.hi, 0.0)
        scale: Floats = np.maximum(np.maximum(self.target, finite), np.maximum(self.lo, 1e-9))
        return scale


def band_of(demand: Demand, territory: Ints) -> Band:
    """Return limits and loads of an alignment in one demand; rows with -1 count nowhere."""
    held = territory >= 0
    load = totals(territory[held], demand.amount[held], n_groups=len(demand.target))
    return Band(
        name=demand.name,
        unit=demand.unit,
        target=demand.target,
        lo=demand.lo,
        hi=demand.hi,
        load=load,
        amount=demand.amount,
    )


def written(amount: float, unit: str) -> str:
    """Return an amount as people read it: `1,250.5 h`, `30,000 USD`, `12`."""
    if not np.isfinite(amount):
        return "any amount"
    text = f"{amount:,.0f}" if abs(amount) >= 10_000 else f"{amount:,.1f}"
    return f"{text.removesuffix('.0')} {unit}".rstrip()


def _beyond(amount: Floats, scale: Floats) -> Floats:
    kept: Floats = np.where(amount > _SLACK_SHARE * scale, amount, 0.0)
    return kept
