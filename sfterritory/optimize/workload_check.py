"""Where counts mislead: equal counts with unequal hours, and what balancing on counts costs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats, Ints, TextColumn
from sfterritory.model.sphere import totals
from sfterritory.optimize.params import WorkloadParams
from sfterritory.optimize.travel_load import TerritoryTravel, territory_travel
from sfterritory.optimize.tree import spreads_km
from sfterritory.optimize.workload import Calls, compact_parts, leg_minutes

_CUTS = 6


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """When territories are alike in count and apart in hours.

    Attributes:
        count_share: Counts differ at most this much, as a share of the larger one.
        hours_share: Hours differ more than this, as a share of the smaller ones.
        least_count: Smaller counts say nothing.
    """

    count_share: float = 0.10
    hours_share: float = 0.25
    least_count: int = 5


@dataclass(frozen=True, slots=True)
class UnequalHours:
    """A territory and the one that needs the fewest hours for as many accounts.

    Pairs are the light territory first.

    Attributes:
        label: Value of the tier column that was counted; None where all accounts were.
        territory: Rows of the two.
        count: Accounts of this label.
        hours: That these need.
        spread_km: Between those two of them that lie farthest apart.
        spread_minutes: The estimated drive between these.
    """

    label: str | None
    territory: tuple[int, int]
    count: tuple[int, int]
    hours: tuple[float, float]
    spread_km: tuple[float, float]
    spread_minutes: tuple[float, float]

    @property
    def hours_ratio(self) -> float:
        """Return the heavy one's hours over the light one's."""
        return self.hours[1] / self.hours[0] if self.hours[0] > 0 else float("inf")

    def message(self, names: tuple[str, ...]) -> str:
        """Return the finding in words, with names of territories."""
        light, heavy = (names[row] for row in self.territory)
        what = f"{self.label} accounts" if self.label is not None else "accounts"
        return (
            f"{heavy} and {light} have {self.count[1]:,} and {self.count[0]:,} {what}, but need "
            f"{self.hours[1]:,.0f} and {self.hours[0]:,.0f} hours a year: spread over "
            f"{self.spread_km[1]:,.0f} km ({_drive(self.spread_minutes[1])}) and "
            f"{self.spread_km[0]:,.0f} km ({_drive(self.spread_minutes[0])})"
        )


@dataclass(frozen=True, slots=True)
class CountPenalty:
    """The same book, cut into equal counts and into equal hours.

    Attributes:
        by_count: Fullest territory's hours over the mean, where counts are equal.
        by_hours: The same where hours are.
    """

    by_count: float
    by_hours: float


class Cause(StrEnum):
    """What a poorly covered tier suffers from."""

    STRUCTURE = "structure"
    """Territories hold tiers in like shares, and need unlike hours for an account."""
    SEGMENTATION = "segmentation"
    """Tiers are shared out unevenly, or an account costs the same everywhere."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a tier is poorly covered.

    Attributes:
        cause: See `Cause`.
        mix_distance: Share of the accounts of the most unusual territory that would have to change
            tier to give it the mix of the whole book.
        hours_each: Hours an account of the tier needs in the lightest and the heaviest territory.
    """

    cause: Cause
    mix_distance: float
    hours_each: tuple[float, float]


def unequal_hours(
    calls: Calls,
    territory: Ints,
    *,
    travel: TerritoryTravel,
    params: WorkloadParams,
    label: TextColumn | None = None,
    limits: CheckLimits | None = None,
) -> tuple[UnequalHours, ...]:
    """Return territories that need far more hours than another one with as many accounts.

    With a `label` (a tier) accounts of each value are counted apart, without one all together.
    Each heavy territory is held against the lightest of its equals; the worst come first.
    """
    limits = limits or CheckLimits()
    hours = calls.service_hours + travel.account_travel_hours
    k = len(travel.tours)
    counted: list[tuple[str | None, NDArray[np.bool_]]] = [(None, territory >= 0)]
    if label is not None:
        counted = [
            (name, (territory >= 0) & (label.codes == code))
            for code, name in enumerate(label.vocabulary)
        ]
    found = []
    for name, chosen in counted:
        seat = np.where(chosen, territory, -1)
        count = np.bincount(territory[chosen], minlength=k).astype(np.int32)
        load = totals(territory[chosen], hours[chosen], n_groups=k)
        pairs = _unequal_pairs(count, load, limits)
        unequal = np.where(np.isin(seat, pairs), seat, -1)
        spread = spreads_km(calls.vectors, unequal, n_groups=k)
        drive = leg_minutes(spread, params)
        found += [
            UnequalHours(
                name,
                (light, heavy),
                (int(count[light]), int(count[heavy])),
                (float(load[light]), float(load[heavy])),
                (float(spread[light]), float(spread[heavy])),
                (float(drive[light]), float(drive[heavy])),
            )
            for light, heavy in pairs.tolist()
        ]
    return tuple(sorted(found, key=lambda one: (-one.hours_ratio, one.label or "", one.territory)))


def count_balance_penalty(calls: Calls, *, parts: int, params: WorkloadParams) -> CountPenalty:
    """Return what balancing on counts costs a book: the same cuts, made by count and by hours.

    Where a cut runs changes the driving, so the cuts by hours are made a few times over, and the
    evenest is kept.
    """
    by_count, hours = _cut_hours(calls, np.ones(len(calls)), parts, params)
    by_hours = by_count
    for _ in range(_CUTS):
        loads, again = _cut_hours(calls, hours, parts, params)
        if loads.max(initial=0.0) < by_hours.max(initial=0.0):
            by_hours = loads
        hours = (hours + again) / 2.0
    return CountPenalty(by_count=_max_share(by_count), by_hours=_max_share(by_hours))


def coverage_cause(
    counts: Ints, hours: Floats, *, tier: int, mix_tolerance: float = 0.1, hours_share: float = 0.25
) -> Diagnosis:
    """Return why a tier is poorly covered, from accounts and hours by territory and tier, (k, t).

    Like mixes with unlike hours for an account of the tier are a matter of territories. Territories
    without an account of the tier say nothing of its hours.

    Raises:
        ValueError: No territory has an account of the tier.
    """
    has = counts[:, tier] > 0
    if not has.any():
        raise ValueError(f"no territory has an account of tier {tier}")
    filled = counts[counts.sum(axis=1) > 0]
    mix = filled / filled.sum(axis=1, keepdims=True)
    whole = filled.sum(axis=0) / filled.sum()
    distance = float((np.abs(mix - whole).sum(axis=1) / 2.0).max())
    each = hours[has, tier] / counts[has, tier]
    least, most = float(each.min()), float(each.max())
    structure = distance <= mix_tolerance and most > (1.0 + hours_share) * least
    return Diagnosis(Cause.STRUCTURE if structure else Cause.SEGMENTATION, distance, (least, most))


def _unequal_pairs(count: Ints, hours: Floats, limits: CheckLimits) -> NDArray[np.int64]:
    """Return the lightest equal of each heavy territory, and that territory, shape (pairs, 2)."""
    rows = np.flatnonzero(count >= max(1, limits.least_count))
    rows = rows[np.lexsort((rows, count[rows]))]
    size = count[rows].astype(np.float64)
    kept = 1.0 - limits.count_share
    first = np.searchsorted(size, size * kept - 1e-9)
    end = np.searchsorted(size, size / kept + 1e-9, side="right")
    lightest = _range_lightest(hours[rows], first, end)
    heavy = hours[rows] > (1.0 + limits.hours_share) * hours[rows][lightest]
    return np.column_stack((rows[lightest][heavy], rows[heavy]))


def _range_lightest(
    hours: Floats, first: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the place of the least value in each range, the first of equals: a sparse table."""
    levels = [np.arange(len(hours))]
    width = 1
    while 2 * width <= len(hours):
        left, right = levels[-1][:-width], levels[-1][width:]
        levels.append(np.where(hours[right] < hours[left], right, left))
        width *= 2
    answer = np.empty(len(first), dtype=np.int64)
    depth = np.frexp(end - first)[1] - 1
    for level, best in enumerate(levels):
        at = depth == level
        left, right = best[first[at]], best[end[at] - 2**level]
        answer[at] = np.where(hours[right] < hours[left], right, left)
    return answer


def _cut_hours(
    calls: Calls, weights: Floats, parts: int, params: WorkloadParams
) -> tuple[Floats, Floats]:
    """Return hours by part and by account."""
    part = compact_parts(calls.vectors, weights, parts=parts)
    nowhere = np.full(parts, np.nan)
    found = territory_travel(calls, part, starts=(nowhere, nowhere), params=params)
    return found.hours, calls.service_hours + found.account_travel_hours


def _max_share(hours: Floats) -> float:
    mean = float(hours.mean())
    return float(hours.max()) / mean if mean > 0 else 1.0


def _drive(minutes: float) -> str:
    return f"{minutes / 60.0:.1f} h" if minutes >= 60 else f"{minutes:.0f} min"
