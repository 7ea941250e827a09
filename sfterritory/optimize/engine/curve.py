"""What fewer moves cost: plans at a ladder of churn prices, each from the same start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import km_between
from sfterritory.optimize.engine.answer import Start, cost_km
from sfterritory.optimize.engine.basis import Distances
from sfterritory.optimize.engine.divide import WARM_ROUNDS, divide
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.pile import without_piles
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.relax import free_band
from sfterritory.optimize.engine.solve import filled, make_book, settle_rest


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The plan at one churn price.

    Attributes:
        scale: What `churn_km` of every account was multiplied by.
        territory: Rep of each account, shape (n,).
        moved: Accounts that change their rep, ascending.
        travel_km_hours: Hours x (km + extra) of the plan, churn not counted.
        churn_km_hours: Hours x churn of what moves, at the problem's own prices (scale 1).
        loads: Load of each rep, shape (measures, k).
    """

    scale: float
    territory: Ints
    moved: Longs
    travel_km_hours: float
    churn_km_hours: float
    loads: Floats


def price_curve(
    problem: Problem, scales: Sequence[float], *, start: Start
) -> tuple[CurvePoint, ...]:
    """Return one plan for each scale of `churn_km`, in the order of the scales.

    Each is found from `start` alone (centres stay where it has them), so that a point does not
    depend on its neighbours on the ladder. A scale is at least 0 and finite.
    """
    wrong = [scale for scale in scales if not 0 <= scale < np.inf]
    if wrong:
        raise ValueError(f"scales of churn are numbers of at least 0, not {wrong}")
    apart = without_piles(problem)
    limits, book = free_band(problem), make_book(apart)
    free = problem.free_centre[:, None]
    centres = np.where(free, start.centres, problem.homes)
    searched = np.where(free, start.centres, apart.homes)
    unpriced = replace(problem, churn_km=np.zeros(len(problem.rep)))
    everybody = np.arange(len(problem.rep))
    points = []
    for scale in scales:
        territory = problem.lock.copy()
        if book is not None:
            rows = book.rows._replace(churn_km=book.rows.churn_km * scale)
            basis = Distances(rows, book.blocks, searched, problem.terms)
            how = (start.psi, WARM_ROUNDS)
            found = divide(problem, book.chosen, basis, limits=limits, how=how)
            territory = filled(problem, book.chosen, found.rep)
        territory = settle_rest(problem, territory, centres)
        km = km_between(problem.vectors, centres[territory])
        moved = np.flatnonzero((problem.rep >= 0) & (problem.rep != territory))
        costs = cost_km(unpriced, everybody, territory, km)
        points.append(
            CurvePoint(
                scale=float(scale),
                territory=territory,
                moved=moved,
                travel_km_hours=float((problem.hours * costs).sum()),
                churn_km_hours=float((problem.hours * problem.churn_km)[moved].sum()),
                loads=problem.loads(territory),
            )
        )
    return tuple(points)
