"""`python -m bench.growth ACCOUNTS REPS`: the three calls on one machine, each timed by itself.

Figures are of this process alone, CPU seconds first: aggregate and label run once for each part and
share nothing, solve runs once. The last table multiplies them out to 100 million and says so.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from bench.measure import markdown
from bench.territory.checker import judge
from bench.territory.instance import clustered, uniform
from sfterritory.optimize.engine.cells import solve
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.relax import free_band
from sfterritory.optimize.engine.rows import Rows
from sfterritory.optimize.engine.solve import construct, rows_of, working_rows
from sfterritory.optimize.parts import (
    CELLS_PER_REP,
    PART_ROWS,
    Prices,
    cells_of,
    construct_in_parts,
    cut,
    label_part,
)

T = TypeVar("T")

_WARM_UP = (2_000, 8)
_FAR = 100_000_000


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("accounts", type=int, nargs="?", default=1_000_000)
    parser.add_argument("reps", type=int, nargs="?", default=2_000)
    parser.add_argument("--beside", action="store_true", help="`construct` on the same, as well")
    options = parser.parse_args()
    construct_in_parts(uniform(*_WARM_UP, tolerance=0.1, seed=1), part_rows=500)  # compiles
    problem = clustered(options.accounts, options.reps, tolerance=0.02, seed=1)
    print(f"{options.accounts:,} accounts, {options.reps:,} reps, parts of {PART_ROWS:,}\n")
    _calls(problem)
    _whole(problem, beside=options.beside)
    print(f"\nload average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0


def _calls(problem: Problem) -> None:
    n, k = len(problem.hours), problem.n_reps
    parts, cutting = _timed(lambda: cut(problem, working_rows(problem)))
    rows = [rows_of(problem, part) for part in parts]
    total = float(problem.hours.sum())
    counts = [round(CELLS_PER_REP * k * float(one.hours.sum()) / total) for one in rows]
    cells, aggregating = _timed(
        lambda: [cells_of(one, cells=count) for one, count in zip(rows, counts, strict=True)]
    )
    together = Rows(*(np.concatenate(columns) for columns in zip(*cells, strict=True)))
    band = free_band(problem).first
    settled, solving = _timed(
        lambda: solve(together, problem.homes, terms=problem.terms, band=band)
    )
    prices = [
        Prices.of(one, settled, max_km=problem.max_km, extra_km=problem.extra_km) for one in rows
    ]
    _, labelling = _timed(
        lambda: [label_part(one, price) for one, price in zip(rows, prices, strict=True)]
    )
    steps = (
        ("cut into parts", cutting),
        ("aggregate", aggregating),
        (f"solve {len(together.hours):,} cells", solving),
        ("label", labelling),
    )
    print(
        markdown(
            ("call", "CPU s", "wall s", "accounts per CPU s"),
            [(name, cpu, wall, n / cpu) for name, (cpu, wall) in steps],
        )
    )
    print(f"\nextrapolated, not measured: {_FAR:,} accounts with {k:,} reps would take")
    for name, (cpu, _) in (steps[1], steps[3]):
        print(f"  {name}: {cpu / n * _FAR:,.0f} CPU s, shared by all workers")


def _whole(problem: Problem, *, beside: bool) -> None:
    ways = {"in parts": construct_in_parts, **({"construct": construct} if beside else {})}
    rows = []
    for name, way in ways.items():
        found, (cpu, wall) = _timed(partial(way, problem))
        peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        judged = judge(problem, found.territory)
        rows.append(
            (name, judged.feasible, judged.mean_km, 100 * found.gap_share, cpu, wall, peak_gb)
        )
    headings = ("whole plan", "bands kept", "mean km", "gap %", "CPU s", "wall s", "peak GB so far")
    print(f"\n{markdown(headings, rows)}")


def _timed(job: Callable[[], T]) -> tuple[T, tuple[float, float]]:
    """Return the answer, and CPU and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    answer = job()
    return answer, (time.process_time() - cpu, time.perf_counter() - wall)


if __name__ == "__main__":
    sys.exit(main())
