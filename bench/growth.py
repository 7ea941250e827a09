"""`python -m bench.growth ACCOUNTS REPS`: a plan in parts beside the whole in one process.

One checker judges both. `python -m bench.growth_records` measures what no process could hold.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial

from bench.measure import markdown
from bench.territory.checker import judge
from bench.territory.instance import clustered, uniform
from sfterritory.optimize.engine.answer import Construction
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.solve import construct
from sfterritory.optimize.parts import construct_in_parts
from sfterritory.pipeline.workforce import Workforce, at_work

_WARM_UP = (2_000, 8)
_HEADINGS = ("plan", "bands kept", "mean km", "gap %", "CPU s", "wall s", "peak GB so far")

Row = tuple[str, bool, float, float, float, float, float]


def main() -> int:
    """Run and print; CPU seconds are those of this process and of workers that have ended."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("accounts", type=int, nargs="?", default=1_000_000)
    parser.add_argument("reps", type=int, nargs="?", default=250)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    construct_in_parts(uniform(*_WARM_UP, tolerance=0.1, seed=1), part_rows=500)  # compiles
    problem = clustered(options.accounts, options.reps, tolerance=0.02, seed=1)
    print(f"{options.accounts:,} accounts, {options.reps:,} reps")
    rows = [
        _measured("in parts, one process", problem, construct_in_parts),
        _measured(
            f"in parts, {options.workers} workers",
            problem,
            partial(_with_workers, workers=options.workers),
        ),
        _measured("whole", problem, construct),
    ]
    print(f"\n{markdown(_HEADINGS, rows)}")
    print(f"\nload average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0


def _with_workers(problem: Problem, *, workers: int) -> Construction:
    with at_work(Workforce(workers=workers)) as executor:
        return construct_in_parts(problem, executor=executor)


def _measured(name: str, problem: Problem, way: Callable[[Problem], Construction]) -> Row:
    cpu, wall = _cpu_s(), time.perf_counter()
    found = way(problem)
    cpu, wall = _cpu_s() - cpu, time.perf_counter() - wall
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    judged = judge(problem, found.territory)
    return name, judged.feasible, judged.mean_km, 100 * found.gap_share, cpu, wall, peak_gb


def _cpu_s() -> float:
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    sys.exit(main())
