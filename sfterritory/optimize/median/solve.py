"""Solve a capacitated p-median instance: several starts, annealing, a bound to judge the answer by.

The search is ruin and recreate under simulated annealing. A trial changes a neighbourhood of a few
clusters: it gives a ball of customers to other clusters, closes one to four medians and opens as
many among their customers, carries a median to another place, or ejects along a chain. Sources:
Schrimpf et al. (2000), "Record breaking optimization results using the ruin and recreate
principle"; Christiaens and Vanden Berghe (2020), "Slack induction by string removals".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.model.columns import Ints
from sfterritory.optimize.median.anneal import Best, Cooling, cool, keep_if_best, totals
from sfterritory.optimize.median.board import Board, Ground, new_board_of
from sfterritory.optimize.median.bound import lower_bound
from sfterritory.optimize.median.dice import Dice, new_dice
from sfterritory.optimize.median.draft import WORK, Draft, new_draft
from sfterritory.optimize.median.instance import (
    MedianAnswer,
    MedianInstance,
    MedianParams,
    distances,
    overload,
    problems_of,
)
from sfterritory.optimize.median.start import cut_medians, drawn_medians, settled

WORK_PER_EFFORT = 165_000_000  # distances in a CPU second, on the slowest shape of instance
_NEAR = 60  # neighbours known of each customer
_DRAWN_STARTS = 3
_MANY_PAIRS = 100_000_000  # of customers and medians; above, one start has to do
_COOLING_WORK = 1_200_000  # for each customer; beyond that another cooling is worth more
_MOST_COOLINGS = 24
_BOUND_SHARE = 0.08  # of the effort
_HOT, _REHEATED, _COLD = (1.0, 2.0), 0.3, 0.03  # temperatures as shares of the mean distance
_OVERLOAD_PRICE = 3.0  # mean distances for each mean demand above capacity
_NOT_ZERO = 1e-9


@dataclass(slots=True)
class _Search:
    """What goes from one cooling to the next.

    Attributes:
        best: The best answer without overload.
        spare: The one with the least overload, until there is one without.
    """

    ground: Ground
    draft: Draft
    best: Best
    spare: Board

    @property
    def found(self) -> tuple[Ints, Ints]:
        """Return cluster and median of the best answer."""
        if np.isfinite(self.best.travel[0]):
            return self.best.cluster, self.best.median
        return self.spare.cluster, self.spare.median


def solve_medians(instance: MedianInstance, *, params: MedianParams) -> MedianAnswer:
    """Return the best assignment found within the effort; the same for the same seed.

    An answer whose overload is not 0 is not feasible: then no feasible one was found.

    Raises:
        ValueError: No answer can be feasible; each reason on a line.
    """
    if problems := problems_of(instance):
        raise ValueError("\n".join(problems))
    if instance.medians == len(instance.x):
        return _everybody(instance)
    ground = make_ground(instance)
    search = _begin(ground, instance.medians, new_dice(params.seed))
    work = params.effort * WORK_PER_EFFORT
    coolings = _coolings(len(ground.x), work)
    bound: float | None = None
    for number in range(coolings):
        share = int(work * (1.0 - _BOUND_SHARE) / coolings)
        _cool(search, number=number, last=number == coolings - 1, work=share)
        if number == 0:
            upper = float(search.best.travel[0])
            bound = lower_bound(ground, *search.found, upper=upper, work=work * _BOUND_SHARE)
        if bound is not None and _is_closed(search, bound):
            break
    cluster, median = search.found
    centre = median[cluster]
    return MedianAnswer(
        centre=centre,
        travel=float(distances(instance, centre).sum()),
        overload=overload(instance, centre),
        bound=bound,
        work=int(search.draft.tally[WORK]) / WORK_PER_EFFORT,
    )


def make_ground(instance: MedianInstance) -> Ground:
    """Return the instance as compiled loops read it."""
    places = np.column_stack((instance.x, instance.y))
    count = min(len(places), _NEAR + 1)
    _, found = cKDTree(places).query(places, k=np.arange(1, count + 1))
    index = np.asarray(found)
    own = np.arange(len(places))[:, None]
    others = index != own
    others[others.all(axis=1), -1] = False  # more than 60 customers on one point: drop one of them
    near = index[others].reshape(len(places), count - 1)
    columns = (instance.x, instance.y, instance.demand, instance.capacity)
    x, y, demand, capacity = (np.ascontiguousarray(one, dtype=np.float64) for one in columns)
    return Ground(x, y, demand, capacity, near.astype(np.int32), instance.floored)


def _everybody(instance: MedianInstance) -> MedianAnswer:
    """Return the answer where every customer is a median, which is the only one."""
    centre = np.arange(len(instance.x), dtype=np.int32)
    return MedianAnswer(centre, 0.0, overload(instance, centre), 0.0, 0.0)


def _coolings(n: int, work: float) -> int:
    return min(_MOST_COOLINGS, max(1, round(work / (_COOLING_WORK * n))))


def _begin(ground: Ground, p: int, dice: Dice) -> _Search:
    """Return a search at the best of several starts."""
    n = len(ground.x)
    boards = [settled(ground, cut_medians(ground, p))]
    drawn = 0 if n * p > _MANY_PAIRS else _DRAWN_STARTS
    boards += [settled(ground, drawn_medians(ground, p, dice=dice)) for _ in range(drawn)]
    start = min(boards, key=lambda board: _rank(ground, board))
    best = Best(start.cluster.copy(), start.median.copy(), np.full(1, np.inf))
    keep_if_best(ground, start, best)
    return _Search(ground, new_draft(n, p, dice=dice), best, start)


def _rank(ground: Ground, board: Board) -> tuple[float, float]:
    travel, excess = totals(ground, board)
    return excess, travel


def _cool(search: _Search, *, number: int, last: bool, work: int) -> None:
    """Cool once: by turns from a fresh start and, less hot, from the best; the last one from it."""
    ground, draft = search.ground, search.draft
    again = number > 0 and (number % 2 == 1 or last)
    cluster, median = search.found
    if again or number == 0:
        board = new_board_of(ground, cluster, median)
    else:
        board = settled(ground, drawn_medians(ground, len(median), dice=draft.dice))
    travel, _ = totals(ground, search.spare)
    mean = max(min(travel, float(search.best.travel[0])) / len(cluster), _NOT_ZERO)
    price = _OVERLOAD_PRICE * mean / max(float(ground.demand.mean()), _NOT_ZERO)
    hot = mean * (_REHEATED if again else _HOT[number // 2 % len(_HOT)])
    cool(ground, board, draft, search.best, Cooling(hot, _COLD * mean, price, work))
    if _rank(ground, board) < _rank(ground, search.spare):
        search.spare = board


def _is_closed(search: _Search, bound: float) -> bool:
    """Return whether the bound proves the best answer optimal."""
    travel = float(search.best.travel[0])
    step = 1.0 if search.ground.floored else 1e-9 * travel
    return np.isfinite(travel) and travel - bound < step * (1 - 1e-9)
