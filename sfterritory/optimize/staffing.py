"""How many reps a book needs, and how much of it the present roster can serve.

More reps have shorter legs, so the number is looked for, not divided out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.params import WorkloadParams
from sfterritory.optimize.travel_load import territory_travel
from sfterritory.optimize.workload import Calls, compact_parts

_LOOKED_AT = 1_000_000  # accounts in all that further numbers of reps may cost


@dataclass(frozen=True, slots=True)
class StaffNeed:
    """Reps that a book or a region needs, and the hours that this rests on.

    Assumed are compact territories of equal service hours, a rep in the middle of each, and work
    that may be shared out freely between them: limits, locks and homes elsewhere need more.

    Attributes:
        reps: Least number whose hours suffice.
        accounts: Accounts with calls.
        service_hours: Calls times duration.
        travel_hours: Driving of so many reps.
        rep_hours: What a rep has.
        hours_with_one_less: Least service and driving found for fewer reps; NaN where none were
            looked at, since the service alone is more than they have.
    """

    reps: int
    accounts: int
    service_hours: float
    travel_hours: float
    rep_hours: float
    hours_with_one_less: float


@dataclass(frozen=True, slots=True)
class RosterReach:
    """What the present roster can serve of a book.

    Attributes:
        accounts: How many accounts like the mean one, at most those there are.
        share: Of the hours.
        missing_hours: That nobody has.
    """

    accounts: int
    share: float
    missing_hours: float


def reps_needed(calls: Calls, *, rep_hours: float, params: WorkloadParams) -> StaffNeed:
    """Return the least number of reps whose hours suffice for a book.

    Raises:
        ValueError: A rep has no hours.
    """
    if not rep_hours > 0:
        raise ValueError(f"a rep has {rep_hours:g} hours a year: no number of reps suffices")
    called = np.flatnonzero(calls.per_year > 0)
    book = calls.taken(called)
    service = float(book.service_hours.sum())
    if len(book) == 0:
        return StaffNeed(0, 0, 0.0, 0.0, rep_hours, float("nan"))
    hours: dict[int, float] = {}

    def missing(parts: int) -> float:
        cut = min(parts, len(book))  # a part without accounts drives nowhere
        if cut not in hours:
            hours[cut] = service + _travel_hours(book, cut, params)
        return hours[cut] - parts * rep_hours

    least = max(1, ceil(service / rep_hours))
    enough = _first_enough(missing, least, rep_hours)
    # Where cuts happen to run changes the driving: fewer parts may drive less than more parts.
    for parts in range(enough - 1, max(least, enough - _LOOKED_AT // len(book)) - 1, -1):
        missing(parts)
    reps, parts = min((max(one, ceil(hours[one] / rep_hours)), one) for one in hours)
    fewer = [hours[one] for one in hours if one < reps]
    return StaffNeed(
        reps,
        len(book),
        service,
        hours[parts] - service,
        rep_hours,
        min(fewer) if fewer else float("nan"),
    )


def reps_needed_by_region(
    calls: Calls, region: Ints, *, n_regions: int, rep_hours: float, params: WorkloadParams
) -> tuple[StaffNeed, ...]:
    """Return the need of each region, where no territory crosses a border between regions.

    Accounts of region -1 are left out. The sum is above what one book needs: each region rounds up.
    """
    return tuple(
        reps_needed(calls.taken(np.flatnonzero(region == one)), rep_hours=rep_hours, params=params)
        for one in range(n_regions)
    )


def roster_reach(hours: Floats, *, rep_hours: Floats) -> RosterReach:
    """Return how much of a book that needs `hours` (n,) reps with `rep_hours` (k,) can serve."""
    needed, available = float(hours.sum()), float(rep_hours.sum())
    share = min(1.0, available / needed) if needed > 0 else 1.0
    return RosterReach(floor(share * len(hours) + 1e-9), share, max(0.0, needed - available))


def _first_enough(missing: Callable[[int], float], least: int, rep_hours: float) -> int:
    """Return a number of parts that suffices where one less does not, at least `least`."""
    short, enough = least - 1, least
    while missing(enough) > 0:
        short, enough = enough, enough + ceil(missing(enough) / rep_hours)
    turn = 0
    while enough - short > 1:
        # A line between both ends comes close at once; halving keeps it from creeping.
        share = missing(short) / (missing(short) - missing(enough)) if turn % 2 == 0 else 0.5
        middle = min(max(short + ceil(share * (enough - short)), short + 1), enough - 1)
        if missing(middle) <= 0:
            enough = middle
        else:
            short = middle
        turn += 1
    return enough


def _travel_hours(book: Calls, reps: int, params: WorkloadParams) -> float:
    part = compact_parts(book.vectors, book.service_hours, parts=reps)
    nowhere = np.full(reps, np.nan)
    found = territory_travel(book, part, starts=(nowhere, nowhere), params=params)
    return float(found.travel_hours.sum())
