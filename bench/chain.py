"""From pull to plan on an org of 79,418 accounts, 6,401 leads and 200 reps, over HTTP.

The real stores where ../shared/data is there, else made ones of the same size.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from bench.figure import Figure
from bench.measure import Desk, served
from bench.source import ACCOUNT_COUNT, has_real_files, made_source, real_source

MOST_PULL_MB, MOST_MB, MOST_S = 250.0, 1000.0, 120.0
STEPS = ("pull", "build", "route", "plan")


def figures(bind_only_rows_per_s: float) -> list[Figure]:
    """Return times and memory of the steps, each a process of its own.

    Args:
        bind_only_rows_per_s: The loader's limit, measured in the same run; the pull is shown
            beside it, though it also signs in, fetches, parses, normalises and locates.
    """
    with tempfile.TemporaryDirectory() as name:
        return _measured(Path(name), bind_only_rows_per_s)


def _measured(work: Path, bind_only_rows_per_s: float) -> list[Figure]:
    source = real_source(work) if has_real_files() else made_source(work)
    state, project = work / "org.db", work / "project"
    desk = Desk(work, dict(os.environ), [])
    desk.run("reset", "sandbox", "reset", "--empty", "--yes", "--state", str(state))
    desk.run(
        "load",
        *("sandbox", "load", "--replace", "--state", str(state), "--deal-owners", "nearest"),
        *("--accounts", str(source.accounts), "--leads", str(source.leads)),
        *("--users", str(source.users)),
    )
    desk.run("init", "init", str(project))
    with served(state) as environ:
        chain = Desk(project, environ, [])
        for step in STEPS:
            chain.run(step, step)
        hashes = [_hash(project)]
        again = Desk(project, environ, [])
        again.run("pull again", "pull")
        again.run("build again", "build", "--workers", "2")
        again.run("route again", "route")
        again.run("plan again", "plan", "--no-html")
        hashes.append(_hash(project))
    used = {one.name: one for one in chain.usages}
    rows_per_s = ACCOUNT_COUNT / used["pull"].wall_s
    plan_mb = max(path.stat().st_size for path in (project / "plans").iterdir()) / 1e6
    times = [Figure(f"{step}: wall time", used[step].wall_s, "s") for step in STEPS]
    peaks = [
        Figure(f"{step}: peak memory", used[step].peak_mb, "MB", at_most=MOST_MB)
        for step in STEPS[1:]
    ]
    return [
        Figure("pull: peak memory", used["pull"].peak_mb, "MB", at_most=MOST_PULL_MB),
        Figure("pull again: peak memory", again.usages[0].peak_mb, "MB", at_most=MOST_PULL_MB),
        Figure("pull: accounts, all steps", rows_per_s, "rows/s"),
        Figure("pull over bind-only", rows_per_s / bind_only_rows_per_s, "times"),
        *times,
        *peaks,
        Figure("pull to plan", sum(used[step].wall_s for step in STEPS), "s", at_most=MOST_S),
        Figure("plan report", plan_mb, "MB"),
        Figure("plan hashes, 1 and 2 workers", len(set(hashes)), "hashes", at_most=1),
    ]


def _hash(project: Path) -> str:
    """Return the hash of the plan made last."""
    desk = Desk(project, dict(os.environ), [])
    answer = desk.run("status", "status", "--json")
    found = json.loads(answer.read_text("utf-8"))["status"]
    return str(found["plan_hash"])
