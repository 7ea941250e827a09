"""What a plan is asked for beyond a cold construction: again, on two measures, in one piece."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from bench.territory.checker import extra_pieces, judge
from bench.territory.sets import named_set
from sfterritory.optimize.engine.answer import Construction, Start
from sfterritory.optimize.engine.curve import price_curve
from sfterritory.optimize.engine.problem import Measure, Problem, equal_bands
from sfterritory.optimize.engine.solve import construct

_DRIFT, _CHURN_KM, _BOTH = 0.35, 10.0, 0.10
_SCALES = (0.0, 0.3, 1.0, 3.0, 10.0)

Figures = list[dict[str, Any]]


def again(name: str, seed: int) -> Figures:
    """Return a re-plan after the hours of every account drifted by 35 %, from last year's plan."""
    problem = named_set(name, seed)
    former = construct(problem)
    later = _drifted(problem, former, seed)
    start = Start(former.centres, former.psi)
    return [_timed("re-plan", later, start=start)[0]]


def curve(name: str, seed: int) -> Figures:
    """Return the plans at several prices of a move, all from one former plan."""
    problem = named_set(name, seed)
    former = construct(problem)
    later = _drifted(problem, former, seed)
    before = time.process_time()
    points = price_curve(later, _SCALES, start=Start(former.centres, former.psi))
    cpu_s = (time.process_time() - before) / len(points)
    return [
        {**asdict(judge(later, point.territory)), "gap": None, "cpu_s": cpu_s,
         "what": f"price x {point.scale:g}: {len(point.moved)} moved"}
        for point in points
    ]  # fmt: skip


def two_measures(name: str, seed: int) -> Figures:
    """Return a plan of hours alone at 2 % and at 10 %, and one of hours and worth, both at 10 %."""
    tight = named_set(name, seed)
    rng = np.random.default_rng(seed + 2000)
    worth, even = rng.lognormal(0.0, 1.0, len(tight.hours)), np.ones(tight.n_reps)
    hours = equal_bands(tight.hours, even, tolerance=_BOTH)
    loose = replace(tight, measures=(hours,))
    other: Measure = equal_bands(worth, even, tolerance=_BOTH, name="worth")
    both = replace(tight, measures=(hours, other))
    return [
        _timed(what, problem)[0]
        for what, problem in (("hours, 2 %", tight), ("hours, 10 %", loose), ("both, 10 %", both))
    ]


def one_piece(name: str, seed: int) -> Figures:
    """Return a plan whose territories hang together, with how many pieces are too many."""
    problem = named_set(name, seed)
    found = []
    for what, gap_km in (("as it comes", None), ("in one piece", np.inf)):
        figures, answer = _timed(what, problem, gap_km=gap_km)
        extra = extra_pieces(problem, answer.territory)
        found.append({**figures, "what": f"{what}: {extra} pieces too many"})
    return found


def _drifted(problem: Problem, former: Construction, seed: int) -> Problem:
    """Return the next year of a set: other hours, today's reps, and a price on moving."""
    rng = np.random.default_rng(seed + 3000)
    hours = problem.hours * rng.lognormal(0.0, _DRIFT, len(problem.hours))
    band = problem.measures[0]
    middle = band.lo + band.hi
    tolerance = float((band.hi - band.lo)[0] / middle[0])
    return replace(
        problem,
        rep=former.territory,
        churn_km=np.full(len(hours), _CHURN_KM),
        measures=(equal_bands(hours, middle, tolerance=tolerance),),
    )


def _timed(
    what: str, problem: Problem, *, start: Start | None = None, gap_km: float | None = None
) -> tuple[dict[str, Any], Construction]:
    before = time.process_time()
    answer = construct(problem, start=start, gap_km=gap_km)
    cpu_s = time.process_time() - before
    verdict = asdict(judge(problem, answer.territory))
    return {**verdict, "what": what, "gap": answer.gap_share, "cpu_s": cpu_s}, answer


TASKS: Mapping[str, Callable[[str, int], Figures]] = {
    "re-plan": again,
    "price curve": curve,
    "two measures": two_measures,
    "one piece": one_piece,
}
