from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.model.sphere import km_between, unit_vectors
from sfterritory.optimize.engine.cells import aggregate, label, solve
from sfterritory.optimize.engine.curve import price_curve
from sfterritory.optimize.engine.problem import Measure, Problem, equal_bands
from sfterritory.optimize.engine.rows import Rows
from sfterritory.optimize.engine.solve import construct, rows_of

from .books import book, restricted

DIGEST = """\
import hashlib, sys
from sfterritory.optimize.engine.solve import construct
from tests.optimize.engine.books import book, restricted
answer = construct(restricted(book(500, 7, seed=4, fixed=False), 4, seed=4))
sys.stdout.write(hashlib.sha256(answer.territory.tobytes() + answer.psi.tobytes()).hexdigest())
"""


def plain(lon: list[float], lat: list[float], homes: int, measure: Measure) -> Problem:
    """Return accounts without owner or lock, and free centres."""
    nobody = np.full(len(lon), -1, dtype=np.int32)
    return Problem.plain(
        unit_vectors(np.array(lon), np.array(lat)),
        (measure,),
        rep=nobody,
        lock=nobody,
        homes=np.full((homes, 3), np.nan),
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(1, 8),
    n=st.integers(80, 250),
    groups=st.integers(1, 4),
)
def test_bands_that_some_plan_keeps_are_kept(seed: int, k: int, n: int, groups: int) -> None:
    problem = restricted(book(n, k, seed=seed), groups, seed=seed)
    (hours,) = problem.measures
    rng = np.random.default_rng(seed)
    # a plan that exists: anybody of those who may, its loads in the middle of the bands
    chance = np.where(np.isinf(problem.extra_km[problem.group]), np.inf, rng.random((n, k)))
    some = np.where(problem.lock >= 0, problem.lock, chance.argmin(axis=1))
    load = np.bincount(some, weights=hours.amount, minlength=k)
    wide = 0.02 * load + float(hours.amount.max())
    bands = replace(hours, lo=np.maximum(load - wide, 0.0), hi=load + wide)
    problem = replace(problem, measures=(bands,))

    answer = construct(problem)

    assert answer.is_feasible
    assert not (problem.loads(answer.feasible) > bands.hi).any()
    assert answer.bound_km_hours <= answer.cost_km_hours * (1 + 1e-9)


@pytest.mark.slow
def test_another_process_finds_the_same_plan() -> None:
    answer = construct(restricted(book(500, 7, seed=4, fixed=False), 4, seed=4))

    other = subprocess.run(  # noqa: S603 - our own code, in another process
        [sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True
    ).stdout

    mine = hashlib.sha256(answer.territory.tobytes() + answer.psi.tobytes()).hexdigest()
    assert other == mine


def test_accounts_sorted_by_id_give_one_plan_whatever_order_they_came_in() -> None:
    problem = book(400, 6, seed=9)
    mixed = np.random.default_rng(2).permutation(400)
    ids = mixed.argsort()  # the rows of the shuffled file in the order of their ids

    again = replace(
        problem,
        vectors=problem.vectors[mixed][ids],
        measures=tuple(replace(one, amount=one.amount[mixed][ids]) for one in problem.measures),
        rep=problem.rep[mixed][ids],
        lock=problem.lock[mixed][ids],
    )

    assert np.array_equal(construct(problem).territory, construct(again).territory)


def test_parts_label_their_rows_as_the_whole_does_and_come_near_the_plan_of_one_machine() -> None:
    problem = restricted(book(3_000, 6, seed=12, tolerance=0.1), 3, seed=12)
    problem = replace(problem, lock=np.full(3_000, -1, dtype=np.int32))
    rows = rows_of(problem, np.arange(3_000))
    (hours,) = problem.measures
    terms, labels, costs = problem.terms, [], []

    for count in (1, 3, 7):
        parts = [rows.taken(part) for part in np.array_split(np.arange(3_000), count)]
        cells = aggregate(parts, cells_per_part=420 // count)
        settled = solve(cells, problem.homes, terms=terms, band=(hours.lo, hours.hi))
        whole = label(rows, settled, terms=terms)
        in_parts = [label(part, settled, terms=terms) for part in parts]
        assert np.array_equal(np.concatenate(in_parts), whole)
        labels.append(whole)
        km = km_between(problem.vectors, settled.centres[whole])
        moved = (problem.rep >= 0) & (problem.rep != whole)
        extra = problem.extra_km[problem.group, whole]
        costs.append(float((problem.hours * (km + extra + problem.churn_km * moved)).sum()))

    best = construct(problem)
    for whole, cost in zip(labels, costs, strict=True):
        assert cost == pytest.approx(best.cost_km_hours, rel=0.03)
        assert (problem.loads(whole)[0] <= hours.hi * 1.1).all()
        assert (problem.loads(whole)[0] >= hours.lo * 0.9).all()


def test_a_part_without_rows_has_no_cells_and_no_labels() -> None:
    problem = book(200, 3, seed=1)
    rows = rows_of(problem, np.arange(200))
    none: Rows = rows.taken(np.empty(0, dtype=np.int64))
    settled = construct(problem).start

    cells = aggregate([none, rows], cells_per_part=50)

    assert cells.hours.sum() == pytest.approx(rows.hours.sum())
    assert len(label(none, settled, terms=problem.terms)) == 0


def test_a_dearer_change_moves_fewer_accounts_and_travels_farther() -> None:
    problem = book(600, 6, seed=3, tolerance=0.2, churn_price_km=40.0)
    start = construct(problem).start

    free, usual, dear = price_curve(problem, [0.0, 1.0, 50.0], start=start)

    assert len(free.moved) > len(usual.moved) > len(dear.moved)
    assert free.travel_km_hours < usual.travel_km_hours < dear.travel_km_hours
    for point in (free, usual, dear):
        assert np.array_equal(point.loads, problem.loads(point.territory))
        assert (point.loads[0] <= problem.measures[0].hi).all()
    (alone,) = price_curve(problem, [1.0], start=start)
    assert np.array_equal(alone.territory, usual.territory)


def test_one_rep_gets_everything() -> None:
    problem = book(40, 1, seed=2, tolerance=0.1)

    answer = construct(problem)

    assert not answer.territory.any()
    assert answer.is_feasible


def test_more_reps_than_accounts_leaves_some_without_and_says_so() -> None:
    measure = equal_bands(np.ones(3), np.ones(5), tolerance=0.1)
    answer = construct(plain([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 5, measure))

    assert len(set(answer.territory.tolist())) == 3
    assert (answer.under[0] > 0).sum() == 2
    assert (answer.over[0] > 0).sum() == 3


def test_a_rep_without_a_share_gets_no_work() -> None:
    problem = book(300, 5, seed=8)
    hours = problem.measures[0].amount
    share = np.array([1.0, 1.0, 0.0, 1.0, 1.0])
    problem = replace(
        problem,
        lock=np.full(300, -1, dtype=np.int32),
        measures=(equal_bands(hours, share, tolerance=0.1),),
    )

    answer = construct(problem)

    assert answer.is_feasible
    assert hours[answer.territory == 2].sum() == 0.0


def test_whole_numbers_may_fill_a_limit_to_the_last_one() -> None:
    measure = Measure("accounts", np.ones(12), np.full(3, 4.0), np.full(3, 4.0))
    answer = construct(plain([float(x) for x in range(12)], [0.0] * 12, 3, measure))

    assert answer.is_feasible


def test_the_antimeridian_and_the_pole_are_places_like_others() -> None:
    rng = np.random.default_rng(3)
    lon = np.concatenate((rng.uniform(178.0, 182.0, 150), rng.uniform(-180.0, 180.0, 150)))
    lat = np.concatenate((rng.uniform(-2.0, 2.0, 150), rng.uniform(88.0, 90.0, 150)))
    measure = equal_bands(np.ones(300), np.ones(4), tolerance=0.05)

    answer = construct(plain(lon.tolist(), lat.tolist(), 4, measure))

    assert answer.is_feasible
    problem_km = km_between(unit_vectors(lon, lat), answer.centres[answer.territory])
    assert problem_km.max() < 500.0


@pytest.mark.slow
def test_a_million_accounts_on_one_point_take_seconds_and_keep_their_bands() -> None:
    n = 1_000_000
    measure = equal_bands(np.ones(n), np.ones(100), tolerance=0.02)
    point = np.repeat(unit_vectors(np.array([8.0]), np.array([49.0])), n, axis=0)
    nobody = np.full(n, -1, dtype=np.int32)
    problem = Problem.plain(
        point, (measure,), rep=nobody, lock=nobody, homes=np.full((100, 3), np.nan)
    )

    assert construct(problem).is_feasible
