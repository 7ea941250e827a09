"""Territories from a problem: order, centres, balance, polish, bound.

The three calls for data that does not fit one machine are `aggregate` (each part of the accounts
to micro-cells), `solve` (cells to centres and prices, on one machine) and `label` (each part to
reps, from centres and prices). `construct` does all of it, and the polish, in one process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.engine.balance import Balanced, balance
from sfterritory.optimize.engine.bound import cheapest_of_all, lower_bound
from sfterritory.optimize.engine.candidate import Reach
from sfterritory.optimize.engine.centre import medians, reseeded, start_centres
from sfterritory.optimize.engine.contiguity import joined, land
from sfterritory.optimize.engine.kernel import FAR_PRICE_KM
from sfterritory.optimize.engine.piece import cut
from sfterritory.optimize.engine.polish import polish
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.relax import Conflict, FreeBand, free_band
from sfterritory.optimize.engine.rows import Groups, Longs, Rows, make_groups, space_order
from sfterritory.optimize.sphere import Vectors, km_between

_CELLS_PER_REP = 50
_DENSE_ROWS = 150  # a rep; above it prices are first found on cells
_ROUNDS = 25
_WIDE, _TIGHTENED, _NARROW = 0.5, 0.75, 0.03
_PIECE_SHARE = 0.005
_MEDIAN_STEPS, _LAST_MEDIAN_STEPS = 3, 12
_FULL_ROUNDS = 24
_FULL_ROWS = 3_000_000  # rows balanced in all full rounds: large books get fewer
_POLISH_ROUNDS = 6
_TIE_KM = 1e-9
_IDLE_SHARE = 1e-6  # of the mean account


@dataclass(frozen=True, slots=True)
class Start:
    """A former answer to begin from.

    Attributes:
        centres: Unit vectors, shape (k, 3).
        psi: Prices in km, shape (k,).
    """

    centres: Vectors
    psi: Floats


@dataclass(frozen=True, slots=True)
class Construction:
    """A plan and what is proven about it.

    Attributes:
        territory: Rep of each account, shape (n,).
        centres: Where distances start, shape (k, 3).
        psi: Price of each rep in km, shape (k,).
        cost_km_hours: Hours x (km + churn) of the plan, to the centres.
        bound_km_hours: What no plan with these centres can beat, within the bands asked for
            (widened where `conflicts` say that they cannot hold).
        conflicts: Proofs that the bands asked for cannot hold.
        over: Load above the limit asked for, shape (measures, k).
        under: Load missing to the limit asked for, shape (measures, k).
    """

    territory: Ints
    centres: Vectors
    psi: Floats
    cost_km_hours: float
    bound_km_hours: float
    conflicts: tuple[Conflict, ...]
    over: Floats
    under: Floats

    @property
    def gap_share(self) -> float:
        """Return how far the plan is above its bound, as a share of the bound."""
        if self.bound_km_hours <= 0:
            return 0.0 if self.cost_km_hours <= 0 else np.inf
        return self.cost_km_hours / self.bound_km_hours - 1.0

    @property
    def is_feasible(self) -> bool:
        """Return whether every band that was asked for is kept."""
        return not bool((self.over > 0).any() or (self.under > 0).any())


def construct(
    problem: Problem, *, start: Start | None = None, gap_km: float | None = None
) -> Construction:
    """Return a plan that keeps the bands where that is possible, at a low cost.

    Args:
        problem: What to solve.
        start: A former answer: prices near the right ones make a re-plan several times as fast.
        gap_km: Ask for territories in one piece, where wider gaps than this count as water
            (infinite: none does); None asks for nothing.
    """
    limits = free_band(problem)
    counts = np.any([measure.amount > 0 for measure in problem.measures], axis=0)
    working = np.flatnonzero((problem.lock < 0) & counts).astype(np.int64)
    territory = problem.lock.copy()
    if len(working) == 0:
        settled = Start(_without_work(problem, start), np.zeros(problem.n_reps))
        return _answer(problem, limits, territory, settled, None)
    order, cells = space_order(
        problem.vectors[working], problem.hours[working], parts=_cell_count(problem, working)
    )
    chosen = working[order]
    rows = rows_of(problem, chosen)
    groups = make_groups(rows.vectors, cells)
    settled = _settled(problem, rows, cells, limits, start)
    reach = Reach(max_km=problem.max_km)
    exact = _exact(rows, groups, settled, (*_band(limits), 4 if start is None else 1), reach)
    settled = Start(settled.centres, exact.psi)
    territory[chosen] = _polished(problem, (rows, groups, chosen), settled, limits, exact)
    if gap_km is not None:
        whole = np.where(territory >= 0, territory, 0).astype(np.int32)
        rest = np.flatnonzero(territory < 0)
        whole[rest] = _nearest(problem, rest, settled.centres)
        where = land(problem.vectors, gap_km=gap_km)
        territory = joined(problem, whole, settled.centres, psi=settled.psi, where=where)
    if problem.free_centre.any():
        settled = Start(_final_centres(problem, territory, settled.centres), settled.psi)
    return _answer(problem, limits, territory, settled, (rows, groups, chosen))


def rows_of(problem: Problem, chosen: Longs) -> Rows:
    """Return some accounts as rows, in the order given; idle ones weigh a token, not nothing."""
    rep = problem.rep[chosen]
    churn = np.where(rep >= 0, problem.churn_price_km, 0.0)
    hours = problem.hours[chosen]
    token = _IDLE_SHARE * float(hours.sum()) / max(len(hours), 1)
    return Rows(problem.vectors[chosen], np.maximum(hours, token or 1.0), rep, churn)


def aggregate(parts: Sequence[Rows], *, cells_per_part: int) -> Rows:
    """Return micro-cells of parts, one part after the other; a part's cells need only that part.

    A cell's rep is the one with most of its hours; what leaving costs is scaled by that share.
    """
    made = []
    for part in parts:
        order, start = space_order(part.vectors, part.hours, parts=cells_per_part)
        made.append(_summed(part.taken(order), start))
    return Rows(
        np.concatenate([one.vectors for one in made]),
        np.concatenate([one.hours for one in made]),
        np.concatenate([one.rep for one in made]),
        np.concatenate([one.churn_km for one in made]),
    )


def solve(
    cells: Rows,
    homes: Vectors,
    *,
    band: tuple[Floats, Floats],
    start: Start | None = None,
    max_km: float = np.inf,
) -> Start:
    """Return centres and prices that divide cells within lo and hi of `band`, each (k,)."""
    order, cell_start = space_order(cells.vectors, cells.hours, parts=max(1, len(cells.hours)))
    rows = cells.taken(order)
    groups = make_groups(rows.vectors, cell_start)
    reach = Reach(max_km=max_km)
    free = np.isnan(homes[:, 0])
    if start is None:
        start = Start(start_centres(rows, homes), np.zeros(len(homes)))
    centres = np.where(free[:, None], start.centres, homes)
    if free.any():
        centres, psi = _lloyd(rows, groups, Start(centres, start.psi), band, free, reach)
    else:
        psi = start.psi
    found = balance(rows, groups, centres, band=band, psi=psi, reach=reach, rounds=2)
    return Start(centres, found.psi)


def label(part: Rows, settled: Start, *, max_km: float = np.inf) -> Ints:
    """Return the rep of each row of a part: the least cost less price over all centres."""
    order, start = space_order(part.vectors, part.hours, parts=max(1, len(part.hours) // 8))
    rows = part.taken(order)
    groups = make_groups(rows.vectors, start)
    _, found = cheapest_of_all(rows, groups, settled.centres, settled.psi, max_km)
    rep = np.empty(len(order), dtype=np.int32)
    rep[order] = found
    return rep


def _cell_count(problem: Problem, working: Longs) -> int:
    return max(1, min(len(working), _CELLS_PER_REP * problem.n_reps))


def _band(limits: FreeBand) -> tuple[Floats, Floats]:
    return limits.lo[:, 0], limits.hi[:, 0]


def _settled(
    problem: Problem, rows: Rows, cells: Longs, limits: FreeBand, start: Start | None
) -> Start:
    """Return centres and first prices: from homes, a former answer, or rounds on cells."""
    free = problem.free_centre
    if start is not None:
        return Start(np.where(free[:, None], start.centres, problem.homes), start.psi)
    dense = len(rows.hours) > _DENSE_ROWS * problem.n_reps
    if not free.any() and not dense:
        return Start(problem.homes, np.zeros(problem.n_reps))
    coarse = _summed(rows, cells) if dense else rows
    settled = solve(coarse, problem.homes, band=_band(limits), max_km=problem.max_km)
    if not free.any():
        return settled
    groups = make_groups(rows.vectors, cells)
    centres, psi, stay = settled.centres, settled.psi, None
    reach = Reach(max_km=problem.max_km)
    full_rounds = min(_FULL_ROUNDS, max(2, _FULL_ROWS // len(rows.hours)))
    for _ in range(full_rounds if dense else 0):
        found = balance(
            rows, groups, centres, band=_band(limits), psi=psi, reach=reach, rounds=1, stay=stay
        )
        psi, stay = found.psi, found.rep
        centres = medians(rows.vectors, rows.hours, found.rep, centres, free, _MEDIAN_STEPS)
    return Start(centres, psi)


def _lloyd(
    rows: Rows,
    groups: Groups,
    start: Start,
    band: tuple[Floats, Floats],
    free: Flags,
    reach: Reach,
) -> tuple[Vectors, Floats]:
    """Return free centres after rounds of balance, in ever narrower bands, and medians."""
    lo, hi = band
    target = np.where(np.isfinite(hi), 0.5 * (lo + hi), lo)
    centres, psi = start.centres, start.psi
    for turn in range(_ROUNDS):
        wide = max(_NARROW, _WIDE * _TIGHTENED**turn)
        wider = (lo * (1.0 - wide), hi * (1.0 + wide))
        found = balance(rows, groups, centres, band=wider, psi=psi, reach=reach, rounds=1)
        centres, psi = reseeded(rows, found.rep, centres, psi=found.psi, target=target, free=free)
        centres = medians(rows.vectors, rows.hours, found.rep, centres, free, _MEDIAN_STEPS)
    return centres, psi


def _exact(
    rows: Rows, groups: Groups, settled: Start, aim: tuple[Floats, Floats, int], reach: Reach
) -> Balanced:
    """Return the balance of whole rows made exact on pieces; arcs and places are of whole rows."""
    k = len(settled.psi)
    lo, hi, rounds = aim  # former prices are near the right ones: one round of candidates will do
    band = (lo, hi)
    whole = balance(
        rows, groups, settled.centres, band=band, psi=settled.psi, reach=reach, rounds=rounds
    )
    pieces = cut(rows, groups, most_hours=_PIECE_SHARE * float(rows.hours.sum()) / k)
    found = balance(
        pieces.rows,
        pieces.groups,
        settled.centres,
        band=band,
        psi=whole.psi,
        reach=reach,
        rounds=min(rounds, 2),
        stay=whole.rep[pieces.of_row],
    )
    # pieces of one row have the same candidates: those of the first piece are the row's
    arcs = found.arcs.of_rows(np.flatnonzero(np.diff(pieces.of_row, prepend=-1)))
    at = np.flatnonzero(arcs.rep == pieces.vote(found.rep, k=k)[arcs.row])
    return Balanced(arcs, at, found.psi, whole.paths + found.paths)


def _polished(
    problem: Problem,
    book: tuple[Rows, Groups, Longs],
    settled: Start,
    limits: FreeBand,
    exact: Balanced,
) -> Ints:
    rows, _, chosen = book
    amounts = np.column_stack([measure.amount[chosen] for measure in problem.measures])
    at = polish(
        exact.arcs,
        rows.hours,
        amounts=amounts,
        band=(limits.lo, limits.hi),
        at=exact.at,
        psi=settled.psi,
        rounds=_POLISH_ROUNDS,
    )
    return exact.arcs.rep[at]


def _summed(rows: Rows, start: Longs) -> Rows:
    """Return ranges of rows as one row each: mean place, all hours, the rep with most of them."""
    first = start[:-1]
    cell = np.repeat(np.arange(len(first)), np.diff(start))
    hours = np.add.reduceat(rows.hours, first)
    places = np.add.reduceat(rows.vectors * rows.hours[:, None], first)
    length = np.sqrt((places * places).sum(axis=1))
    opposite = length < 1e-9 * hours
    places[opposite], length[opposite] = rows.vectors[first[opposite]], 1.0
    most = int(rows.rep.max(initial=-1)) + 2
    key, back = np.unique(cell * most + rows.rep + 1, return_inverse=True)
    owned = np.bincount(back, weights=rows.hours)
    order = np.lexsort((key, -owned, key // most))
    _, best = np.unique(key[order] // most, return_index=True)
    chosen = order[best]
    rep = (key[chosen] % most - 1).astype(np.int32)
    churn = np.maximum.reduceat(rows.churn_km, first) * owned[chosen] / hours
    return Rows(places / length[:, None], hours, rep, np.where(rep >= 0, churn, 0.0))


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


def _answer(
    problem: Problem,
    limits: FreeBand,
    territory: Ints,
    settled: Start,
    book: tuple[Rows, Groups, Longs] | None,
) -> Construction:
    rest = np.flatnonzero(territory < 0)
    territory[rest] = _nearest(problem, rest, settled.centres)
    cost = _costs(problem, territory, settled.centres)
    bound = float(cost[problem.lock >= 0].sum())
    if book is not None:
        rows, groups, chosen = book
        bound += lower_bound(
            rows._replace(hours=problem.hours[chosen]),
            groups,
            settled.centres,
            band=(limits.lo[:, 0], limits.hi[:, 0]),
            psi=settled.psi,
            max_km=problem.max_km,
        )
    load = problem.loads(territory)
    lo = np.vstack([measure.lo for measure in problem.measures])
    hi = np.vstack([measure.hi for measure in problem.measures])
    return Construction(
        territory=territory,
        centres=settled.centres,
        psi=settled.psi,
        cost_km_hours=float(cost.sum()),
        bound_km_hours=bound,
        conflicts=limits.conflicts,
        over=np.maximum(load - hi, 0.0),
        under=np.maximum(lo - load, 0.0),
    )


def _nearest(problem: Problem, chosen: Longs, centres: Vectors) -> Ints:
    """Return the nearest centre of accounts that weigh nothing; today's rep where it ties."""
    if len(chosen) == 0:
        return np.empty(0, dtype=np.int32)
    rows = Rows(
        problem.vectors[chosen],
        np.ones(len(chosen)),
        problem.rep[chosen],
        np.full(len(chosen), _TIE_KM),
    )
    return label(rows, Start(centres, np.zeros(len(centres))), max_km=problem.max_km)


def _costs(problem: Problem, territory: Ints, centres: Vectors) -> Floats:
    km = km_between(problem.vectors, centres[territory])
    km = np.where(km <= problem.max_km, km, km + FAR_PRICE_KM)
    moved = (problem.rep >= 0) & (problem.rep != territory)
    costs: Floats = problem.hours * (km + problem.churn_price_km * moved)
    return costs
