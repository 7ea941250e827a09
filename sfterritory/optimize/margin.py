"""The cheapest rep of each row at given prices, and how much dearer the next one is."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.kernel import arc_km, compiled
from sfterritory.optimize.engine.rows import Blocks, Rows
from sfterritory.optimize.engine.terms import Terms, priced_km
from sfterritory.optimize.sphere import Vectors


@compiled
def two_cheapest(
    rows: Rows, blocks: Blocks, centres: Vectors, terms: Terms, psi: Floats
) -> tuple[Floats, Ints, Floats]:
    """Return each row's least cost less price in km, who has it, and what the next costs more.

    Exact over everybody who may have the row, each of shape (n,); rows are in the order of their
    blocks. What the next costs more is infinite where one rep may have the row. Of equal ones
    today's rep comes first, then the lower number.
    """
    n, k = len(rows.hours), len(psi)
    least, more, rep = np.empty(n), np.empty(n), np.empty(n, dtype=np.int32)
    floor, pool = np.empty(k), np.empty(k, dtype=np.int32)
    for block in range(len(blocks.radius_km)):
        radius, group = blocks.radius_km[block], blocks.group[block]
        allowed = terms.allowed[terms.start[group] : terms.start[group + 1]]
        # churn is at most added to what is not today's rep: it widens the pool of who can be second
        churn_km = 0.0
        for row in range(blocks.start[block], blocks.start[block + 1]):
            if rows.rep[row] >= 0:
                churn_km = max(churn_km, rows.churn_km[row])
        first, second = np.inf, np.inf
        for at in range(len(allowed)):
            one = allowed[at]
            km = arc_km(
                blocks.middle[block, 0], blocks.middle[block, 1], blocks.middle[block, 2],
                centres[one, 0], centres[one, 1], centres[one, 2],
            )  # fmt: skip
            floor[at] = priced_km(terms, group, one, max(0.0, km - radius)) - psi[one]
            ceiling = priced_km(terms, group, one, km + radius) - psi[one]
            if ceiling < first:
                first, second = ceiling, first
            else:
                second = min(second, ceiling)
        count = 0
        for at in range(len(allowed)):
            if floor[at] <= second + churn_km + 1e-9:
                pool[count] = allowed[at]
                count += 1
        for row in range(blocks.start[block], blocks.start[block + 1]):
            least[row], rep[row], more[row] = _two(rows, row, centres, psi, (pool[:count], terms))
    return least, rep, more


@compiled
def _two(
    rows: Rows, row: int, centres: Vectors, psi: Floats, among: tuple[Ints, Terms]
) -> tuple[float, int, float]:
    pool, terms = among
    own = rows.rep[row]
    churn_km = rows.churn_km[row] if own >= 0 else 0.0
    least, second, best = np.inf, np.inf, 0
    if own >= 0:  # its extra is infinite where today's rep may not keep it
        least, best = _km(rows, row, centres, (own, terms)) - psi[own], own
    for one in pool:
        if one == own:
            continue
        cost = _km(rows, row, centres, (one, terms)) + churn_km - psi[one]
        if cost < least:
            least, second, best = cost, least, one
        else:
            second = min(second, cost)
    return least, best, second - least


@compiled
def _km(rows: Rows, row: int, centres: Vectors, whom: tuple[int, Terms]) -> float:
    one, terms = whom
    km = arc_km(
        rows.vectors[row, 0], rows.vectors[row, 1], rows.vectors[row, 2],
        centres[one, 0], centres[one, 1], centres[one, 2],
    )  # fmt: skip
    return priced_km(terms, rows.group[row], one, km)
