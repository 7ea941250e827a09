from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.model.sphere import totals, unit_vectors
from sfterritory.optimize.relabel import Drawn, overlap_hours, relabelling


def places(k: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return unit_vectors(np.linspace(0.0, 10.0, k), np.full(k, 50.0))


def drawn_of(
    territory: list[int],
    hours: list[float],
    *,
    hi: list[float],
    extra_km: list[float] | None = None,
) -> Drawn:
    k, u = len(hi), len(territory)
    return Drawn(
        territory=np.array(territory, dtype=np.int32),
        lock=np.full(u, -1, dtype=np.int32),
        amounts=np.array([hours]),
        lo=np.zeros((1, k)),
        hi=np.array([hi]),
        group=np.zeros(u, dtype=np.int32),
        extra_km=np.array([extra_km or [0.0] * k]),
        longest_km=np.zeros(k),
        max_km=np.full(k, np.inf),
    )


@given(seed=st.integers(0, 10_000), k=st.integers(1, 7))
@settings(deadline=None)
def test_new_names_never_move_more_hours_and_never_break_more(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    u = int(rng.integers(1, 40))
    territory, rep = rng.integers(0, k, u).astype(np.int32), rng.integers(-1, k, u)
    hours = rng.choice([0.0, 1.0, 3.0, 11.0], u)
    hi = rng.choice([8.0, 30.0, np.inf], k)
    drawn = drawn_of(territory.tolist(), hours.tolist(), hi=hi.tolist())
    overlap = overlap_hours(territory, rep.astype(np.int32), hours, k=k)

    new = relabelling(drawn, overlap, centres=places(k), homes=places(k)[::-1])

    assert sorted(new.tolist()) == list(range(k))
    assert overlap[np.arange(k), new].sum() >= np.trace(overlap) - 1e-9
    before = np.maximum(totals(territory, hours, n_groups=k) - hi, 0.0)
    after = np.maximum(totals(new[territory], hours, n_groups=k) - hi, 0.0)
    assert (after <= before + 1e-9).all()


@given(seed=st.integers(0, 10_000), k=st.integers(1, 5))
@settings(deadline=None)
def test_no_other_names_keep_more_hours_within_what_reps_can_take(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    u = int(rng.integers(1, 30))
    territory, rep = rng.integers(0, k, u).astype(np.int32), rng.integers(-1, k, u).astype(np.int32)
    hours, hi = rng.integers(0, 12, u).astype(np.float64), rng.choice([20.0, 60.0, np.inf], k)
    overlap = overlap_hours(territory, rep, hours, k=k)
    load = totals(territory, hours, n_groups=k)
    over = np.maximum(load - hi, 0.0)

    new = relabelling(
        drawn_of(territory.tolist(), hours.tolist(), hi=hi.tolist()),
        overlap,
        centres=places(k),
        homes=places(k),
    )

    # whoever takes another's territory is beyond the limit by no more than with the own one
    allowed = [
        one
        for one in permutations(range(k))
        if all(to == at or load[at] - hi[to] <= over[to] for at, to in enumerate(one))
    ]
    most = max(sum(overlap[at, to] for at, to in enumerate(one)) for one in allowed)
    assert overlap[np.arange(k), new].sum() == most
    assert tuple(new.tolist()) in allowed


def test_names_go_to_whom_the_work_is_known_and_then_to_the_nearest_home() -> None:
    overlap = np.array([[0.0, 5.0, 0.0], [5.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    drawn = drawn_of([0, 1, 2], [5.0, 5.0, 5.0], hi=[9.0] * 3)

    known = relabelling(drawn, overlap, centres=places(3), homes=places(3))
    near = relabelling(drawn, 0.0 * overlap, centres=places(3), homes=places(3)[::-1])

    assert known.tolist() == [1, 0, 2]
    assert near.tolist() == [2, 1, 0]


def test_a_rep_who_has_no_room_or_may_not_have_it_keeps_his_own() -> None:
    overlap = np.array([[0.0, 9.0], [1.0, 0.0]])

    small = drawn_of([0, 1], [9.0, 1.0], hi=[9.0, 2.0])
    banned = drawn_of([0, 1], [9.0, 1.0], hi=[9.0, 9.0], extra_km=[0.0, np.inf])
    dearer = drawn_of([0, 1], [9.0, 1.0], hi=[9.0, 9.0], extra_km=[0.0, 50.0])

    for drawn in (small, banned, dearer):
        assert relabelling(drawn, overlap, centres=places(2), homes=places(2)).tolist() == [0, 1]
