"""What an hour and a dollar cost in each territory: the duals of the two-measure balance.

A territory that is wanted by too many gets a negative price, one that starves a positive one. An
account goes where `weight * km-equivalents - hours * hours_price - value * value_price` is least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack, identity, vstack

from sfterritory.model.columns import Floats
from sfterritory.optimize.candidate import Arcs
from sfterritory.optimize.cell import Contents
from sfterritory.optimize.sphere import Vectors, km_between

_BOUND_CHUNK_PAIRS = 4_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits for the accounts that may move, locked loads already taken off; shape (k,)."""

    lo: Floats
    hi: Floats

    @classmethod
    def less_locked(cls, lo: Floats, hi: Floats, locked: Floats) -> Limits:
        """Return what locked loads leave of a band."""
        return cls(np.maximum(lo - locked, 0.0), np.maximum(hi - locked, 0.0))


@dataclass(frozen=True, slots=True)
class Prices:
    """Duals and the fractional answer they belong to.

    Attributes:
        hours: km-equivalents of an hour in each territory, shape (k,).
        value: km-equivalent hours of a dollar in each territory, shape (k,).
        share: Part of the arc's row that the arc carries, 0 to 1, shape of the arcs.
        cost: Cost of that answer, broken limits included, km-equivalent hours.
    """

    hours: Floats
    value: Floats
    share: Floats
    cost: float


def balance_prices(
    arcs: Arcs,
    cost: Floats,
    *,
    amounts: tuple[Floats, Floats],
    bands: tuple[Limits, Limits],
    limit_prices: tuple[float, float],
) -> Prices:
    """Return the prices that put hours and value of the cells into their bands at least cost.

    A linear program with elastic limits: it always has an answer, and breaks limits only where
    keeping them costs more than `limit_prices` for a whole mean load. `cost` belongs to the arcs;
    `amounts` are hours and value of the rows.
    """
    k = len(bands[0].lo)
    n, m = len(amounts[0]), len(arcs)
    columns = np.arange(m)
    once = csr_matrix((np.ones(m), (arcs.row, columns)), shape=(n, m))
    scales = [max(float(amount.sum()) / k, 1e-12) for amount in amounts]
    unit = max(float(cost.mean()) * n / k, 1e-12)
    blocks, bounds, owner = [], [], []
    elastic = identity(k, format="csr")
    for which, (amount, band) in enumerate(zip(amounts, bands, strict=True)):
        load = csr_matrix(
            (amount[arcs.row] / scales[which], (arcs.territory, columns)), shape=(k, m)
        )
        for sign, limit in ((1.0, band.hi), (-1.0, band.lo)):
            kept = np.isfinite(limit)
            if not kept.any():
                continue
            # one elastic column per kept limit, placed in this measure and side only
            blocks.append((sign * load[kept], -elastic[kept][:, kept]))
            bounds.append(sign * limit[kept] / scales[which])
            owner.append((which, sign, np.flatnonzero(kept)))
    slack_cost = [np.full(len(rows), limit_prices[which]) for which, _, rows in owner]
    slack = sum(len(rows) for _, _, rows in owner)
    lhs = _with_slack(blocks)
    answer = linprog(  # type: ignore[call-overload]  # the stubs know no sparse matrix
        np.concatenate((cost, *slack_cost)) / unit,
        A_ub=lhs,
        b_ub=np.concatenate(bounds) if bounds else None,
        A_eq=hstack([once, csr_matrix((n, slack))], format="csr"),
        b_eq=np.ones(n),
        bounds=(0.0, None),
        method="highs-ds",
    )
    if answer.status != 0:
        raise RuntimeError(f"HiGHS could not price the balance: {answer.message}")
    prices = [np.zeros(k), np.zeros(k)]
    start = 0
    for which, sign, rows in owner:
        dual = answer.ineqlin.marginals[start : start + len(rows)]
        prices[which][rows] += sign * dual * unit / scales[which]
        start += len(rows)
    return Prices(prices[0], prices[1], answer.x[:m], float(answer.fun) * unit)


def lower_bound(
    accounts: Contents,
    centres: Vectors,
    *,
    churn_price_km: float,
    bands: tuple[Limits, Limits],
    prices: tuple[Floats, Floats],
) -> float:
    """Return a cost that no plan within the bands can go below, over all territories, not arcs.

    Valid for any prices, by weak duality: every account takes its cheapest territory at those
    prices, and the bands give back what the prices took.
    """
    total = 0.0
    n, k = len(accounts.rep), len(centres)
    step = max(1, _BOUND_CHUNK_PAIRS // k)
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        rep = accounts.rep[part]
        km = km_between(accounts.vectors[part][:, None, :], centres[None, :, :])
        leaves = (rep[:, None] >= 0) & (rep[:, None] != np.arange(k)[None, :])
        reduced = accounts.weight[part][:, None] * (km + churn_price_km * leaves)
        for amount, price in zip((accounts.hours, accounts.value_usd), prices, strict=True):
            reduced -= amount[part][:, None] * price[None, :]
        total += float(reduced.min(axis=1).sum())
    for band, price in zip(bands, prices, strict=True):
        total += float((band.lo * np.maximum(price, 0.0)).sum())
        sold = price < 0  # an infinite limit never has a price
        total += float((band.hi[sold] * price[sold]).sum())
    return total


def _with_slack(blocks: list[tuple[csr_matrix, csr_matrix]]) -> csr_matrix | None:
    """Return the rows of all limits, each with its own columns of slack."""
    if not blocks:
        return None
    width = sum(slack.shape[1] for _, slack in blocks)
    rows, before = [], 0
    for load, slack in blocks:
        own = slack.shape[1]
        left = csr_matrix((own, before))
        right = csr_matrix((own, width - before - own))
        rows.append(hstack([load, left, slack, right], format="csr"))
        before += own
    return csr_matrix(vstack(rows, format="csr"))
