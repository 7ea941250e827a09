"""When to stop asking an engine that no longer answers, and when to try it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sfterritory.events import emit

FAILURES_IN_A_ROW: Final = 5
FIRST_PAUSE_SECONDS: Final = 60.0
LONGEST_PAUSE_SECONDS: Final = 960.0


class Breaker:
    """Counts failures in a row; after five it is open for a pause, then lets one request try.

    An answer closes it; a failure opens it again for twice as long.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._open_until = -float("inf")
        self.failures = 0
        """Of all requests so far."""
        self.openings = 0
        """How often it gave up asking."""
        self.words = ""
        """What went wrong last."""

    @property
    def is_open(self) -> bool:
        """Tell whether nothing is asked now."""
        return self._clock() < self._open_until

    @property
    def is_trying(self) -> bool:
        """Tell whether the pause is over and the next request shows if the engine is back."""
        return self._failures >= FAILURES_IN_A_ROW and not self.is_open

    def succeeded(self) -> None:
        """Take note of an answer; one that was under way when it opened closes nothing."""
        if not self.is_open:
            self._failures = 0
            self._pause_seconds = FIRST_PAUSE_SECONDS

    def failed(self, words: str) -> None:
        """Take note of a failure after all attempts; the last one's words are kept."""
        if self.is_open:
            return
        self._failures += 1
        self.failures += 1
        self.words = words
        emit("travel.failure", in_a_row=self._failures)
        if self._failures >= FAILURES_IN_A_ROW:
            self.openings += 1
            self._open_until = self._clock() + self._pause_seconds
            self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)

    def answered_in_part(self, words: str) -> None:
        """Take note of a request of which a part got an answer and another part got none."""
        self.failures += 1
        self.words = words
        self.succeeded()
