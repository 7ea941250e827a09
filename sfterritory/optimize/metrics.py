"""Figures of an alignment: balance per demand, travel, and what it disrupts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import AccountColumns, Floats, Ints
from sfterritory.model.sphere import group_medians, km_between, totals, unit_vectors
from sfterritory.optimize.band import Band, band_of
from sfterritory.optimize.request import Demand

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
    """Share of the load that lies in territories outside their limits."""


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
    locks_kept: int
    """Locked accounts that are with the rep they are locked to."""
    locks: int
    """Locked accounts."""


@dataclass(frozen=True, slots=True)
class AlignmentMetrics:
    """All figures of one alignment.

    Attributes:
        balance: By name of the demand, hours first.
    """

    balance: dict[str, Balance]
    travel: Travel
    disruption: Disruption


def alignment_metrics(
    territory: Ints, *, accounts: AccountColumns, demands: tuple[Demand, ...], lock: Ints
) -> AlignmentMetrics:
    """Return the figures of an alignment; rows with territory -1 count nowhere.

    Give `accounts.rep` as `territory` for the figures of today: before and after then compare like
    for like. `lock` is the rep each account is locked to, -1 where it is free.
    """
    kept = territory >= 0
    k, hours = len(demands[0].target), demands[0].amount
    return AlignmentMetrics(
        balance={one.name: balance(band_of(one, territory)) for one in demands},
        travel=travel(
            territory[kept],
            (accounts.lon_deg[kept], accounts.lat_deg[kept]),
            hours=hours[kept],
            n_territories=k,
        ),
        disruption=disruption(
            territory, accounts.rep, amounts=(hours, accounts.value_usd), lock=lock, n_territories=k
        ),
    )


def balance(band: Band) -> Balance:
    """Return how equal the loads of one demand are for their targets."""
    meant = band.target > 0
    total = float(band.load.sum())
    if total <= 0 or not meant.any():
        return Balance(np.nan, np.nan, np.nan, np.nan, 0.0)
    share = band.share[meant]
    ordered = np.sort(share)
    k, mean = len(share), float(share.mean())
    if mean <= 0:  # all of it lies where nothing was meant to be
        return Balance(np.nan, np.nan, np.nan, np.nan, float(band.load[band.outside].sum()) / total)
    spread = float((ordered * (2.0 * np.arange(1, k + 1) - k - 1)).sum())
    return Balance(
        max_over_mean=float(ordered[-1]) / mean,
        min_over_mean=float(ordered[0]) / mean,
        variation=float(share.std()) / mean,
        gini=spread / (k * k * mean),
        share_outside=float(band.load[band.outside].sum()) / total,
    )


def disruption(
    territory: Ints,
    rep: Ints,
    *,
    amounts: tuple[Floats, Floats],
    lock: Ints,
    n_territories: int,
) -> Disruption:
    """Return what changes hands; rows without an owner on the roster cannot be disrupted.

    `amounts` are hours and value of each row.
    """
    owned = (rep >= 0) & (territory >= 0)
    moved = owned & (rep != territory)
    hours, value = amounts
    held = territory >= 0
    fresh = held & (rep != territory)
    new = totals(territory[fresh], hours[fresh], n_groups=n_territories)
    load = totals(territory[held], hours[held], n_groups=n_territories)
    locked = lock >= 0
    return Disruption(
        accounts_moved=int(moved.sum()),
        accounts_share=_part(float(moved.sum()), float(owned.sum())),
        hours_share=_part(float(hours[moved].sum()), float(hours[owned].sum())),
        value_share=_part(float(value[moved].sum()), float(value[owned].sum())),
        reps_over_a_fifth_new=int((new > _NEW_TO_REP_SHARE * load).sum()),
        locks_kept=int((territory[locked] == lock[locked]).sum()),
        locks=int(locked.sum()),
    )


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Return the least value that `share` of the weight does not exceed; NaN without weight."""
    if weights.sum() <= 0:
        return float("nan")
    order = np.argsort(values, kind="stable")
    running = np.cumsum(weights[order])
    spot = int(np.searchsorted(running, share * running[-1]))
    return float(values[order[min(spot, len(order) - 1)]])


def travel(
    territory: Ints, lon_lat_deg: tuple[Floats, Floats], *, hours: Floats, n_territories: int
) -> Travel:
    """Return how far accounts lie from the middle of their territory; none has territory -1."""
    if hours.sum() <= 0:
        return Travel(np.nan, np.nan, np.nan)
    vectors = unit_vectors(*lon_lat_deg)
    middles = group_medians(vectors, hours, groups=territory, n_groups=n_territories)
    km = np.nan_to_num(km_between(vectors, middles[territory]))
    return Travel(
        mean_km=float((km * hours).sum() / hours.sum()),
        p95_km=weighted_quantile(km, hours, 0.95),
        moment_km2=float((km * km * hours).sum() / hours.sum()),
    )


def _part(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
