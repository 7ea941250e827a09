"""What bands can be kept at all: locks, capacity, groups and heavy accounts that break them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import totals
from sfterritory.optimize.engine.hall import Room, room
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.problem import Measure, Problem

_ROOM = 1e-9  # of the total: sums of floats do not count as a lack of capacity
_INSET = 1e-10  # of the limit: sums of a checker may round the other way
_ROOM_SHARE = 0.05  # of a limit that gives way
_IDS = 100


class Obstacle(StrEnum):
    """Why what was asked for cannot hold."""

    LOCKED_OVER = "locked accounts exceed the limit"
    TOO_LITTLE_CAPACITY = "limits add up to less than the total"
    TOO_MUCH_DEMANDED = "lower limits add up to more than the total"
    GROUPS_OVER = "accounts exceed the limits of the reps who may have them"
    REPS_UNDER = "the accounts that reps may have are less than their lower limits"
    TOO_HEAVY = "accounts exceed the limit of every rep who may have them"
    OUT_OF_REACH = "accounts are farther than the longest distance of every rep who may have them"
    LOCK_FORBIDDEN = "accounts are locked to reps who may never have them"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A proof that the input has no plan within what it asks for.

    Attributes:
        kind: What stands against it.
        measure: Name of the measure; `km` where it is the longest distance, '' for locks.
        amount: How much is too much or missing, in the unit of the measure; of heavy and of far
            accounts that of the worst one, of forbidden locks 0.
        reps: Reps concerned, ascending, at most 100; empty where it is all of them.
        rows: Accounts concerned, the worst first, at most 100; empty where it is not about single
            ones.
        groups: Groups concerned, ascending, at most 100; empty where it is all of them.
        count: How many reps (locked), accounts (heavy, far, forbidden) or groups there are in all.
    """

    kind: Obstacle
    measure: str
    amount: float
    reps: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The least widening of bands under which accounts, if they could be split, would fit.

    Attributes:
        lo_less: By how much each lower limit falls, shape (measures, k).
        hi_more: By how much each upper limit rises, shape (measures, k).
    """

    lo_less: Floats
    hi_more: Floats

    @property
    def total(self) -> Floats:
        """Return the widening of each measure in all, shape (measures,)."""
        widening: Floats = (self.lo_less + self.hi_more).sum(axis=1)
        return widening


@dataclass(frozen=True, slots=True)
class FreeBand:
    """What accounts that are not locked have to keep, and what stands against the bands asked for.

    Attributes:
        lo: Lower limits, shape (k, measures).
        hi: Upper limits, shape (k, measures).
        asked: Both limits with locked accounts, each (k, measures).
        hair: What sums may be off by rounding, 0 where amounts are whole numbers, (k, measures).
        conflicts: Empty where nothing proves the input infeasible.
        relaxation: By how much bands were widened.
    """

    lo: Floats
    hi: Floats
    asked: tuple[Floats, Floats]
    hair: Floats
    conflicts: tuple[Conflict, ...]
    relaxation: Relaxation

    @property
    def first(self) -> tuple[Floats, Floats]:
        """Return lo and hi of the first measure, each (k,)."""
        return self.lo[:, 0].copy(), self.hi[:, 0].copy()

    @property
    def inset(self) -> tuple[Floats, Floats]:
        """Return lo and hi a hair inside, so that every sum of a plan within them keeps both."""
        return _inset(self.lo, self.hi, self.hair)

    @property
    def whole(self) -> tuple[Floats, Floats]:
        """Return the same for all accounts and the bands asked for."""
        return _inset(*self.asked, self.hair)


def _with_room(hi: Floats, more: Floats) -> Floats:
    """Return limits that give way, a little farther than they have to.

    Without any room to spare the limits alone would decide where accounts go, however far away.
    """
    with_room: Floats = np.where(more > 0, (hi + more) * (1.0 + _ROOM_SHARE), hi)
    return with_room


def _inset(lo: Floats, hi: Floats, hair: Floats) -> tuple[Floats, Floats]:
    """Return limits a hair inside, less where they are as close as that."""
    hair = np.minimum(hair, 0.25 * (hi - lo))
    return lo + np.where(lo > 0, hair, 0.0), hi - hair


def _hair(measure: Measure) -> Floats:
    scale = np.where(np.isfinite(measure.hi), measure.hi, measure.lo)
    whole = bool((measure.amount == np.rint(measure.amount)).all())
    hair: Floats = scale * (0.0 if whole else _INSET)
    return hair


def free_band(problem: Problem) -> FreeBand:
    """Return the bands less locked loads, widened as little as a plan needs to exist."""
    locked = problem.lock >= 0
    allowed = np.isfinite(problem.extra_km)
    found = list(_forbidden_locks(problem, allowed))
    lows, highs, less, more = [], [], [], []
    for measure in problem.measures:
        load = _locked_load(problem, measure)
        lo, hi = np.maximum(measure.lo - load, 0.0), np.maximum(measure.hi - load, 0.0)
        slack = _slack(measure)
        free = np.where(locked, 0.0, measure.amount)
        of_group = totals(problem.group, free, n_groups=len(allowed))
        base = np.where(np.isfinite(measure.hi), measure.hi, 0.0)
        widened = room(of_group, allowed, lo=lo, hi=hi, share=base)
        over = load - measure.hi
        found += _locked_over(measure, over, slack)
        found += _heavy(problem, measure, np.where(allowed, hi, -np.inf).max(axis=1), slack)
        found += _shortages(measure, widened, of_group > 0, slack)
        most = _with_room(hi, widened.hi_more)
        lows.append(np.minimum(lo - widened.lo_less, most))
        highs.append(most)
        less.append(widened.lo_less)
        more.append(widened.hi_more + np.maximum(over, 0.0))
    return FreeBand(
        np.maximum(np.column_stack(lows), 0.0),
        np.column_stack(highs),
        (
            np.column_stack([measure.lo for measure in problem.measures]),
            np.column_stack([measure.hi for measure in problem.measures]),
        ),
        np.column_stack([_hair(measure) for measure in problem.measures]),
        tuple(found),
        Relaxation(np.vstack(less), np.vstack(more)),
    )


def relaxation_with(problem: Problem, territory: Ints) -> Relaxation:
    """Return the smallest relaxation with accounts too heavy for everybody where they are now.

    Room in pieces is none for them: whoever has one needs a limit as wide as that.
    """
    allowed = np.isfinite(problem.extra_km)
    heavy = np.zeros(len(problem.lock), dtype=np.bool_)
    for measure in problem.measures:
        hi = np.maximum(measure.hi - _locked_load(problem, measure), 0.0)
        heavy |= _excess(problem, measure, np.where(allowed, hi, -np.inf).max(axis=1)) > _slack(
            measure
        )
    held = replace(problem, lock=np.where(heavy, territory, problem.lock).astype(np.int32))
    return free_band(held).relaxation


def out_of_reach(rows: Longs, beyond_km: Floats) -> tuple[Conflict, ...]:
    """Return the conflict of accounts that nobody who may have them reaches, if there are any."""
    if len(rows) == 0:
        return ()
    worst = rows[np.argsort(-beyond_km, kind="stable")]
    return (
        Conflict(
            Obstacle.OUT_OF_REACH, "km", float(beyond_km.max()), rows=_some(worst), count=len(rows)
        ),
    )


def _forbidden_locks(problem: Problem, allowed: Flags) -> tuple[Conflict, ...]:
    locked = np.flatnonzero(problem.lock >= 0)
    wrong = locked[~allowed[problem.group[locked], problem.lock[locked]]]
    if len(wrong) == 0:
        return ()
    return (
        Conflict(
            Obstacle.LOCK_FORBIDDEN,
            "",
            0.0,
            reps=_some(np.unique(problem.lock[wrong])),
            rows=_some(wrong),
            groups=_some(np.unique(problem.group[wrong])),
            count=len(wrong),
        ),
    )


def _locked_load(problem: Problem, measure: Measure) -> Floats:
    locked = problem.lock >= 0
    return totals(problem.lock[locked], measure.amount[locked], n_groups=problem.n_reps)


def _slack(measure: Measure) -> float:
    return _ROOM * max(float(measure.amount.sum()), 1e-300)


def _excess(problem: Problem, measure: Measure, most: Floats) -> Floats:
    """Return how much more each free account holds than anybody can take; `most` by group."""
    beyond: Floats = measure.amount - most[problem.group]
    excess: Floats = np.where((problem.lock < 0) & (measure.amount > 0), beyond, 0.0)
    return excess


def _locked_over(measure: Measure, over: Floats, slack: float) -> list[Conflict]:
    return [
        Conflict(Obstacle.LOCKED_OVER, measure.name, float(over[rep]), reps=(rep,))
        for rep in np.flatnonzero(over > slack).tolist()
    ]


def _heavy(problem: Problem, measure: Measure, most: Floats, slack: float) -> list[Conflict]:
    excess = _excess(problem, measure, most)
    rows = np.flatnonzero((excess > slack) & (measure.amount > slack))
    if len(rows) == 0:
        return []
    worst = rows[np.argsort(-excess[rows], kind="stable")]
    amount = float(excess[worst[0]])
    return [Conflict(Obstacle.TOO_HEAVY, measure.name, amount, rows=_some(worst), count=len(rows))]


def _shortages(measure: Measure, widened: Room, present: Flags, slack: float) -> list[Conflict]:
    found = []
    for short in widened.shortages:
        if short.amount <= slack:
            continue
        # without a single group left out it is the plain sum of everything
        whole = len(short.groups) == int(present.sum())
        if whole and len(short.reps) == len(measure.lo):
            kind = Obstacle.TOO_LITTLE_CAPACITY if short.over else Obstacle.TOO_MUCH_DEMANDED
            found.append(Conflict(kind, measure.name, short.amount, count=len(short.groups)))
            continue
        found.append(
            Conflict(
                Obstacle.GROUPS_OVER if short.over else Obstacle.REPS_UNDER,
                measure.name,
                short.amount,
                reps=_some(short.reps),
                groups=_some(short.groups),
                count=len(short.groups),
            )
        )
    return found


def _some(ids: Longs) -> tuple[int, ...]:
    return tuple(ids[:_IDS].tolist())
