"""`python -m bench.territory`: construction beside peers on the same instances, one checker.

Each run is a process of its own with warm compiled code; figures are medians of the runs. A peer
that misses a band says so, and takes no part in the ratios.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from bench.measure import markdown
from bench.territory.checker import judge
from bench.territory.instance import uniform
from bench.territory.sets import NAMES, OURS, named_set, usual_methods
from bench.territory.tasks import TASKS
from sfterritory.model.columns import Ints
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.solve import construct

_WARM_UP = (600, 6)
_GRAPH_PEERS = ("METIS", "KaHIP", "k-means-constrained")


def main() -> int:
    """Run methods on sets, each run in a process of its own, or one of them in this process."""
    # peers are imported where they run: their libraries would count as our memory
    options = _options()
    if options.one:
        construct(uniform(*_WARM_UP, tolerance=0.1, seed=1))  # loads the compiled code
        name, seed = options.sets[0], options.seed
        found = (
            TASKS[options.task](name, seed)
            if options.task
            else _measured(name, options.method[0] if options.method else OURS, seed)
        )
        print(json.dumps(found))
        return 0
    for name in options.sets or ["U10k", "C10k", "C100k", "C10k-homes", "C100k-homes"]:
        runs = 1 if options.task else options.runs
        head = f"{name}, seed {options.seed}, runs {runs}"
        if options.task:
            body = _task_table(_child(name, ["--task", options.task], options.seed))
        else:
            methods = options.method or usual_methods(named_set(name, options.seed))
            body = _table({one: _median(name, one, options) for one in methods})
        print(f"\n{head}, load average {os.getloadavg()[0]:.1f}\n\n{body}", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.territory", description=__doc__)
    parser.add_argument("sets", nargs="*", help=f"of {', '.join(NAMES)}, or TERR files")
    parser.add_argument("--method", action="append", help="only these methods")
    parser.add_argument("--task", choices=sorted(TASKS), help="a task in place of the peers")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the generated sets")
    parser.add_argument(
        "--one",
        action="store_true",
        help="one run here, figures as JSON; ours, if no method is named",
    )
    options = parser.parse_args()
    if options.one and len(options.sets) != 1:
        parser.error("--one measures one set: name it")
    if options.one and len(options.method or ()) > 1:
        parser.error("--one measures one method")
    return options


def _measured(name: str, method: str, seed: int) -> dict[str, Any]:
    problem = named_set(name, seed)
    gap = None
    if method == OURS:
        before = time.process_time()
        answer = construct(problem)
        territory, gap = answer.territory, answer.gap_share
    else:
        peer = _peer(method)
        before = time.process_time()
        territory = np.asarray(peer(problem), dtype=np.int32)
    cpu_s = time.process_time() - before
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {**asdict(judge(problem, territory)), "gap": gap, "cpu_s": cpu_s, "gb": peak_gb}


def _peer(method: str) -> Callable[[Problem], Ints]:
    if method in _GRAPH_PEERS:
        from bench.territory.graph_peer import GRAPH_PEERS  # noqa: PLC0415 - see main

        return GRAPH_PEERS[method]
    from bench.territory.peer import PEERS  # noqa: PLC0415 - see main

    return PEERS[method]


def _child(name: str, words: list[str], seed: int) -> Any:
    command = [sys.executable, "-m", "bench.territory", name, "--one", "--seed", str(seed), *words]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def _median(name: str, method: str, options: argparse.Namespace) -> dict[str, Any]:
    found = [_child(name, ["--method", method], options.seed) for _ in range(options.runs)]
    return {**found[0], "cpu_s": statistics.median(one["cpu_s"] for one in found)}


def _task_table(found: list[dict[str, Any]]) -> str:
    rows = [
        (
            one["what"],
            one["feasible"],
            round(one["mean_km"], 3),
            f"{one['mean_km'] / found[0]['mean_km']:.4f}",
            "" if one["gap"] is None else f"{100 * one['gap']:.2f} %",
            round(one["cpu_s"], 2),
        )
        for one in found
    ]
    return markdown(("plan", "bands kept", "mean km", "km/first", "gap", "CPU s"), rows)


def _table(found: Mapping[str, Mapping[str, Any]]) -> str:
    rivals = [one for method, one in found.items() if method != OURS and one["feasible"]]
    best = min(rivals, key=lambda one: float(one["mean_km"]), default=None)
    best_km, best_cpu_s = (best["mean_km"], best["cpu_s"]) if best else (math.nan, math.nan)
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
                round(one["cpu_s"] / best_cpu_s, 3),
            )
        )
    headings = (
        "method",
        "bands kept",
        "loads",
        "mean km",
        "gap",
        "CPU s",
        "GB",
        "km/best",
        "CPU/best",
    )
    return markdown(headings, rows)


if __name__ == "__main__":
    sys.exit(main())
