"""Books too large for one process: aggregate part by part, solve on one node, label part by part.

Parts are compact pieces of the map with about as many accounts each, cut by where accounts lie and
never by how many workers there are: the answer is the same for any number of them. Labels by prices
miss bands by what the cells round; the accounts that hang least on their rep are then divided
exactly on one node, with all others as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.beside import beside
from sfterritory.optimize.engine.answer import Construction, Plans, Start, answered, cost_km
from sfterritory.optimize.engine.basis import Distances
from sfterritory.optimize.engine.bound import cheapest_of_all, lower_bound
from sfterritory.optimize.engine.cells import aggregate, solve
from sfterritory.optimize.engine.centre import medians, start_centres
from sfterritory.optimize.engine.contiguity import land
from sfterritory.optimize.engine.divide import WARM_ROUNDS, divide
from sfterritory.optimize.engine.joining import joined
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.problem import Measure, Problem
from sfterritory.optimize.engine.relax import FreeBand, free_band
from sfterritory.optimize.engine.rows import Rows, grouped_order, make_blocks, space_order
from sfterritory.optimize.engine.solve import (
    beyond_reach_km,
    filled,
    make_book,
    rows_of,
    settle_rest,
    working_rows,
)
from sfterritory.optimize.engine.terms import Terms, make_terms
from sfterritory.optimize.margin import two_cheapest
from sfterritory.optimize.sphere import Vectors, km_between, totals

PARTS_ABOVE = 2_000_000
"""Units above which a book is solved in parts: the whole would take one process alone more than
3 GB and several minutes, while an answer in parts costs about as much travel."""

PART_ROWS = 100_000  # 6 MB to send: less than Dask warns of, more than starting a call costs
CELLS_PER_REP = 50
_OPEN_SHARES = (0.1, 0.3, 1.0)  # of the hours of each rep; the last leaves nothing as it is
_LABEL_BLOCKS = 8  # rows to a cell of the order in which rows are labelled
_COST_ROWS = 1_000_000  # measured at a time: temporary columns stay small
_MEDIAN_STEPS = 12
_MEDIAN_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Prices:
    """What a part is labelled with; small, whatever the number of accounts.

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

    def numbered(self, rows: Rows) -> tuple[Rows, Terms]:
        """Return the rows with their groups numbered as the terms have them."""
        group = np.searchsorted(self.groups, rows.group).astype(np.int32)
        return rows._replace(group=group), make_terms(self.max_km, self.extra_km)


@dataclass(frozen=True, slots=True)
class Labels:
    """Reps of one part.

    Attributes:
        rep: Who has each account, shape (n,).
        hold: Share of the rep's hours in the part that hang less on their rep than the account
            does, 0 to 1: the lowest change hands first, shape (n,).
    """

    rep: Ints
    hold: Floats


def cells_of(part: Rows, *, cells: int) -> Rows:
    """Return about so many micro-cells of a part, none of an empty part."""
    return aggregate([part], cells_per_part=max(1, cells)) if len(part.hours) else part


def label_part(part: Rows, prices: Prices) -> Labels:
    """Return the cheapest rep of each account of a part, and how firmly it stays with that rep."""
    n, k = len(part.hours), len(prices.settled.psi)
    if n == 0:
        return Labels(np.empty(0, dtype=np.int32), np.empty(0))
    order, rows, terms = _ordered(part, prices)
    blocks = make_blocks(rows, order[1])
    _, found, more = two_cheapest(rows, blocks, prices.settled.centres, terms, prices.settled.psi)
    by_margin = np.lexsort((order[0], more, found))  # of equal ones by row
    hours, of = rows.hours[by_margin], found[by_margin]
    before = np.cumsum(hours) - hours
    first = np.searchsorted(of, np.arange(k))
    base = before[np.minimum(first, n - 1)]
    hold, rep = np.empty(n), np.empty(n, dtype=np.int32)
    total = totals(of, hours, n_groups=k)
    hold[order[0][by_margin]] = (before - base[of]) / total[of]
    rep[order[0]] = found
    return Labels(rep, np.clip(hold, 0.0, 1.0))


def least_km_hours(part: Rows, prices: Prices) -> float:
    """Return the sum of hours x (least cost less price): a part's share of the lower bound."""
    if len(part.hours) == 0:
        return 0.0
    order, rows, terms = _ordered(part, prices)
    blocks = make_blocks(rows, order[1])
    settled = prices.settled
    least, _ = cheapest_of_all(rows, blocks, settled.centres, terms, settled.psi)
    return float((rows.hours * least).sum())


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
        executor: Aggregates and labels parts beside each other.
        start: Centres and prices of an earlier answer; its centres are kept.
        books: Where free centres set out, NaN for those without, shape (k, 3).
        gap_km: As `construct`; joining pieces is done by one process.
        part_rows: About as many accounts to a part; another number is another answer.
    """
    limits, chosen = free_band(problem), working_rows(problem)
    parts = _cut(problem, chosen, part_rows)
    rows = [rows_of(problem, part) for part in parts]
    chosen = np.concatenate(parts)
    cells = _aggregated(problem, rows, executor)
    settled = _settled(problem, cells, limits, start=start, books=books)
    rounds = _MEDIAN_ROUNDS if start is None and problem.free_centre.any() else 0
    for turn in range(rounds + 1):
        given = _labelled(problem, rows, settled, executor)
        first, rep, settled = _within_bands(problem, chosen, given, (limits, settled))
        if turn < rounds:
            centres = _medians(problem, filled(problem, chosen, rep), settled.centres)
            settled = Start(centres, settled.psi)
    feasible, territory = (
        settle_rest(problem, filled(problem, chosen, one), settled.centres) for one in (first, rep)
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
    return _answer(problem, limits, Plans(feasible, territory, settled), (parts, rows, executor))


def _ordered(part: Rows, prices: Prices) -> tuple[tuple[Longs, Longs], Rows, Terms]:
    rows, terms = prices.numbered(part)
    order = grouped_order(rows, parts=max(1, len(rows.hours) // _LABEL_BLOCKS))
    return order, rows.taken(order[0]), terms


def _cut(problem: Problem, chosen: Longs, part_rows: int) -> list[Longs]:
    """Return the accounts of each part, ascending: pieces of the map, alike in number."""
    parts = max(1, -(-len(chosen) // part_rows))
    order, start = space_order(problem.vectors[chosen], np.ones(len(chosen)), parts=parts)
    return [
        np.sort(chosen[order[begin:end]])
        for begin, end in zip(start[:-1].tolist(), start[1:].tolist(), strict=True)
    ]


def _aggregated(problem: Problem, rows: Sequence[Rows], executor: Executor | None) -> Rows:
    """Return the cells of all parts, shared out by the hours of each."""
    hours = np.array([float(part.hours.sum()) for part in rows])
    share = CELLS_PER_REP * problem.n_reps / hours.sum()
    sent = ((part, round(share * held)) for part, held in zip(rows, hours.tolist(), strict=True))
    cells = list(beside(executor, _cells, sent))
    return Rows(*(np.concatenate(columns) for columns in zip(*cells, strict=True)))


def _settled(
    problem: Problem,
    cells: Rows,
    limits: FreeBand,
    *,
    start: Start | None,
    books: Vectors | None,
) -> Start:
    """Return centres and prices for the cells."""
    free, terms, homes = problem.free_centre, problem.terms, problem.homes
    if start is not None:
        homes = np.where(free[:, None], start.centres, homes)
    elif books is not None and free.any() and not np.isnan(books[free, 0]).all():
        anchored = np.where(np.isnan(homes), books, homes)
        start = Start(start_centres(cells, anchored, terms), np.zeros(problem.n_reps))
    return solve(cells, homes, terms=terms, band=limits.first, start=start)


def _labelled(
    problem: Problem, rows: Sequence[Rows], settled: Start, executor: Executor | None
) -> Labels:
    """Return the labels of all parts, one after the other."""
    found = list(beside(executor, _labels, _priced(problem, rows, settled)))
    return Labels(
        np.concatenate([one.rep for one in found]), np.concatenate([one.hold for one in found])
    )


def _priced(
    problem: Problem, rows: Sequence[Rows], settled: Start
) -> Iterator[tuple[Rows, Prices]]:
    for part in rows:
        yield (
            part,
            Prices.of(part, settled, max_km=problem.max_km, extra_km=problem.extra_km),
        )


def _within_bands(
    problem: Problem, chosen: Longs, given: Labels, what: tuple[FreeBand, Start]
) -> tuple[Ints, Ints, Start]:
    """Return who has the accounts `chosen` at first and after improvement, and the prices.

    The accounts that hang least on their rep are divided anew; more of them where that is not
    enough to keep every limit.
    """
    limits, settled = what
    amounts = np.column_stack([one.amount[chosen] for one in problem.measures])
    for share in _OPEN_SHARES:
        open_rows = np.flatnonzero(given.hold < share) if share < 1 else np.arange(len(chosen))
        kept = _loads(given.rep, amounts, np.setdiff1d(np.arange(len(chosen)), open_rows), problem)
        lo, hi = limits.lo - kept, limits.hi - kept
        if share < 1 and (hi < 0).any():
            continue
        part = _part_problem(problem, chosen[open_rows], np.maximum(lo, 0.0), np.maximum(hi, 0.0))
        first, rep, psi = _divided(part, limits, settled)
        answers = []
        for one in (first, rep):
            whole = given.rep.copy()
            whole[open_rows] = one
            answers.append(whole)
        load = _loads(answers[1], amounts, np.arange(len(chosen)), problem)
        if share == 1 or bool(((load >= limits.lo) & (load <= limits.hi)).all()):
            break
    return answers[0], answers[1], Start(settled.centres, psi)


def _loads(rep: Ints, amounts: Floats, rows: Longs, problem: Problem) -> Floats:
    """Return the load that some rows make, shape (k, measures)."""
    k = problem.n_reps
    return np.column_stack(
        [totals(rep[rows], amounts[rows, m], n_groups=k) for m in range(amounts.shape[1])]
    )


def _part_problem(problem: Problem, rows: Longs, lo: Floats, hi: Floats) -> Problem:
    """Return the problem of some accounts, within limits that the others leave, (k, measures)."""
    return replace(
        problem,
        vectors=problem.vectors[rows],
        measures=tuple(
            Measure(one.name, one.amount[rows], np.minimum(lo[:, m], hi[:, m]), hi[:, m])
            for m, one in enumerate(problem.measures)
        ),
        rep=problem.rep[rows],
        lock=np.full(len(rows), -1, dtype=np.int32),
        churn_km=problem.churn_km[rows],
        group=problem.group[rows],
    )


def _divided(problem: Problem, limits: FreeBand, settled: Start) -> tuple[Ints, Ints, Floats]:
    """Return who has each account at first and after improvement, and the prices."""
    book = make_book(problem)
    if book is None:
        raise ValueError("no account has to be balanced: `construct` answers that at once")
    basis = Distances(book.rows, book.blocks, settled.centres, problem.terms)
    inner = replace(free_band(problem), hair=limits.hair)
    found = divide(problem, book.chosen, basis, limits=inner, how=(settled.psi, WARM_ROUNDS))
    first, rep = np.empty_like(problem.rep), np.empty_like(problem.rep)
    first[book.chosen], rep[book.chosen] = found.first, found.rep
    return first, rep, found.psi


def _medians(problem: Problem, territory: Ints, centres: Vectors) -> Vectors:
    held: Flags = (problem.hours > 0) & (territory >= 0)
    return medians(
        problem.vectors[held],
        problem.hours[held],
        territory[held],
        centres,
        problem.free_centre,
        _MEDIAN_STEPS,
    )


def _answer(
    problem: Problem,
    limits: FreeBand,
    plans: Plans,
    how: tuple[Sequence[Longs], Sequence[Rows], Executor | None],
) -> Construction:
    parts, rows, executor = how
    settled = plans.settled
    true = [one._replace(hours=problem.hours[part]) for part, one in zip(parts, rows, strict=True)]
    least = np.array(list(beside(executor, _least, _priced(problem, true, settled))))
    hours = np.array([float(one.hours.sum()) for one in true])
    each = np.divide(least, hours, out=np.zeros_like(least), where=hours > 0)
    return answered(
        problem,
        limits,
        plans,
        costs=(
            _costs(problem, plans.feasible, settled.centres),
            _costs(problem, plans.territory, settled.centres),
        ),
        free_bound=lower_bound(hours, each, band=limits.first, psi=settled.psi),
        beyond_km=beyond_reach_km(problem, settled.centres),
    )


def _costs(problem: Problem, territory: Ints, centres: Vectors) -> Floats:
    """Return what an hour of each account costs, shape (n,)."""
    costs = np.empty(len(territory))
    for begin in range(0, len(costs), _COST_ROWS):
        some = np.arange(begin, min(begin + _COST_ROWS, len(costs)))
        km = km_between(problem.vectors[some], centres[territory[some]])
        costs[some] = cost_km(problem, some, territory[some], km)
    return costs


def _cells(sent: tuple[Rows, int]) -> Rows:
    part, cells = sent
    return cells_of(part, cells=cells)


def _labels(sent: tuple[Rows, Prices]) -> Labels:
    return label_part(*sent)


def _least(sent: tuple[Rows, Prices]) -> float:
    return least_km_hours(*sent)
