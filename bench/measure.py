"""Commands as users type them, each measured as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LAUNCHER = Path(__file__).with_name("launch.py")
SFTERRITORY = (sys.executable, "-m", "sfterritory")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one command used.

    Attributes:
        cpu_s: User and system time, worker processes included.
        peak_mb: Resident memory at its highest, of the largest process.
        load: Of the machine in the minute before the end.
    """

    name: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    load: float


@dataclass(slots=True)
class Desk:
    """A project folder in which commands are run one after the other.

    Attributes:
        usages: What each measured command used, in order.
    """

    folder: Path
    environ: Mapping[str, str]
    usages: list[Usage]

    def run(self, name: str, *words: str, allowed: Sequence[int] = (0,)) -> Path:
        """Run `sfterritory WORDS` measured, and return the file that holds its answer.

        Raises:
            SystemExit: It ended with another code than the allowed ones.
        """
        answer = self.folder / f"{name.replace(' ', '-')}.out"
        usage, code = measured(
            name, (*SFTERRITORY, *words), cwd=self.folder, environ=self.environ, out=answer
        )
        self.usages.append(usage)
        if code not in allowed:
            said = answer.with_suffix(".err").read_text("utf-8")
            raise SystemExit(f"`sfterritory {' '.join(words)}` ended with {code}:\n{said}")
        print(f"{name:24s} {usage.wall_s:7.1f} s  {usage.peak_mb:6.0f} MB", file=sys.stderr)
        return answer

    def ask(self, name: str, *words: str, allowed: Sequence[int] = (0,)) -> dict[str, Any]:
        """Run a command with `--json` measured, and return its answer."""
        answer = self.run(name, *words, "--json", allowed=allowed)
        found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return found


def measured(
    name: str,
    words: Sequence[str],
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    out: Path,
) -> tuple[Usage, int]:
    """Run a command; return what it used and its exit code.

    Its stdout goes to `out`, its stderr and its figures to files beside.
    """
    report = out.with_suffix(".usage")
    with out.open("wb") as stdout, out.with_suffix(".err").open("wb") as stderr:
        ended = subprocess.run(
            [sys.executable, "-I", "-S", str(_LAUNCHER), str(report.absolute()), *words],
            cwd=cwd,
            env=None if environ is None else dict(environ),
            stdout=stdout,
            stderr=stderr,
            check=False,
        )
    return Usage(name=name, **json.loads(report.read_text("utf-8")), load=os.getloadavg()[0]), (
        ended.returncode
    )


@contextmanager
def served(state: Path) -> Iterator[dict[str, str]]:
    """Serve an org on a free port of this machine; yield what goes into the environment."""
    with subprocess.Popen(
        [*SFTERRITORY, "sandbox", "serve", "--port", "0", "--json", "--state", str(state)],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            if not line:
                raise SystemExit("the sandbox org did not start")
            org = json.loads(line)
            yield {
                **os.environ,
                "SFTERRITORY_INSTANCE_URL": org["url"],
                "SFTERRITORY_CLIENT_ID": org["client_id"],
                "SFTERRITORY_CLIENT_SECRET": org["client_secret"],
            }
        finally:
            server.terminate()


def markdown(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; numbers are right-aligned and rounded for reading."""
    numeric = [
        all(isinstance(row[place], int | float) for row in rows) for place in range(len(headings))
    ]
    lines = [headings, ["---:" if one else "---" for one in numeric]]
    lines += [[_cell(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def usage_table(usages: Sequence[Usage]) -> str:
    """Return the table of stages."""
    return markdown(
        ("stage", "wall s", "CPU s", "peak MB", "load average"),
        [(one.name, one.wall_s, one.cpu_s, one.peak_mb, one.load) for one in usages],
    )
