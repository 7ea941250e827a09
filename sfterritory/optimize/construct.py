"""Solve a construction problem: centres, prices, flow, repair of limits, saving of travel."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.assignment import balanced_flow
from sfterritory.optimize.candidate import Arcs, Reach, candidate_arcs
from sfterritory.optimize.cell import VALUE_CUTS, Cells, Contents, micro_cells
from sfterritory.optimize.centre import recentred, start_centres
from sfterritory.optimize.polish import REPAIR_STEPS, Board, improve, repair, score
from sfterritory.optimize.price import Limits, Prices, balance_prices, lower_bound
from sfterritory.optimize.problem import Problem
from sfterritory.optimize.sphere import Vectors, km_between

_MOST_BOUND_PAIRS = 400_000_000
_MIXED_CELLS = 1.6  # times as many cells as asked for: owners are too mixed to be kept apart
_SETTLED_KM = 1.0  # centres that all moved less are done


@dataclass(frozen=True, slots=True)
class Solution:
    """Territories in the order of the problem.

    Attributes:
        feasible: Assignment once limits are kept, shape (n,).
        improved: The same after travel was saved, shape (n,).
        centres: Unit vectors, shape (k, 3).
        arcs: Candidates of every account, locked ones too.
        lower_bound: See `TerritoryPlan`.
    """

    feasible: Ints
    improved: Ints
    centres: Vectors
    arcs: Arcs
    lower_bound: float | None


def solve(problem: Problem, *, executor: Executor | None) -> Solution:
    """Return the territories of a problem with at least one account and one rep."""
    book, params = problem.book, problem.params
    cells = _cells(problem)
    starts = start_centres(book, churn_price_km=params.churn_price_km)
    centres, prices = _settled_centres(problem, cells, starts)
    reach = _reach(problem, prices, problem.counted_usd / book.weight)
    arcs = candidate_arcs(book.vectors, centres, rep=book.rep, reach=reach, executor=executor)
    start, hours_price = _assigned(problem, arcs, prices)
    board, rows = _board(problem, arcs), ~problem.locked
    tracks = []
    for steps in REPAIR_STEPS:
        kept = repair(board, start[rows], rounds=params.polish_rounds, steps=steps)
        tracks.append((kept, improve(board, kept, rounds=params.polish_rounds)))
    best = min(tracks, key=lambda track: score(board, track[1]))
    feasible, improved = start.copy(), start.copy()
    feasible[rows], improved[rows] = best
    bound = _bound(
        problem, improved, centres, hours_prices=(hours_price, prices.hours), prices=prices
    )
    return Solution(feasible, improved, centres, arcs, bound)


def _cells(problem: Problem) -> Cells | None:
    """Return micro-cells of the accounts that may move, None where there are none.

    Where owners are mixed like salt and pepper, cells of one owner each would be single accounts;
    then places are kept whole, and only the flow of accounts prices changes of owner exactly.
    """
    if problem.locked.all():
        return None
    params = problem.params
    cells = params.micro_cells_per_rep * problem.n_reps
    value_cuts = VALUE_CUTS if params.value_tolerance is not None else ()
    accounts = _free_accounts(problem)
    pure = micro_cells(accounts, cells=cells, value_cuts=value_cuts)
    if len(pure) <= _MIXED_CELLS * cells:
        return pure
    anyone = replace(accounts, rep=np.full(len(accounts.rep), -1, dtype=np.int32))
    return micro_cells(anyone, cells=cells, value_cuts=value_cuts)


def _free_accounts(problem: Problem) -> Contents:
    book, free = problem.book, ~problem.locked
    return Contents(
        vectors=book.vectors[free],
        hours=problem.hours[free],
        weight=book.weight[free],
        value_usd=problem.counted_usd[free],
        rep=book.rep[free],
    )


def _settled_centres(
    problem: Problem, cells: Cells | None, starts: tuple[Vectors, ...]
) -> tuple[Vectors, Prices]:
    """Return the centres after rounds of balancing cells and moving them, and their last prices.

    The rounds begin with the start that balances at the least cost. Prices are found twice before
    anything moves: only the second time sees the territories that prices make worth an arc.
    """
    nothing = np.zeros(problem.n_reps)
    unknown = Prices(nothing, nothing, np.zeros(0), 0.0)
    if cells is None:
        return starts[0], unknown
    free = ~problem.locked
    tried = [_cell_prices(problem, cells, start, known=unknown)[1] for start in starts]
    best = min(range(len(starts)), key=lambda start: tried[start].cost)
    centres, prices = starts[best], tried[best]
    arcs, prices = _cell_prices(problem, cells, centres, known=prices)
    for _ in range(problem.params.rounds):
        territory = problem.book.rep.copy()
        most = arcs.territory[arcs.cheapest(-prices.share)]
        territory[free] = most[cells.of_account]
        moved = recentred(problem.book, territory, centres=centres)
        if bool((km_between(moved, centres) < _SETTLED_KM).all()):
            break
        centres = moved
        arcs, prices = _cell_prices(problem, cells, centres, known=prices)
    return centres, prices


def _cell_prices(
    problem: Problem, cells: Cells, centres: Vectors, *, known: Prices
) -> tuple[Arcs, Prices]:
    """Return the arcs of the cells and the prices that balance them."""
    arcs = candidate_arcs(
        cells.vectors,
        centres,
        rep=cells.rep,
        reach=_reach(problem, known, cells.value_usd / cells.weight),
    )
    rep = cells.rep[arcs.row]
    leaves = (rep >= 0) & (rep != arcs.territory)
    cost = cells.weight[arcs.row] * (arcs.km + problem.params.churn_price_km * leaves)
    amounts = (cells.hours, cells.value_usd)
    prices = balance_prices(
        arcs,
        cost,
        amounts=amounts,
        bands=problem.free_limits(),
        limit_prices=problem.limit_prices,
    )
    return arcs, prices


def _reach(problem: Problem, prices: Prices, value_per_hour: Floats) -> Reach:
    return Reach(problem.params.neighbours, prices.hours, prices.value, value_per_hour)


def _assigned(problem: Problem, arcs: Arcs, prices: Prices) -> tuple[Ints, Floats]:
    """Return the flow's assignment at the prices of value, and its own prices of hours.

    Accounts without hours have nothing to send; they go where they cost least.
    """
    territory = problem.book.rep.copy()
    cost = problem.cost(arcs) - problem.counted_usd[arcs.row] * prices.value[arcs.territory]
    idle = ~problem.locked & (problem.hours <= 0)
    territory[idle] = arcs.territory[arcs.cheapest(cost)][idle]
    working = ~problem.locked & (problem.hours > 0)
    if not working.any():
        return territory, prices.hours
    some, kept = arcs.of_rows(working)
    hours = problem.hours[working]
    answer = balanced_flow(
        some,
        cost[kept] / hours[some.row],
        hours=hours,
        band=problem.free_limits()[0],
        limit_price_km=problem.params.hours_limit_price_km,
    )
    territory[working] = answer.territory
    return territory, answer.price_km


def _board(problem: Problem, arcs: Arcs) -> Board:
    free = ~problem.locked
    some, kept = arcs.of_rows(free)
    (hours_target, hours_lo, hours_hi) = problem.hours_limits
    (value_target, value_lo, value_hi) = problem.value_limits
    target = np.vstack((hours_target, value_target))
    return Board(
        arcs=some,
        cost=problem.cost(arcs)[kept],
        amounts=problem.amounts[:, free],
        fixed=problem.loads(problem.book.rep, rows=problem.locked),
        lo=np.vstack((hours_lo, value_lo)),
        hi=np.vstack((hours_hi, value_hi)),
        scale=np.where(target > 0, target, 1.0),
        limit_prices=np.array(problem.limit_prices),
        rank=np.random.default_rng(problem.params.seed)
        .permutation(int(free.sum()))
        .astype(np.int32),
    )


def _bound(
    problem: Problem,
    territory: Ints,
    centres: Vectors,
    *,
    hours_prices: tuple[Floats, Floats],
    prices: Prices,
) -> float | None:
    """Return the best bound that known prices prove, None where there are too many pairs."""
    book, free = problem.book, ~problem.locked
    if len(book.vectors) * problem.n_reps > _MOST_BOUND_PAIRS:
        return None
    loads = problem.loads(territory, rows=free)
    bands = tuple(
        Limits(np.minimum(band.lo, load), np.maximum(band.hi, load))
        for band, load in zip(problem.free_limits(), loads, strict=True)
    )
    kept = problem.locked
    locked_km = km_between(book.vectors[kept], centres[book.rep[kept]])
    bounds = [
        lower_bound(
            _free_accounts(problem),
            centres,
            churn_price_km=problem.params.churn_price_km,
            bands=(bands[0], bands[1]),
            prices=(hours, prices.value),
        )
        for hours in hours_prices
    ]
    return max(0.0, *bounds) + float((book.weight[kept] * locked_km).sum())
