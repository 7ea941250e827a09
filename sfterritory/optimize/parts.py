"""Books with very many accounts to a rep: cells part by part, a plan of cells, labels by cell.

Three calls. `cells_of` lays the accounts of a part together in cells that are small beside a
territory and beside every band; the engine shares out the cells of all parts in one process;
`labelled` gives each account the rep of its cell. A cell moves whole and holds the sum of its
accounts: limits that its plan keeps are kept by the accounts, to the last one.

Parts are compact pieces of the map with about as many accounts each, cut by where accounts lie and
never by how many workers there are: the answer is the same for any number of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import Vectors, km_between, totals
from sfterritory.optimize.aggregate import cell_load
from sfterritory.optimize.beside import beside
from sfterritory.optimize.engine.answer import Construction, Plans, Start, answered, cost_km
from sfterritory.optimize.engine.bound import cheapest_of_all, lower_bound
from sfterritory.optimize.engine.cells import solve, summed
from sfterritory.optimize.engine.centre import medians, start_centres
from sfterritory.optimize.engine.contiguity import land
from sfterritory.optimize.engine.joining import joined
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.relax import FreeBand, free_band
from sfterritory.optimize.engine.rows import Rows, grouped_order, make_blocks, space_order
from sfterritory.optimize.engine.solve import (
    beyond_reach_km,
    construct,
    make_book,
    rows_of,
    settle_rest,
    working_rows,
)
from sfterritory.optimize.engine.terms import make_terms

PARTS_ABOVE = 2_000_000
"""Units above which a book is solved in parts: below, one process has the better plan in time."""

PART_ROWS = 100_000  # 6 MB to send: less than Dask warns of, more than starting a call costs
_FINER = (1.0, 0.25, 0.0)  # size of cells where a plan of larger ones breaks a limit; 0: accounts
_BLOCK_ROWS = 64  # to a block of the order in which rows are priced
_COST_ROWS = 1_000_000  # measured at a time: temporary columns stay small
_MEDIAN_STEPS = 12


@dataclass(frozen=True, slots=True)
class Cells:
    """The accounts of one part as cells.

    Attributes:
        cell: Cell of each account, shape (n,).
        rows: The cells, c of them: their places, hours, group, and the rep with most of them.
    """

    cell: Longs
    rows: Rows


@dataclass(frozen=True, slots=True)
class Prices:
    """What a part is priced with; small, whatever the number of accounts.

    Attributes:
        settled: Centres and prices.
        max_km: As `Problem.max_km`, shape (k,).
        extra_km: Who may have what, for the groups that `groups` lists, shape (g, k).
        groups: Numbers of those groups, ascending, shape (g,).
    """

    settled: Start
    max_km: Floats
    extra_km: Floats
    groups: Longs

    @classmethod
    def of(cls, rows: Rows, settled: Start, *, max_km: Floats, extra_km: Floats) -> Prices:
        """Return the prices for the groups of some rows."""
        groups = np.unique(rows.group).astype(np.int64)
        return cls(settled, max_km, extra_km[groups], groups)


def cells_of(part: Rows, *, hours: float) -> Cells:
    """Return the accounts of a part as compact cells of about so many hours, each of one group.

    An account that is heavier is a cell of its own.
    """
    n, total = len(part.hours), float(part.hours.sum())
    if n == 0 or n * hours <= total:  # cells would be smaller than accounts
        return Cells(np.arange(n, dtype=np.int64), part)
    order, start = grouped_order(part, parts=max(1, min(n, round(total / hours))))
    cell = np.empty(n, dtype=np.int64)
    cell[order] = np.repeat(np.arange(len(start) - 1), np.diff(start))
    return Cells(cell, summed(part.taken(order), start))


def labelled(cells: Cells, rep: Ints) -> Ints:
    """Return the rep of each account of a part; `rep` is that of each of its cells, shape (c,)."""
    of: Ints = rep[cells.cell]
    return of


def cut(problem: Problem, chosen: Longs, *, part_rows: int = PART_ROWS) -> list[Longs]:
    """Return the accounts of each part, ascending: pieces of the map, alike in number."""
    parts = max(1, -(-len(chosen) // part_rows))
    order, start = space_order(problem.vectors[chosen], np.ones(len(chosen)), parts=parts)
    return [
        np.sort(chosen[order[begin:end]])
        for begin, end in zip(start[:-1].tolist(), start[1:].tolist(), strict=True)
    ]


def construct_in_parts(
    problem: Problem,
    *,
    executor: Executor | None = None,
    start: Start | None = None,
    books: Vectors | None = None,
    gap_km: float | None = None,
    part_rows: int = PART_ROWS,
) -> Construction:
    """Return a plan that keeps the bands where that is possible, at a low cost.

    Args:
        problem: What to solve; at least one account has to be balanced.
        executor: Makes cells and prices accounts of parts beside each other.
        start: Centres and prices of an earlier answer; its centres are kept.
        books: Where free centres set out, NaN for those without, shape (k, 3).
        gap_km: As `construct`; joining pieces is done by one process.
        part_rows: About as many accounts to a part; another number is another answer.
    """
    limits, free = free_band(problem), working_rows(problem)
    locked = np.flatnonzero(problem.lock >= 0).astype(np.int64)
    pieces = [*cut(problem, free, part_rows=part_rows)]
    if len(locked):
        pieces += cut(problem, locked, part_rows=part_rows)
    chosen, rows = np.concatenate(pieces), [_told_apart(problem, one) for one in pieces]
    answer, cell = _planned(problem, (chosen, rows), limits, (start, books, gap_km), executor)
    first, territory = (
        _on_accounts(problem, chosen, rep[cell], answer.centres)
        for rep in (answer.feasible, answer.territory)
    )
    if gap_km is not None:
        territory = joined(
            problem,
            territory,
            answer.centres,
            psi=answer.psi,
            band=limits.whole,
            where=land(problem.vectors, gap_km=gap_km),
        )
    settled = answer.start
    if start is None and problem.free_centre.any():
        settled = Start(_medians(problem, territory, answer.centres), answer.psi)
    return answered(
        problem,
        limits,
        Plans(first, territory, settled),
        costs=(
            _costs(problem, first, settled.centres),
            _costs(problem, territory, settled.centres),
        ),
        free_bound=_bound(problem, pieces, limits, settled, executor),
        beyond_km=beyond_reach_km(problem, settled.centres),
    )


def _planned(
    problem: Problem,
    book: tuple[Longs, Sequence[Rows]],
    limits: FreeBand,
    how: tuple[Start | None, Vectors | None, float | None],
    executor: Executor | None,
) -> tuple[Construction, Longs]:
    """Return the plan of cells and the cell of each account, cells finer where limits ask for it.

    `book` has the accounts and, part by part, their rows.
    """
    chosen, rows = book
    start, books, gap_km = how
    most = cell_load(*limits.first, total=sum(float(part.hours.sum()) for part in rows))
    for finer in _FINER:
        hours = finer * most
        made = list(beside(executor, _cells, ((part, hours) for part in rows)))
        first = np.cumsum([0, *(len(one.rows.hours) for one in made[:-1])])
        cell = np.concatenate([one.cell + at for one, at in zip(made, first.tolist(), strict=True)])
        cells = Rows(*(np.concatenate(of) for of in zip(*(one.rows for one in made), strict=True)))
        small = _of_cells(problem, chosen, cell, cells)
        answer = _solved(small, start=start, books=books, gap_km=gap_km)
        if answer.is_feasible or limits.conflicts or len(cells.hours) == len(chosen):
            break
    return answer, cell


def _told_apart(problem: Problem, chosen: Longs) -> Rows:
    """Return some accounts as rows whose groups tell apart locks, and owners who cost to leave."""
    rows, reps = rows_of(problem, chosen), problem.n_reps + 1
    owner = np.where(rows.churn_km > 0, rows.rep, -1)
    group = (rows.group.astype(np.int64) * reps + problem.lock[chosen] + 1) * reps + owner + 1
    return rows._replace(group=group)


def _of_cells(problem: Problem, chosen: Longs, cell: Longs, cells: Rows) -> Problem:
    """Return the problem of cells; what they hold of a measure is the sum over their accounts."""
    count, reps = len(cells.hours), problem.n_reps + 1

    def total(amount: Floats) -> Floats:
        held: Floats = totals(cell, amount[chosen], n_groups=count)
        return held

    return replace(
        problem,
        vectors=cells.vectors,
        measures=tuple(replace(one, amount=total(one.amount)) for one in problem.measures),
        rep=cells.rep,
        lock=(cells.group // reps % reps - 1).astype(np.int32),
        churn_km=cells.churn_km,
        group=(cells.group // reps**2).astype(np.int32),
    )


def _solved(
    problem: Problem, *, start: Start | None, books: Vectors | None, gap_km: float | None
) -> Construction:
    free, homes = problem.free_centre, problem.homes
    if start is not None:  # its centres stay
        homes = np.where(free[:, None], start.centres, homes)
        return construct(replace(problem, homes=homes), start=start, gap_km=gap_km)
    book = make_book(problem)
    if books is None or book is None or not free.any() or np.isnan(books[free, 0]).all():
        return construct(problem, gap_km=gap_km)
    coarse = summed(book.rows, book.cells)
    anchored = np.where(np.isnan(homes), books, homes)
    begin = Start(start_centres(coarse, anchored, problem.terms), np.zeros(problem.n_reps))
    band = free_band(problem).first
    begin = solve(coarse, homes, terms=problem.terms, band=band, start=begin)
    return construct(problem, start=begin, gap_km=gap_km)


def _on_accounts(problem: Problem, chosen: Longs, rep: Ints, centres: Vectors) -> Ints:
    """Return the rep of every account: of its cell, or the nearest where it weighs nothing."""
    territory = problem.lock.copy()
    territory[chosen] = rep
    return settle_rest(problem, territory, centres)


def _medians(problem: Problem, territory: Ints, centres: Vectors) -> Vectors:
    held: Flags = problem.hours > 0
    return medians(
        problem.vectors[held],
        problem.hours[held],
        territory[held],
        centres,
        problem.free_centre,
        _MEDIAN_STEPS,
    )


def _bound(
    problem: Problem,
    pieces: Sequence[Longs],
    limits: FreeBand,
    settled: Start,
    executor: Executor | None,
) -> float:
    """Return what no plan for these centres can beat, locked accounts aside."""
    rows = (rows_of(problem, one) for one in pieces if problem.lock[one[0]] < 0)
    sent = (
        (part, Prices.of(part, settled, max_km=problem.max_km, extra_km=problem.extra_km))
        for part in rows
    )
    found = np.array(list(beside(executor, _least, sent)))
    return lower_bound(found[:, 0], found[:, 1], band=limits.first, psi=settled.psi)


def _costs(problem: Problem, rep: Ints, centres: Vectors) -> Floats:
    """Return what an hour of each account costs with its rep, shape (n,)."""
    costs = np.empty(len(rep))
    for begin in range(0, len(rep), _COST_ROWS):
        some = np.arange(begin, min(begin + _COST_ROWS, len(rep)))
        km = km_between(problem.vectors[some], centres[rep[some]])
        costs[some] = cost_km(problem, some, rep[some], km)
    return costs


def _cells(sent: tuple[Rows, float]) -> Cells:
    part, hours = sent
    return cells_of(part, hours=hours)


def _least(sent: tuple[Rows, Prices]) -> tuple[float, float]:
    """Return the hours of a part, and what one of them costs at least, less the price."""
    part, prices = sent
    group = np.searchsorted(prices.groups, part.group).astype(np.int32)
    parts = max(1, len(group) // _BLOCK_ROWS)
    order, start = grouped_order(part._replace(group=group), parts=parts)
    rows = part._replace(group=group).taken(order)
    terms = make_terms(prices.max_km, prices.extra_km)
    least_km, _ = cheapest_of_all(
        rows, make_blocks(rows, start), prices.settled.centres, terms, prices.settled.psi
    )
    hours = float(rows.hours.sum())
    return hours, float((rows.hours * least_km).sum()) / hours
