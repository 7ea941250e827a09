"""Whole accounts under hard bands: shifts, swaps, chains of two and rings of three.

First into the bands: a move is accepted when it lowers cost plus the price of what lies outside a
band, in any measure. Just outside, that price is the dual of the band and a little more, so that
rows enter bands where it is cheap; it then rises far above any distance. Then to lower cost, and
no band is left again. The best move of the first row in a fixed order is taken: there are no dice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Floats
from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.chain import chains
from sfterritory.optimize.engine.desk import STRICT, Desk, make_desk, outside, recount, set_prices
from sfterritory.optimize.engine.exchange import make_border, shifts, swaps
from sfterritory.optimize.engine.heap import Pairs, make_pairs
from sfterritory.optimize.engine.kernel import Longs
from sfterritory.optimize.engine.mend import mend

_FULL_PRICE = 50.0  # of the mean cost of an arc: no detour is worth a broken band
_FIRST_PRICE, _PRICE_STEP = 0.05, 6.0
_SLOW_FIRST_PRICE, _SLOW_PRICE_STEP = 0.01, 2.5  # several measures: only the first has duals
_LAST_PRICE = 1e8  # where bands are still broken here, no single move can mend them
_CHAIN_PRICE = 10.0  # below it shifts and swaps do nearly as much in a third of the time
_LATE_STEP = 30.0
_LEAST_KM = 1e-3  # a metre: a broken band has a price where nothing is far
_EPS_SHARE = 1e-13
_MEND_REPS, _MEND_TURNS = 200, 5
_DONE_SHARE = 1e-6  # of the cost: a round that gains less is the last


@dataclass(frozen=True, slots=True)
class Polished:
    """Two plans, as the arc of each row, shape (n,).

    Attributes:
        first: The first that keeps all bands; where none does, the one that breaks them least.
        at: The improved one; it keeps every limit that the first keeps.
    """

    first: Longs
    at: Longs


def polish(  # noqa: PLR0913 - a plan, its bands and its prices
    arcs: Arcs,
    hours: Floats,
    *,
    amounts: Floats,
    band: tuple[Floats, Floats],
    at: Longs,
    psi: Floats,
    rounds: int,
) -> Polished:
    """Return the arc of each row after moving rows into the bands, and then to lower cost.

    `amounts` are (rows, measures), both limits of the band (reps, measures), hours the first.
    """
    desk = make_desk(arcs, hours, amounts=amounts, band=band, at=at)
    pairs = make_pairs(arcs, len(psi))
    mean_km = max(float(np.abs(arcs.cost_km).mean()), _LEAST_KM)
    total = amounts.sum(axis=0)
    per_unit = np.where(total > 0, hours.sum() / np.where(total > 0, total, 1.0), 0.0)
    scale = np.maximum(amounts.sum(axis=0) / len(psi), 1e-300)
    alone = amounts.shape[1] == 1
    share = _FIRST_PRICE if alone else _SLOW_FIRST_PRICE
    step = _PRICE_STEP if alone else _SLOW_PRICE_STEP
    first, least = desk.at.copy(), float((outside(desk.bands) / scale).sum())
    while share < _FULL_PRICE or (share < _LAST_PRICE and outside(desk.bands).any()):
        set_prices(desk.bands, psi, share * mean_km * per_unit)
        _improve(desk, arcs, pairs, psi, 2, linked=share >= _CHAIN_PRICE or not alone)
        if share >= _FULL_PRICE:
            _mend(desk)
        recount(desk)
        off = float((outside(desk.bands) / scale).sum())
        if off < least:
            first, least = desk.at.copy(), off
        share *= step if share < _FULL_PRICE else _LATE_STEP
    if outside(desk.bands).any():  # others may be broken here: improve the one that breaks least
        desk.at[:] = first
        recount(desk)
    desk.bands[:, :, STRICT] = 1.0
    set_prices(desk.bands, psi, share * mean_km * per_unit)
    _improve(desk, arcs, pairs, psi, rounds, linked=True)
    return Polished(first, desk.at)


def _mend(desk: Desk) -> None:
    """Bring the last reps into their bands in place: borders hold too few rows for an exact fit."""
    for _ in range(_MEND_TURNS):
        off = np.flatnonzero(outside(desk.bands).any(axis=1))
        if not 0 < len(off) <= _MEND_REPS or mend(desk, off) == 0:
            break


def _improve(
    desk: Desk, arcs: Arcs, pairs: Pairs, psi: Floats, rounds: int, *, linked: bool
) -> None:
    """Improve the plan in place until a round gains nothing to speak of."""
    cost = float(np.abs(desk.cost[desk.at]).sum())
    floor = _EPS_SHARE * cost
    for _ in range(rounds):
        border, near = make_border(arcs, pairs, desk.at, psi)
        gained = swaps(desk, pairs, border, floor)
        if linked:
            gained += chains(desk, pairs, (border, near), floor)
        gained += shifts(desk, arcs.start, floor)
        if gained <= _DONE_SHARE * cost:
            break
