"""Driving times for the pairs of rep and unit that may come into question, and the plan by them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import km_between, lon_lat
from sfterritory.model.travel import Points, TravelTime
from sfterritory.optimize.engine.answer import Construction, Start, cost_km
from sfterritory.optimize.engine.assign import Travel, assign, candidate_pairs
from sfterritory.optimize.engine.kernel import FAR_PRICE_KM, Longs
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.relax import Obstacle


@dataclass(frozen=True, slots=True)
class Drive:
    """Pairs that were asked for, sorted by unit and then rep; every unit has its own rep's.

    Attributes:
        start: First pair of each unit, and the number of pairs at the end, shape (u + 1,).
        rep: Who, shape (m,).
        minutes: From the centre to the unit, infinite where there is no way, shape (m,).
        leg: What counts as distance: minutes; where there is no way, kilometres and a prohibitive
            price, shape (m,).
        cost_km: What an hour costs, all terms, shape (m,).
        quality: Values of `model.travel.Quality`, shape (m,).
        source: What the minutes rest on.
    """

    start: Longs
    rep: Ints
    minutes: Floats
    leg: Floats
    cost_km: Floats
    quality: NDArray[np.int8]
    source: str

    @property
    def unit(self) -> Longs:
        """Return whose pair each is, shape (m,)."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def arc_of(self, territory: Ints) -> Longs:
        """Return the pair of each unit with its territory, shape (u,)."""
        return np.flatnonzero(self.rep == territory[self.unit])

    def least(self, values: Floats) -> Longs:
        """Return the pair of each unit with the least value, of equal ones the lowest rep's."""
        least = np.minimum.reduceat(values, self.start[:-1])
        at = np.flatnonzero(values == least[self.unit])
        _, first = np.unique(self.unit[at], return_index=True)
        return at[first]

    def pair_of(self, unit: Longs, rep: NDArray[np.integer], *, k: int) -> Longs:
        """Return the pair of some units and reps, -1 where it was not asked for."""
        key, wanted = self.unit * k + self.rep, unit * k + rep
        at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        return np.where(key[at] == wanted, at, -1)


def driven(problem: Problem, found: Construction, travel: TravelTime) -> tuple[Construction, Drive]:
    """Return the plan by driving times, with the centres of the plan by distance.

    Only pairs that may come into question are asked for. Where there is no way, or the unit lies
    beyond a rep's longest distance, the pair counts with its kilometres and a prohibitive price.
    """
    unit, rep = candidate_pairs(problem, found.centres, found.psi)
    legs = travel.pairs(
        Points(*lon_lat(found.centres)), Points(*lon_lat(problem.vectors)), rows=(rep, _ints(unit))
    )
    km = km_between(problem.vectors[unit], found.centres[rep])
    way = np.isfinite(legs.minutes)
    leg = np.where(way, legs.minutes, km + FAR_PRICE_KM)
    counted = leg + np.where(way & (km > problem.max_km[rep]), FAR_PRICE_KM, 0.0)
    any_distance = replace(problem, max_km=np.full_like(problem.max_km, np.inf))
    answer = assign(
        any_distance,
        Travel(unit, rep, counted),
        start=_start(found, leg=counted, km=km),
        closely=True,
    )
    drive = Drive(
        start=np.searchsorted(unit, np.arange(len(problem.rep) + 1)),
        rep=rep,
        minutes=legs.minutes,
        leg=leg,
        cost_km=cost_km(any_distance, unit, rep, counted),
        quality=legs.quality,
        source=legs.source,
    )
    far = tuple(one for one in found.conflicts if one.kind is Obstacle.OUT_OF_REACH)
    return replace(answer, conflicts=(*answer.conflicts, *far)), drive


def _start(found: Construction, *, leg: Floats, km: Floats) -> Start:
    """Return prices in minutes: those in kilometres by what a kilometre of the pairs takes."""
    usual = leg < FAR_PRICE_KM
    far = float(km[usual].sum())
    pace = float(leg[usual].sum()) / far if far > 0 else 1.0
    return Start(found.centres, found.psi * pace)


def _ints(rows: Longs) -> Ints:
    return rows.astype(np.int32)
