from __future__ import annotations

from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.connectors.instance_file import MedianFile, read_instance
from sfterritory.optimize.median.anneal import totals
from sfterritory.optimize.median.board import Board, Ground, new_board_of
from sfterritory.optimize.median.dice import new_dice, roll
from sfterritory.optimize.median.draft import Draft, begin, change, new_draft, take_back
from sfterritory.optimize.median.instance import MedianInstance, MedianParams, distances, overload
from sfterritory.optimize.median.rebuild import recentre_touched
from sfterritory.optimize.median.solve import make_ground, solve_medians
from sfterritory.optimize.median.start import cut_medians, settled
from sfterritory.optimize.median.trial import eject, reassign_ball, relocate_slot, reopen

SHARED = Path(__file__).parents[4] / "shared" / "data" / "cpmp"
BRIEF = MedianParams(effort=0.02)


def scattered(n: int, p: int, *, seed: int = 1, fill: float = 0.8) -> MedianInstance:
    """Return customers on a square whose demand fills so much of the capacity."""
    rng = np.random.default_rng(seed)
    demand = rng.integers(1, 20, n).astype(np.float64)
    room = np.full(n, np.ceil(demand.sum() / p / fill))
    x, y = (rng.integers(0, 100, n).astype(np.float64) for _ in range(2))
    return MedianInstance(x, y, room, demand, p)


def least_travel(instance: MedianInstance) -> float:
    """Return the optimum by trying everything."""
    n, best = len(instance.x), np.inf
    for medians in combinations(range(n), instance.medians):
        choices = [(row,) if row in medians else medians for row in range(n)]
        for centre in product(*choices):
            rows = np.array(centre, dtype=np.int32)
            if overload(instance, rows) == 0.0:
                best = min(best, float(distances(instance, rows).sum()))
    return best


@pytest.mark.parametrize("seed", range(4))
def test_a_small_instance_is_solved_to_the_optimum_and_the_bound_is_below(seed: int) -> None:
    instance = scattered(8, 3, seed=seed, fill=0.85)

    answer = solve_medians(instance, params=BRIEF)

    least = least_travel(instance)
    assert answer.travel == pytest.approx(least)
    assert answer.bound is not None
    assert answer.bound <= least + 1e-9


def test_a_floored_distance_is_rounded_down() -> None:
    instance = MedianInstance(
        np.array([0.0, 1.0, 9.0]),
        np.array([0.0, 1.0, 9.0]),
        np.full(3, 10.0),
        np.ones(3),
        medians=2,
        floored=True,
    )

    assert solve_medians(instance, params=BRIEF).travel == 1.0


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(2, 40),
    share=st.floats(0.05, 1.0),
    seed=st.integers(0, 1000),
    side=st.sampled_from([0.0, 1.0]),
)
def test_every_answer_has_p_medians_that_serve_themselves_within_capacity(
    n: int, share: float, seed: int, side: float
) -> None:
    p = max(1, round(n * share))
    instance = scattered(n, p, seed=seed, fill=0.5)
    instance.x[:], instance.y[:] = instance.x * side, instance.y * side  # or all on one place
    instance.capacity[:] = max(instance.capacity[0], 40.0)

    answer = solve_medians(instance, params=MedianParams(effort=0.001, seed=seed))

    medians = np.unique(answer.centre)
    assert len(medians) == p
    assert (answer.centre[medians] == medians).all()
    assert overload(instance, answer.centre) == answer.overload == 0.0
    assert answer.travel == pytest.approx(float(distances(instance, answer.centre).sum()))


def test_the_same_seed_gives_the_same_answer() -> None:
    instance = scattered(120, 12)

    first = solve_medians(instance, params=MedianParams(effort=0.1, seed=5))
    second = solve_medians(instance, params=MedianParams(effort=0.1, seed=5))

    assert first.centre.tolist() == second.centre.tolist()


def test_more_effort_is_not_worse_and_a_tight_instance_stays_feasible() -> None:
    instance = scattered(200, 25, fill=0.97)

    brief = solve_medians(instance, params=MedianParams(effort=0.01))
    longer = solve_medians(instance, params=MedianParams(effort=0.5))

    assert longer.overload == 0.0
    assert longer.travel < brief.travel or brief.overload > 0.0


def test_a_demand_that_no_capacity_holds_is_named() -> None:
    instance = scattered(10, 2)
    instance.demand[3] = 500.0

    with pytest.raises(ValueError, match="customer 3 needs 500"):
        solve_medians(instance, params=BRIEF)


def started(instance: MedianInstance) -> tuple[Ground, Board, Draft]:
    ground = make_ground(instance)
    board = settled(ground, cut_medians(ground, instance.medians))
    draft = new_draft(len(instance.x), instance.medians, dice=new_dice(3))
    return ground, board, draft


@pytest.mark.parametrize("kind", ["ball", "reopen", "relocate", "eject"])
def test_a_trial_changes_what_it_says_and_leaves_no_trace_when_taken_back(kind: str) -> None:
    ground, board, draft = started(scattered(150, 15))
    price = 3.0
    for seed in range(0, 150, 3):
        before = (board.cluster.copy(), board.median.copy(), board.load.copy())
        travel, excess = totals(ground, board)
        begin(draft)
        if kind == "ball":
            reassign_ball(ground, board, draft, seed, price)
        elif kind == "reopen":
            reopen(ground, board, draft, seed, price)
        elif kind == "relocate":
            relocate_slot(ground, board, draft, seed, (seed * 7 + 1) % 150, price)
        else:
            eject(ground, board, draft, seed, price)
        recentre_touched(ground, board, draft)

        after = totals(ground, new_board_of(ground, board.cluster.copy(), board.median.copy()))
        expected = after[0] - travel + price * (after[1] - excess)
        assert change(ground, board, draft, price) == pytest.approx(expected, abs=1e-6)
        assert (board.cluster[board.median] == np.arange(15)).all()
        if seed % 2:
            continue
        take_back(ground, board, draft)
        assert board.cluster.tolist() == before[0].tolist()
        assert board.median.tolist() == before[1].tolist()
        assert board.load.tolist() == before[2].tolist()


def test_dice_are_even() -> None:
    dice = new_dice(0)

    rolls = np.array([roll(dice) for _ in range(2000)])

    assert np.histogram(rolls, bins=4, range=(0, 1))[0] == pytest.approx(500, abs=90)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "optimum"), [("SJC1.dat", 17288.99), ("cpmp19.txt", 1031.0), ("SJC3a.dat", 45335.16)]
)
def test_an_instance_of_the_literature_is_solved_to_its_optimum(name: str, optimum: float) -> None:
    if not SHARED.is_dir():
        pytest.skip("the literature's instances are not beside the checkout")
    found = read_instance(SHARED / name)
    assert isinstance(found, MedianFile)
    instance = MedianInstance(
        found.x, found.y, found.capacity, found.demand, found.medians, found.floored
    )

    answer = solve_medians(instance, params=MedianParams(effort=6))

    assert answer.overload == 0.0
    assert answer.travel == pytest.approx(optimum, abs=0.01)
