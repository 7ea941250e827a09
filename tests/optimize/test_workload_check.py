from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.model.columns import Floats, Ints, TextColumn
from sfterritory.optimize.params import WorkloadParams
from sfterritory.optimize.staffing import reps_needed, reps_needed_by_region, roster_reach
from sfterritory.optimize.travel_load import territory_travel
from sfterritory.optimize.workload import Calls, calls_of
from sfterritory.optimize.workload_check import (
    Cause,
    CheckLimits,
    UnequalHours,
    _range_lightest,
    count_balance_penalty,
    coverage_cause,
    unequal_hours,
)

from .books import accounts_at

PARAMS = WorkloadParams()


def town_and_country(n: int = 40) -> tuple[Calls, Ints]:
    """Return as many accounts within 20 km as spread over four hours of driving."""
    rng = np.random.default_rng(2)
    near, far = rng.uniform(-0.06, 0.06, (2, n)), rng.uniform(-1.0, 1.0, (2, n))
    lon, lat = np.append(near[0], far[0] + 10), np.append(near[1], far[1])
    return calls_of(accounts_at(lon, lat), params=PARAMS), np.repeat([0, 1], n).astype(np.int32)


def findings(
    calls: Calls,
    territory: Ints,
    label: TextColumn | None = None,
    limits: CheckLimits | None = None,
) -> tuple[UnequalHours, ...]:
    nowhere = np.full(int(territory.max()) + 1, np.nan)
    travel = territory_travel(calls, territory, starts=(nowhere, nowhere), params=PARAMS)
    return unequal_hours(calls, territory, travel=travel, params=PARAMS, label=label, limits=limits)


def test_as_many_accounts_within_20_km_as_over_four_hours_are_flagged_as_unequal() -> None:
    calls, territory = town_and_country()

    (found,) = findings(calls, territory)

    assert (found.territory, found.count, found.label) == ((0, 1), (40, 40), None)
    assert found.spread_km[0] < 20
    assert found.spread_minutes[1] > 240
    assert found.hours_ratio > 1.25
    said = found.message(("Town", "Country"))
    assert said.startswith("Country and Town have 40 and 40 accounts, but need ")
    assert "km (4.3 h)" in said
    assert "min)" in said


def test_only_the_tier_with_unequal_hours_is_flagged() -> None:
    calls, territory = town_and_country()
    tier = TextColumn.of(["A" if row % 2 else "B" for row in range(60)] + ["B"] * 20)

    assert findings(calls, territory, tier) == ()  # 20 and 10 A, 20 and 30 B: counts differ

    even = TextColumn.of(["A" if row % 4 == 0 else None for row in range(80)])
    (found,) = findings(calls, territory, even)
    assert (found.label, found.count) == ("A", (10, 10))
    assert "10 and 10 A accounts" in found.message(("Town", "Country"))
    assert findings(calls, territory, even, CheckLimits(least_count=11)) == ()


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0.1, 100)), min_size=1, max_size=25))
def test_every_range_gives_its_lightest(pairs: list[tuple[int, float]]) -> None:
    hours = np.array([hour for _, hour in pairs])
    first = np.array([min(at, len(pairs) - 1) for at, _ in pairs])
    end = np.maximum(first + 1, len(pairs) - first // 2)

    found = _range_lightest(hours, first, end)

    best = [
        begin + int(np.argmin(hours[begin:stop])) for begin, stop in zip(first, end, strict=True)
    ]
    assert found.tolist() == best


def test_a_plan_balanced_on_counts_scores_worse_in_hours_where_spread_differs() -> None:
    calls, _ = town_and_country(200)

    found = count_balance_penalty(calls, parts=8, params=PARAMS)

    assert found.by_count > 1.25
    assert found.by_hours < 1.1


def test_the_same_mix_with_unlike_hours_is_a_matter_of_territories() -> None:
    counts = np.array([[10, 20], [11, 20], [0, 0]], dtype=np.int32)

    found = coverage_cause(counts, np.array([[40.0, 60.0], [88.0, 60.0], [0.0, 0.0]]), tier=0)
    other = coverage_cause(counts, np.array([[40.0, 60.0], [88.0, 60.0], [0.0, 0.0]]), tier=1)

    assert found.cause is Cause.STRUCTURE
    assert found.hours_each == (4.0, 8.0)
    assert other.cause is Cause.SEGMENTATION  # an account of it costs the same everywhere


def test_unlike_mixes_are_a_matter_of_segmentation() -> None:
    counts = np.array([[10, 20], [20, 10]], dtype=np.int32)

    found = coverage_cause(counts, np.array([[40.0, 60.0], [160.0, 60.0]]), tier=0)

    assert found.cause is Cause.SEGMENTATION
    assert found.mix_distance == pytest.approx(1 / 6)
    with pytest.raises(ValueError, match="no territory has an account of tier 1"):
        coverage_cause(np.array([[1, 0]], dtype=np.int32), np.ones((1, 2)), tier=1)


def test_the_least_number_of_reps_suffices_and_one_less_does_not() -> None:
    calls, _ = town_and_country(300)

    found = reps_needed(calls, rep_hours=400.0, params=PARAMS)

    assert found.service_hours + found.travel_hours <= found.reps * 400
    assert found.hours_with_one_less > (found.reps - 1) * 400
    assert found.reps > found.service_hours / 400
    assert 0.9 < (found.service_hours + found.travel_hours) / (found.reps * 400) <= 1


def test_fewer_hours_of_a_rep_need_more_reps_who_drive_less_in_all() -> None:
    calls, _ = town_and_country(300)

    many = reps_needed(calls, rep_hours=200.0, params=PARAMS)
    few = reps_needed(calls, rep_hours=1000.0, params=PARAMS)

    assert many.reps > few.reps
    assert many.travel_hours < few.travel_hours


def test_each_region_needs_reps_of_its_own() -> None:
    calls, region = town_and_country(100)
    region[0] = -1

    town, country = reps_needed_by_region(
        calls, region, n_regions=2, rep_hours=300.0, params=PARAMS
    )

    assert (town.accounts, country.accounts) == (99, 100)
    assert town.reps < country.reps


def test_a_book_without_calls_needs_nobody_and_reps_without_hours_are_refused() -> None:
    calls = calls_of(accounts_at([0.0], [0.0], calls_per_year=0.0), params=PARAMS)

    assert reps_needed(calls, rep_hours=100.0, params=PARAMS).reps == 0
    with pytest.raises(ValueError, match="a rep has 0 hours a year"):
        reps_needed(calls, rep_hours=0.0, params=PARAMS)


@settings(max_examples=20)
@given(st.lists(st.floats(0, 100), max_size=10), st.lists(st.floats(0, 300), max_size=5))
def test_a_roster_serves_the_whole_book_or_says_what_is_missing(
    hours: list[float], reps: list[float]
) -> None:
    needed: Floats = np.array(hours, dtype=np.float64)

    found = roster_reach(needed, rep_hours=np.array(reps, dtype=np.float64))

    assert 0 <= found.accounts <= len(hours)
    assert (found.missing_hours > 0) == (needed.sum() > sum(reps))
    if found.missing_hours == 0:
        assert found.accounts == len(hours)
