"""The answer of construction: which territory each account belongs to, and what it took."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Flags, Floats, Ints, TextColumn
from sfterritory.optimize.band import Band

_ROUNDING = 1e-9


class ReasonCode(IntEnum):
    """Why an account belongs where it does; `reasons.explain` says it with its figures."""

    LOCKED = 0
    """It was settled beforehand."""
    ONLY_TERRITORY = 1
    """There is one rep."""
    ONLY_ONE_MAY = 2
    """Skills, named lists or regions leave one rep."""
    NEAREST = 3
    """No centre is nearer."""
    STAYS = 4
    """A move would not save enough."""
    ALLOWED = 5
    """Nearer reps may not have it."""
    IN_REACH = 6
    """For nearer reps it lies beyond their longest distance."""
    PREFERRED = 7
    """Another is nearer and fits less well."""
    BALANCE = 8
    """The next best is too full, or this one would become too empty."""
    UNIT = 9
    """Alone it would do better elsewhere; it goes with its unit or family."""
    ONE_PIECE = 10
    """It keeps a territory in one piece."""
    SEARCH_ENDED = 11
    """A cheaper place is allowed and was not found to fit together with all others."""


class NoteCode(StrEnum):
    """What a reader of the plan has to know before trusting it."""

    NO_ACCOUNTS = "no_accounts"
    FEWER_ACCOUNTS_THAN_REPS = "fewer_accounts_than_reps"
    NO_HOURS = "no_hours"
    SHARED_HOME = "shared_home"
    HOME_UNKNOWN = "home_unknown"
    EMPTY_TERRITORY = "empty_territory"
    BEYOND_REACH = "beyond_reach"
    UNREACHABLE = "unreachable"
    PIECES_NOT_JOINED = "pieces_not_joined"
    OUTSIDE_LIMITS = "outside_limits"


class ConflictCode(StrEnum):
    """Why what was asked for cannot all be had."""

    LOCKS_EXCEED_LIMIT = "locks_exceed_limit"
    ACCOUNTS_EXCEED_LIMIT = "accounts_exceed_limit"
    TOO_LITTLE_CAPACITY = "too_little_capacity"
    TOO_MUCH_DEMANDED = "too_much_demanded"
    GROUPS_EXCEED_LIMITS = "groups_exceed_limits"
    REPS_CANNOT_BE_FILLED = "reps_cannot_be_filled"
    OUT_OF_REACH = "out_of_reach"
    LOCK_AGAINST_FIT = "lock_against_fit"
    NOBODY_MAY = "nobody_may"
    WHOLE_ACCOUNTS_DO_NOT_FIT = "whole_accounts_do_not_fit"
    """No proof: with accounts that could be split it would fit, and no arrangement was found."""
    DRIVES_TOO_MUCH = "drives_too_much"
    """No proof: verified on the territories that were found, as the next one."""
    NEIGHBOURS_TOO_FAR = "neighbours_too_far"
    BEYOND_REACH = "beyond_reach"
    """Farther from the centre than the rep's longest distance, in the territories found."""


@dataclass(frozen=True, slots=True)
class Note:
    """One fact about the plan, or about one rep where `rep` is 0 or more."""

    code: NoteCode
    message: str
    rep: int = -1


@dataclass(frozen=True, slots=True)
class Conflict:
    """What was asked for and cannot be had, and who is responsible.

    Attributes:
        code: The kind.
        message: The same in words, with ids, names and amounts.
        demand: Name of the demand, '' where none is meant.
        amount: How much is too much or missing, in the unit of the demand.
        reps: Roster rows concerned, at most 100.
        rows: Accounts responsible, the heaviest first, at most 100.
        groups: Rows of `Fit` concerned, at most 100.
        count: How many accounts, groups or reps there are in all.
    """

    code: ConflictCode
    message: str
    demand: str
    amount: float
    reps: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True)
class Widening:
    """One limit that has to give way, for the relaxation that is smallest in total.

    Attributes:
        demand: Name of the demand.
        rep: Roster row.
        lo: Least load that would do, at most the one asked for.
        hi: Most load that would do, at least the one asked for.
        by: How far the limit has to move at the least, in the unit of the demand; `lo` and `hi`
            leave 1 % more room for whole accounts.
        message: The same in words.
    """

    demand: str
    rep: int
    lo: float
    hi: float
    by: float
    message: str


@dataclass(frozen=True, slots=True)
class LoadShare:
    """Least and greatest load in one demand, as parts of the territory's own target."""

    name: str
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Stage:
    """Figures of one stage: `today`, `feasible` (limits first), `improved` (then travel).

    Accounts that nobody on the roster owns are left out of `today`. `objective` = hours x (km +
    price of a change), as `TerritoryPlan.objective`.
    """

    name: str
    objective: float
    mean_km: float
    shares: tuple[LoadShare, ...]
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
        km: Great-circle distance to the centre of the territory.
        runner_up_km: The same to the centre of the runner-up, NaN where there is none.
        minutes: Drive from the centre, NaN where no travel times were asked for.
        runner_up_minutes: The same from the centre of the runner-up.
        travel_quality: Values of `model.travel.Quality` of `minutes`, int8, -1 without travel.
        cost_difference_km: What an hour of the account would cost more at the runner-up, exact;
            below 0 where that is cheaper and something forbids it; NaN without a runner-up.
        reason: Values of `ReasonCode`, int8.
        blocking: For `BALANCE` the row of `bands` that stands in the way, -1 otherwise, int8.
        lock_cause: What locked an account, missing where it is free.
        group: Which group of `Fit` each account is in.
        group_cause: Of each group, what made it.
        together: How many accounts its unit has.
        moving: For `BALANCE` how much of the blocking demand its unit holds; NaN where none blocks.
        lifted_km: For `ALLOWED`, `IN_REACH` and `PREFERRED` what an hour of its unit would save
            with the rep of the nearest centre, were what the reason names lifted; NaN elsewhere,
            and where that alone is not enough.
        churn_km: Kilometres that an hour of the account had to save before it changed owner.
        bands: Limits and loads of each demand, hours first.
        centre_lon_deg: Where each territory's distances start.
        centre_lat_deg: See above.
        price_km: What an hour more at each rep is worth to the whole: above 0 where the territory
            is held at its least load, below 0 where at its most.
        stages: Today, feasible and improved.
        objective: Cost of the plan in km-equivalent hours; units are measured from their middle.
        lower_bound: What no plan within the limits can go below, for these centres and travel
            times; where conflicts say that limits cannot hold, within limits widened as far as
            they say.
        conflicts: Proofs that not everything can be had; empty where all limits are kept.
        relaxation: The smallest change of limits that would do; empty where all are kept.
        notes: What a reader has to know.
        travel_source: What the travel times rest on; '' where distances were used.
        repair: Accounts left their rep only where a limit asked for it.
    """

    territory: Ints
    rep: Ints
    runner_up: Ints
    km: Floats
    runner_up_km: Floats
    minutes: Floats
    runner_up_minutes: Floats
    travel_quality: NDArray[np.int8]
    cost_difference_km: Floats
    reason: NDArray[np.int8]
    blocking: NDArray[np.int8]
    together: Ints
    moving: Floats
    lock_cause: TextColumn
    group: Ints
    group_cause: tuple[str, ...]
    lifted_km: Floats
    churn_km: Floats
    bands: tuple[Band, ...]
    centre_lon_deg: Floats
    centre_lat_deg: Floats
    price_km: Floats
    stages: tuple[Stage, ...]
    objective: float
    lower_bound: float
    conflicts: tuple[Conflict, ...]
    relaxation: tuple[Widening, ...]
    notes: tuple[Note, ...]
    travel_source: str = ""
    repair: bool = False

    @property
    def hours(self) -> Floats:
        """Return the workload of each account, shape (n,)."""
        return self.bands[0].amount

    @property
    def gap_share(self) -> float | None:
        """Return how far the plan may be above the best one for these centres, 0 if proven best.

        None where the bound says nothing: it is not above 0, or it is of plans that keep more
        limits than this one.
        """
        if self.objective <= 0 and self.lower_bound <= 0:
            return 0.0
        if self.lower_bound <= 0 or self.objective < self.lower_bound * (1.0 - _ROUNDING):
            return None
        return max(0.0, self.objective / self.lower_bound - 1.0)

    @property
    def moved(self) -> Flags:
        """Return which accounts leave a rep of the roster."""
        leaving: Flags = (self.rep >= 0) & (self.rep != self.territory)
        return leaving

    @property
    def feasible(self) -> bool:
        """Return whether every territory keeps every limit."""
        return not any(band.outside.any() for band in self.bands)
