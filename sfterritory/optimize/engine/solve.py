"""Territories from a problem: order, centres, balance, polish, bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors, km_between
from sfterritory.optimize.engine.answer import (
    Construction,
    Plans,
    Start,
    answered,
    cost_km,
    travel_only,
)
from sfterritory.optimize.engine.basis import Distances
from sfterritory.optimize.engine.bound import lower_bound
from sfterritory.optimize.engine.cells import label, solve, summed
from sfterritory.optimize.engine.centre import medians
from sfterritory.optimize.engine.contiguity import land
from sfterritory.optimize.engine.divide import COLD_ROUNDS, WARM_ROUNDS, divide
from sfterritory.optimize.engine.joining import joined
from sfterritory.optimize.engine.kernel import TIE_KM, Longs
from sfterritory.optimize.engine.lloyd import CLOSE_LOOK, moved_centres
from sfterritory.optimize.engine.pile import without_piles
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.relax import FreeBand, free_band
from sfterritory.optimize.engine.rows import Blocks, Rows, grouped_order, make_blocks

_CELLS_PER_REP = 50
_DENSE_ROWS = 150  # a rep; above it prices are first found on cells
_LAST_MEDIAN_STEPS = 12
_FULL_ROUNDS = 12
_FULL_ROWS = 6_000_000  # rows balanced in all full rounds: large books get fewer
_IDLE_SHARE = 1e-6  # of the mean account


@dataclass(frozen=True, slots=True)
class Book:
    """Accounts that have to be balanced.

    Attributes:
        chosen: Row of the problem for each of them, shape (n,).
        rows: Those accounts, in the order of blocks.
        cells: First row of each micro-cell, and the number of rows at the end.
        blocks: Of those rows.
    """

    chosen: Longs
    rows: Rows
    cells: Longs
    blocks: Blocks


def construct(
    problem: Problem,
    *,
    start: Start | None = None,
    gap_km: float | None = None,
    closely: bool = False,
) -> Construction:
    """Return a plan that keeps the bands where that is possible, at a low cost.

    Args:
        problem: What to solve.
        start: A former answer: prices near the right ones make a re-plan several times as fast.
        gap_km: Ask for territories in one piece, where wider gaps than this count as water
            (infinite: none does); None asks for nothing.
        closely: Look at small books in exact windows where their cost is well above the bound: some
            seconds for up to a few per cent. Not where territories are to be in one piece.
    """
    limits = free_band(problem)
    apart = without_piles(problem)
    book = make_book(apart)
    if book is None:
        settled = Start(_without_work(problem, start), np.zeros(problem.n_reps))
        first = territory = settle_rest(problem, problem.lock.copy(), settled.centres)
        return _answer(problem, limits, Plans(first, territory, settled), None)
    settled = _settled(apart, book, limits, start)
    basis = Distances(book.rows, book.blocks, settled.centres, problem.terms)
    cold = False
    how = (settled.psi, COLD_ROUNDS if cold else WARM_ROUNDS)
    closely = closely and gap_km is None
    found = divide(problem, book.chosen, basis, limits=limits, how=how, closely=closely)
    centres = np.where(problem.free_centre[:, None], settled.centres, problem.homes)
    settled = Start(centres, found.psi)
    first, territory = (
        settle_rest(problem, filled(problem, book.chosen, rep), settled.centres)
        for rep in (found.first, found.rep)
    )
    if gap_km is not None:
        territory = joined(
            problem,
            territory,
            settled.centres,
            psi=settled.psi,
            band=limits.whole,
            where=land(problem.vectors, gap_km=gap_km),
        )
    if problem.free_centre.any():
        settled = Start(_final_centres(problem, territory, settled.centres), settled.psi)
    if apart is not problem:
        book = _in_place(problem, book)
    return _answer(problem, limits, Plans(first, territory, settled), book)


def rows_of(problem: Problem, chosen: Longs) -> Rows:
    """Return some accounts as rows, in the order given; idle ones weigh a token, not nothing."""
    rep = problem.rep[chosen]
    hours = problem.hours[chosen]
    token = _IDLE_SHARE * float(hours.sum()) / max(len(hours), 1)
    return Rows(
        problem.vectors[chosen],
        np.maximum(hours, token or 1.0),
        rep,
        np.where(rep >= 0, problem.churn_km[chosen], 0.0),
        problem.group[chosen],
    )


def working_rows(problem: Problem) -> Longs:
    """Return the accounts that are not locked and count in some measure, ascending."""
    counts = np.any([measure.amount > 0 for measure in problem.measures], axis=0)
    return np.flatnonzero((problem.lock < 0) & counts).astype(np.int64)


def make_book(problem: Problem) -> Book | None:
    """Return the accounts that have to be balanced, None where there is none."""
    working = working_rows(problem)
    if len(working) == 0:
        return None
    rows = rows_of(problem, working)
    cells = max(1, min(len(working), _CELLS_PER_REP * problem.n_reps))
    order, start = grouped_order(rows, parts=cells)
    rows = rows.taken(order)
    return Book(working[order], rows, start, make_blocks(rows, start))


def _in_place(problem: Problem, book: Book) -> Book:
    """Return the book with its accounts where they are, not set apart."""
    rows = book.rows._replace(vectors=problem.vectors[book.chosen])
    return Book(book.chosen, rows, book.cells, make_blocks(rows, book.cells))


def filled(problem: Problem, chosen: Longs, rep: Ints) -> Ints:
    """Return locks, reps of the accounts `chosen`, and -1 for the rest, shape (n,)."""
    territory = problem.lock.copy()
    territory[chosen] = rep
    return territory


def settle_rest(problem: Problem, territory: Ints, centres: Vectors) -> Ints:
    """Return the plan with accounts that weigh nothing at the nearest; today's rep where it ties.

    `territory` is changed in place.
    """
    rest = np.flatnonzero(territory < 0)
    if len(rest):
        rows = rows_of(problem, rest)._replace(churn_km=np.full(len(rest), TIE_KM))
        nearest = label(rows, Start(centres, np.zeros(len(centres))), terms=problem.terms)
        territory[rest] = nearest
    return territory


def beyond_reach_km(problem: Problem, centres: Vectors) -> Floats:
    """Return how far accounts lie beyond `max_km` of the nearest rep who may have them, (n,).

    It is 0 where some rep reaches them, and where they are locked.
    """
    beyond = np.zeros(len(problem.rep))
    open_rows = np.flatnonzero(problem.lock < 0)
    if np.isinf(problem.max_km).all() or len(open_rows) == 0:
        return beyond
    plain = travel_only(problem)
    rows = rows_of(plain, open_rows)
    nearest = label(rows, Start(centres, np.zeros(len(centres))), terms=plain.terms)
    km = km_between(problem.vectors[open_rows], centres[nearest])
    beyond[open_rows] = np.maximum(km - problem.max_km[nearest], 0.0)
    return beyond


def _settled(problem: Problem, book: Book, limits: FreeBand, start: Start | None) -> Start:
    """Return centres and first prices: from homes, a former answer, or rounds on cells."""
    free, rows, terms = problem.free_centre, book.rows, problem.terms
    if start is not None:
        return Start(np.where(free[:, None], start.centres, problem.homes), start.psi)
    dense = _is_dense(problem, book)
    coarse = summed(rows, book.cells) if dense else rows
    settled = solve(coarse, problem.homes, terms=terms, band=limits.first)
    if not free.any():
        return settled
    full_rounds = min(_FULL_ROUNDS, max(2, _FULL_ROWS // len(rows.hours)))
    return moved_centres(
        rows,
        book.blocks,
        settled,
        terms=terms,
        bands=[limits.first] * full_rounds,
        free=free,
        pace=CLOSE_LOOK,
    )


def _is_dense(problem: Problem, book: Book) -> bool:
    """Say whether prices are first found on cells."""
    return len(book.rows.hours) > _DENSE_ROWS * problem.n_reps


def _in_full(problem: Problem, book: Book) -> bool:
    """Say whether first prices come from rounds on all of many accounts: they are nearly right."""
    return _is_dense(problem, book) and bool(problem.free_centre.any())


def _without_work(problem: Problem, start: Start | None) -> Vectors:
    """Return centres where nothing has to be balanced: homes, then middles of locked accounts."""
    if start is not None:
        return np.where(problem.free_centre[:, None], start.centres, problem.homes)
    somewhere = problem.vectors[0] if len(problem.vectors) else np.array([1.0, 0.0, 0.0])
    centres = np.where(problem.free_centre[:, None], somewhere, problem.homes)
    return _final_centres(problem, problem.lock, centres)


def _final_centres(problem: Problem, territory: Ints, centres: Vectors) -> Vectors:
    """Return the medians of free territories, locked accounts included."""
    held = (territory >= 0) & (problem.hours > 0)
    return medians(
        problem.vectors[held],
        problem.hours[held],
        territory[held],
        centres,
        problem.free_centre,
        _LAST_MEDIAN_STEPS,
    )


def _answer(problem: Problem, limits: FreeBand, plans: Plans, book: Book | None) -> Construction:
    centres, free_bound = plans.settled.centres, 0.0
    if book is not None:
        psi = plans.settled.psi
        least = Distances(book.rows, book.blocks, centres, problem.terms).least_km(psi)
        hours = problem.hours[book.chosen]
        free_bound = lower_bound(hours, least, band=limits.first, psi=psi)
    before, after = (
        cost_km(problem, np.arange(len(plan)), plan, km_between(problem.vectors, centres[plan]))
        for plan in (plans.feasible, plans.territory)
    )
    return answered(
        problem,
        limits,
        plans,
        costs=(before, after),
        free_bound=free_bound,
        beyond_km=beyond_reach_km(problem, centres),
    )
