"""`make bench`: ratios against named limits, medians, with the machine's load beside them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import chain, loader, plan, routing, start, territory_index
from bench.figure import Figure
from bench.measure import markdown

PARTS = ("loader", "routing", "index", "plan", "start", "chain")


def main() -> int:
    """Run the parts asked for; return 1 where a figure misses its limit."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    wanted = options.parts or list(PARTS)
    if unknown := sorted(set(wanted) - set(PARTS)):
        parser.error(f"no part {', '.join(unknown)}, only {', '.join(PARTS)}")
    found: list[tuple[Figure, float]] = []
    bind_only = 0.0
    if {"loader", "chain"} & set(wanted):
        of_loader, bind_only = _loader()
        found += _noted("loader", lambda: of_loader)
    others: dict[str, Callable[[], list[Figure]]] = {
        "routing": routing.figures,
        "index": territory_index.figures,
        "plan": plan.figures,
        "start": start.figures,
        "chain": lambda: chain.figures(bind_only),
    }
    for name, figures in others.items():
        if name in wanted:
            found += _noted(name, figures)
    print(_table(found))
    if options.json:
        options.json.write_text(_document(found), encoding="utf-8")
    return 0 if all(figure.holds for figure, _ in found) else 1


def _noted(name: str, figures: Callable[[], list[Figure]]) -> list[tuple[Figure, float]]:
    """Return a part's figures, each with the load of the machine when they were taken."""
    print(f"{name} ...", file=sys.stderr)
    return [(figure, os.getloadavg()[0]) for figure in figures()]


def _loader() -> tuple[list[Figure], float]:
    """Return the loader's figures, and the rows a second of its limit."""
    medians = loader.measured()
    limit = loader.ROWS / medians["limit"]
    of_limit, of_deferred = (medians[name] / medians["load"] for name in ("limit", "deferred"))
    return [
        Figure("bind only", limit, "rows/s"),
        Figure("loader", loader.ROWS / medians["load"], "rows/s"),
        Figure("loader over bind-only", of_limit, "times", at_least=loader.LIMIT_RATIO),
        Figure("... with indexes at the end", of_deferred, "times"),
        Figure("loader, nothing changed", loader.ROWS / medians["unchanged"], "rows/s"),
        Figure("read 20 columns", loader.ROWS / medians["read"], "rows/s"),
        Figure("name the snapshot", loader.ROWS / medians["snapshot"], "rows/s"),
    ], limit


def _table(found: list[tuple[Figure, float]]) -> str:
    rows = [
        (one.name, one.value, one.unit, one.limit, "" if one.holds else "MISSED", load)
        for one, load in found
    ]
    return markdown(("figure", "value", "unit", "limit", "", "load average"), rows)


def _document(found: list[tuple[Figure, float]]) -> str:
    content = {
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processors": os.cpu_count(),
        "figures": [
            {**asdict(one), "holds": one.holds, "load_average": round(load, 2)}
            for one, load in found
        ],
    }
    return json.dumps(content, indent=2)


if __name__ == "__main__":
    sys.exit(main())
