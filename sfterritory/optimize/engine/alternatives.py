"""Who else could have each account, over everybody who may: for the reason of an assignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors, km_between
from sfterritory.optimize.engine.answer import Construction, cost_km
from sfterritory.optimize.engine.kernel import TIE_KM, arc_km, compiled
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.rows import Blocks, Rows, grouped_order, make_blocks
from sfterritory.optimize.engine.solve import rows_of
from sfterritory.optimize.engine.terms import Terms, priced_km


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The second best of each account, limits on loads left out; all of the shape (n,).

    Attributes:
        runner_up: Who of the others would cost least, -1 where nobody else may have the account.
        km: Distance to the centre of its rep.
        runner_up_km: Distance to the centre of the runner-up, NaN where there is none.
        cost_km: Cost of an hour with its rep: distance, extra, churn, longest distance.
        runner_up_cost_km: The same with the runner-up, NaN where there is none.
        cheapest: The rep of least cost before limits; its own where several cost the same.
        nearest: The rep of least distance; its own where several are as near.
    """

    runner_up: Ints
    km: Floats
    runner_up_km: Floats
    cost_km: Floats
    runner_up_cost_km: Floats
    cheapest: Ints
    nearest: Ints


def alternatives(problem: Problem, construction: Construction) -> Alternatives:
    """Return the alternatives of each account, exact over all reps who may have it.

    Locked accounts have them too: who would have them without the lock.
    """
    n, territory, centres = len(problem.rep), construction.territory, construction.centres
    everybody = np.arange(n, dtype=np.int64)
    other, nearest = np.full(n, -1, dtype=np.int32), territory.copy()
    if n:
        rows = rows_of(problem, everybody)
        order, cells = grouped_order(rows, parts=max(1, n // 8))
        rows = rows.taken(order)
        blocks = make_blocks(rows, cells)
        other[order], nearest[order] = _others(
            rows, blocks, centres, problem.terms, territory[order]
        )
    km = km_between(problem.vectors, centres[territory])
    cost = cost_km(problem, everybody, territory, km)
    some = np.flatnonzero(other >= 0)
    other_km, other_cost = np.full(n, np.nan), np.full(n, np.nan)
    other_km[some] = km_between(problem.vectors[some], centres[other[some]])
    other_cost[some] = cost_km(problem, some, other[some], other_km[some])
    cheaper = other_cost < cost - TIE_KM
    return Alternatives(
        runner_up=other,
        km=km,
        runner_up_km=other_km,
        cost_km=cost,
        runner_up_cost_km=other_cost,
        cheapest=np.where(cheaper, other, territory).astype(np.int32),
        nearest=nearest,
    )


@compiled
def _others(
    rows: Rows, blocks: Blocks, centres: Vectors, terms: Terms, territory: Ints
) -> tuple[Ints, Ints]:
    """Return the cheapest other rep of each row, -1 for none, and the nearest of all."""
    k = len(centres)
    other, nearest = np.empty(len(territory), dtype=np.int32), territory.copy()
    km, cost, pool = np.empty(k), np.empty(k), np.empty(k, dtype=np.int32)
    for block in range(len(blocks.radius_km)):
        count = _pool(blocks, block, centres, terms, (km, cost, pool))
        group = blocks.group[block]
        for row in range(blocks.start[block], blocks.start[block + 1]):
            mine, own = territory[row], rows.rep[row]
            best, best_cost, near, near_km = -1, np.inf, -1, np.inf
            mine_km = np.inf
            for at in range(count + 1):
                # today's rep pays no churn: he is looked at wherever his centre lies
                one = pool[at] if at < count else own
                if one < 0 or terms.extra_km[group, one] == np.inf:
                    continue
                far = arc_km(
                    rows.vectors[row, 0], rows.vectors[row, 1], rows.vectors[row, 2],
                    centres[one, 0], centres[one, 1], centres[one, 2],
                )  # fmt: skip
                if one == mine:
                    mine_km = far
                if far < near_km - TIE_KM:
                    near, near_km = one, far
                if one != mine:
                    leaves = own >= 0 and own != one
                    churn_km = rows.churn_km[row] if leaves else 0.0
                    price = priced_km(terms, group, one, far) + churn_km
                    if price < best_cost - TIE_KM:
                        best, best_cost = one, price
            other[row] = best
            nearest[row] = mine if mine_km <= near_km + TIE_KM or near < 0 else near
    return other, nearest


@compiled
def _pool(
    blocks: Blocks,
    block: int,
    centres: Vectors,
    terms: Terms,
    scratch: tuple[Floats, Floats, Ints],
) -> int:
    """Write the reps that can be nearest or among the two cheapest; return how many they are."""
    km, cost, pool = scratch
    radius, group = blocks.radius_km[block], blocks.group[block]
    allowed = terms.allowed[terms.start[group] : terms.start[group + 1]]
    least_km, least, second = np.inf, np.inf, np.inf
    for at in range(len(allowed)):
        one = allowed[at]
        km[at] = arc_km(
            blocks.middle[block, 0], blocks.middle[block, 1], blocks.middle[block, 2],
            centres[one, 0], centres[one, 1], centres[one, 2],
        )  # fmt: skip
        most = priced_km(terms, group, one, km[at] + radius)
        cost[at] = priced_km(terms, group, one, max(0.0, km[at] - radius))
        least_km = min(least_km, km[at])
        if most < least:
            least, second = most, least
        elif most < second:
            second = most
    count = 0
    for at in range(len(allowed)):
        if cost[at] <= second + TIE_KM or km[at] <= least_km + 2.0 * radius + TIE_KM:
            pool[count] = allowed[at]
            count += 1
    return count
