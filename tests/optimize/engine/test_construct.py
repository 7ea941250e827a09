from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.territory.checker import judge
from bench.territory.instance import from_file
from sfterritory.model.sphere import km_between, unit_vectors
from sfterritory.optimize.engine.answer import Start
from sfterritory.optimize.engine.problem import Problem, equal_bands
from sfterritory.optimize.engine.relax import Obstacle
from sfterritory.optimize.engine.solve import construct

from .books import book, linear_relaxation

INSTANCES = Path(__file__).parents[4] / "shared" / "data" / "territory"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 8), n=st.integers(60, 250))
def test_every_plan_keeps_locks_and_bands_and_lies_above_its_bound(
    seed: int, k: int, n: int
) -> None:
    problem = book(n, k, seed=seed, tolerance=0.35)

    answer = construct(problem)

    verdict = judge(problem, answer.territory)
    assert verdict.feasible or answer.conflicts or not answer.is_feasible
    assert (answer.territory[problem.lock >= 0] == problem.lock[problem.lock >= 0]).all()
    assert answer.cost_km_hours == pytest.approx(verdict.cost_km_hours)
    if answer.is_feasible:
        assert verdict.feasible
        assert answer.bound_km_hours <= answer.cost_km_hours * (1 + 1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_bound_is_nearly_the_linear_optimum_and_never_above_it(seed: int) -> None:
    problem = book(400, 6, seed=seed, tolerance=0.1)

    answer = construct(problem)

    optimum = linear_relaxation(problem)
    assert answer.is_feasible
    assert answer.bound_km_hours <= optimum * (1 + 1e-9)
    assert answer.bound_km_hours >= optimum * 0.995
    assert answer.cost_km_hours <= optimum * 1.02


def test_a_free_plan_is_shorter_than_one_cut_into_equal_blocks_and_keeps_its_bands() -> None:
    problem = book(600, 8, seed=3, tolerance=0.05, fixed=False, churn_price_km=0.0)

    answer = construct(problem)

    assert answer.is_feasible
    assert answer.gap_share < 0.02
    assert np.allclose((answer.centres**2).sum(axis=1), 1.0)


def test_fixed_homes_stay_and_free_centres_move_in_one_problem() -> None:
    problem = book(500, 6, seed=4, tolerance=0.1)
    homes = problem.homes.copy()
    homes[[1, 3]] = np.nan
    mixed = replace(problem, homes=homes)

    answer = construct(mixed)

    fixed = [0, 2, 4, 5]
    assert np.array_equal(answer.centres[fixed], problem.homes[fixed])
    assert not np.isnan(answer.centres).any()
    assert answer.is_feasible


def test_the_same_rows_give_the_same_plan_every_time() -> None:
    problem = book(400, 6, seed=9, fixed=False)

    first, second = construct(problem), construct(problem)

    assert np.array_equal(first.territory, second.territory)
    assert np.array_equal(first.psi, second.psi)


def test_a_second_measure_is_kept_in_its_band_too() -> None:
    problem = book(800, 5, seed=5, tolerance=0.1)
    value = np.random.default_rng(1).lognormal(0.0, 0.7, 800)
    both = (*problem.measures, equal_bands(value, np.ones(5), tolerance=0.1, name="value_usd"))

    answer = construct(replace(problem, measures=both))

    assert answer.is_feasible
    assert answer.over.shape == (2, 5)


def test_a_replan_from_the_former_prices_gives_a_plan_as_good() -> None:
    problem = book(500, 6, seed=6)
    first = construct(problem)

    again = construct(problem, start=Start(first.centres, first.psi))

    assert again.is_feasible
    assert again.cost_km_hours <= first.cost_km_hours * 1.005


def test_farther_than_the_maximum_travel_happens_only_where_no_home_is_near() -> None:
    problem = replace(book(300, 5, seed=8, tolerance=0.9), max_km=np.full(5, 400.0))

    answer = construct(problem)

    km = km_between(problem.vectors[:, None, :], problem.homes[None, :, :])
    mine = km[np.arange(300), answer.territory]
    can = (km <= 400.0).any(axis=1) & (problem.lock < 0)
    assert (mine[can] <= 400.0).all()


def test_locked_accounts_beyond_a_capacity_are_named_with_the_overflow() -> None:
    problem = book(100, 4, seed=2)
    lock = np.full(100, -1, dtype=np.int32)
    lock[:80] = 2

    answer = construct(replace(problem, lock=lock))

    assert not answer.is_feasible
    found = [one for one in answer.conflicts if one.kind is Obstacle.LOCKED_OVER]
    assert [one.reps for one in found] == [(2,)]
    assert found[0].amount == pytest.approx(answer.over[0, 2])


def test_too_little_capacity_spreads_the_overflow_and_says_how_much_is_missing() -> None:
    problem = book(300, 5, seed=2)
    (hours,) = problem.measures
    short = replace(problem, measures=(replace(hours, lo=hours.lo * 0.8, hi=hours.hi * 0.8),))

    answer = construct(short)

    (conflict,) = answer.conflicts
    assert conflict.kind is Obstacle.TOO_LITTLE_CAPACITY
    assert answer.over.sum() == pytest.approx(conflict.amount, rel=0.05)


def test_an_account_heavier_than_every_limit_is_named() -> None:
    problem = book(100, 4, seed=2)
    (hours,) = problem.measures
    heavy = hours.amount.copy()
    row = int(np.flatnonzero(problem.lock < 0)[0])
    heavy[row] = float(hours.hi.max()) * 2
    target = heavy.sum() / 4 * np.ones(4)

    answer = construct(
        replace(problem, measures=(replace(hours, amount=heavy, lo=target * 0, hi=hours.hi),))
    )

    assert (Obstacle.TOO_HEAVY, (row,)) in [(one.kind, one.rows) for one in answer.conflicts]


def test_two_thousand_accounts_on_one_point_are_divided_evenly() -> None:
    point = unit_vectors(np.full(2000, 179.9), np.full(2000, -89.0))
    nobody = np.full(2000, -1, dtype=np.int32)
    problem = Problem.plain(
        vectors=point,
        measures=(equal_bands(np.ones(2000), np.ones(7), tolerance=0.02),),
        rep=nobody,
        lock=nobody,
        homes=np.full((7, 3), np.nan),
    )

    answer = construct(problem)

    assert answer.is_feasible


def test_no_hours_at_all_gives_everything_to_the_nearest() -> None:
    problem = book(50, 3, seed=1)
    (hours,) = problem.measures
    nothing = np.zeros(50)
    idle = replace(
        problem,
        lock=np.full(50, -1, dtype=np.int32),
        measures=(replace(hours, amount=nothing, lo=np.zeros(3), hi=np.ones(3)),),
    )

    answer = construct(idle)

    km = km_between(problem.vectors[:, None, :], problem.homes[None, :, :])
    assert np.array_equal(answer.territory, km.argmin(axis=1))


def test_wrong_columns_are_all_named_with_their_rows() -> None:
    problem = book(30, 3, seed=1)
    (hours,) = problem.measures
    amount = hours.amount.copy()
    amount[4], amount[9] = -1.0, np.nan
    vectors = problem.vectors.copy()
    vectors[7] = np.nan

    with pytest.raises(ValueError, match=r"rows 7 have no place(.|\n)*rows 4, 9 have hours"):
        replace(problem, vectors=vectors, measures=(replace(hours, amount=amount),))


@pytest.mark.slow
@pytest.mark.skipif(not INSTANCES.exists(), reason="../shared/data is absent")
@pytest.mark.parametrize(
    ("name", "best_known", "most_gap"),
    [
        pytest.param("terr_dev_10000_100.txt", 5181247.76, 0.005, id="10k"),
        pytest.param("terr_dev_50000_300.txt", 15615338.98, 0.0075, id="50k"),
    ],
)
def test_published_instances_are_solved_better_than_the_best_known(
    name: str, best_known: float, most_gap: float
) -> None:
    problem = from_file(INSTANCES / name)

    answer = construct(problem)

    verdict = judge(problem, answer.territory)
    assert verdict.feasible
    assert verdict.cost_km_hours <= best_known
    assert answer.gap_share <= most_gap
