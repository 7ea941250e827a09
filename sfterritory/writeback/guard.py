"""The guard of a run: it stops one in which too much is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sfterritory.errors import ExitCode, SfTerritoryError
from sfterritory.model.plan import Applied, Outcome
from sfterritory.writeback.method import ApplyParams


class ApplyStoppedError(SfTerritoryError):
    """Too many changes of a run failed; it stopped, and what was written stays written."""

    exit_code = ExitCode.PARTLY_APPLIED


@dataclass(slots=True)
class Guard:
    """Counts outcomes, and stops a run in which too many failed."""

    params: ApplyParams
    counts: Counter[Outcome] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Return how many outcomes were counted."""
        return self.counts.total()

    def counted(self, outcomes: Iterator[Applied]) -> Iterator[Applied]:
        """Pass outcomes on and count them."""
        for applied in outcomes:
            self.counts[applied.outcome] += 1
            yield applied

    def check(self, *, left: int) -> None:
        """Stop the run if too many changes failed.

        Raises:
            ApplyStoppedError: Names the shares, and how many changes were not sent.
        """
        failed = self.counts[Outcome.FAILED] + self.counts[Outcome.UNVERIFIED]
        limit = self.params.max_failure_share
        if failed >= self.params.min_failures and failed > limit * self.total:
            raise ApplyStoppedError(
                f"stopped after {failed:,} of {self.total:,} changes failed "
                f"({failed / self.total:.1%}, the limit is {limit:.1%}); {left:,} were not sent",
                remedy="look at the causes with `sfterritory log`, then run `sfterritory apply` "
                "once more for the rest, or `sfterritory revert` for what was written",
            )
