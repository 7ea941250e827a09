"""What no plan can beat: the Lagrangian bound of the prices, over all centres, not candidates.

For any prices psi, sum_i h_i min_k (c_ik - psi_k) + sum_k (lo_k psi_k where above 0, hi_k psi_k
where below) is at most the cost of every assignment within the bands, split accounts included.
"""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.kernel import arc_km, compiled, travel_km
from sfterritory.optimize.engine.rows import Groups, Longs, Rows
from sfterritory.optimize.sphere import Vectors

_SHRINK = 1.0 - 1e-12  # rounding of the sum must not lift a bound above the truth


def lower_bound(
    rows: Rows,
    groups: Groups,
    centres: Vectors,
    *,
    band: tuple[Floats, Floats],
    psi: Floats,
    max_km: float = np.inf,
) -> float:
    """Return the bound in km hours, at the shift of the prices that lifts it most."""
    lo, hi = band
    least, _ = cheapest_of_all(rows, groups, centres, psi, max_km)
    base, hours = float((rows.hours * least).sum()), float(rows.hours.sum())
    # piecewise linear and concave in the shift: the best one makes some price zero
    shifts = np.append(-psi, 0.0)
    return max(_shifted(base, hours, (lo, hi), psi + shift, shift) for shift in shifts) * _SHRINK


def _shifted(
    base: float, hours: float, band: tuple[Floats, Floats], psi: Floats, shift: float
) -> float:
    lo, hi = band
    with np.errstate(invalid="ignore"):  # no upper limit: 0 x inf where the price is not negative
        limits = np.where(psi > 0, lo * psi, np.where(psi < 0, hi * psi, 0.0))
    return base - hours * shift + float(limits.sum())


@compiled
def cheapest_of_all(
    rows: Rows, groups: Groups, centres: Vectors, psi: Floats, max_km: float
) -> tuple[Floats, Ints]:
    """Return the least cost less price of each row over all centres, and the centre; exact."""
    k = len(psi)
    least, rep = np.empty(len(rows.hours)), np.empty(len(rows.hours), dtype=np.int32)
    floor, pool = np.empty(k), np.empty(k, dtype=np.int64)
    for group in range(len(groups.radius_km)):
        radius, ceiling = groups.radius_km[group], np.inf
        for one in range(k):
            km = arc_km(
                groups.middle[group, 0], groups.middle[group, 1], groups.middle[group, 2],
                centres[one, 0], centres[one, 1], centres[one, 2],
            )  # fmt: skip
            floor[one] = travel_km(max(0.0, km - radius), max_km) - psi[one]
            ceiling = min(ceiling, travel_km(km + radius, max_km) - psi[one])
        count = 0
        for one in range(k):
            if floor[one] <= ceiling + 1e-9:
                pool[count] = one
                count += 1
        for row in range(groups.start[group], groups.start[group + 1]):
            least[row], rep[row] = _cheapest(rows, row, centres, psi, (pool[:count], max_km))
    return least, rep


@compiled
def _cheapest(
    rows: Rows, row: int, centres: Vectors, psi: Floats, among: tuple[Longs, float]
) -> tuple[float, int]:
    pool, max_km = among
    own, least, best = rows.rep[row], np.inf, 0
    churn_km = rows.churn_km[row] if own >= 0 else 0.0
    for one in pool:
        km = arc_km(
            rows.vectors[row, 0], rows.vectors[row, 1], rows.vectors[row, 2],
            centres[one, 0], centres[one, 1], centres[one, 2],
        )  # fmt: skip
        cost = travel_km(km, max_km) + churn_km - psi[one]
        if cost < least:
            least, best = cost, one
    if own >= 0:
        km = arc_km(
            rows.vectors[row, 0], rows.vectors[row, 1], rows.vectors[row, 2],
            centres[own, 0], centres[own, 1], centres[own, 2],
        )  # fmt: skip
        cost = travel_km(km, max_km) - psi[own]
        if cost <= least:
            least, best = cost, own
    return least, best
