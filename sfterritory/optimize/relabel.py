"""Names for territories that were built without looking at today's owners.

A rebuild that numbers its territories anyhow takes accounts from everybody. Handing each territory
to the rep who knows most of it leaves the map as it is and moves fewer hours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import Vectors, km_between, totals

_SLACK_SHARE = 1e-9
_TIE_SHARE = 1e-9  # of all hours: a nearer home decides between equal overlaps only
_HALF_ROUND_KM = 20_037.5


@dataclass(frozen=True, slots=True)
class Drawn:
    """Territories as they were drawn, units in any order.

    Attributes:
        territory: Who has each unit so far, shape (u,).
        lock: Who must have it, -1 where it is free; a locked unit stays where it is, shape (u,).
        amounts: Each demand of each unit, hours first, shape (demands, u).
        lo: Least load of each rep, shape (demands, k).
        hi: Most load of each rep, shape (demands, k).
        group: Group of each unit, shape (u,).
        extra_km: What a rep costs more for a group, shape (groups, k).
        longest_km: Distance of the farthest free unit of each territory, shape (k,).
        max_km: Longest distance allowed to each rep, shape (k,).
    """

    territory: Ints
    lock: Ints
    amounts: Floats
    lo: Floats
    hi: Floats
    group: Ints
    extra_km: Floats
    longest_km: Floats
    max_km: Floats


def overlap_hours(territory: Ints, rep: Ints, hours: Floats, *, k: int) -> Floats:
    """Return the hours of each territory that each rep has today, shape (k, k)."""
    owned = (rep >= 0) & (territory >= 0)
    pair = territory[owned].astype(np.int64) * k + rep[owned]
    return totals(pair, hours[owned], n_groups=k * k).reshape(k, k)


def relabelling(drawn: Drawn, overlap: Floats, *, centres: Vectors, homes: Vectors) -> Ints:
    """Return the rep that each territory goes to, a permutation, shape (k,).

    The hours that stay with their rep are as many as can be; of equal answers the one nearest to
    the homes is taken. A territory goes to another rep only where that rep's limits then hold, or
    are broken by no more than they were, where the rep may have all of it, and at no higher
    price of preferences.

    Args:
        drawn: The territories, numbered as the limits were kept.
        overlap: Hours of each territory (rows) that each rep (columns) has today.
        centres: Unit vectors of the territories, shape (k, 3).
        homes: Unit vectors of the homes, NaN where unknown, shape (k, 3).
    """
    k = len(centres)
    km = np.nan_to_num(km_between(centres[:, None, :], homes[None, :, :]))
    tie = _TIE_SHARE * max(float(overlap.sum()), 1e-300) / (_HALF_ROUND_KM * k)
    cost = np.where(_fits(drawn), tie * km - overlap, np.inf)
    _, rep = linear_sum_assignment(cost)
    kept = overlap[np.arange(k), rep].sum()
    if kept < np.trace(overlap):  # rounding of the tie-break
        return np.arange(k, dtype=np.int32)
    return rep.astype(np.int32)


def _fits(drawn: Drawn) -> Flags:
    """Return which territory (rows) may go to which rep (columns); its own always, shape (k, k)."""
    k = len(drawn.max_km)
    free = drawn.lock < 0
    fits: Flags = drawn.longest_km[:, None] <= np.maximum(drawn.max_km, 0.0)[None, :]
    for amount, lo, hi in zip(drawn.amounts, drawn.lo, drawn.hi, strict=True):
        moving = totals(drawn.territory[free], amount[free], n_groups=k)
        fixed = totals(drawn.territory[~free], amount[~free], n_groups=k)
        load = moving[:, None] + fixed[None, :]
        slack = _SLACK_SHARE * max(float(amount.sum()), 1e-300)
        broken = np.maximum(load - hi[None, :], 0.0) + np.maximum(lo[None, :] - load, 0.0)
        fits &= broken <= np.diag(broken)[None, :] + slack
    groups = len(drawn.extra_km)
    pair = drawn.territory[free].astype(np.int64) * groups + drawn.group[free]
    hours = totals(pair, drawn.amounts[0][free], n_groups=k * groups).reshape(k, groups)
    present = np.bincount(pair, minlength=k * groups).reshape(k, groups) > 0
    never = ~np.isfinite(drawn.extra_km)
    fits &= (present.astype(np.float64) @ never.astype(np.float64)) == 0
    extra = hours @ np.where(never, 0.0, drawn.extra_km)
    fits &= extra <= np.diag(extra)[:, None] * (1 + _SLACK_SHARE) + _SLACK_SHARE
    np.fill_diagonal(fits, val=True)
    return fits
