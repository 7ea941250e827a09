from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import minimum_spanning_tree

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import km_between, unit_vectors
from sfterritory.model.travel import Legs, Points, Quality
from sfterritory.optimize.params import WorkloadParams
from sfterritory.optimize.travel_load import TerritoryTravel, territory_travel
from sfterritory.optimize.tree import _farthest_km, _kruskal, spanning_trees, spreads_km
from sfterritory.optimize.workload import calls_of, leg_minutes

from .books import accounts_at

PARAMS = WorkloadParams()
# Straight lines at 60 km/h: hours are kilometres over 60.
FLAT = WorkloadParams(
    leg_minutes_at_1_km=1.0, leg_exponent=1.0, linear_from_km=20_000.0, travel_factor=1.0
)
NOWHERE = np.nan


def travel_of(
    lon: Floats,
    lat: Floats,
    territory: Ints | None = None,
    *,
    start: tuple[float, float] = (NOWHERE, NOWHERE),
    calls_per_year: Floats | float = 4.0,
    visit_minutes: float = 60.0,
    params: WorkloadParams = FLAT,
) -> TerritoryTravel:
    accounts = accounts_at(lon, lat, calls_per_year=calls_per_year, visit_minutes=visit_minutes)
    seat = np.zeros(len(lon), dtype=np.int32) if territory is None else territory
    k = int(seat.max(initial=0)) + 1
    starts = (np.full(k, start[0]), np.full(k, start[1]))
    return territory_travel(calls_of(accounts, params=params), seat, starts=starts, params=params)


def cloud(n: int, *, seed: int = 0, spread: float = 0.2) -> tuple[Floats, Floats]:
    lon, lat = np.random.default_rng(seed).normal(0, spread, (2, n))
    return lon, lat


def test_the_parts_of_accounts_add_up_to_their_territories() -> None:
    lon, lat = cloud(60)
    territory = (lon > 0).astype(np.int32)
    territory[3] = -1

    found = travel_of(lon, lat, territory, calls_per_year=np.tile([0.0, 1.0, 4.0, 12.0], 15))

    for parts, whole in (
        (found.account_line_haul_hours, found.line_haul_hours),
        (found.account_local_hours, found.local_hours),
    ):
        inside = territory >= 0
        summed = np.bincount(territory[inside], weights=parts[inside], minlength=2)
        np.testing.assert_allclose(summed, whole)
        assert parts[3] == 0
        assert (parts[::4] == 0).all()  # without calls
    np.testing.assert_allclose(found.hours, found.service_hours + found.travel_hours)
    assert ((found.travel_share > 0) & (found.travel_share < 1)).all()


def test_tours_are_full_and_their_driving_is_legs_and_tree() -> None:
    lon, lat = cloud(50, spread=0.1)

    found = travel_of(lon, lat, start=(0.5, 0.0), calls_per_year=1.0, visit_minutes=120.0)

    tours = found.tours[0]
    assert found.hours[0] == pytest.approx(tours * 0.95 * 8.0)
    assert found.line_haul_hours[0] == pytest.approx(2 * found.mean_leg_km[0] / 60 * tours)
    vectors = unit_vectors(lon, lat)
    tree_km = minimum_spanning_tree(km_between(vectors[:, None], vectors[None, :])).sum()
    assert found.local_hours[0] == pytest.approx(0.88 * tree_km / 60)


def test_twice_the_calls_everywhere_are_twice_the_hours() -> None:
    lon, lat = cloud(50)

    once = travel_of(lon, lat, calls_per_year=3.0)
    twice = travel_of(lon, lat, calls_per_year=6.0)

    np.testing.assert_allclose(twice.hours, 2 * once.hours)
    np.testing.assert_allclose(twice.tours, 2 * once.tours)


def test_more_calls_on_a_few_cost_less_than_more_calls_on_all() -> None:
    lon, lat = cloud(50)
    few = np.where(np.arange(50) < 5, 12.0, 4.0)

    some = travel_of(lon, lat, calls_per_year=few)

    assert travel_of(lon, lat).local_hours < some.local_hours
    assert some.local_hours < travel_of(lon, lat, calls_per_year=12.0).local_hours
    assert some.tours >= 12  # a day for each round at least


def test_far_accounts_are_visited_alone() -> None:
    found = travel_of(np.array([0.0, 0.01]), np.zeros(2), start=(1.9, 0.0), visit_minutes=30.0)

    # 211 km out and home are 7 hours: a second call of half an hour with its legs has no room.
    leg_hours = 1.9 * 111.195 / 60
    assert found.tours.tolist() == found.alone_calls.tolist() == [8.0]
    assert found.line_haul_hours[0] == pytest.approx(4 * 2 * (leg_hours + leg_hours - 0.0185), 1e-3)
    assert found.local_hours[0] == 0


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 1000),
    n=st.integers(1, 40),
    spread=st.sampled_from([0.0, 0.001, 0.3, 3.0, 60.0]),
    minutes=st.sampled_from([0.0, 10.0, 90.0, 1440.0]),
)
def test_driving_is_never_more_than_going_out_for_every_call_alone(
    seed: int, n: int, spread: float, minutes: float
) -> None:
    lon, lat = cloud(n, seed=seed)
    lon, lat = lon * spread, np.clip(lat * spread, -90, 90)

    found = travel_of(lon, lat, start=(0.1, 0.1), visit_minutes=minutes, params=PARAMS)

    km = km_between(unit_vectors(lon, lat), unit_vectors(np.array([0.1]), np.array([0.1])))
    alone = 4 * 2 * leg_minutes(np.minimum(km, 300.0), PARAMS).sum() / 60
    assert 0 <= found.travel_hours[0] <= alone * (1 + 1e-9) + 1e-9
    assert found.tours[0] <= 4 * n
    assert np.isfinite(found.hours).all()


def test_the_row_order_of_accounts_does_not_change_the_hours() -> None:
    lon, lat = cloud(80, seed=3)
    territory = (np.arange(80) % 3).astype(np.int32)
    order = np.random.default_rng(1).permutation(80)

    straight = travel_of(lon, lat, territory)
    shuffled = travel_of(lon[order], lat[order], territory[order])

    np.testing.assert_allclose(straight.hours, shuffled.hours, rtol=1e-9)
    np.testing.assert_allclose(straight.spread_km, shuffled.spread_km, rtol=1e-9)


def test_an_empty_territory_and_one_without_calls_need_nothing() -> None:
    found = travel_of(
        np.zeros(2), np.zeros(2), np.array([2, 2], dtype=np.int32), calls_per_year=0.0
    )

    assert found.hours.tolist() == found.tours.tolist() == found.spread_km.tolist() == [0, 0, 0]


class SlowRoads:
    """Roads at 30 km/h, 1.5 times as long as the straight line; the last place is an island."""

    def __init__(self) -> None:
        self.asked = 0

    def matrix(self, origins: Points, destinations: Points) -> Legs:
        raise AssertionError("a whole matrix is never needed")

    def pairs(self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints]) -> Legs:
        self.asked += len(rows[0])
        start, end = origins.taken(rows[0]), destinations.taken(rows[1])
        km = 1.5 * km_between(
            unit_vectors(start.lon_deg, start.lat_deg), unit_vectors(end.lon_deg, end.lat_deg)
        )
        km[end.lon_deg > 0.5] = np.inf
        quality = np.where(np.isfinite(km), Quality.ENGINE, Quality.UNREACHABLE).astype(np.int8)
        return Legs(2.0 * km, km, quality, "osrm test")


def test_a_travel_source_is_asked_for_legs_and_tree_edges_only() -> None:
    lon, lat = cloud(40, spread=0.1)
    lon[7] = 0.6
    calls = calls_of(accounts_at(lon, lat), params=FLAT)
    seat, starts = np.zeros(40, dtype=np.int32), (np.zeros(1), np.zeros(1))
    roads = SlowRoads()

    by_road = territory_travel(calls, seat, starts=starts, params=FLAT, travel=roads)
    straight = territory_travel(calls, seat, starts=starts, params=FLAT)

    assert roads.asked == 40 + 39
    assert (by_road.source, straight.source) == ("osrm test", "estimate")
    assert (by_road.unreachable.tolist(), straight.unreachable.tolist()) == ([1], [0])
    assert 2.0 < by_road.travel_hours[0] / straight.travel_hours[0] < 4.0


class RoadsThatTire(SlowRoads):
    """The first question is answered by an engine, every later one is estimated."""

    def pairs(self, origins: Points, destinations: Points, *, rows: tuple[Ints, Ints]) -> Legs:
        first = self.asked == 0
        legs = super().pairs(origins, destinations, rows=rows)
        if first:
            return legs
        return replace(
            legs, quality=np.full_like(legs.quality, Quality.ESTIMATE), source="estimate"
        )


def test_every_source_is_told_the_one_that_answered_most_first() -> None:
    calls = calls_of(accounts_at(*cloud(40, spread=0.1)), params=FLAT)
    seat, starts = np.zeros(40, dtype=np.int32), (np.zeros(1), np.zeros(1))

    found = territory_travel(calls, seat, starts=starts, params=FLAT, travel=RoadsThatTire())

    assert found.source == "osrm test + estimate"


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 60))
def test_trees_and_spreads_are_those_of_every_pair(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit_vectors(*rng.integers(-3, 4, (2, n)).astype(np.float64))
    groups = rng.integers(-1, 3, n)

    trees = spanning_trees(vectors, groups, n_groups=3)

    assert (groups[trees.one] == groups[trees.two]).all()
    for group in range(3):
        inside = vectors[groups == group]
        km = km_between(inside[:, None], inside[None, :])
        mine = groups[trees.one] == group
        length = km_between(vectors[trees.one[mine]], vectors[trees.two[mine]]).sum()
        # scipy takes almost nothing for "no edge": accounts on one point are a hair apart for it
        best = minimum_spanning_tree(np.maximum(km, 1e-6)).sum() if len(inside) > 1 else 0.0
        assert length == pytest.approx(best, abs=1e-4)
        assert trees.spread_km[group] == pytest.approx(km.max(initial=0.0))
    np.testing.assert_allclose(spreads_km(vectors, groups, n_groups=3), trees.spread_km)


def test_a_huge_territory_has_the_same_tree_by_triangles_as_by_pairs() -> None:
    rng = np.random.default_rng(5)
    lon, lat = rng.normal(10, 1, 600), rng.normal(50, 1, 600)
    lon[:50], lat[:50] = lon[50], lat[50]
    vectors = unit_vectors(lon, lat)

    one, two = _kruskal(vectors)

    by_pairs = spanning_trees(vectors, np.zeros(600, dtype=np.int32), n_groups=1)
    length = km_between(vectors[by_pairs.one], vectors[by_pairs.two]).sum()
    assert km_between(vectors[one], vectors[two]).sum() == pytest.approx(length)
    assert _farthest_km(vectors) == pytest.approx(by_pairs.spread_km[0], rel=0.01)


def test_calls_of_very_many_different_numbers_are_told_apart_in_eight_rounds() -> None:
    lon, lat = cloud(200)
    numbers = np.linspace(0.5, 12.0, 200)

    found = travel_of(lon, lat, calls_per_year=numbers)

    most = travel_of(lon, lat, calls_per_year=12.0)
    least = travel_of(lon, lat, calls_per_year=0.5)
    assert least.local_hours < found.local_hours < most.local_hours
