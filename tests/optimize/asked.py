"""Requests to build territories from; every test names only what matters to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sfterritory.model.columns import AccountColumns, Flags, Floats, Ints, RosterColumns, TextColumn
from sfterritory.model.sphere import group_medians, km_between, lon_lat, unit_vectors
from sfterritory.optimize.params import Mode
from sfterritory.optimize.request import Demand, Fit, Locks, TerritoryRequest

from .books import accounts_at, roster_of, scattered


def demand_of(
    amount: ArrayLike,
    *,
    share: ArrayLike,
    tolerance: float = 0.05,
    name: str = "hours",
    unit: str = "h",
) -> Demand:
    """Return equal parts by share; an infinite tolerance asks for nothing."""
    column = np.asarray(amount, dtype=np.float64)
    parts = np.asarray(share, dtype=np.float64)
    target = column.sum() * parts / parts.sum()
    lo = np.zeros_like(target) if np.isinf(tolerance) else target * (1.0 - tolerance)
    hi = np.full_like(target, np.inf) if np.isinf(tolerance) else target * (1.0 + tolerance)
    return Demand(name, unit, column, target, lo, hi)


def ask(
    accounts: AccountColumns,
    roster: RosterColumns,
    *,
    hours: ArrayLike = 1.0,
    tolerance: float = 0.05,
    value_tolerance: float = np.inf,
    lock: ArrayLike = -1,
    cause: str = "list",
    fit: Fit | None = None,
    unit: Ints | None = None,
    churn_km: ArrayLike = 30.0,
    max_km: ArrayLike = np.inf,
    mode: Mode = Mode.HOMES,
    centres: tuple[Floats, Floats] | None = None,
    gap_km: float | None = None,
    one_piece: Flags | None = None,
) -> TerritoryRequest:
    """Return a request that restricts nothing but hours, in a band of 5 %."""
    n, k = len(accounts), len(roster)
    share = roster.capacity_share
    amount = np.broadcast_to(np.asarray(hours, dtype=np.float64), n).copy()
    rep = np.broadcast_to(np.asarray(lock, dtype=np.int32), n).copy()
    return TerritoryRequest(
        accounts=accounts,
        roster=roster,
        demands=(
            demand_of(amount, share=share, tolerance=tolerance),
            demand_of(
                accounts.value_usd, share=share, tolerance=value_tolerance, name="value", unit="USD"
            ),
        ),
        locks=Locks(rep, TextColumn.of([cause if one >= 0 else None for one in rep.tolist()])),
        fit=fit or Fit(np.zeros(n, dtype=np.int32), np.zeros((1, k)), ("",)),
        unit=np.arange(n, dtype=np.int32) if unit is None else unit,
        churn_km=np.broadcast_to(np.asarray(churn_km, dtype=np.float64), n).copy(),
        max_km=np.broadcast_to(np.asarray(max_km, dtype=np.float64), k).copy(),
        mode=mode,
        centres=centres,
        gap_km=gap_km,
        one_piece=one_piece,
    )


def city_book(
    n: int = 600, k: int = 6, *, seed: int = 0, homes: bool = True
) -> tuple[AccountColumns, RosterColumns, Floats, Ints]:
    """Return a book whose owners are compact and unbalanced, its hours, and a few locks."""
    lon, lat, hours, value = scattered(n, k, seed=seed)
    rng = np.random.default_rng(seed + 1)
    vectors = unit_vectors(lon, lat)
    seats = vectors[rng.choice(n, k, replace=False)]
    rep = np.argmin(km_between(vectors[:, None, :], seats[None, :, :]), axis=1).astype(np.int32)
    rep[rng.random(n) < 0.1] = -1
    lock = np.where((rep >= 0) & (rng.random(n) < 0.01), rep, -1).astype(np.int32)
    home_lon, home_lat = lon_lat(group_medians(vectors, hours, groups=rep % k, n_groups=k))
    where = {"lon_deg": home_lon, "lat_deg": home_lat} if homes else {}
    return accounts_at(lon, lat, value_usd=value, rep=rep), roster_of(k, **where), hours, lock
