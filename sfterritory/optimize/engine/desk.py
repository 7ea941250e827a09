"""A plan under work: who has what, the loads, and the price of what lies outside a band."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.kernel import Longs, compiled

LOAD, LO, HI, LO_PRICE, HI_PRICE, STRICT = range(6)


class Desk(NamedTuple):
    """A plan under work.

    Attributes:
        rep: Who the arc goes to, shape (m,).
        row: Whose arc it is, shape (m,).
        cost: Of each arc, km hours, shape (m,).
        at: The arc of each row, shape (n,).
        amounts: Of each row in each measure, shape (n, measures).
        bands: Load, lo, hi, the prices of a unit below and above, and above 0 where nothing may
            come to lie farther outside than it does, shape (k, measures, 6).
    """

    rep: Ints
    row: Ints
    cost: Floats
    at: Longs
    amounts: Floats
    bands: Floats


def make_desk(
    arcs: Arcs, hours: Floats, *, amounts: Floats, band: tuple[Floats, Floats], at: Longs
) -> Desk:
    """Return the desk with every row on the arc `at`; amounts and bands as `polish` takes them."""
    lo, hi = band
    bands = np.zeros((*lo.shape, 6))
    bands[:, :, LO], bands[:, :, HI] = lo, hi
    cost = hours[arcs.row] * arcs.cost_km
    desk = Desk(arcs.rep, arcs.row, cost, at.copy(), np.ascontiguousarray(amounts), bands)
    recount(desk)
    return desk


def recount(desk: Desk) -> None:
    """Sum the loads anew: rows that came and went leave the rounding of their sums behind."""
    rep = desk.rep[desk.at]
    for m in range(desk.amounts.shape[1]):
        desk.bands[:, m, LOAD] = np.bincount(
            rep, weights=desk.amounts[:, m], minlength=len(desk.bands)
        )


def outside(bands: Floats) -> Floats:
    """Return how far each load lies outside its band, shape (k, measures)."""
    load = bands[:, :, LOAD]
    far: Floats = np.maximum(np.maximum(load - bands[:, :, HI], bands[:, :, LO] - load), 0.0)
    return far


def set_prices(bands: Floats, psi: Floats, extra: Floats) -> None:
    """Price what lies outside: by the dual of the band, and `extra`, shape (measures,), on top."""
    bands[:, :, LO_PRICE] = extra
    bands[:, :, HI_PRICE] = extra
    bands[:, 0, LO_PRICE] += np.maximum(psi, 0.0)
    bands[:, 0, HI_PRICE] += np.maximum(-psi, 0.0)


@compiled
def broken(bands: Floats, amounts: Floats, rep: int, row_out: int, row_in: int) -> float:
    """Return the change of what a rep lies outside, priced, when one row leaves and one comes."""
    change = 0.0
    for m in range(amounts.shape[1]):
        before = bands[rep, m, LOAD]
        after = before
        if row_out >= 0:
            after -= amounts[row_out, m]
        if row_in >= 0:
            after += amounts[row_in, m]
        lo, hi = bands[rep, m, LO], bands[rep, m, HI]
        if after > hi:
            if bands[rep, m, STRICT] > 0 and after > before:
                return np.inf
            change += (after - hi) * bands[rep, m, HI_PRICE]
        elif after < lo:
            if bands[rep, m, STRICT] > 0 and after < before:
                return np.inf
            change += (lo - after) * bands[rep, m, LO_PRICE]
        if before > hi:
            change -= (before - hi) * bands[rep, m, HI_PRICE]
        elif before < lo:
            change -= (lo - before) * bands[rep, m, LO_PRICE]
    return change


@compiled
def put(desk: Desk, node: int) -> None:
    """Move the row of an arc to the arc's rep."""
    row = desk.row[node]
    giver, taker = desk.rep[desk.at[row]], desk.rep[node]
    for m in range(desk.amounts.shape[1]):
        desk.bands[giver, m, LOAD] -= desk.amounts[row, m]
        desk.bands[taker, m, LOAD] += desk.amounts[row, m]
    desk.at[row] = node
