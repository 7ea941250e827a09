"""`make real`: the main job on 79,418 real stores and 6,401 real leads, through the real CLI.

An embedded org is filled with the files of ../shared/data/accounts and 200 made reps, and every
command runs as a process of its own; its wall time, CPU time and peak memory are printed with what
it found. Nothing is a shortcut: HTTP, store, optimiser and plan are what users get.

The sample mappings are used as `init` writes them, but for the lines of `DIFFERENCES` below, each
with the reason.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import Desk, markdown, served, usage_table
from bench.source import REAL, STORES, has_real_files, opened, real_source
from sfterritory.model.columns import Accuracy
from sfterritory.model.sphere import haversine_km


@dataclass(frozen=True, slots=True)
class Difference:
    """A line of the sample mappings that does not fit the stores, and why."""

    file: str
    sample: str
    ours: str
    why: str


DIFFERENCES = (
    Difference(
        "mappings/territories.yaml",
        sample="calls_per_year: 4 ",
        ours="calls_per_year: 2 ",
        why="four calls of 45 minutes at each of 79,418 stores are more than 200 reps can work",
    ),
)
# Owners dealt in blocks of random sizes are so far from any balance that nearly all have to move.
OF_BLOCKS = (
    Difference(
        "sfterritory.yaml",
        sample="max_share_moved: 0.6 ",
        ours="max_share_moved: 1.0 ",
        why="the stores were dealt in random blocks, so that a first build moves nearly all",
    ),
)
_MARK = ".made-by-bench"
# Which column says what a store is worth? None does: `value` stays 0 for every account, and
# value_tolerance has nothing to balance.
MAPS = ("accounts.AccountNumber=row",)  # to find a store's row in the file again


def main() -> int:
    options = _options()
    if not has_real_files():
        print(f"make real needs the files of {REAL}, which are not here: nothing was run")
        return 0
    work = options.folder.absolute()
    _make_room(work)
    facts = _run(work, options)
    if options.json:
        options.json.write_text(json.dumps(facts, indent=2), encoding="utf-8")
    return 0


def _make_room(work: Path) -> None:
    """Make the folder anew, if it is empty or was made here."""
    if work.exists() and any(work.iterdir()) and not (work / _MARK).exists():
        raise SystemExit(f"{work} is not empty and was not made by this benchmark: name another")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (work / _MARK).touch()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.real", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("out/real"), help="made anew")
    parser.add_argument("--reps", type=int, default=200)
    parser.add_argument("--deal-owners", choices=["blocks", "nearest"], default="nearest")
    parser.add_argument(
        "--without-coordinates",
        action="store_true",
        help="leave latitude and longitude out, and measure how far off the places found are",
    )
    parser.add_argument(
        "--apply", action="store_true", help="also approve, apply and revert every change: minutes"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser.parse_args()


def _run(work: Path, options: argparse.Namespace) -> dict[str, Any]:
    state, project = work / "org.db", work / "project"
    desk = Desk(work, dict(os.environ), [])
    desk.ask("sandbox reset", "sandbox", "reset", "--empty", "--yes", "--state", str(state))
    source = real_source(work, coordinates=not options.without_coordinates, reps=options.reps)
    loaded = desk.ask(
        "sandbox load",
        *("sandbox", "load", "--replace", "--state", str(state)),
        *("--deal-owners", options.deal_owners),
        *("--accounts", str(source.accounts), "--leads", str(source.leads)),
        *("--users", str(source.users)),
        *(word for one in MAPS for word in ("--map", one)),
    )
    desk.ask("init", "init", str(project))
    differences = (*DIFFERENCES, *(OF_BLOCKS if options.deal_owners == "blocks" else ()))
    _adapt(project, differences)
    with served(state) as environ:
        chain = Desk(project, environ, desk.usages)
        answers = _chain(chain, apply=options.apply)
    facts = {
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_average": os.getloadavg(),
        "sandbox": _load_facts(loaded),
        "differences": [asdict(one) for one in differences],
        **answers,
        "usages": [asdict(one) for one in desk.usages],
    }
    if options.without_coordinates:
        facts["error_km"] = _location_errors(state, project / ".sfterritory" / "store.db")
    _print(facts, desk)
    return facts


def _adapt(project: Path, differences: Sequence[Difference]) -> None:
    """Change the few lines of the sample mappings that do not fit the stores."""
    for one in differences:
        path = project / one.file
        text = path.read_text("utf-8")
        if text.count(one.sample) != 1:
            raise SystemExit(f"{path}: {one.sample!r} is not there once: correct bench/real.py")
        path.write_text(text.replace(one.sample, one.ours), encoding="utf-8")


def _chain(desk: Desk, *, apply: bool) -> dict[str, Any]:
    desk.run("doctor", "doctor")
    first = desk.ask("pull", "pull")["pull"]
    again = desk.ask("pull again", "pull")["pull"]
    if again["loaded"]:
        raise SystemExit(f"the second pull loaded {again['loaded']} rows, not 0")
    built = desk.ask("build", "build")["build"]
    routed = desk.ask("route", "route")["route"]
    plan = _plan(desk, "plan")
    same = desk.ask("build, 2 workers", "build", "--workers", "2")["build"]
    desk.ask("route again", "route")
    other = _plan(desk, "plan again")
    if (same["version"], other["hash"]) != (built["version"], plan["hash"]):
        raise SystemExit(f"2 workers gave plan {other['hash']}, 1 worker gave {plan['hash']}")
    answers = {"pull": first, "build": built, "route": routed, "plan": plan}
    short = plan["hash"][:12]
    desk.ask("approve", "approve", short)
    if apply:
        answers["apply"] = desk.ask("apply", "apply", short, allowed=(0, 3))["apply"]
        desk.run("revert", "revert", "latest")
    return answers


def _plan(desk: Desk, name: str) -> dict[str, Any]:
    """Make a plan as users do, and return its counts, checks and hash out of the plan file."""
    file = desk.folder / f"{name.replace(' ', '-')}.json"
    desk.run(name, "plan", "--out", str(file))
    document = json.loads(file.read_text("utf-8"))
    html = desk.folder / "plans" / f"{document['hash'][:8]}.html"
    plan = document["plan"]
    return {
        "hash": document["hash"],
        "counts": plan["counts"],
        "checks": plan["checks"],
        "applyable": plan["applyable"],
        "plan_file_mb": file.stat().st_size / 1e6,
        "html_mb": html.stat().st_size / 1e6,
    }


def _load_facts(loaded: Mapping[str, Any]) -> dict[str, Any]:
    causes: dict[str, int] = {}
    for one in loaded["rejected"]:
        what = f"{one['kind']}.{one['field'] or 'row'}: {one['cause']}"
        causes[what] = causes.get(what, 0) + 1
    return {"loaded": loaded["loaded"], "dealt": loaded["dealt"], "rejected": causes}


def _location_errors(state: Path, store: Path) -> dict[str, dict[str, float]]:
    """Return how far the places found are from the true ones, by accuracy level."""
    with opened(STORES) as file:
        true = {
            row["row"]: (float(row["longitude"]), float(row["latitude"]))
            for row in csv.DictReader(file)
            if row["longitude"] not in {"", "null"}
        }
    with closing(sqlite3.connect(state)) as org:
        row_of = dict(org.execute("SELECT Id, AccountNumber FROM Account"))
    with closing(sqlite3.connect(store)) as found:
        rows = [
            (*true[row_of[record_id]], lon, lat, level)
            for record_id, lon, lat, level in found.execute(
                "SELECT record_id, lon_deg, lat_deg, accuracy FROM location "
                "WHERE object_name = 'Account' AND accuracy > 0"
            )
            if row_of[record_id] in true
        ]
    lon, lat, to_lon, to_lat, level = np.array(rows, dtype=np.float64).T
    apart_km = haversine_km(lon, lat, to_lon_deg=to_lon, to_lat_deg=to_lat)
    return {
        Accuracy(number).name.lower(): {
            "records": int((level == number).sum()),
            "median": float(np.median(apart_km[level == number])),
            "p90": float(np.percentile(apart_km[level == number], 90)),
            "p99": float(np.percentile(apart_km[level == number], 99)),
            "over_100_km": int((apart_km[level == number] > 100).sum()),
        }
        for number in sorted(set(level.astype(int).tolist()))
    }


def _print(facts: Mapping[str, Any], desk: Desk) -> None:
    for title, table in _tables(facts, desk):
        print(f"\n{title}\n\n{table}")
    total = sum(one.wall_s for one in desk.usages if one.name in {"pull", "build", "route", "plan"})
    print(f"\nPull to plan: {total:,.0f} s. Plan {facts['plan']['hash']}, equal with 2 workers.")
    print("Value is 0 for every account: no column says what a store is worth.")
    for one in facts["differences"]:
        changed = f"{one['ours'].strip()} instead of {one['sample'].strip()}"
        print(f"{one['file']}: {changed}: {one['why']}.")


def _tables(facts: Mapping[str, Any], desk: Desk) -> list[tuple[str, str]]:
    located = [
        (one["object_name"], level, count, 100 * count / one["records"])
        for one in facts["pull"]["located"]
        for level, count in one["accuracy"].items()
    ]
    causes = [
        (one["object_name"], what, cause, count)
        for one in facts["pull"]["located"]
        for what in ("causes", "rejects", "doubts")
        for cause, count in one[what].items()
    ]
    built, plan = facts["build"], facts["plan"]
    balance = [
        (measure, figure, built["before"][measure].get(figure, "-"), after)
        for measure, figures in built["after"].items()
        for figure, after in figures.items()
    ]
    outcome = [
        *((f"build: {name}", built[name]) for name in (
            "accounts", "unlocated", "outside_scope", "moved", "feasible", "gap_share",
        )),
        *(("note", note) for note in built["notes"][:3]),
        ("notes in all", len(built["notes"])),
        *((f"moves: {name}", count) for name, count in facts["route"]["moves"].items()),
        *((f"plan: {name}", count) for name, count in plan["counts"].items()),
        *((f"check {one['name']}", one["detail"]) for one in plan["checks"]),
        *((name, plan[name]) for name in ("plan_file_mb", "html_mb")),
        *(("apply", one["summary"]) for one in (facts.get("apply"),) if one),
    ]  # fmt: skip
    tables = [
        ("Stages", usage_table(desk.usages)),
        ("Located", markdown(("object", "accuracy", "records", "%"), located)),
        ("Not located, refused, doubted", markdown(("object", "what", "cause", "n"), causes)),
        ("Stages of the build", markdown(list(built["stages"][0]), [
            tuple(one.values()) for one in built["stages"]
        ])),
        ("Balance", markdown(("measure", "figure", "before", "after"), balance)),
        ("Outcome", markdown(("what", "figure"), outcome)),
        ("Rules", markdown(("object", "rule", "records"), [
            (one["object_name"], one["rule"], one["records"]) for one in facts["route"]["rules"]
        ])),
        ("Left out by the sandbox", markdown(
            ("what", "n"), sorted(facts["sandbox"]["rejected"].items())
        )),
    ]  # fmt: skip
    if "error_km" in facts:
        rows = [(level, *figures.values()) for level, figures in facts["error_km"].items()]
        headings = ("accuracy", "records", "median km", "p90", "p99", "over 100 km")
        tables.append(("Distance of the place found to the true one", markdown(headings, rows)))
    return tables


if __name__ == "__main__":
    sys.exit(main())
