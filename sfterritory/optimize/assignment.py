"""The balanced assignment of accounts to given centres, as a min-cost flow.

Source of the model: Hess et al. (1965), location-allocation; solver: cost scaling, ortools.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.candidate import Arcs
from sfterritory.optimize.price import Limits
from sfterritory.optimize.sphere import totals

# The solver counts in integers. Hours: a billionth of the book, so that rounding moves a load by
# less than one part in a million. Costs: centimetres of a kilometre-equivalent per hour.
_FLOW_UNITS = 1_000_000_000
_COST_UNITS_PER_KM = 100
_MOST_KM = 40_000.0  # value prices of nearly idle accounts are cut here, against overflow

_Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FlowAnswer:
    """A balanced assignment of rows to territories.

    Attributes:
        territory: The territory that carries most of each row, shape (n,).
        price_km: Dual of an hour in each territory, km-equivalents, shape (k,).
        split_rows: How many rows were cut between territories before this rounding.
    """

    territory: Ints
    price_km: Floats
    split_rows: int


def balanced_flow(
    arcs: Arcs, cost_km: Floats, *, hours: Floats, band: Limits, limit_price_km: float
) -> FlowAnswer:
    """Send every row's hours to territories at least cost, within the band where that is possible.

    `cost_km` is the cost of one hour on each arc, in km-equivalents; `hours` are above 0 and every
    row has an arc. Limits are elastic: an hour outside costs `limit_price_km`, so that the answer
    breaks them instead of failing, and by no more than it must where that is beyond any distance.

    Raises:
        RuntimeError: The solver gives up, which an elastic, connected flow rules out.
    """
    n, k = len(hours), len(band.lo)
    scale = _FLOW_UNITS / float(hours.sum())
    supply = np.maximum(np.rint(hours * scale), 1.0).astype(np.int64)
    total = int(supply.sum())
    cost = np.rint(np.clip(cost_km, -_MOST_KM, _MOST_KM) * _COST_UNITS_PER_KM).astype(np.int64)
    lo = np.minimum(np.ceil(band.lo * scale), total).astype(np.int64)
    hi = np.minimum(np.floor(np.minimum(band.hi * scale, total)), total).astype(np.int64)
    room = np.maximum(hi - lo, 0)
    most = round(limit_price_km * _COST_UNITS_PER_KM)
    centre, sink = np.arange(n, n + k), np.full(k, n + k)

    flow = min_cost_flow.SimpleMinCostFlow()
    carried = flow.add_arcs_with_capacity_and_unit_cost(
        arcs.row, arcs.territory + n, supply[arcs.row], cost
    )
    for capacity, price in ((lo, -most), (room, 0), (np.full(k, total), most)):
        flow.add_arcs_with_capacity_and_unit_cost(centre, sink, capacity, np.full(k, price))
    flow.set_nodes_supplies(np.arange(n + k + 1), np.concatenate((supply, np.zeros(k), [-total])))
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the min-cost flow of {n} rows and {k} territories ended as {status}")

    sent = flow.flows(carried)
    used = np.flatnonzero(sent > 0).astype(np.int64)
    load = totals(arcs.territory[used], sent[used], n_groups=k)
    largest = used[np.lexsort((-sent[used], arcs.row[used]))]
    _, first = np.unique(arcs.row[largest], return_index=True)
    return FlowAnswer(
        territory=arcs.territory[largest[first]],
        price_km=_duals(arcs, cost, used=used, load=load, limits=(lo, hi), most=most)
        / _COST_UNITS_PER_KM,
        split_rows=len(used) - n,
    )


def _duals(
    arcs: Arcs,
    cost: _Whole,
    *,
    used: _Whole,
    load: Floats,
    limits: tuple[_Whole, _Whole],
    most: int,
) -> Floats:
    """Return prices under which every unit of flow sits on its cheapest arc.

    The solver does not hand its own out. The highest ones are shortest ways in the residual graph
    of the territories, the lowest ones the same backwards; every mean of two is as valid, and the
    middle holds best against territories that an account has no arc to.
    """
    k = len(load)
    start = np.searchsorted(arcs.row, arcs.row[used], side="left")
    count = np.searchsorted(arcs.row, arcs.row[used], side="right") - start
    origin = np.repeat(used, count)
    other = (
        np.repeat(start, count)
        + np.arange(len(origin))
        - np.repeat(np.cumsum(count) - count, count)
    )
    change = np.full(k * k, np.inf)
    pair = arcs.territory[origin].astype(np.int64) * k + arcs.territory[other]
    np.minimum.at(change, pair, (cost[other] - cost[origin]).astype(np.float64))
    step = change.reshape(k, k)
    lo, hi = limits
    highest = np.where(load > hi, -most, np.where(load > lo, 0.0, float(most)))
    lowest = np.where(load < lo, most, np.where(load < hi, 0.0, float(-most)))
    return 0.5 * (_settled(highest, step) - _settled(-lowest, step.T))


def _settled(price: Floats, step: Floats) -> Floats:
    """Return the shortest ways from given starts, `step[i, j]` long from i to j (Bellman-Ford)."""
    for _ in range(len(price)):
        shorter = np.minimum(price, (price[:, None] + step).min(axis=0))
        if np.array_equal(shorter, price):
            break
        price = shorter
    return price
