"""Books in parts: the same answer for any workers, limits kept, and hardly more travel."""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sfterritory.model.columns import Ints
from sfterritory.model.sphere import group_medians, km_between, unit_vectors
from sfterritory.optimize.beside import beside
from sfterritory.optimize.engine.problem import Measure, Problem, equal_bands
from sfterritory.optimize.engine.solve import construct, rows_of, working_rows
from sfterritory.optimize.parts import cells_of, construct_in_parts, cut, labelled
from sfterritory.optimize.search import Question, search

_PART_ROWS = 2_500


def cities(n: int, k: int, *, tolerance: float = 0.03, seed: int = 3) -> Problem:
    """Return accounts round a few dozen cities, free centres, uneven workload."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, 3 * k, n)
    lon, lat = rng.uniform(-10, 10, 3 * k), rng.uniform(40, 55, 3 * k)
    spread = rng.lognormal(-2.0, 1.0, n)
    hours = rng.lognormal(0.0, 0.8, n)
    nobody = np.full(n, -1, dtype=np.int32)
    return Problem.plain(
        unit_vectors(lon[at] + spread * rng.normal(size=n), lat[at] + spread * rng.normal(size=n)),
        (equal_bands(hours, np.ones(k), tolerance=tolerance),),
        rep=nobody,
        lock=nobody,
        homes=np.full((k, 3), np.nan),
    )


def mean_km(problem: Problem, territory: Ints) -> float:
    middle = group_medians(
        problem.vectors, problem.hours, groups=territory, n_groups=problem.n_reps
    )
    km = km_between(problem.vectors, middle[territory])
    return float((problem.hours * km).sum() / problem.hours.sum())


@pytest.mark.slow
def test_any_number_of_workers_labels_alike() -> None:
    problem = cities(20_000, 40)

    alone = construct_in_parts(problem, part_rows=_PART_ROWS)

    assert len(cut(problem, working_rows(problem), part_rows=_PART_ROWS)) == 8
    pools: list[Executor] = [
        ThreadPoolExecutor(1),
        ProcessPoolExecutor(2, get_context("spawn")),
        ThreadPoolExecutor(5),
    ]
    for executor in pools:
        with executor:
            pooled = construct_in_parts(problem, executor=executor, part_rows=_PART_ROWS)
        assert_array_equal(pooled.territory, alone.territory)
        assert_array_equal(pooled.psi, alone.psi)
        assert pooled.bound_km_hours == alone.bound_km_hours


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_parts_keep_every_limit_and_cost_little_more_travel_than_the_whole(seed: int) -> None:
    problem = cities(20_000, 50, tolerance=0.02, seed=seed)

    whole, parts = construct(problem), construct_in_parts(problem, part_rows=_PART_ROWS)

    assert parts.is_feasible
    assert parts.gap_share < 0.01
    assert mean_km(problem, parts.territory) < 1.02 * mean_km(problem, whole.territory)


@pytest.mark.slow
def test_parts_keep_locks_groups_second_measures_homes_and_accounts_without_work() -> None:
    rng = np.random.default_rng(5)
    problem = cities(6_000, 12)
    n, k = len(problem.hours), problem.n_reps
    hours = np.where(rng.random(n) < 0.05, 0.0, problem.hours)
    count = np.where(hours > 0, 1.0, 0.0)
    lock = np.where(rng.random(n) < 0.03, rng.integers(0, k, n), -1).astype(np.int32)
    extra_km = np.zeros((2, k))
    extra_km[1, : k // 2] = np.inf
    asked = replace(
        problem,
        measures=(
            equal_bands(hours, np.ones(k), tolerance=0.05),
            equal_bands(count, np.ones(k), tolerance=0.2, name="accounts"),
        ),
        lock=lock,
        group=np.where((rng.random(n) < 0.1) & (lock < 0), 1, 0).astype(np.int32),
        extra_km=extra_km,
        homes=np.where((np.arange(k) < 4)[:, None], problem.vectors[:k], np.nan),
        rep=rng.integers(-1, k, n).astype(np.int32),
        churn_km=np.full(n, 5.0),
    )

    found = construct_in_parts(asked, part_rows=1_000)

    assert found.is_feasible
    assert_array_equal(found.territory[lock >= 0], lock[lock >= 0])
    assert (found.territory[asked.group == 1] >= k // 2).all()
    assert_array_equal(found.centres[:4], asked.homes[:4])
    assert 0 <= found.gap_share < 0.02


@pytest.mark.slow
def test_limits_that_cannot_hold_are_told_as_the_whole_tells_them() -> None:
    problem = cities(3_000, 6)
    (measure,) = problem.measures
    short = Measure("hours", measure.amount, np.zeros(6), 0.9 * measure.lo)
    tight = replace(problem, measures=(short,))

    parts, whole = construct_in_parts(tight, part_rows=500), construct(tight)

    assert not parts.is_feasible
    assert parts.conflicts == whole.conflicts
    assert_array_equal(parts.relaxation.hi_more, whole.relaxation.hi_more)


@pytest.mark.slow
def test_accounts_that_all_lie_on_one_point_are_divided_within_limits() -> None:
    problem = cities(5_000, 8)
    piled = replace(problem, vectors=np.repeat(problem.vectors[:1], 5_000, axis=0))

    found = construct_in_parts(piled, part_rows=1_000)

    assert found.is_feasible
    assert found.bound_km_hours <= found.cost_km_hours < 0.1 * piled.hours.sum()


@pytest.mark.slow
def test_an_earlier_answer_keeps_its_centres() -> None:
    problem = cities(3_000, 6)
    first = construct_in_parts(problem, part_rows=500)

    again = construct_in_parts(problem, part_rows=500, start=first.start)

    assert_array_equal(again.centres, first.centres)
    assert again.is_feasible


@pytest.mark.slow
def test_a_search_takes_what_is_large_in_parts_and_small_regions_whole() -> None:
    problem = cities(4_000, 8)
    group = np.where(np.arange(4_000) < 3_000, 0, 1).astype(np.int32)
    extra_km = np.full((2, 8), np.inf)
    extra_km[0, :6] = extra_km[1, 6:] = 0.0
    asked = replace(problem, group=group, extra_km=extra_km)

    found = search(Question(asked), parts_above=2_000)
    whole = search(Question(asked))

    assert found.is_feasible
    assert_array_equal(found.territory[3_000:], whole.territory[3_000:])
    assert (found.territory[:3_000] != whole.territory[:3_000]).any()
    assert mean_km(asked, found.territory) < 1.03 * mean_km(asked, whole.territory)


def test_cells_hold_the_hours_of_their_part_and_label_all_of_it() -> None:
    problem = cities(2_000, 5)
    parts = [rows_of(problem, one) for one in cut(problem, np.arange(2_000), part_rows=500)]

    for part in parts:
        most = float(part.hours.sum()) / 40
        made = cells_of(part, hours=most)
        rep = np.arange(len(made.rows.hours), dtype=np.int32)
        held = np.bincount(labelled(made, rep), weights=part.hours)

        assert len(made.rows.hours) <= 40
        assert made.rows.hours == pytest.approx(held)
    empty = parts[0].taken(np.arange(0))
    assert len(cells_of(empty, hours=1.0).rows.hours) == 0
    assert len(cells_of(parts[0], hours=1e-9).rows.hours) == len(parts[0].hours)


@pytest.mark.slow
def test_neighbours_of_different_owners_each_stay_where_leaving_is_dear() -> None:
    problem = cities(8_000, 4, tolerance=0.2)
    rep = np.random.default_rng(6).integers(0, 4, 8_000).astype(np.int32)

    found = construct_in_parts(
        replace(problem, rep=rep, churn_km=np.full(8_000, 1e5)), part_rows=2_000
    )

    assert_array_equal(found.territory, rep)


@pytest.mark.slow
def test_limits_that_cells_are_too_coarse_for_are_kept_by_finer_ones() -> None:
    problem = cities(8_000, 2, tolerance=0.002)
    heavy = problem.hours.copy()
    heavy[::40] *= 30.0
    asked = replace(
        problem,
        measures=(
            equal_bands(problem.hours, np.ones(2), tolerance=0.002),
            equal_bands(heavy, np.ones(2), tolerance=0.0002, name="value"),
        ),
    )

    found = construct_in_parts(asked, part_rows=2_000)

    assert found.is_feasible


def test_calls_beside_each_other_answer_in_their_order_and_cancel_what_nobody_wants() -> None:
    assert list(beside(None, abs, range(-3, 3))) == [3, 2, 1, 0, 1, 2]
    with ThreadPoolExecutor(2) as executor:
        assert list(beside(executor, abs, range(-100, 0))) == list(range(100, 0, -1))
        with pytest.raises(ZeroDivisionError):
            list(beside(executor, _one_over, [2, 1, 0, 5]))


def _one_over(number: int) -> float:
    return 1 / number
