"""First prices: steps on all prices at once bring loads near their bands."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Floats
from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.newton import neared

_REPS, _ROWS = 5, 2000


def _square() -> tuple[Arcs, Floats]:
    """Return accounts in a square and what they cost reps, most of whom live in one corner."""
    rng = np.random.default_rng(3)
    place = rng.uniform(0.0, 100.0, (_ROWS, 2))
    home = np.array([[5.0, 9.0], [8.0, 2.0], [12.0, 20.0], [20.0, 8.0], [90.0, 70.0]])
    cost_km = np.hypot(*(place[:, None, :] - home[None, :, :]).transpose(2, 0, 1)).ravel()
    rep = np.tile(np.arange(_REPS, dtype=np.int32), _ROWS)
    row = np.repeat(np.arange(_ROWS, dtype=np.int32), _REPS)
    start = np.arange(0, _REPS * _ROWS + 1, _REPS)
    return Arcs(start, rep, cost_km, row), rng.uniform(0.5, 1.5, _ROWS)


def _outside(arcs: Arcs, hours: Floats, psi: Floats, band: tuple[Floats, Floats]) -> float:
    rep = (arcs.cost_km - psi[arcs.rep]).reshape(_ROWS, _REPS).argmin(axis=1)
    load = np.bincount(rep, weights=hours, minlength=_REPS)
    off = np.maximum(np.maximum(load - band[1], band[0] - load), 0.0)
    return float(off.sum() / hours.sum())


def test_steps_bring_loads_near_their_bands() -> None:
    arcs, hours = _square()
    target = np.full(_REPS, hours.sum() / _REPS)
    band = (0.95 * target, 1.05 * target)

    psi = neared(arcs, hours, band=band, psi=np.zeros(_REPS))

    before = _outside(arcs, hours, np.zeros(_REPS), band)
    assert before > 0.3
    assert _outside(arcs, hours, psi, band) < 0.5 * before


def test_prices_stay_where_loads_are_within_their_bands() -> None:
    arcs, hours = _square()
    band = (np.zeros(_REPS), np.full(_REPS, np.inf))

    assert np.array_equal(neared(arcs, hours, band=band, psi=np.zeros(_REPS)), np.zeros(_REPS))
