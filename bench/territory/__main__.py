"""`python -m bench.territory`: construction beside peers on the same instances, one checker.

Each run is a process of its own with warm compiled code; figures are medians of the runs. A peer
that misses a band says so, and takes no part in the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import markdown
from bench.territory.checker import judge
from bench.territory.instance import clustered, from_file, uniform
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.solve import construct

SETS: Mapping[str, Callable[[], Problem]] = {
    "U10k": lambda: uniform(10_000, 100, tolerance=0.02, seed=1),
    "C10k": lambda: clustered(10_000, 100, tolerance=0.02, seed=1),
    "C100k": lambda: clustered(100_000, 500, tolerance=0.02, seed=1),
    "C1M": lambda: clustered(1_000_000, 2_000, tolerance=0.02, seed=1),
}
OURS = "ours"
_WARM_UP = (600, 6)


def main() -> int:
    """Run every method on every set, or one of them in this process."""
    # peers are imported where they run: their libraries would count as our memory
    parser = argparse.ArgumentParser(prog="python -m bench.territory", description=__doc__)
    parser.add_argument("sets", nargs="*", help=f"of {', '.join(SETS)}, or TERR files")
    parser.add_argument("--method", action="append", help="only these methods")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", action="store_true", help="one run here, figures as JSON")
    options = parser.parse_args()
    names = options.sets or ["U10k", "C10k", "C100k"]
    methods = options.method or [OURS, "bisection", "hilbert", "influence k-means", "min-cost flow"]
    if options.one:
        print(json.dumps(_measured(names[0], methods[0])))
        return 0
    for name in names:
        found = {method: _median(name, method, options.runs) for method in methods}
        print(f"\n{name}, load average {os.getloadavg()[0]:.1f}\n\n{_table(found)}", flush=True)
    return 0


def _measured(name: str, method: str) -> dict[str, Any]:
    problem = SETS[name]() if name in SETS else from_file(Path(name))
    gap = None
    if method == OURS:
        construct(uniform(*_WARM_UP, tolerance=0.1, seed=1))  # loads the compiled code
        before = time.process_time()
        answer = construct(problem)
        territory, gap = answer.territory, answer.gap_share
    else:
        from bench.territory.peer import PEERS  # noqa: PLC0415 - see main

        before = time.process_time()
        territory = np.asarray(PEERS[method](problem), dtype=np.int32)
    cpu_s = time.process_time() - before
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {**asdict(judge(problem, territory)), "gap": gap, "cpu_s": cpu_s, "gb": peak_gb}


def _median(name: str, method: str, runs: int) -> dict[str, Any]:
    words = [sys.executable, "-m", "bench.territory", name, "--method", method, "--one"]
    found = [
        json.loads(subprocess.run(words, capture_output=True, check=True, text=True).stdout)
        for _ in range(runs)
    ]
    answer = dict(found[0])
    answer["cpu_s"] = statistics.median(one["cpu_s"] for one in found)
    return answer


def _table(found: Mapping[str, Mapping[str, Any]]) -> str:
    rivals = [one for method, one in found.items() if method != OURS and one["feasible"]]
    best_km = min((one["mean_km"] for one in rivals), default=float("nan"))
    rows = []
    for method, one in found.items():
        gap = "" if one["gap"] is None else f"{100 * one['gap']:.2f} %"
        rows.append(
            (
                method,
                one["feasible"],
                f"{one['least']:.3f}-{one['most']:.3f}",
                round(one["mean_km"], 2),
                gap,
                round(one["cpu_s"], 2),
                round(one["gb"], 2),
                round(one["mean_km"] / best_km, 3),
            )
        )
    headings = ("method", "bands kept", "loads", "mean km", "gap", "CPU s", "GB", "km/best peer")
    return markdown(headings, rows)


if __name__ == "__main__":
    sys.exit(main())
