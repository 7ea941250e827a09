"""What a benchmark answers with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure, and the limit that it is held against.

    Attributes:
        at_least: What it has to reach, None without such a limit.
        at_most: What it must not pass, None without such a limit.
    """

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Return whether the figure keeps its limits."""
        low = self.at_least is None or self.value >= self.at_least
        return low and (self.at_most is None or self.value <= self.at_most)

    @property
    def limit(self) -> str:
        """Return the limit in words, '' where there is none."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"


def median_cpu_s(job: Callable[[], object], *, repeats: int = 5) -> float:
    """Return the median CPU seconds of a job; the first run warms up and does not count."""
    job()
    taken = []
    for _ in range(repeats):
        started = process_time()
        job()
        taken.append(process_time() - started)
    return median(taken)
