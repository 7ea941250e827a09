"""Books too large for one process: aggregate part by part, solve on one node, label part by part.

Parts are compact pieces of the map with about as many accounts each, cut by where accounts lie and
never by how many workers there are: the answer is the same for any number of them. Labels by prices
miss bands by what the cells round; the accounts that hang least on their rep are then divided
exactly on one node, with all others as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.beside import beside
from sfterritory.optimize.engine.answer import Construction, Plans, Start, answered, cost_km
from sfterritory.optimize.engine.basis import Distances
from sfterritory.optimize.engine.bound import lower_bound
from sfterritory.optimize.engine.cells import aggregate, solve
from sfterritory.optimize.engine.centre import medians, start_centres
from sfterritory.optimize.engine.contiguity import land
from sfterritory.optimize.engine.divide import WARM_ROUNDS, divide
from sfterritory.optimize.engine.joining import joined
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.pile import without_piles
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
"""Units above which a book is solved in parts.

A million take 63 CPU s as a whole and 84 in parts, with 1 % more travel: below this nothing is won.
Above it parts bound what a process sends and labels; nobody measured yet how much that saves.
"""

PART_ROWS = 100_000  # 6 MB to send: less than Dask warns of, more than starting a call costs
CELLS_PER_REP = 50
_OPEN_SHARES = (0.1, 0.1, 0.3, 1.0)  # of the hours of each rep; the last leaves nothing as it is
_LABEL_BLOCKS = 8  # rows to a cell of the order in which rows are labelled
_COST_ROWS = 1_000_000  # measured at a time: temporary columns stay small
_MEDIAN_STEPS = 12
_MEDIAN_ROUNDS = 1
_GOOD_GAP = 0.005


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
        least_km: What an hour of each costs at least, less the price, shape (n,).
    """

    rep: Ints
    hold: Floats
    least_km: Floats


def cut(problem: Problem, chosen: Longs, *, part_rows: int = PART_ROWS) -> list[Longs]:
    """Return the accounts of each part, ascending: pieces of the map, alike in number."""
    parts = max(1, -(-len(chosen) // part_rows))
    order, start = space_order(problem.vectors[chosen], np.ones(len(chosen)), parts=parts)
    return [
        np.sort(chosen[order[begin:end]])
        for begin, end in zip(start[:-1].tolist(), start[1:].tolist(), strict=True)
    ]


def cells_of(part: Rows, *, cells: int) -> Rows:
    """Return about so many micro-cells of a part, none of an empty part."""
    return aggregate([part], cells_per_part=max(1, cells)) if len(part.hours) else part


def label_part(part: Rows, prices: Prices) -> Labels:
    """Return the cheapest rep of each account of a part, and how firmly it stays with that rep."""
    n, k = len(part.hours), len(prices.settled.psi)
    if n == 0:
        return Labels(np.empty(0, dtype=np.int32), np.empty(0), np.empty(0))
    order, rows, terms = _ordered(part, prices)
    blocks = make_blocks(rows, order[1])
    least, found, more = two_cheapest(
        rows, blocks, prices.settled.centres, terms, prices.settled.psi
    )
    by_margin = np.lexsort((order[0], more, found))  # of equal ones by row
    hours, of = rows.hours[by_margin], found[by_margin]
    before = np.cumsum(hours) - hours
    first = np.searchsorted(of, np.arange(k))
    base = before[np.minimum(first, n - 1)]
    hold, rep, least_km = np.empty(n), np.empty(n, dtype=np.int32), np.empty(n)
    total = totals(of, hours, n_groups=k)
    hold[order[0][by_margin]] = (before - base[of]) / total[of]
    rep[order[0]], least_km[order[0]] = found, least
    return Labels(rep, np.clip(hold, 0.0, 1.0), least_km)


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
    limits, apart = free_band(problem), without_piles(problem)
    parts = cut(apart, working_rows(apart), part_rows=part_rows)
    chosen, rows = np.concatenate(parts), [rows_of(apart, part) for part in parts]
    cells = _aggregated(apart, rows, executor)
    settled = _settled(apart, cells, limits, start=start, books=books)
    desk = _Desk(apart, limits, chosen, rows, executor)
    found = desk.divided(settled)
    for _ in range(_MEDIAN_ROUNDS if start is None and problem.free_centre.any() else 0):
        centres = _medians(apart, filled(apart, chosen, found.rep), found.settled.centres)
        found = desk.divided(Start(centres, found.settled.psi))
    settled = found.settled
    if apart is not problem:  # the bound is of the true places
        centres = np.where(problem.free_centre[:, None], settled.centres, problem.homes)
        settled = Start(centres, settled.psi)
        rows = [rows_of(problem, part) for part in parts]
        found = replace(
            found, bound_km_hours=_Desk(problem, limits, chosen, rows, executor).bound(settled)
        )
    feasible, territory = (
        settle_rest(problem, filled(problem, chosen, one), settled.centres)
        for one in (found.first, found.rep)
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
    centres, everybody = settled.centres, np.arange(len(problem.rep))
    return answered(
        problem,
        limits,
        Plans(feasible, territory, settled),
        costs=(
            _costs(problem, everybody, feasible, centres),
            _costs(problem, everybody, territory, centres),
        ),
        free_bound=found.bound_km_hours,
        beyond_km=beyond_reach_km(problem, centres),
    )


def _ordered(part: Rows, prices: Prices) -> tuple[tuple[Longs, Longs], Rows, Terms]:
    rows, terms = prices.numbered(part)
    order = grouped_order(rows, parts=max(1, len(rows.hours) // _LABEL_BLOCKS))
    return order, rows.taken(order[0]), terms


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


@dataclass(frozen=True, slots=True)
class _Found:
    """A plan for accounts that are not locked.

    Attributes:
        first: Who has each at first, shape (n,).
        rep: Who has each after improvement, shape (n,).
        settled: Centres and prices.
        bound_km_hours: What no plan can beat, for these centres.
        gap: How far the plan is above that, as a share; infinite where it breaks a limit.
    """

    first: Ints
    rep: Ints
    settled: Start
    bound_km_hours: float
    gap: float


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every round of labels needs; `rows` are of the accounts `chosen`, part by part."""

    problem: Problem
    limits: FreeBand
    chosen: Longs
    rows: Sequence[Rows]
    executor: Executor | None

    def divided(self, settled: Start) -> _Found:
        """Return the plan for given centres, from prices that are near the right ones.

        Prices label all accounts, and those that hang least on their rep are divided within what
        the others leave; that gives better prices, and their labels the bound. More accounts are
        opened where limits or bound ask for it.
        """
        best = None
        labels = self._labelled(settled)
        for share in _OPEN_SHARES:
            found = self._within_bands(labels, settled, share)
            if found is None:
                continue
            first, rep, psi = found
            settled = Start(settled.centres, psi)
            labels = self._labelled(settled)
            made = self._judged(first, rep, settled, labels.least_km)
            if best is None or made.gap < best.gap:
                best = made
            if made.gap <= _GOOD_GAP:
                break
        if best is None:
            raise AssertionError("the last share leaves nothing as it is")
        return best

    def bound(self, settled: Start) -> float:
        """Return what no plan for these centres can beat."""
        return self._bound(settled, self._labelled(settled).least_km)

    def _bound(self, settled: Start, least_km: Floats) -> float:
        hours = self.problem.hours[self.chosen]
        return lower_bound(hours, least_km, band=self.limits.first, psi=settled.psi)

    def _labelled(self, settled: Start) -> Labels:
        """Return the labels of all parts, one after the other."""
        problem = self.problem
        sent = (
            (part, Prices.of(part, settled, max_km=problem.max_km, extra_km=problem.extra_km))
            for part in self.rows
        )
        found = list(beside(self.executor, _labels, sent))
        return Labels(
            np.concatenate([one.rep for one in found]),
            np.concatenate([one.hold for one in found]),
            np.concatenate([one.least_km for one in found]),
        )

    def _within_bands(
        self, labels: Labels, settled: Start, share: float
    ) -> tuple[Ints, Ints, Floats] | None:
        """Return who has each account at first and later, and prices; None without room."""
        loose = np.flatnonzero(labels.hold < share) if share < 1 else np.arange(len(self.chosen))
        firm = np.ones(len(self.chosen), dtype=np.bool_)
        firm[loose] = False
        kept = _loads(self.problem, self.chosen[firm], labels.rep[firm])
        lo, hi = self.limits.lo - kept, self.limits.hi - kept
        if share < 1 and (hi < 0).any():
            return None
        part = _part_problem(self.problem, self.chosen[loose], np.maximum(lo, 0.0), hi)
        first, rep, psi = _divided(part, self.limits, settled)
        before, after = labels.rep.copy(), labels.rep.copy()
        before[loose], after[loose] = first, rep
        return before, after, psi

    def _judged(self, first: Ints, rep: Ints, settled: Start, least_km: Floats) -> _Found:
        hours = self.problem.hours[self.chosen]
        bound = self._bound(settled, least_km)
        load = _loads(self.problem, self.chosen, rep)
        fits = bool(((load >= self.limits.lo) & (load <= self.limits.hi)).all())
        cost = float((hours * _costs(self.problem, self.chosen, rep, settled.centres)).sum())
        gap = (cost - bound) / max(cost, 1e-300) if fits else np.inf
        return _Found(first, rep, settled, bound, gap)


def _loads(problem: Problem, rows: Longs, rep: Ints) -> Floats:
    """Return the load that some accounts make with their reps, shape (k, measures)."""
    k = problem.n_reps
    return np.column_stack([totals(rep, one.amount[rows], n_groups=k) for one in problem.measures])


def _part_problem(problem: Problem, rows: Longs, lo: Floats, hi: Floats) -> Problem:
    """Return the problem of some accounts, within limits that the others leave, (k, measures)."""
    hi = np.maximum(hi, 0.0)
    return replace(
        problem,
        vectors=problem.vectors[rows],
        measures=tuple(
            Measure(one.name, one.amount[rows], np.minimum(lo, hi)[:, m], hi[:, m])
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


def _costs(problem: Problem, rows: Longs, rep: Ints, centres: Vectors) -> Floats:
    """Return what an hour of some accounts costs with their reps, shape of `rows`."""
    costs = np.empty(len(rows))
    for begin in range(0, len(rows), _COST_ROWS):
        some, whom = rows[begin : begin + _COST_ROWS], rep[begin : begin + _COST_ROWS]
        km = km_between(problem.vectors[some], centres[whom])
        costs[begin : begin + _COST_ROWS] = cost_km(problem, some, whom, km)
    return costs


def _cells(sent: tuple[Rows, int]) -> Rows:
    part, cells = sent
    return cells_of(part, cells=cells)


def _labels(sent: tuple[Rows, Prices]) -> Labels:
    return label_part(*sent)
