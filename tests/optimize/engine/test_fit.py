from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.model.sphere import km_between, unit_vectors
from sfterritory.optimize.engine.alternatives import alternatives
from sfterritory.optimize.engine.answer import off_limits
from sfterritory.optimize.engine.assign import Travel, assign, candidate_pairs
from sfterritory.optimize.engine.problem import Measure, Problem
from sfterritory.optimize.engine.relax import Obstacle
from sfterritory.optimize.engine.solve import construct

from .books import book, linear_relaxation, restricted


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(2, 9),
    groups=st.integers(2, 12),
    fixed=st.booleans(),
    gap_km=st.sampled_from([None, np.inf]),
)
def test_nobody_ever_gets_an_account_that_he_may_never_have(
    *, seed: int, k: int, groups: int, fixed: bool, gap_km: float | None
) -> None:
    problem = restricted(book(200, k, seed=seed, tolerance=0.3, fixed=fixed), groups, seed=seed)

    answer = construct(problem, gap_km=gap_km)

    free = problem.lock < 0
    extra = problem.extra_km[problem.group, :]
    for plan in (answer.territory, answer.feasible):
        assert np.isfinite(extra[np.arange(200), plan])[free].all()
    other = alternatives(problem, answer).runner_up
    some = np.flatnonzero(other >= 0)
    assert np.isfinite(extra[some, other[some]]).all()
    # who has no runner-up is the only one who may have the account
    alone = np.isfinite(extra).sum(axis=1) - np.isfinite(extra[np.arange(200), answer.territory])
    assert np.array_equal(other < 0, alone == 0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 8), tolerance=st.floats(0.01, 0.3))
def test_improvement_costs_no_limit_that_the_first_plan_kept(
    seed: int, k: int, tolerance: float
) -> None:
    problem = book(150, k, seed=seed, tolerance=tolerance)
    value = np.random.default_rng(seed).lognormal(0.0, 0.7, 150)
    mean = value.sum() / k * np.ones(k)
    two = (*problem.measures, Measure("value", value, mean * 0.8, mean * 1.2))
    problem = restricted(replace(problem, measures=two), 3, seed=seed)

    answer = construct(problem)

    before = off_limits(problem, answer.feasible)
    after = off_limits(problem, answer.territory)
    for first, last in zip(before, after, strict=True):
        assert not last[first == 0].any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_bound_honours_who_may_never_have_what(seed: int) -> None:
    problem = restricted(book(400, 6, seed=seed, tolerance=0.2), 5, seed=seed)

    answer = construct(problem)

    optimum = linear_relaxation(problem)
    assert answer.is_feasible
    assert optimum * 0.99 <= answer.bound_km_hours <= optimum * (1 + 1e-9)
    assert answer.cost_km_hours <= optimum * 1.03


def test_a_named_list_finds_its_two_reps_however_far_they_are() -> None:
    problem = book(2_000, 40, seed=3, tolerance=0.5)
    homes = problem.homes.copy()
    homes[[7, 11]] = unit_vectors(np.array([-20.0, -21.0]), np.array([65.0, 64.0]))
    named = np.full((2, 40), np.inf)
    named[0], named[1, [7, 11]] = 0.0, 0.0
    group = np.zeros(2_000, dtype=np.int32)
    group[np.flatnonzero(problem.lock < 0)[:12]] = 1
    problem = replace(problem, homes=homes, group=group, extra_km=named)
    listed = np.flatnonzero(group == 1)

    answer = construct(problem)
    rows, reps = candidate_pairs(problem, answer.centres, answer.psi)

    assert set(answer.territory[listed].tolist()) <= {7, 11}
    assert all(reps[rows == row].tolist() == [7, 11] for row in listed.tolist())


def test_a_preference_is_worth_its_kilometres_and_no_more() -> None:
    east = unit_vectors(np.array([0.0, 4.0]), np.zeros(2))
    nobody = np.full(2, -1, dtype=np.int32)
    hours = Measure("hours", np.ones(2), np.zeros(2), np.full(2, 2.0))
    plain = Problem.plain(east, (hours,), rep=nobody, lock=nobody, homes=east)

    weak, strong = (
        construct(replace(plain, extra_km=np.array([[extra, 0.0]]))).territory.tolist()
        for extra in (440.0, 450.0)
    )

    assert weak == [0, 1]
    assert strong == [1, 1]


def test_accounts_that_no_rep_may_have_are_refused_by_row() -> None:
    problem = book(30, 3, seed=1)
    lock = np.full(30, -1, dtype=np.int32)
    lock[5] = 1
    group = np.zeros(30, dtype=np.int32)
    group[[4, 5, 9]] = 1

    with pytest.raises(ValueError, match=r"^rows 4, 9 may go to no rep"):
        replace(problem, lock=lock, group=group, extra_km=np.array([[0.0] * 3, [np.inf] * 3]))


def test_groups_that_lack_room_are_named_with_their_reps_and_the_least_that_is_missing() -> None:
    problem = book(300, 6, seed=4, tolerance=0.6)
    (hours,) = problem.measures
    nobody = np.full(300, -1, dtype=np.int32)
    group = np.repeat(np.array([0, 1, 2], dtype=np.int32), 100)
    never = np.array([[0, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]])
    problem = replace(problem, lock=nobody, group=group, extra_km=np.where(never > 0, np.inf, 0.0))

    answer = construct(problem)

    missing = float(hours.amount[:200].sum() - hours.hi[:2].sum())
    (conflict,) = [one for one in answer.conflicts if one.kind is Obstacle.GROUPS_OVER]
    assert (conflict.groups, conflict.reps) == ((0, 1), (0, 1))
    assert conflict.amount == pytest.approx(missing)
    assert answer.relaxation.total[0] == pytest.approx(missing)
    assert missing * 0.999 <= answer.over[0].sum() <= missing * 1.3  # limits that give have room


def test_reps_whose_accounts_are_too_few_for_their_lower_limits_are_named() -> None:
    problem = book(300, 6, seed=4, tolerance=0.5)
    nobody = np.full(300, -1, dtype=np.int32)
    group = np.zeros(300, dtype=np.int32)
    group[:20] = 1
    extra = np.zeros((2, 6))
    extra[0, [4, 5]] = np.inf
    problem = replace(problem, lock=nobody, group=group, extra_km=extra)

    answer = construct(problem)

    (conflict,) = [one for one in answer.conflicts if one.kind is Obstacle.REPS_UNDER]
    assert (conflict.groups, conflict.reps) == ((1,), (4, 5))
    assert answer.under[0, [4, 5]].sum() == pytest.approx(conflict.amount, rel=0.05)


def test_a_lock_outranks_fit_and_is_reported() -> None:
    problem = book(100, 3, seed=2, tolerance=0.9)
    lock = np.full(100, -1, dtype=np.int32)
    lock[8] = 2
    group = np.zeros(100, dtype=np.int32)
    group[8] = 1
    extra = np.zeros((2, 3))
    extra[1, 2] = np.inf
    problem = replace(problem, lock=lock, group=group, extra_km=extra)

    answer = construct(problem)

    assert answer.territory[8] == 2
    assert np.isfinite(answer.cost_km_hours)
    found = [(one.rows, one.reps) for one in answer.conflicts]
    assert found == [((8,), (2,))]


def test_accounts_out_of_everybodys_reach_are_named_the_farthest_first() -> None:
    problem = replace(book(300, 5, seed=8, tolerance=0.9), max_km=np.full(5, 400.0))

    answer = construct(problem)

    km = km_between(problem.vectors[:, None, :], problem.homes[None, :, :]).min(axis=1)
    far = np.flatnonzero((km > 400.0) & (problem.lock < 0))
    (conflict,) = answer.conflicts
    assert np.array_equal(answer.unreachable, far)
    assert conflict.rows[0] == far[km[far].argmax()]
    assert conflict.amount == pytest.approx(km[far].max() - 400.0)


def test_alternatives_are_the_best_of_all_pairs() -> None:
    problem = restricted(book(250, 7, seed=5, tolerance=0.2), 4, seed=5)
    problem = replace(problem, max_km=np.full(7, 500.0))
    answer = construct(problem)

    found = alternatives(problem, answer)

    rows, own = np.arange(250), answer.territory
    km = km_between(problem.vectors[:, None, :], answer.centres[None, :, :])
    leaves = (problem.rep[:, None] >= 0) & (problem.rep[:, None] != np.arange(7))
    extra = problem.extra_km[problem.group]
    cost = km + np.where(km > 500.0, 20_037.5, 0.0) + extra + problem.churn_km[:, None] * leaves
    others = cost.copy()
    others[rows, own] = np.inf
    second = np.where(others.min(axis=1) < np.inf, others.argmin(axis=1), -1)
    assert np.array_equal(found.runner_up, second)
    some = np.flatnonzero(found.runner_up >= 0)
    assert np.allclose(found.runner_up_cost_km[some], others.min(axis=1)[some])
    assert np.allclose(found.runner_up_km[some], km[some, found.runner_up[some]])
    free = problem.lock < 0
    assert np.array_equal(found.cheapest[free], cost.argmin(axis=1)[free])
    assert np.allclose(found.cost_km[free], cost[rows, own][free])
    allowed = np.where(np.isfinite(extra), km, np.inf)
    assert np.allclose(km[rows, found.nearest][free], allowed.min(axis=1)[free])


def test_given_travel_in_place_of_distance_gives_the_plan_of_the_distances() -> None:
    problem = restricted(book(400, 6, seed=6, tolerance=0.2), 3, seed=6)
    straight = construct(problem)
    rows, reps = candidate_pairs(problem, straight.centres, straight.psi, near=6)
    km = km_between(problem.vectors[rows], straight.centres[reps])
    mixed = np.random.default_rng(1).permutation(len(rows))

    answer = assign(problem, Travel(rows[mixed], reps[mixed], km[mixed]), start=straight.start)

    assert answer.is_feasible
    assert answer.bound_km_hours == pytest.approx(straight.bound_km_hours, rel=1e-3)
    assert answer.cost_km_hours == pytest.approx(straight.cost_km_hours, rel=5e-3)
    assert (answer.territory[problem.lock >= 0] == problem.lock[problem.lock >= 0]).all()


def test_pairs_without_a_way_are_never_taken_and_an_account_without_any_is_refused() -> None:
    problem = book(80, 4, seed=6, tolerance=0.6)
    row, rep = np.divmod(np.arange(320), 4)
    km = km_between(problem.vectors[row], problem.homes[rep])
    blocked = km.copy()
    blocked[(rep == 1) & (problem.lock[row] < 0)] = np.inf

    answer = assign(problem, Travel(row, rep.astype(np.int32), blocked))

    assert not (answer.territory[problem.lock < 0] == 1).any()
    blocked[row == int(np.flatnonzero(problem.lock < 0)[3])] = np.inf
    with pytest.raises(ValueError, match="have no pair that counts"):
        assign(problem, Travel(row, rep.astype(np.int32), blocked))
