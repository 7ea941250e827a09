"""Construction on travel that somebody else supplies: road minutes in place of distances.

First ask which pairs are worth asking for (`candidate_pairs`), then divide on their answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.engine.answer import (
    Construction,
    Plans,
    Start,
    answered,
    cost_km,
    travel_only,
)
from sfterritory.optimize.engine.balance import cheapest
from sfterritory.optimize.engine.basis import GivenArcs
from sfterritory.optimize.engine.bound import lower_bound
from sfterritory.optimize.engine.candidate import Arcs, candidate_arcs
from sfterritory.optimize.engine.divide import COLD_ROUNDS, WARM_ROUNDS, divide
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.problem import Problem, named
from sfterritory.optimize.engine.relax import free_band
from sfterritory.optimize.engine.rows import grouped_order, make_blocks
from sfterritory.optimize.engine.solve import filled, rows_of, working_rows


@dataclass(frozen=True, slots=True)
class Travel:
    """Travel for chosen pairs, each pair once, in any order; other pairs are out of the question.

    Attributes:
        row: Account of each pair, shape (m,).
        rep: Rep of each pair, shape (m,).
        km: What stands in place of the distance, at least 0 (a minute counts as a kilometre);
            infinite where there is no way, shape (m,).
    """

    row: Longs
    rep: Ints
    km: Floats


def candidate_pairs(
    problem: Problem, centres: Vectors, psi: Floats, *, near: int = 8
) -> tuple[Longs, Ints]:
    """Return pairs (row, rep) whose travel is worth asking for, sorted by row and then rep.

    Each account gets the `near` nearest and the `near` cheapest reps at prices `psi` that may have
    it, today's rep where he may keep it, and those that reach out for it; a locked account its rep
    only.
    """
    locked = np.flatnonzero(problem.lock >= 0).astype(np.int64)
    open_rows = np.flatnonzero(problem.lock < 0).astype(np.int64)
    row, rep = locked, problem.lock[locked]
    if len(open_rows):
        rows = rows_of(problem, open_rows)
        order, cells = grouped_order(rows, parts=max(1, len(open_rows) // 8))
        rows = rows.taken(order)
        blocks = make_blocks(rows, cells)
        arcs = candidate_arcs(
            rows, blocks, centres, terms=problem.terms, psi=psi, near=near, cheap=near
        )
        row = np.concatenate((row, open_rows[order][arcs.row]))
        rep = np.concatenate((rep, arcs.rep))
    sorted_by = np.lexsort((rep, row))
    return row[sorted_by], rep[sorted_by]


def assign(
    problem: Problem, travel: Travel, *, start: Start | None = None, closely: bool = False
) -> Construction:
    """Return a plan as `construct` does, on travel that is given instead of distances.

    Churn, fit and `max_km` (in the unit of the travel) are priced on top of it; pairs that may
    never be, and pairs without a way, do not count. Centres are those of the start, else the homes:
    they stay where they are. The bound is that of the pairs given. `closely` as `construct` has it.

    Raises:
        ValueError: Pairs are wrong, or an account has none that counts (a locked one needs the pair
            with its rep), or a rep has no centre.
    """
    centres = _centres(problem, start)
    used, first_arc = _used(problem, travel)
    arcs = _arcs(problem, travel, used, first_arc)
    limits = free_band(problem)
    psi = np.zeros(problem.n_reps) if start is None else start.psi
    chosen = working_rows(problem)
    first = territory = problem.lock
    free_bound = 0.0
    if len(chosen):
        basis = GivenArcs(rows_of(problem, chosen).hours, arcs.of_rows(chosen))
        how = (psi, COLD_ROUNDS if start is None else WARM_ROUNDS)
        found = divide(problem, chosen, basis, limits=limits, how=how, closely=closely)
        psi = found.psi
        first, territory = filled(problem, chosen, found.first), filled(problem, chosen, found.rep)
        free_bound = lower_bound(
            problem.hours[chosen], basis.least_km(psi), band=limits.first, psi=psi
        )
    nobody = np.zeros(problem.n_reps)
    stays = replace(problem, churn_km=np.zeros(len(problem.rep)))
    near = _arcs(stays, travel, used, first_arc)
    nearest = near.rep[cheapest(near, nobody, problem.rep)]
    first = np.where(first < 0, nearest, first).astype(np.int32)
    territory = np.where(territory < 0, nearest, territory).astype(np.int32)
    plain = _arcs(travel_only(problem), travel, used, first_arc)
    reach = cheapest(plain, nobody, problem.rep)
    beyond_km = np.maximum(travel.km[used][reach] - problem.max_km[plain.rep[reach]], 0.0)
    return answered(
        problem,
        limits,
        Plans(first, territory, Start(centres, psi)),
        costs=(_costs(arcs, first), _costs(arcs, territory)),
        free_bound=free_bound,
        beyond_km=beyond_km,
    )


def _centres(problem: Problem, start: Start | None) -> Vectors:
    free = problem.free_centre
    centres = problem.homes if start is None else start.centres
    centres = np.where(free[:, None], centres, problem.homes)
    missing = named(np.isnan(centres[:, 0]), "have no centre: give a start", kind="reps")
    if missing:
        raise ValueError("\n".join(missing))
    return centres


def _used(problem: Problem, travel: Travel) -> tuple[Longs, Longs]:
    """Return the pairs that count, by account, and the first of each account, shape (n + 1,)."""
    n, k = len(problem.rep), problem.n_reps
    row, rep, km = travel.row, travel.rep, travel.km
    if not len(row) == len(rep) == len(km):
        raise ValueError("travel: give one row, one rep and one distance per pair")
    wrong = (row < 0) | (row >= n) | (rep < 0) | (rep >= k) | ~(km >= 0)
    problems = named(wrong, "name no account or rep, or have no distance", kind="pairs")
    if problems:
        raise ValueError("\n".join(problems))
    lock = problem.lock[row]
    may = np.where(lock >= 0, lock == rep, np.isfinite(problem.extra_km[problem.group[row], rep]))
    counts = np.flatnonzero(may & np.isfinite(km))
    key = row[counts].astype(np.int64) * k + rep[counts]
    order = np.argsort(key, kind="stable")
    twice = np.flatnonzero(np.diff(key[order]) == 0)
    if len(twice):
        raise ValueError(f"travel has the pair {divmod(int(key[order][twice[0]]), k)} twice")
    used = counts[order]
    count = np.bincount(row[used], minlength=n)
    problems = named(count == 0, "have no pair that counts: ask for more reps")
    if problems:
        raise ValueError("\n".join(problems))
    return used, np.append(0, np.cumsum(count)).astype(np.int64)


def _arcs(problem: Problem, travel: Travel, used: Longs, first: Longs) -> Arcs:
    row, rep = travel.row[used], travel.rep[used]
    costs = cost_km(problem, row, rep, travel.km[used])
    return Arcs(first, rep.astype(np.int32), costs, row.astype(np.int32))


def _costs(arcs: Arcs, territory: Ints) -> Floats:
    """Return the cost of the arc of each account to its rep, shape (n,)."""
    costs: Floats = arcs.cost_km[arcs.rep == territory[arcs.row]]
    return costs
