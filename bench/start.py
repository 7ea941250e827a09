"""How long `--help` takes, against a Python that does nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from statistics import median
from time import perf_counter

from bench.figure import Figure
from bench.measure import SFTERRITORY

REPEATS = 7
LONGEST_MS = 300.0


def figures() -> list[Figure]:
    """Return the median wall times."""
    bare = _median_ms((sys.executable, "-c", "pass"))
    shown = _median_ms((*SFTERRITORY, "--help"))
    return [
        Figure("bare python", bare, "ms"),
        Figure("sfterritory --help", shown, "ms", at_most=LONGEST_MS),
        Figure("--help over bare python", shown / bare, "times"),
    ]


def _median_ms(words: Sequence[str]) -> float:
    taken = []
    for _ in range(REPEATS):
        started = perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        taken.append(perf_counter() - started)
    return median(taken) * 1000
