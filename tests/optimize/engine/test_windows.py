"""Exact windows: what they find, and what they never cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sfterritory.optimize.engine.candidate import Arcs
from sfterritory.optimize.engine.problem import Problem, equal_bands
from sfterritory.optimize.engine.solve import construct
from sfterritory.optimize.engine.window import Ground, cheaper, mended

from .books import book


def _ground(hours: list[float], cost_km: list[tuple[float, float]], *, most: float) -> Ground:
    """Two reps, an arc of every row to each, and the most that each may hold."""
    n = len(hours)
    rep, row = np.tile(np.array([0, 1], np.int32), n), np.repeat(np.arange(n, dtype=np.int32), 2)
    arcs = Arcs(np.arange(0, 2 * n + 1, 2), rep, np.array(cost_km).ravel(), row)
    amounts = np.array(hours)[:, None]
    limits = np.zeros((2, 1)), np.full((2, 1), most)
    return Ground(arcs, amounts[:, 0], amounts, *limits, np.zeros(2))


def test_a_window_finds_the_one_division_that_fits() -> None:
    ground = _ground([8.0, 7.0, 6.0, 5.0, 4.0], [(1.0, 2.0)] * 5, most=15.0)
    everything_at_one = np.arange(0, 10, 2)

    found = mended(ground, everything_at_one, most=5)

    assert ground.outside(everything_at_one).max() > 0
    assert ground.loads(found)[:, 0].tolist() == [15.0, 15.0]


def test_a_window_exchanges_two_rows_for_three_where_that_is_shorter() -> None:
    costs = [(9.0, 1.0), (9.0, 1.0), (1.0, 9.0), (1.0, 9.0), (1.0, 9.0)]
    ground = _ground([3.0, 3.0, 2.0, 2.0, 2.0], costs, most=6.0)
    crossed = np.array([0, 2, 5, 7, 9])

    found = cheaper(ground, crossed, most=5)

    assert ground.arcs.rep[found].tolist() == [1, 1, 0, 0, 0]


def _tight(seed: int) -> Problem:
    problem = book(150, 6, seed=seed, tolerance=0.02, churn_price_km=0.0)
    value = np.random.default_rng(seed).lognormal(0.0, 1.0, 150)
    value_usd = equal_bands(value, np.ones(6), tolerance=0.05, name="value_usd")
    free = np.full(150, -1, dtype=np.int32)
    return replace(problem, lock=free, measures=(*problem.measures, value_usd))


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_looking_closely_shortens_travel_and_leaves_no_limit(seed: int) -> None:
    problem = _tight(seed)

    plain, close = construct(problem), construct(problem, closely=True)

    assert plain.gap_share > 0.005
    assert close.cost_km_hours < plain.cost_km_hours
    assert (close.over <= plain.over).all()
    assert (close.under <= plain.under).all()
    assert close.bound_km_hours <= close.cost_km_hours
