"""Where each unit is and where else it could be: by distance, or by the drives that were asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors, km_between
from sfterritory.optimize.drive import Drive
from sfterritory.optimize.engine.alternatives import alternatives
from sfterritory.optimize.engine.answer import Construction
from sfterritory.optimize.engine.problem import Problem

Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Choice:
    """What each unit had to choose from; all of shape (u,).

    Attributes:
        runner_up: The cheapest other rep who may have it, -1 where there is none.
        cost_km: What an hour costs where it is.
        runner_up_cost_km: What it costs at the runner-up, infinite where there is none.
        nearest: Whose centre is nearest, whoever may have it.
        leg: Kilometres from the centre where it is; minutes where drives decide.
        nearest_leg: The same from the nearest centre.
        nearest_km: Kilometres from the nearest centre.
        minutes: Drive from the centre where it is, NaN without travel times.
        runner_up_minutes: The same from the runner-up's.
        quality: Values of `model.travel.Quality` of `minutes`, int8, -1 without travel times.
    """

    runner_up: Ints
    cost_km: Floats
    runner_up_cost_km: Floats
    nearest: Ints
    leg: Floats
    nearest_leg: Floats
    nearest_km: Floats
    minutes: Floats
    runner_up_minutes: Floats
    quality: Codes


def choice_of(problem: Problem, found: Construction, drive: Drive | None) -> Choice:
    """Return the choice of every unit, exact over all reps, or over the pairs of the drives."""
    return _by_distance(problem, found) if drive is None else _by_drive(problem, found, drive)


def _by_distance(problem: Problem, found: Construction) -> Choice:
    others = alternatives(problem, found)
    nearest, nearest_km = others.nearest, others.km
    if np.isinf(problem.extra_km).any():
        nearest = _nearest(problem.vectors, found.centres)
    differs = nearest != found.territory
    nearest_km = others.km.copy()
    nearest_km[differs] = km_between(problem.vectors[differs], found.centres[nearest[differs]])
    unknown = np.full(len(nearest), np.nan)
    return Choice(
        runner_up=others.runner_up,
        cost_km=others.cost_km,
        runner_up_cost_km=np.where(others.runner_up < 0, np.inf, others.runner_up_cost_km),
        nearest=nearest,
        leg=others.km,
        nearest_leg=nearest_km,
        nearest_km=nearest_km,
        minutes=unknown,
        runner_up_minutes=unknown,
        quality=np.full(len(nearest), -1, dtype=np.int8),
    )


def _nearest(vectors: Vectors, centres: Vectors) -> Ints:
    _, rep = cKDTree(centres).query(vectors)
    return np.asarray(rep).astype(np.int32)


def _by_drive(problem: Problem, found: Construction, drive: Drive) -> Choice:
    own = drive.arc_of(found.territory)
    cost = drive.cost_km.copy()
    here = cost[own]
    cost[own] = np.inf
    other = drive.least(cost)
    there = cost[other]
    none = np.isinf(there)
    nearest = drive.least(drive.leg)
    nearest_rep = drive.rep[nearest]
    return Choice(
        runner_up=np.where(none, -1, drive.rep[other]).astype(np.int32),
        cost_km=here,
        runner_up_cost_km=there,
        nearest=nearest_rep,
        leg=drive.leg[own],
        nearest_leg=drive.leg[nearest],
        nearest_km=km_between(problem.vectors, found.centres[nearest_rep]),
        minutes=drive.minutes[own],
        runner_up_minutes=np.where(none, np.nan, drive.minutes[other]),
        quality=drive.quality[own],
    )
