"""What bands can be kept at all: locks, capacity and heavy accounts that break them, by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.problem import Measure, Problem
from sfterritory.optimize.sphere import totals

_ROOM = 1e-9  # of the total: sums of floats do not count as a lack of capacity


class Obstacle(StrEnum):
    """Why a band cannot hold."""

    LOCKED_OVER = "locked accounts exceed the limit"
    TOO_LITTLE_CAPACITY = "limits add up to less than the total"
    TOO_MUCH_DEMANDED = "lower limits add up to more than the total"
    TOO_HEAVY = "one account exceeds every limit"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A proof that the input has no plan within its bands.

    Attributes:
        obstacle: The kind.
        measure: Name of the measure.
        number: Rep (locked) or row of the account (heavy); -1 where all reps are meant.
        by: How much is too much, in the unit of the measure.
    """

    obstacle: Obstacle
    measure: str
    number: int
    by: float


@dataclass(frozen=True, slots=True)
class FreeBand:
    """What accounts that are not locked have to keep, and what stands against the bands asked for.

    Attributes:
        lo: Lower limits, shape (k, measures).
        hi: Upper limits, shape (k, measures).
        conflicts: Empty where nothing proves the input infeasible.
    """

    lo: Floats
    hi: Floats
    conflicts: tuple[Conflict, ...]


def free_band(problem: Problem) -> FreeBand:
    """Return the bands less locked loads, widened as little as a plan needs to exist."""
    locked = problem.lock >= 0
    found: list[Conflict] = []
    lows, highs = [], []
    for measure in problem.measures:
        load = totals(problem.lock[locked], measure.amount[locked], n_groups=problem.n_reps)
        conflicts, lo, hi = _one(measure, load, problem.lock)
        found += conflicts
        lows.append(lo)
        highs.append(hi)
    return FreeBand(np.column_stack(lows), np.column_stack(highs), tuple(found))


def _one(
    measure: Measure, locked_load: Floats, lock: Ints
) -> tuple[list[Conflict], Floats, Floats]:
    name = measure.name
    left = float(measure.amount[lock < 0].sum())
    slack = _ROOM * max(float(measure.amount.sum()), 1e-300)
    over = locked_load - measure.hi
    found = [
        Conflict(Obstacle.LOCKED_OVER, name, int(rep), float(over[rep]))
        for rep in np.flatnonzero(over > slack)
    ]
    lo = np.maximum(measure.lo - locked_load, 0.0)
    hi = np.maximum(measure.hi - locked_load, 0.0)
    most = float(hi.max())
    free = np.where(lock < 0, measure.amount, 0.0)
    found += [
        Conflict(Obstacle.TOO_HEAVY, name, int(row), float(free[row] - most))
        for row in np.flatnonzero(free > most + slack)
    ]
    if hi.sum() < left - slack:
        found.append(Conflict(Obstacle.TOO_LITTLE_CAPACITY, name, -1, left - float(hi.sum())))
        base = np.where(measure.hi > 0, measure.hi, 0.0)
        base = base if base.sum() > 0 else np.ones(len(base))
        hi = _filled(hi, base, left)
    if lo.sum() > left + slack:
        found.append(Conflict(Obstacle.TOO_MUCH_DEMANDED, name, -1, float(lo.sum()) - left))
        lo = lo * (left / lo.sum()) if left > 0 else np.zeros_like(lo)
    return found, np.minimum(lo, hi), hi


def _filled(hi: Floats, base: Floats, left: float) -> Floats:
    """Return limits that add up to what is left: everyone over by the same share of the limit."""
    filled: Floats = hi + base * ((left - hi.sum()) / base.sum())
    return filled
