"""Books and rosters to build territories from; every test names only what matters to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from sfterritory.model.columns import AccountColumns, Floats, Ints, RosterColumns
from sfterritory.optimize.capacity import CapacityTerms
from sfterritory.optimize.workload import Workload


def account_ids(n: int) -> list[str]:
    return [f"001{i:015d}" for i in range(n)]


def accounts_at(
    lon_deg: ArrayLike,
    lat_deg: ArrayLike,
    *,
    value_usd: ArrayLike = 0.0,
    calls_per_year: ArrayLike = 4.0,
    visit_minutes: ArrayLike = 60.0,
    rep: ArrayLike = -1,
    locked: ArrayLike = False,
) -> AccountColumns:
    lon = np.asarray(lon_deg, dtype=np.float64)
    n = len(lon)
    return AccountColumns(
        ids=np.array(account_ids(n), dtype=np.str_),
        lon_deg=lon,
        lat_deg=np.asarray(lat_deg, dtype=np.float64),
        value_usd=np.broadcast_to(np.asarray(value_usd, dtype=np.float64), n).copy(),
        calls_per_year=np.broadcast_to(np.asarray(calls_per_year, dtype=np.float64), n).copy(),
        visit_minutes=np.broadcast_to(np.asarray(visit_minutes, dtype=np.float64), n).copy(),
        rep=np.broadcast_to(np.asarray(rep, dtype=np.int32), n).copy(),
        locked=np.broadcast_to(np.asarray(locked, dtype=np.bool_), n).copy(),
    )


def roster_of(
    k: int,
    *,
    lon_deg: ArrayLike = np.nan,
    lat_deg: ArrayLike = np.nan,
    capacity_share: ArrayLike = 1.0,
) -> RosterColumns:
    return RosterColumns(
        ids=np.array([f"005{i:015d}" for i in range(k)], dtype=np.str_),
        names=tuple(f"Rep {i}" for i in range(k)),
        lon_deg=np.broadcast_to(np.asarray(lon_deg, dtype=np.float64), k).copy(),
        lat_deg=np.broadcast_to(np.asarray(lat_deg, dtype=np.float64), k).copy(),
        capacity_share=np.broadcast_to(np.asarray(capacity_share, dtype=np.float64), k).copy(),
    )


def workload_of(hours: ArrayLike, *, n: int, k: int, rep_hours: float = 1e9) -> Workload:
    """Return hours as they stand, with reps who have time for anything."""
    service = np.broadcast_to(np.asarray(hours, dtype=np.float64), n).copy()
    none = np.zeros(n)
    off = (0.0, 0.0, 0.0, 0.0, 0.0)
    capacity = CapacityTerms(rep_hours, *off, rep_hours, np.full(k, rep_hours))
    return Workload(service, none, none, none, none, capacity)


def scattered(n: int, k: int, *, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return lon, lat, hours and value of accounts around cities of very unequal size."""
    rng = np.random.default_rng(seed)
    cities = max(5, 2 * k)
    city_lon, city_lat = rng.uniform(-122, -72, cities), rng.uniform(28, 47, cities)
    size = rng.pareto(1.1, cities) + 0.2
    city = rng.choice(cities, n, p=size / size.sum())
    lon = city_lon[city] + rng.normal(0, 1, n) * np.exp(rng.normal(-1.3, 0.8, n))
    lat = city_lat[city] + rng.normal(0, 1, n) * np.exp(rng.normal(-1.3, 0.8, n))
    rural = rng.random(n) < 0.12
    lon[rural], lat[rural] = rng.uniform(-122, -72, rural.sum()), rng.uniform(28, 47, rural.sum())
    return lon, lat, np.exp(rng.normal(1.2, 0.8, n)), np.exp(rng.normal(9, 1.2, n))


def read_instance(path: Path) -> tuple[AccountColumns, RosterColumns, Floats, dict[str, float]]:
    """Return accounts, roster, hours and figures of a file of the benchmark's own format."""
    head, *lines = path.read_text().splitlines()
    n, k, lo, hi, churn = (float(word) for word in head.split()[1:])
    rows = [[float(word) for word in line.split()] for line in lines]
    homes, book = np.array(rows[: int(k)]), np.array(rows[int(k) : int(k + n)])
    current, locked = book[:, 4].astype(np.int32), book[:, 5].astype(np.int32)
    kept: Ints = np.where(locked >= 0, locked, current).astype(np.int32)
    accounts = accounts_at(
        book[:, 0], book[:, 1], value_usd=book[:, 3], rep=kept, locked=locked >= 0
    )
    roster = roster_of(int(k), lon_deg=homes[:, 0], lat_deg=homes[:, 1], capacity_share=homes[:, 2])
    return accounts, roster, book[:, 2], {"lo": lo, "hi": hi, "churn_price_km": churn}
