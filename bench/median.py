"""Capacitated p-median instances of the literature: gap to the best known value at a given effort.

`python -m bench.median FOLDER [FILE ...]`: the folder holds instance files and a `bks.csv` with the
columns file and best_known. Every answer is scored here, apart from the solver.
"""

from __future__ import annotations

import argparse
import csv
import sys
from math import floor, hypot
from pathlib import Path
from time import process_time

from bench.measure import markdown
from sfterritory.connectors.instance_file import MedianFile, read_instance
from sfterritory.optimize.median.instance import MedianInstance, MedianParams
from sfterritory.optimize.median.solve import solve_medians

MOST_MEAN_PERCENT, MOST_PERCENT = 1.0, 2.5
Row = tuple[str, int, int, float, float, float, float | str, float]


def main() -> int:
    """Print a row per file, and the mean and largest gap; return 1 where a limit is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.median", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="*", help="only these")
    parser.add_argument("--effort", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_intermixed_args()
    with (options.folder / "bks.csv").open(encoding="utf-8") as file:
        known = {row["file"]: float(row["best_known"]) for row in csv.DictReader(file)}
    rows: list[Row] = []
    for name in options.files or sorted(known):
        params = MedianParams(effort=options.effort, seed=options.seed)
        rows.append(_row(options.folder / name, known[name], params))
        print(*rows[-1], sep="\t", file=sys.stderr, flush=True)
    print(markdown(("file", "n", "p", "value", "best known", "gap %", "bound %", "CPU s"), rows))
    gaps = [row[5] for row in rows]
    mean = sum(gaps) / len(gaps)
    print(f"\nmean gap {mean:.3f} %, largest {max(gaps):.3f} %, {len(rows)} files")
    return 0 if mean <= MOST_MEAN_PERCENT and max(gaps) <= MOST_PERCENT else 1


def _row(path: Path, best_known: float, params: MedianParams) -> Row:
    found = read_instance(path)
    assert isinstance(found, MedianFile)
    instance = MedianInstance(
        found.x, found.y, found.capacity, found.demand, found.medians, found.floored
    )
    started = process_time()
    answer = solve_medians(instance, params=params)
    taken_s = process_time() - started
    value = _score(found, answer.centre.tolist())
    bound = "" if answer.bound is None else round(100 * (answer.bound / best_known - 1), 2)
    gap = round(100 * (value / best_known - 1), 3)
    n = len(found.x)
    return path.name, n, found.medians, round(value, 2), best_known, gap, bound, round(taken_s, 1)


def _score(found: MedianFile, centre: list[int]) -> float:
    """Return the value of a feasible answer; fails where it is not one."""
    load = dict.fromkeys(centre, 0.0)
    value = 0.0
    for customer, median in enumerate(centre):
        load[median] += float(found.demand[customer])
        away = hypot(found.x[customer] - found.x[median], found.y[customer] - found.y[median])
        value += floor(away) if found.floored else away
    assert len(load) == found.medians
    assert all(centre[median] == median for median in load)
    assert all(amount <= found.capacity[median] + 1e-6 for median, amount in load.items())
    return float(value)


if __name__ == "__main__":
    sys.exit(main())
