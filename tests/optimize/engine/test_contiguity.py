from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sfterritory.model.sphere import unit_vectors
from sfterritory.optimize.engine.contiguity import fragments, land
from sfterritory.optimize.engine.problem import Problem, equal_bands
from sfterritory.optimize.engine.solve import construct

from .books import book


def test_a_checkerboard_falls_into_pieces_and_halves_do_not() -> None:
    lon, lat = (axis.ravel() for axis in np.meshgrid(np.arange(8.0), np.arange(8.0)))
    where = land(unit_vectors(lon + 0.01 * lat, lat))
    halves = (lon >= 4).astype(np.int32)
    scattered = halves.copy()
    scattered[(lon == 1) & (lat == 1)] = 1

    assert fragments(where, halves, hours=np.ones(64)).max() == 0
    assert np.flatnonzero(fragments(where, scattered, hours=np.ones(64))).tolist() == [9]


def test_an_edge_wider_than_the_gap_parts_islands_and_each_may_hold_a_piece() -> None:
    lon = np.concatenate((np.linspace(0, 1, 20), np.linspace(30, 31, 20)))
    lat = np.tile([0.0, 0.3, 0.7, 1.0], 10)
    where = land(unit_vectors(lon, lat), gap_km=500.0)

    assert len(set(where.island.tolist())) == 2
    assert fragments(where, np.zeros(40, dtype=np.int32), hours=np.ones(40)).max() == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_territories_are_in_one_piece_where_that_is_asked(seed: int) -> None:
    problem = book(900, 6, seed=seed, tolerance=0.1, churn_price_km=0.0, fixed=False)
    value = np.random.default_rng(seed).lognormal(0.0, 0.5, 900)
    problem = replace(
        problem,
        lock=np.full(900, -1, dtype=np.int32),
        measures=(
            *problem.measures,
            equal_bands(value, np.ones(6), tolerance=0.2, name="value_usd"),
        ),
    )

    answer = construct(problem, gap_km=np.inf)

    pieces = fragments(land(problem.vectors), answer.territory, hours=problem.hours)
    assert pieces.max() == 0
    assert (answer.over[0] <= 0.1 * problem.measures[0].hi).all()


def _cities(n: int, k: int, *, seed: int) -> Problem:
    """Return accounts round towns of unlike size, homes at accounts, bands of 2 % round shares."""
    rng = np.random.default_rng(seed)
    size = 1.0 / np.arange(1, 31)
    town = rng.choice(30, n, p=size / size.sum())
    middle_lon, middle_lat = rng.uniform(0, 20, 30), rng.uniform(40, 50, 30)
    scatter = np.where(rng.random(n) < 0.12, 1.0, 0.05)
    lon, lat = (one[town] + rng.normal(0.0, scatter) for one in (middle_lon, middle_lat))
    vectors, nobody = unit_vectors(lon, lat), np.full(n, -1, dtype=np.int32)
    hours = rng.lognormal(0.0, 0.8, n)
    return Problem.plain(
        vectors,
        (equal_bands(hours, rng.uniform(0.7, 1.3, k), tolerance=0.02),),
        rep=nobody,
        lock=nobody,
        homes=vectors[rng.choice(n, k, replace=False)],
    )


@pytest.mark.parametrize("seed", [5, 8])
def test_what_a_home_in_a_city_lacks_is_passed_on_by_neighbours_that_can_spare_nothing(
    seed: int,
) -> None:
    problem = _cities(3000, 60, seed=seed)

    answer = construct(problem, gap_km=np.inf)

    pieces = fragments(land(problem.vectors), answer.territory, hours=problem.hours)
    assert pieces.max() == 0
    assert answer.is_feasible


def test_one_piece_is_asked_of_some_reps_and_not_of_others() -> None:
    problem = book(900, 6, seed=2, tolerance=0.02, churn_price_km=30.0)
    problem = replace(problem, lock=np.full(900, -1, dtype=np.int32))
    some = np.array([True, False, True, False, True, False])

    everybody = construct(problem, gap_km=np.inf)
    answer = construct(replace(problem, one_piece=some), gap_km=np.inf)

    number = fragments(land(problem.vectors), answer.territory, hours=problem.hours)
    assert number[some[answer.territory]].max() == 0
    assert number[~some[answer.territory]].max() > 0
    assert answer.is_feasible
    assert answer.cost_km_hours < everybody.cost_km_hours


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_a_handful_of_places_on_one_line_still_has_neighbours(n: int) -> None:
    where = land(unit_vectors(np.arange(n, dtype=np.float64), np.zeros(n)))

    assert len(set(where.island.tolist())) == 1
