"""First prices: a few Newton steps on all prices at once, before paths make loads exact.

With many accounts to a rep, loads change nearly smoothly with prices, and how many hours lie close
to the border of two territories says how fast. Each step costs one pass over the arcs, where a path
would move a single account. How far a price may go in a step is learnt for each rep by itself.

Source: Kitagawa, Merigot, Thibert (2019), "Convergence of a Newton algorithm for semi-discrete
optimal transport", with bands in place of exact loads; Riedmiller and Braun (1993) for the steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import spsolve

from sfterritory.model.columns import Floats, Ints
from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.kernel import compiled

_STEPS = 12
_CLOSE_SHARE = 3e-4  # of all hours outside bands: paths do the rest sooner
_FIRST_REACH = 0.02  # of the median cost of an arc: how far a price may go in the first step
_LONGER, _SHORTER = 1.3, 0.5
_LEAST_REACH = 1e-5  # of the median cost of an arc
_TOKEN_SHARE = 1e-12


class _Look(NamedTuple):
    """What prices lead to: the dual in km hours, loads (k,), and the cheapest two of each row."""

    dual: float
    load: Floats
    first: Ints
    second: Ints
    apart_km: Floats


def neared(arcs: Arcs, hours: Floats, *, band: tuple[Floats, Floats], psi: Floats) -> Floats:
    """Return prices at which loads lie nearer to lo and hi of `band`, each (k,), than at `psi`.

    Of all prices tried those with the highest dual, so never worse ones than those given.
    """
    total, scale_km = float(hours.sum()), max(float(np.median(arcs.cost_km)), 1e-9)
    reach = np.full(len(psi), _FIRST_REACH * scale_km)
    psi = np.where(np.isfinite(band[1]), psi, np.maximum(psi, 0.0))
    best, most, last = psi, -np.inf, np.zeros(len(psi))
    for _ in range(_STEPS):
        now = _look(arcs, hours, band, psi)
        if now.dual > most:
            best, most = psi, now.dual
        missing = _missing(now.load, band, psi)
        if float(np.abs(missing).sum()) <= _CLOSE_SHARE * total:
            break
        side = np.sign(missing)
        again = side * last
        reach = reach * np.where(again > 0, _LONGER, np.where(again < 0, _SHORTER, 1.0))
        reach, last = np.maximum(reach, _LEAST_REACH * scale_km), side
        there = psi + _step(now, hours, missing, reach)
        side = np.where(psi != 0, np.sign(psi), side)
        psi = np.where(there * side > 0, there, 0.0)  # a price stops at 0 before it changes sign
    return best


def _missing(load: Floats, band: tuple[Floats, Floats], psi: Floats) -> Floats:
    """Return the slope of the dual: hours up to the limit that the price belongs to, (k,)."""
    lo, hi = band
    outside = np.maximum(lo - load, 0.0) - np.maximum(load - hi, 0.0)
    missing: Floats = np.where(psi > 0, lo - load, np.where(psi < 0, hi - load, outside))
    return missing


def _step(now: _Look, hours: Floats, missing: Floats, reach: Floats) -> Floats:
    """Return the change of prices that would close what is missing, were borders as they look."""
    k = len(missing)
    window = 0.5 * (reach[now.first] + reach[np.maximum(now.second, 0)])
    close = now.apart_km < window
    one, two = now.first[close], now.second[close]
    # rows of both sides count, so a border is two windows wide
    flow = coo_array((hours[close] / (2.0 * window[close]), (one, two)), shape=(k, k)).tocsr()
    flow = flow + flow.T
    held = np.abs(missing) / reach + _TOKEN_SHARE * float(hours.sum()) / reach
    slope = (diags_array(flow.sum(axis=1) + held) - flow).tocsc()
    moves, step = np.flatnonzero(missing), np.zeros(k)
    step[moves] = spsolve(slope[moves][:, moves], missing[moves])
    return step


def _look(arcs: Arcs, hours: Floats, band: tuple[Floats, Floats], psi: Floats) -> _Look:
    lo, hi = band
    load, first, second, apart_km, least = _cheapest_two(arcs, hours, psi)
    limit = np.where(psi > 0, lo, np.where(psi < 0, hi, 0.0))
    return _Look(least + float((limit * psi).sum()), load, first, second, apart_km)


@compiled
def _cheapest_two(
    arcs: Arcs, hours: Floats, psi: Floats
) -> tuple[Floats, Ints, Ints, Floats, float]:
    n = len(hours)
    load, total = np.zeros(len(psi)), 0.0
    first, second = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    apart_km = np.empty(n)
    for row in range(n):
        one, two, one_km, two_km = -1, -1, np.inf, np.inf
        for arc in range(arcs.start[row], arcs.start[row + 1]):
            km = arcs.cost_km[arc] - psi[arcs.rep[arc]]
            if km < one_km:
                two, two_km = one, one_km
                one, one_km = arcs.rep[arc], km
            elif km < two_km:
                two, two_km = arcs.rep[arc], km
        load[one] += hours[row]
        total += hours[row] * one_km
        first[row], second[row], apart_km[row] = one, two, two_km - one_km
    return load, first, second, apart_km, total
