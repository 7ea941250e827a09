"""When to stop asking an engine that no longer answers."""

from __future__ import annotations

from typing import Final

from sfterritory.events import emit

FAILURES_IN_A_ROW: Final = 5


class Breaker:
    """Counts failures in a row; once open it stays open: the engine is down for this run."""

    def __init__(self) -> None:
        self._failures = 0
        self.failures = 0
        """Of all requests so far."""
        self.words = ""
        """What went wrong last."""

    @property
    def is_open(self) -> bool:
        """Tell whether nothing more is asked."""
        return self._failures >= FAILURES_IN_A_ROW

    def succeeded(self) -> None:
        """Take note of an answer."""
        if not self.is_open:
            self._failures = 0

    def failed(self, words: str) -> None:
        """Take note of a failure after all attempts; the last one's words are kept."""
        if self.is_open:
            return
        self._failures += 1
        self.failures += 1
        self.words = words
        emit("travel.failure", in_a_row=self._failures)
