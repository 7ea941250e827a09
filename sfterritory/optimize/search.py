"""The engine asked, region by region, for what a request leaves open.

Reps and accounts that no permission links are regions of their own: each is an independent piece
that any worker may solve, and the answer is the same for any number of them. A region alone shares
its two starts between workers; one that is too large for a process is solved in parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors, km_between
from sfterritory.optimize.beside import beside
from sfterritory.optimize.engine.answer import (
    Construction,
    Plans,
    Start,
    answered,
    cost_km,
    off_limits,
)
from sfterritory.optimize.engine.basis import Distances
from sfterritory.optimize.engine.bound import lower_bound
from sfterritory.optimize.engine.cells import solve, summed
from sfterritory.optimize.engine.centre import start_centres
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.problem import Measure, Problem
from sfterritory.optimize.engine.relax import free_band
from sfterritory.optimize.engine.solve import beyond_reach_km, construct, make_book, working_rows
from sfterritory.optimize.parts import PARTS_ABOVE, construct_in_parts

_DENSE_ROWS = 150  # a rep; as the engine has it
_TWO_STARTS_UNITS = 50_000
_SETTLED_UNITS = 200_000


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be divided, and from where.

    Attributes:
        problem: Units and reps.
        start: Centres and prices of an earlier answer; its centres are kept.
        books: Middles of today's books, from which free centres set out, NaN where a rep has none;
            None to begin anew, shape (k, 3).
        gap_km: As `TerritoryRequest.gap_km`.
    """

    problem: Problem
    start: Start | None = None
    books: Vectors | None = None
    gap_km: float | None = None


def search(
    question: Question, *, executor: Executor | None = None, parts_above: int = PARTS_ABOVE
) -> Construction:
    """Return territories for all units, each region on its own, in parts above so many units."""
    regions = _regions(question.problem)
    if len(regions) == 1:
        return _answered(question, executor, parts_above)
    questions = [_part(question, units, reps) for units, reps in regions]
    large = [len(one.problem.rep) > parts_above for one in questions]
    small = (one for one, is_large in zip(questions, large, strict=True) if not is_large)
    others = beside(executor, _solved, small)
    answers = [
        _answered(one, executor, parts_above) if is_large else next(others)
        for one, is_large in zip(questions, large, strict=True)
    ]
    return _merged(question.problem, regions, answers)


def sketched(question: Question) -> Start:
    """Return centres and prices on micro-cells: a first look, a fraction of the whole search."""
    problem = question.problem
    book = make_book(problem)
    if question.start is not None or book is None:
        answer = question.start or _solved(question).start
        return Start(
            np.where(problem.free_centre[:, None], answer.centres, problem.homes), answer.psi
        )
    start = _from_books(problem, question.books)
    if start is not None:
        return start
    return solve(
        summed(book.rows, book.cells),
        problem.homes,
        terms=problem.terms,
        band=free_band(problem).first,
    )


def priced(problem: Problem, plans: Plans) -> Construction:
    """Return the construction that given plans make, with their costs and the bound of the prices.

    For plans that were changed after the engine gave them.
    """
    limits, book, settled = free_band(problem), make_book(problem), plans.settled
    free_bound = 0.0
    if book is not None:
        basis = Distances(book.rows, book.blocks, settled.centres, problem.terms)
        free_bound = lower_bound(
            problem.hours[book.chosen],
            basis.least_km(settled.psi),
            band=limits.first,
            psi=settled.psi,
        )
    return answered(
        problem,
        limits,
        plans,
        costs=(
            unit_costs(problem, plans.feasible, settled.centres),
            unit_costs(problem, plans.territory, settled.centres),
        ),
        free_bound=free_bound,
        beyond_km=beyond_reach_km(problem, settled.centres),
    )


def unit_costs(problem: Problem, territory: Ints, centres: Vectors) -> Floats:
    """Return what an hour of each unit costs with its rep, by distance, shape (u,)."""
    km = km_between(problem.vectors, centres[territory])
    return cost_km(problem, np.arange(len(territory)), territory, km)


def _answered(question: Question, executor: Executor | None, parts_above: int) -> Construction:
    problem = question.problem
    if len(problem.rep) <= parts_above or len(working_rows(problem)) == 0:
        return _solved(question, executor=executor)
    return construct_in_parts(
        problem,
        executor=executor,
        start=question.start,
        books=question.books,
        gap_km=question.gap_km,
    )


def _solved(question: Question, *, executor: Executor | None = None) -> Construction:
    """Return the best answer of the starts that can be afforded, settled on its own centres."""
    problem, u = question.problem, len(question.problem.rep)
    first = question.start or _from_books(problem, question.books)
    starts = [first]
    if first is not None and question.start is None and u <= _TWO_STARTS_UNITS:
        starts.append(None)
    settles = problem.free_centre.any() and u <= _SETTLED_UNITS
    once = partial(_constructed, problem, (question.gap_km, not settles))
    answers = beside(executor, once, starts)
    best = min(answers, key=_by_quality)  # of equal ones the one from today's books
    if not settles:
        return best
    # the last step of a search moves centres: accounts settle once more where those are now
    fixed = replace(problem, homes=best.centres)
    again = construct(fixed, start=best.start, gap_km=question.gap_km, closely=True)
    return min(best, _after(problem, best, again), key=_by_quality)


def _after(problem: Problem, first: Construction, again: Construction) -> Construction:
    """Return the later answer, and as its stage one that of the first, if that keeps the limits."""
    costs = unit_costs(problem, first.feasible, again.centres)
    cost_km_hours = float((problem.hours * costs).sum())
    if not keeps_limits(problem, first.feasible) or cost_km_hours < again.cost_km_hours:
        return again
    return replace(again, feasible=first.feasible, feasible_cost_km_hours=cost_km_hours)


def keeps_limits(problem: Problem, territory: Ints) -> bool:
    """Return whether a plan keeps every limit that was asked for."""
    over, under = off_limits(problem, territory)
    return not bool((over > 0).any() or (under > 0).any())


def _constructed(
    problem: Problem, how: tuple[float | None, bool], start: Start | None
) -> Construction:
    gap_km, closely = how
    return construct(problem, start=start, gap_km=gap_km, closely=closely)


def _by_quality(answer: Construction) -> tuple[bool, float, float]:
    off = float(answer.over.sum() + answer.under.sum())
    return not answer.is_feasible, off if not answer.is_feasible else 0.0, answer.cost_km_hours


def _from_books(problem: Problem, books: Vectors | None) -> Start | None:
    """Return centres and prices after rounds that set out from today's books."""
    free = problem.free_centre
    if books is None or not free.any() or np.isnan(books[free, 0]).all():
        return None
    book = make_book(problem)
    if book is None:
        return None
    dense = len(book.rows.hours) > _DENSE_ROWS * problem.n_reps
    cells = summed(book.rows, book.cells) if dense else book.rows
    anchored = np.where(np.isnan(problem.homes), books, problem.homes)
    begin = anchored
    if np.isnan(anchored).any():  # who has neither home nor book gets a part that is left
        begin = start_centres(cells, anchored, problem.terms)
    first = Start(begin, np.zeros(problem.n_reps))
    band = free_band(problem).first
    return solve(cells, problem.homes, terms=problem.terms, band=band, start=first)


def _part(question: Question, units: Longs, reps: Longs) -> Question:
    """Return the part that some units and reps make, numbered anew, both ascending."""
    problem, start, books = question.problem, question.start, question.books
    number = np.full(problem.n_reps + 1, -1, dtype=np.int32)  # the last entry keeps -1 as it is
    number[reps] = np.arange(len(reps), dtype=np.int32)
    rep = number[problem.rep[units]]
    left = (problem.rep[units] >= 0) & (rep < 0)  # whoever gets it, the price of change is due
    return Question(
        problem=Problem(
            vectors=problem.vectors[units],
            measures=tuple(
                Measure(one.name, one.amount[units], one.lo[reps], one.hi[reps])
                for one in problem.measures
            ),
            rep=rep,
            lock=number[problem.lock[units]],
            homes=problem.homes[reps],
            churn_km=np.where(left, 0.0, problem.churn_km[units]),
            max_km=problem.max_km[reps],
            group=problem.group[units],
            extra_km=problem.extra_km[:, reps],
            one_piece=None if problem.one_piece is None else problem.one_piece[reps],
        ),
        start=None if start is None else Start(start.centres[reps], start.psi[reps]),
        books=None if books is None else books[reps],
        gap_km=question.gap_km,
    )


def _regions(problem: Problem) -> list[tuple[Longs, Longs]]:
    """Return units and reps of each independent region, that of the lowest rep first.

    Reps without a unit are put together with the first region that has some.
    """
    k, groups = problem.n_reps, len(problem.extra_km)
    free = problem.lock < 0
    present = np.bincount(problem.group[free], minlength=groups) > 0
    group, rep = np.nonzero(np.isfinite(problem.extra_km) & present[:, None])
    links = coo_array((np.ones(len(group)), (group + k, rep)), shape=(k + groups, k + groups))
    _, label = connected_components(links, directed=False)
    of_unit = np.where(free, label[problem.group + k], label[np.maximum(problem.lock, 0)])
    of_rep = label[:k].copy()
    idle = ~np.isin(of_rep, of_unit)
    of_rep[idle] = of_rep[~idle][0] if (~idle).any() else 0
    return [
        (np.flatnonzero(of_unit == one), np.flatnonzero(of_rep == one))
        for one in dict.fromkeys(of_rep.tolist())
    ]


def _merged(
    problem: Problem, regions: Sequence[tuple[Longs, Longs]], answers: Sequence[Construction]
) -> Construction:
    u, k = len(problem.rep), problem.n_reps
    territory, feasible = np.empty(u, dtype=np.int32), np.empty(u, dtype=np.int32)
    centres, psi = np.empty((k, 3)), np.empty(k)
    for (units, reps), answer in zip(regions, answers, strict=True):
        territory[units], feasible[units] = reps[answer.territory], reps[answer.feasible]
        centres[reps], psi[reps] = answer.centres, answer.psi
    settled = Start(centres, psi)
    plans = Plans(feasible, territory, settled)
    left = _leaving(problem, regions)
    together = answered(
        problem,
        free_band(problem),
        plans,
        costs=(
            unit_costs(problem, feasible, centres),
            unit_costs(problem, territory, centres),
        ),
        free_bound=0.0,
        beyond_km=beyond_reach_km(problem, centres),
    )
    bound = sum(answer.bound_km_hours for answer in answers)
    return replace(together, bound_km_hours=bound + float((problem.hours * left).sum()))


def _leaving(problem: Problem, regions: Sequence[tuple[Longs, Longs]]) -> Floats:
    """Return what each unit costs for having today's rep in another region, shape (u,)."""
    left = np.zeros(len(problem.rep))
    for units, reps in regions:
        away = (problem.rep[units] >= 0) & ~np.isin(problem.rep[units], reps)
        left[units] = np.where(away, problem.churn_km[units], 0.0)
    return left
