"""`python -m bench.million`: a pull of 1,000,000 accounts of 30 columns, beside other clients.

An embedded org serves the rows over HTTP from a process of its own. Each client is a process too;
its CPU time and peak memory are the kernel's. Ours pulls into SQLite and PostgreSQL as users do;
the others read the same rows from the same server into a plain SQLite table. The limits, binding
ready values and a bare COPY, get the very pages that were served.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.figure import Figure
from bench.measure import Desk, Usage, markdown, measured, served, usage_table
from bench.million.accounts import MORE_FIELDS, write_accounts

OURS, PEER, LIMIT = (
    (sys.executable, "-m", f"bench.million.{name}") for name in ("ours", "peer", "limit")
)
SMALL, LARGE = 100_000, 1_000_000
PEERS = ("simple-salesforce-bulk2", "simple-salesforce-query", "aio-sf-bulk")

Answers = Mapping[str, Any]


def main() -> int:
    options = _options()
    work: Path = options.folder.absolute()
    work.mkdir(parents=True, exist_ok=True)
    run = _Run(work)
    large = run.org(options.rows)
    small = run.org(min(SMALL, options.rows // 10))
    found = run.figures(small=small, large=large, peers=options.peer)
    print(usage_table(run.usages))
    print()
    print(_table(found))
    if options.json:
        facts = [{"name": one.name, "value": one.value, "unit": one.unit} for one in found]
        options.json.write_text(json.dumps(facts, indent=2), encoding="utf-8")
    return 0 if all(one.holds for one in found) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("--rows", type=int, default=LARGE)
    parser.add_argument("--folder", type=Path, default=Path("out/million"), help="orgs stay there")
    parser.add_argument("--peer", action="append", choices=PEERS, help="only these; default all")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    options.peer = options.peer or list(PEERS)
    return options


class _Run:
    """One benchmark: its folder, and what each process used."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self.usages: list[Usage] = []

    def org(self, rows: int) -> Path:
        """Return the state file of an org with that many accounts, made where it is not there."""
        state = self._work / f"org-{rows}.db"
        if state.exists():
            return state
        source = write_accounts(self._work / f"accounts-{rows}.csv", rows)
        half = state.with_suffix(".half")
        desk = Desk(self._work, dict(os.environ), self.usages)
        desk.run("reset", "sandbox", "reset", "--empty", "--yes", "--state", str(half))
        maps = [word for name in MORE_FIELDS for word in ("--map", f"accounts.{name}={name}")]
        desk.run(
            f"sandbox load {rows:,}",
            *("sandbox", "load", "--state", str(half), "--accounts", str(source), *maps),
        )
        source.unlink()
        half.rename(state)
        return state

    def figures(self, *, small: Path, large: Path, peers: Sequence[str]) -> list[Figure]:
        project = self._work / "project"
        with served(small) as environ:
            few = self._client("pull, few rows", (*OURS, "pull", f"{project}-small"), environ)
        with served(large) as environ:
            many = self._client("pull", (*OURS, "pull", str(project)), environ)
            again = self._client("pull again, all rows", (*OURS, "again", str(project)), environ)
            pages = self._client("download", (*LIMIT, "download", str(self._pages)), environ)
            others = {
                name: self._client(name, (*PEER, name, str(self._work / "peer.db")), environ)
                for name in peers
            }
        loader = self._client("loader and its limit", (*LIMIT, "sqlite", str(self._pages)))
        copy = self._client("PostgreSQL and its limit", (*LIMIT, "postgresql", str(self._pages)))
        return [
            Figure("served", pages["rows_per_s"], "rows/s", at_least=20_000),
            *_ours(few, many),
            Figure("all rows again, unchanged: CPU", _per_row(again), "us/row"),
            Figure("loader over bind-only", loader["ratio"], "times", at_least=0.8),
            Figure("loader, nothing changed", loader["unchanged_us"], "us/row", at_most=15),
            Figure("PostgreSQL loader over bare COPY", copy["ratio"], "times", at_least=0.5),
            Figure("PostgreSQL loader, nothing changed", copy["unchanged_us"], "us/row"),
            *(one for name, theirs in others.items() for one in _beside(name, theirs, many)),
        ]

    @property
    def _pages(self) -> Path:
        return self._work / "pages"

    def _client(
        self, name: str, words: Sequence[str], environ: Mapping[str, str] = os.environ
    ) -> dict[str, Any]:
        """Run one client, measured; return its answer with what it used."""
        out = self._work / f"{name.replace(' ', '-').replace(',', '')}.out"
        usage, code = measured(name, words, environ=environ, out=out)
        self.usages.append(usage)
        if code:
            raise SystemExit(f"{name} ended with {code}:\n{out.with_suffix('.err').read_text()}")
        print(f"{name:28s} {usage.wall_s:7.1f} s  {usage.peak_mb:6.0f} MB", file=sys.stderr)
        answer: dict[str, Any] = json.loads(out.read_text("utf-8").splitlines()[-1])
        return {"cpu_s": usage.cpu_s, "peak_mb": usage.peak_mb, **answer}


def _ours(few: Answers, many: Answers) -> list[Figure]:
    million = 1e6 / many["rows"]
    return [
        Figure("pull: columns", many["columns"], "columns", at_least=30),
        Figure("pull: CPU", many["cpu_s"] * million, "s/million", at_most=30),
        Figure("pull: peak memory", many["peak_mb"], "MB"),
        Figure(
            "pull: memory over few rows", many["peak_mb"] / few["peak_mb"], "times", at_most=1.2
        ),
    ]


def _beside(name: str, theirs: Answers, ours: Answers) -> list[Figure]:
    return [
        Figure(f"{name}: CPU", _per_row(theirs), "us/row"),
        Figure(f"{name}: CPU over ours", _per_row(theirs) / _per_row(ours), "times"),
        Figure(f"{name}: memory over ours", theirs["peak_mb"] / ours["peak_mb"], "times"),
    ]


def _per_row(answer: Answers) -> float:
    """Return the CPU of a whole client process in microseconds a row."""
    return float(answer["cpu_s"] / answer["rows"] * 1e6)


def _table(found: Sequence[Figure]) -> str:
    rows = [
        (one.name, one.value, one.unit, one.limit, "" if one.holds else "MISSED") for one in found
    ]
    return markdown(("figure", "value", "unit", "limit", ""), rows)


if __name__ == "__main__":
    sys.exit(main())
