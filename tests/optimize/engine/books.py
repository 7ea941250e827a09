"""Small problems with every hazard that real books hold."""

from __future__ import annotations

import numpy as np

from sfterritory.optimize.engine.problem import Measure, Problem
from sfterritory.optimize.sphere import unit_vectors


def book(
    n: int = 300,
    k: int = 5,
    *,
    seed: int = 7,
    tolerance: float = 0.1,
    fixed: bool = True,
    churn_price_km: float = 10.0,
) -> Problem:
    """Return accounts with zero hours, points that repeat, unequal shares, owners and locks."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(5.0, 15.0, n), rng.uniform(45.0, 55.0, n)
    lon[: n // 20], lat[: n // 20] = lon[-1], lat[-1]
    hours = rng.lognormal(0.0, 0.6, n)
    hours[rng.random(n) < 0.05] = 0.0
    share = rng.uniform(0.8, 1.2, k)
    target = hours.sum() * share / share.sum()
    lock = np.where(rng.random(n) < 0.03, rng.integers(0, k, n), -1).astype(np.int32)
    homes = unit_vectors(rng.uniform(5.0, 15.0, k), rng.uniform(45.0, 55.0, k))
    return Problem.plain(
        vectors=unit_vectors(lon, lat),
        measures=(Measure("hours", hours, target * (1 - tolerance), target * (1 + tolerance)),),
        rep=rng.integers(-1, k, n).astype(np.int32),
        lock=lock,
        homes=homes if fixed else np.full((k, 3), np.nan),
        churn_price_km=churn_price_km,
    )
