"""Contiguous districts: cut edges against the proven optima of the literature.

`python -m bench.districts FOLDER`: the folder holds unit graphs and a `published_optima.csv` with
the columns state, level, k, L, U and MIP_obj. A graph without a published optimum is divided into
four and compared with nothing. Every plan is checked here, apart from the search.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from time import process_time

from bench.measure import markdown
from sfterritory.connectors.district_file import read_districts
from sfterritory.optimize.district.check import check_districts
from sfterritory.optimize.district.solve import solve_districts
from sfterritory.optimize.district.unit_graph import DistrictParams, UnitGraph

TOLERANCE = 0.005
UNPUBLISHED_DISTRICTS = 4
MOST_RATIO = 1.05
HEADS = (
    "graph", "n", "k", "seed", "tolerance %", "worst %", "in limits", "contiguous", "cut edges",
    "optimum", "ratio", "CPU s",
)  # fmt: skip
Row = tuple[str | int | float, ...]


def main() -> int:
    """Print a row per graph and seed; return 1 where a plan is wrong or cuts too much."""
    parser = argparse.ArgumentParser(prog="python -m bench.districts", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--effort", type=float, default=20.0)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    with (options.folder / "published_optima.csv").open(encoding="utf-8") as file:
        known = {f"{row['state']}_{row['level']}".lower(): row for row in csv.DictReader(file)}
    rows, missed = [], 0
    for path in sorted(options.folder.glob("*.json*")):
        for seed in range(options.seeds):
            row, good = _row(path, known.get(path.name.split(".")[0]), options.effort, seed)
            rows.append(row)
            missed += not good
            print(*row, sep="\t", file=sys.stderr, flush=True)
    print(markdown(HEADS, rows))
    print(f"\n{missed} of {len(rows)} plans are outside a limit, in pieces, or cut too much")
    return 1 if missed else 0


def _row(path: Path, known: dict[str, str] | None, effort: float, seed: int) -> tuple[Row, bool]:
    found = read_districts(path)
    k = int(known["k"]) if known else UNPUBLISHED_DISTRICTS
    mean = float(found.population.sum()) / k
    least = float(known["L"]) if known else mean * (1 - TOLERANCE)
    most = float(known["U"]) if known else mean * (1 + TOLERANCE)
    params = DistrictParams(districts=k, tolerance=TOLERANCE, effort=effort, seed=seed)
    started = process_time()
    answer = solve_districts(UnitGraph(found.population, found.borders), params=params)
    taken_s = process_time() - started
    check = check_districts(
        found.population.tolist(),
        found.borders.tolist(),
        district=answer.district.tolist(),
        districts=k,
        least=least,
        most=most,
    )
    optimum = int(known["MIP_obj"]) if known else None
    ratio = check.cut_edges / optimum if optimum else None
    worst = max(abs(one - mean) for one in check.population) / mean
    good = not check.broken and check.outside == 0 and (ratio is None or ratio <= MOST_RATIO)
    row: Row = (
        path.name.split(".")[0], len(found.unit), k, seed, 100 * TOLERANCE, round(100 * worst, 3),
        "yes" if check.outside == 0 else "no", "no" if check.broken else "yes", check.cut_edges,
        optimum or "", "" if ratio is None else round(ratio, 3), round(taken_s, 1),
    )  # fmt: skip
    return row, good


if __name__ == "__main__":
    sys.exit(main())
