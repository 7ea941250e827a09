"""What no answer can beat: the Lagrangian bound of the assignment constraints.

With a price for each customer who is served, an instance falls apart into one knapsack per
candidate median, of which the p cheapest are taken. Knapsacks are relaxed to fractions, so the
bound holds, and is a little below the true Lagrangian one. Prices follow a deflected subgradient.

Source: Lorena and Senne (2004), "A column generation approach to capacitated p-median problems";
Camerini, Fratta and Maffioli (1975) on deflected subgradients.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.kernel import compiled
from sfterritory.optimize.median.board import Ground, distance

_MOST_CUSTOMERS = 20_000  # above, the table of who may be served by whom is too large
_LIST_FACTOR, _LIST_ROOM = 4, 40  # candidates' lists: times a mean cluster, and so many more
_MOST_ROUNDS = 1500
_PATIENCE, _PROGRESS, _SLOWER = 12, 1e-5, 0.6  # so many rounds without progress shorten the step
_MEMORY, _AIM = 0.3, 1.01  # of former directions; of the known answer
_FIRST_SHARES = ((1.0, 0.5), (0.5, 0.5), (0.5, 1.0), (0.0, 1.5))
_SORT_WORK = 4  # distances that sorting one entry is worth


def lower_bound(
    ground: Ground, cluster: Ints, median: Ints, *, upper: float, work: float
) -> float | None:
    """Return a bound on the travel of feasible answers, None where the instance is too large.

    `cluster` and `median` are a good answer, whose travel is `upper`; `work` is in distances.
    """
    n, p = len(ground.x), len(median)
    if n > _MOST_CUSTOMERS or not np.isfinite(upper):
        return None
    count = min(n, _LIST_FACTOR * n // p + _LIST_ROOM)
    places = np.column_stack((ground.x, ground.y))
    _, index = cKDTree(places).query(places, k=np.arange(1, count + 1))
    reach = np.ascontiguousarray(index, dtype=np.int32)
    rounds = int(np.clip(work / (n * count * _SORT_WORK), 30, _MOST_ROUNDS))
    known = _Known(reach, _ceilings(ground, reach), p, upper)
    best = _ascend(ground, known, _first_prices(ground, known, cluster, median), rounds)
    bound = max(0.0, best * (1.0 - 1e-12))
    return float(np.ceil(bound - 1e-6)) if ground.floored else bound


def _first_prices(ground: Ground, known: _Known, cluster: Ints, median: Ints) -> Floats:
    """Return the best of a few first prices: parts of each customer's distance and of the mean."""
    centre = median[cluster]
    away = np.hypot(ground.x - ground.x[centre], ground.y - ground.y[centre])
    share = np.empty(known.reach.shape)
    tried: list[Floats] = [
        np.minimum(own * away + rest * away.mean(), known.ceiling) for own, rest in _FIRST_SHARES
    ]
    bounds = [_relaxed(ground, known, prices, share)[0] for prices in tried]
    return tried[int(np.argmax(bounds))]


@compiled
def _ceilings(ground: Ground, reach: Ints) -> Floats:
    """Return, for each customer, the least distance of a candidate whose list he is not on.

    Below that price no candidate outside the lists would want him, so lists lose nothing.
    """
    n, count = reach.shape
    ceiling = np.full(n, np.inf)
    listed = np.full(n, -1, dtype=np.int64)
    for candidate in range(n):
        for rank in range(count):
            listed[reach[candidate, rank]] = candidate
        for customer in range(n):
            if listed[customer] != candidate:
                ceiling[customer] = min(ceiling[customer], distance(ground, candidate, customer))
    return ceiling


@compiled
def _knapsack(
    ground: Ground, candidate: int, reach: Ints, prices: Floats, share: Floats, gain: Floats
) -> float:
    """Fill a candidate's capacity with whom it gains by; return the gain, shares by list place."""
    count = 0
    rows = np.empty(reach.shape[1], dtype=np.int64)
    ratio = np.empty(reach.shape[1])
    for rank in range(reach.shape[1]):
        customer = reach[candidate, rank]
        share[rank] = 0.0
        gain[rank] = prices[customer] - distance(ground, candidate, customer)
        if gain[rank] > 0.0:
            rows[count] = rank
            demand = ground.demand[customer]
            ratio[count] = -gain[rank] / demand if demand > 0.0 else -np.inf
            count += 1
    room, total = ground.capacity[candidate], 0.0
    for place in np.argsort(ratio[:count]):
        rank = rows[place]
        demand = ground.demand[reach[candidate, rank]]
        part = 1.0 if demand <= room else room / demand
        share[rank] = part
        total += part * gain[rank]
        room -= part * demand
        if room <= 0.0:
            break
    return total


class _Known(NamedTuple):
    """What does not change while prices do.

    Attributes:
        reach: Customers on the list of each candidate, nearest first, shape (n, m).
        ceiling: Highest price of each customer at which lists lose nothing, shape (n,).
        p: How many medians.
        upper: Travel of a known answer.
    """

    reach: Ints
    ceiling: Floats
    p: int
    upper: float


@compiled
def _ascend(ground: Ground, known: _Known, prices: Floats, rounds: int) -> float:
    """Return the best bound of some rounds; a step aims at the known answer."""
    best, scale, waited = -np.inf, 1.0, 0
    best_prices = prices.copy()
    direction, share = np.zeros(len(prices)), np.empty(known.reach.shape)
    for _ in range(rounds):
        prices[:] = np.minimum(np.maximum(prices, 0.0), known.ceiling)
        bound, missing = _relaxed(ground, known, prices, share)
        waited = 0 if bound > best + _PROGRESS * abs(best) else waited + 1
        if bound > best:
            best = bound
            best_prices[:] = prices
        if waited >= _PATIENCE:
            scale, waited = scale * _SLOWER, 0
            prices[:] = best_prices
            direction[:] = 0.0
            continue
        direction[:] = _MEMORY * direction + missing
        norm = (direction * direction).sum()
        if norm < 1e-12 or scale < 1e-4 or best >= known.upper:
            break
        prices += scale * (_AIM * known.upper - bound) / norm * direction
    return best


@compiled
def _relaxed(ground: Ground, known: _Known, prices: Floats, share: Floats) -> tuple[float, Floats]:
    """Return the bound of prices, and how much of each customer nobody or too many serve."""
    n, count = known.reach.shape
    value, gain = np.empty(n), np.empty(count)
    for candidate in range(n):
        value[candidate] = -_knapsack(
            ground, candidate, known.reach, prices, share[candidate], gain
        )
    chosen = np.argsort(value)[: known.p]
    missing = np.ones(n)
    for candidate in chosen:
        for rank in range(count):
            missing[known.reach[candidate, rank]] -= share[candidate, rank]
    return prices.sum() + value[chosen].sum(), missing
