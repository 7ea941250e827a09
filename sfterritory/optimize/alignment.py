"""The answer of construction: which territory each account belongs to, and what it took."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.band import Band


class ReasonCode(IntEnum):
    """Why an account belongs where it does; `reasons.explain` says it with its figures."""

    LOCKED = 0
    ONLY_TERRITORY = 1
    NEAREST = 2
    STAYS = 3
    BALANCE_HOURS = 4
    BALANCE_VALUE = 5
    SEARCH_ENDED = 6


class NoteCode(StrEnum):
    """What a reader of the plan has to know before trusting it."""

    NO_ACCOUNTS = "no_accounts"
    FEWER_ACCOUNTS_THAN_REPS = "fewer_accounts_than_reps"
    NO_HOURS = "no_hours"
    BOOK_EXCEEDS_CAPACITY = "book_exceeds_capacity"
    LOCKS_EXCEED_LIMIT = "locks_exceed_limit"
    ACCOUNT_EXCEEDS_LIMIT = "account_exceeds_limit"
    VALUE_CAPPED = "value_capped"
    SHARED_HOME = "shared_home"
    OUTSIDE_LIMITS = "outside_limits"


@dataclass(frozen=True, slots=True)
class Note:
    """One fact about the plan, or about one rep where `rep` is 0 or more."""

    code: NoteCode
    message: str
    rep: int = -1


@dataclass(frozen=True, slots=True)
class Stage:
    """Figures of one stage: `today`, `feasible` (limits first), `improved` (then travel).

    Loads are shares of the territory's own target. Accounts that nobody on the roster owns are
    left out of `today`. `objective` = hours x (km + churn price where the owner changes).
    """

    name: str
    objective: float
    mean_km: float
    hours_share_min: float
    hours_share_max: float
    value_share_min: float
    value_share_max: float
    territories_outside: int
    accounts_moved: int


@dataclass(frozen=True, slots=True)
class TerritoryPlan:
    """Territories for a book: one per roster row, every account in exactly one.

    Account arrays have shape (n,), in the order of the accounts given; territory arrays (k,), in
    the order of the roster.

    Attributes:
        territory: Roster row of the territory of each account.
        rep: Roster row of today's owner, -1 for none, as given.
        runner_up: Territory that would have cost least instead, -1 where there is no other.
        km: Distance to the centre of the territory.
        runner_up_km: Distance to the centre of the runner-up, NaN where there is none.
        reason: Values of `ReasonCode`, int8.
        hours: Hours a year of each account that the loads were reckoned with.
        counted_value_usd: Value as the band counts it: a heavy account is capped.
        centre_lon_deg: Where each territory's distances start: home, or middle of its accounts.
        centre_lat_deg: See above; both NaN where there is neither.
        hours_band: Limits and loads in hours.
        value_band: Limits and loads in value.
        churn_price_km: What a change of owner cost, km-equivalents per hour.
        stages: Today, feasible and improved.
        objective: Cost of the plan, km-equivalent hours.
        lower_bound: Cost that no plan within these limits, or within limits widened to the loads of
            this one, can go below, for these centres; None where it was not proven.
        notes: What could not be had, each with its cause.
    """

    territory: Ints
    rep: Ints
    runner_up: Ints
    km: Floats
    runner_up_km: Floats
    reason: NDArray[np.int8]
    hours: Floats
    counted_value_usd: Floats
    centre_lon_deg: Floats
    centre_lat_deg: Floats
    hours_band: Band
    value_band: Band
    churn_price_km: float
    stages: tuple[Stage, ...]
    objective: float
    lower_bound: float | None
    notes: tuple[Note, ...]

    @property
    def gap_share(self) -> float | None:
        """Return how far the plan may be from the best one for these centres, 0 if proven best."""
        if self.lower_bound is None:
            return None
        if self.objective <= 0:
            return 0.0
        return max(0.0, 1.0 - self.lower_bound / self.objective)

    @property
    def moved(self) -> NDArray[np.bool_]:
        """Return which accounts leave a rep of the roster."""
        leaving: NDArray[np.bool_] = (self.rep >= 0) & (self.rep != self.territory)
        return leaving

    @property
    def feasible(self) -> bool:
        """Return whether every territory keeps every limit."""
        return not (self.hours_band.outside.any() or self.value_band.outside.any())
