"""Figures of an alignment: balance per measure, travel, and what it disrupts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.sphere import group_medians, km_between, totals, unit_vectors

_NEW_TO_REP_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Balance:
    """How equal loads are, each taken as a share of its own target; all 1 is perfect.

    NaN where nothing is to be shared out.
    """

    max_over_mean: float
    min_over_mean: float
    variation: float
    """Standard deviation over mean."""
    gini: float
    """0 when equal, towards 1 when one territory has everything."""
    share_outside: float
    """Share of the load that lies in territories outside the tolerance."""


@dataclass(frozen=True, slots=True)
class Travel:
    """Distances to the middle of each territory's own accounts, weighted by hours."""

    mean_km: float
    p95_km: float
    moment_km2: float
    """Mean squared distance, moment of inertia over hours."""


@dataclass(frozen=True, slots=True)
class Disruption:
    """What changes hands, of what has an owner on the roster today."""

    accounts_moved: int
    accounts_share: float
    hours_share: float
    value_share: float
    reps_over_a_fifth_new: int
    """Reps more than 20 % of whose hours come from accounts they do not have today."""


@dataclass(frozen=True, slots=True)
class AlignmentMetrics:
    """All figures of one alignment."""

    hours: Balance
    value: Balance
    travel: Travel
    disruption: Disruption


def alignment_metrics(
    territory: Ints,
    *,
    rep: Ints,
    lon_lat_deg: tuple[Floats, Floats],
    amounts: tuple[Floats, Floats],
    capacity_share: Floats,
    tolerances: tuple[float, float],
) -> AlignmentMetrics:
    """Return the figures of an alignment; rows with territory -1 count nowhere.

    `amounts` are hours and value of each row, `tolerances` theirs. Give `rep` as `territory` for
    the figures of today: before and after then compare like for like.
    """
    kept = territory >= 0
    k = len(capacity_share)
    loads = [totals(territory[kept], amount[kept], n_groups=k) for amount in amounts]
    return AlignmentMetrics(
        hours=balance(loads[0], capacity_share, tolerance=tolerances[0]),
        value=balance(loads[1], capacity_share, tolerance=tolerances[1]),
        travel=_travel(territory[kept], k, [x[kept] for x in lon_lat_deg], amounts[0][kept]),
        disruption=disruption(territory, rep, amounts=amounts, n_territories=k),
    )


def balance(loads: Floats, capacity_share: Floats, *, tolerance: float) -> Balance:
    """Return how equal the loads are for their capacity shares."""
    total = float(loads.sum())
    if total <= 0 or len(loads) == 0:
        return Balance(np.nan, np.nan, np.nan, np.nan, 0.0)
    share = loads / (total * capacity_share / capacity_share.sum())
    ordered = np.sort(share)
    k, mean = len(share), float(share.mean())
    spread = float((ordered * (2.0 * np.arange(1, k + 1) - k - 1)).sum())
    outside = np.abs(share - 1.0) > tolerance + 1e-9
    return Balance(
        max_over_mean=float(ordered[-1]) / mean,
        min_over_mean=float(ordered[0]) / mean,
        variation=float(share.std()) / mean,
        gini=spread / (k * k * mean),
        share_outside=float(loads[outside].sum()) / total,
    )


def disruption(
    territory: Ints, rep: Ints, *, amounts: tuple[Floats, Floats], n_territories: int
) -> Disruption:
    """Return what changes hands; rows without an owner on the roster cannot be disrupted."""
    owned = (rep >= 0) & (territory >= 0)
    moved = owned & (rep != territory)
    hours, value = amounts
    fresh = (territory >= 0) & (rep != territory)
    new = totals(territory[fresh], hours[fresh], n_groups=n_territories)
    held = territory >= 0
    load = totals(territory[held], hours[held], n_groups=n_territories)
    return Disruption(
        accounts_moved=int(moved.sum()),
        accounts_share=_part(float(moved.sum()), float(owned.sum())),
        hours_share=_part(float(hours[moved].sum()), float(hours[owned].sum())),
        value_share=_part(float(value[moved].sum()), float(value[owned].sum())),
        reps_over_a_fifth_new=int((new > _NEW_TO_REP_SHARE * load).sum()),
    )


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Return the least value that `share` of the weight does not exceed; NaN without weight."""
    if weights.sum() <= 0:
        return float("nan")
    order = np.argsort(values, kind="stable")
    running = np.cumsum(weights[order])
    spot = int(np.searchsorted(running, share * running[-1]))
    return float(values[order[min(spot, len(order) - 1)]])


def _travel(territory: Ints, k: int, lon_lat_deg: list[Floats], hours: Floats) -> Travel:
    if hours.sum() <= 0:
        return Travel(np.nan, np.nan, np.nan)
    vectors = unit_vectors(*lon_lat_deg)
    middles = group_medians(vectors, hours, groups=territory, n_groups=k)
    km = np.nan_to_num(km_between(vectors, middles[territory]))
    return Travel(
        mean_km=float((km * hours).sum() / hours.sum()),
        p95_km=weighted_quantile(km, hours, 0.95),
        moment_km2=float((km * km * hours).sum() / hours.sum()),
    )


def _part(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
