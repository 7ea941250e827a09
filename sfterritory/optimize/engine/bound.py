"""What no plan can beat: the Lagrangian bound of the prices, over all centres, not candidates.

For any prices psi, sum_i h_i min_k (c_ik - psi_k) + sum_k (lo_k psi_k where above 0, hi_k psi_k
where below) is at most the cost of every assignment within the bands, split accounts included.
"""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.engine.kernel import arc_km, compiled
from sfterritory.optimize.engine.rows import Blocks, Rows
from sfterritory.optimize.engine.terms import Terms, priced_km

_SHRINK = 1.0 - 1e-12  # rounding of the sum must not lift a bound above the truth


def lower_bound(
    hours: Floats, least_km: Floats, *, band: tuple[Floats, Floats], psi: Floats
) -> float:
    """Return the bound in km hours, at the shift of the prices that lifts it most.

    `least_km` is each row's least cost less price, over everybody who may have it, shape (n,).
    """
    base, total = float((hours * least_km).sum()), float(hours.sum())
    # piecewise linear and concave in the shift: the best one makes some price zero
    shifts = np.append(-psi, 0.0)
    bounds = [_shifted(base, total, band, psi + shift, shift) for shift in shifts]
    return max(bounds) * _SHRINK


def _shifted(
    base: float, hours: float, band: tuple[Floats, Floats], psi: Floats, shift: float
) -> float:
    lo, hi = band
    with np.errstate(invalid="ignore"):  # no upper limit: 0 x inf where the price is not negative
        limits = np.where(psi > 0, lo * psi, np.where(psi < 0, hi * psi, 0.0))
    return base - hours * shift + float(limits.sum())


@compiled
def cheapest_of_all(
    rows: Rows, blocks: Blocks, centres: Vectors, terms: Terms, psi: Floats
) -> tuple[Floats, Ints]:
    """Return the least cost less price of each row over all who may have it, and who; exact."""
    k = len(psi)
    least, rep = np.empty(len(rows.hours)), np.empty(len(rows.hours), dtype=np.int32)
    floor, pool = np.empty(k), np.empty(k, dtype=np.int32)
    for block in range(len(blocks.radius_km)):
        radius, ceiling, group = blocks.radius_km[block], np.inf, blocks.group[block]
        allowed = terms.allowed[terms.start[group] : terms.start[group + 1]]
        for at in range(len(allowed)):
            one = allowed[at]
            km = arc_km(
                blocks.middle[block, 0], blocks.middle[block, 1], blocks.middle[block, 2],
                centres[one, 0], centres[one, 1], centres[one, 2],
            )  # fmt: skip
            floor[at] = priced_km(terms, group, one, max(0.0, km - radius)) - psi[one]
            ceiling = min(ceiling, priced_km(terms, group, one, km + radius) - psi[one])
        count = 0
        for at in range(len(allowed)):
            if floor[at] <= ceiling + 1e-9:
                pool[count] = allowed[at]
                count += 1
        for row in range(blocks.start[block], blocks.start[block + 1]):
            least[row], rep[row] = _cheapest(rows, row, centres, psi, (pool[:count], terms))
    return least, rep


@compiled
def _cheapest(
    rows: Rows, row: int, centres: Vectors, psi: Floats, among: tuple[Ints, Terms]
) -> tuple[float, int]:
    pool, terms = among
    own, least, best = rows.rep[row], np.inf, 0
    group = rows.group[row]
    churn_km = rows.churn_km[row] if own >= 0 else 0.0
    for one in pool:
        km = arc_km(
            rows.vectors[row, 0], rows.vectors[row, 1], rows.vectors[row, 2],
            centres[one, 0], centres[one, 1], centres[one, 2],
        )  # fmt: skip
        cost = priced_km(terms, group, one, km) + churn_km - psi[one]
        if cost < least:
            least, best = cost, one
    if own >= 0:  # its extra is infinite where today's rep may not keep it
        km = arc_km(
            rows.vectors[row, 0], rows.vectors[row, 1], rows.vectors[row, 2],
            centres[own, 0], centres[own, 1], centres[own, 2],
        )  # fmt: skip
        cost = priced_km(terms, group, own, km) - psi[own]
        if cost <= least:
            least, best = cost, own
    return least, best
