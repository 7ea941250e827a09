"""Barriers, and the groups of accounts that they make."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geography.places import boxes, lines, points
from sfterritory.geography.barrier import Barriers, Bridges, barriers_of, crossings
from sfterritory.geography.fit_group import barrier_groups, folded, restricted_groups
from sfterritory.geography.leg import crossed_lines, discs
from sfterritory.model.travel import Points

RIVER = [(0.0, -10.0), (0.0, 10.0)]


def river(*bridges: tuple[float, float], radius_km: float = 20.0) -> Barriers:
    over = Bridges(
        points(*bridges),
        np.full(len(bridges), radius_km),
        np.zeros(len(bridges), dtype=np.int32),
    )
    return barriers_of(["River"], lines(RIVER), bridges=over)


def test_a_leg_crosses_a_line_that_lies_between_its_ends() -> None:
    origins = points((-1, 0), (-1, 0), (1, 5), (-1, 20))
    destinations = points((1, 0), (-2, 3), (2, -5), (1, 20))

    legs, crossed = crossed_lines(lines(RIVER), origins, destinations)

    assert legs.tolist() == [0]
    assert crossed.tolist() == [0]


def test_a_leg_over_the_antimeridian_crosses_what_lies_there_and_nothing_else() -> None:
    drawn = lines([(179.5, -5), (179.5, 5)], [(-179.5, -5), (-179.5, 5)], [(0, -5), (0, 5)])

    east = crossed_lines(drawn, points((179, 0)), points((-179, 0)))
    west = crossed_lines(drawn, points((-179, 0)), points((179, 0)))

    assert east[1].tolist() == west[1].tolist() == [0, 1]


def test_a_long_leg_follows_the_globe_and_not_the_map() -> None:
    # From Seattle to Boston the great circle runs through Canada, the straight line does not.
    canada = lines([(-95, 47.0), (-95, 55.0)])

    legs, _ = crossed_lines(canada, points((-122.3, 47.6)), points((-71.1, 42.4)))

    assert legs.tolist() == [0]


def test_a_leg_over_a_pole_and_a_leg_of_no_length_are_answered() -> None:
    arctic = lines([(10, 89), (-170, 89)])

    legs, _ = crossed_lines(arctic, points((0, 80), (5, 5)), points((180, 80), (5, 5)))

    assert set(legs.tolist()) <= {0}


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), min_size=2, max_size=8, unique=True)
)
def test_what_is_crossed_there_is_crossed_back(places: list[tuple[float, float]]) -> None:
    start = points(*places)
    end = points(*places[::-1])

    there = crossed_lines(lines(RIVER), start, end)
    back = crossed_lines(lines(RIVER), end, start)

    assert there[0].tolist() == back[0].tolist()


def test_an_area_is_crossed_at_its_outline_and_free_within() -> None:
    lake = barriers_of(["Lake"], boxes((0, 0, 2, 2)))

    found = crossings(points((-1, 1), (0.5, 1), (1, 1)), points((3, 1), (1.5, 1), (3, 1)), lake)

    assert found.leg.tolist() == [0, 2]


def test_a_bridge_opens_the_barrier_and_tells_the_way_round() -> None:
    found = crossings(points((-0.1, 0), (-0.1, 2)), points((0.1, 0), (0.1, 2)), river((0.0, 0.0)))

    assert found.leg.tolist() == [1]
    assert found.straight_km[0] == pytest.approx(22.2, abs=0.1)
    assert found.bridge_km[0] == pytest.approx(2 * math.hypot(11.1, 222.4), rel=0.01)


def test_without_a_bridge_there_is_no_way_round_to_tell() -> None:
    assert np.isnan(crossings(points((-1, 0)), points((1, 0)), river()).bridge_km).all()


def groups_of(
    accounts: Points, homes: Points, barriers: Barriers, price_km: float
) -> tuple[list[float], ...]:
    found = barrier_groups(
        accounts, (homes.lon_deg, homes.lat_deg), barriers, crossing_km=np.array([price_km])
    )
    return tuple(found.extra_km[found.group].tolist())


def test_homes_across_the_river_cost_more_and_homes_on_this_bank_do_not() -> None:
    found = groups_of(points((-1, 0), (1, 0)), points((-2, 1), (2, 1)), river(), 30.0)

    assert found == ([0.0, 30.0], [30.0, 0.0])


def test_neighbours_on_two_banks_are_never_judged_together() -> None:
    banks = points((-0.001, 0), (0.001, 0), (-0.002, 0.001), (0.002, 0.001))

    found = groups_of(banks, points((-2, 1)), river(), math.inf)

    assert found == ([0.0], [math.inf], [0.0], [math.inf])


def test_a_rep_without_a_home_is_kept_from_nothing() -> None:
    found = barrier_groups(
        points((-1, 0), (1, 0)),
        (np.array([np.nan, -2.0]), np.array([np.nan, 1.0])),
        river(),
        crossing_km=np.array([math.inf]),
    )

    assert found.extra_km[found.group].tolist() == [[0.0, 0.0], [0.0, math.inf]]
    assert [found.cause[group] for group in found.group.tolist()] == ["", "beyond River"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-14, 14)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-14, 14)), min_size=1, max_size=4),
)
def test_groups_of_far_apart_places_price_each_leg_as_it_is_in_any_order_of_rows(
    places: list[tuple[int, int]], homes: list[tuple[int, int]]
) -> None:
    accounts, seats = points(*places), points(*homes)
    legs = [(account, home) for account in range(len(places)) for home in range(len(homes))]
    rows = np.array(legs)
    crossed = crossings(accounts.taken(rows[:, 0]), seats.taken(rows[:, 1]), river())
    expected = np.zeros((len(places), len(homes)))
    expected[rows[crossed.leg, 0], rows[crossed.leg, 1]] = 7.0

    forward = np.array(groups_of(accounts, seats, river(), 7.0))
    backward = np.array(
        groups_of(accounts.taken(np.arange(len(places))[::-1]), seats, river(), 7.0)
    )

    on_river = accounts.lon_deg == 0  # there, which bank speaks for a place is anybody's guess
    assert forward[~on_river].tolist() == expected[~on_river].tolist()
    assert forward.tolist() == backward[::-1].tolist()


def test_a_restricted_area_is_shut_to_all_but_the_reps_that_are_named() -> None:
    area = np.array([-1, 0, 1], dtype=np.int32)

    found = restricted_groups(
        area, np.array([[True, False], [False, False]]), names=("Base", "Park")
    )

    assert found.extra_km[found.group].tolist() == [[0, 0], [0, math.inf], [math.inf, math.inf]]
    assert found.cause == ("", "restricted area Base", "restricted area Park")


def test_two_reasons_add_up_for_the_accounts_that_both_concern() -> None:
    area = restricted_groups(np.array([0, -1, 0]), np.array([[True, False]]), names=("Base",))
    bank = barrier_groups(
        points((-1, 0), (1, 0), (1, 0)),
        (np.array([-2.0, 2.0]), np.array([1.0, 1.0])),
        river(),
        crossing_km=np.array([30.0]),
    )

    found = folded(bank, area)

    assert found.extra_km[found.group].tolist() == [[0, math.inf], [30, 0], [30, math.inf]]
    assert found.cause[found.group[2]] == "beyond River; restricted area Base"


def test_a_disc_has_its_radius_in_every_direction_also_far_north() -> None:
    (disc,) = discs(points((20.0, 69.0)), radius_km=np.array([50.0]))

    west, south, east, north = disc.bounds
    assert north - south == pytest.approx(2 * 50 / 111.19, rel=0.01)
    assert (east - west) * math.cos(math.radians(69)) == pytest.approx(2 * 50 / 111.19, rel=0.02)
    assert shapely.is_valid(disc)


@pytest.mark.parametrize("centre", [(179.9, 10.0), (-179.9, 10.0), (40.0, 89.9), (0.0, -90.0)])
def test_a_disc_holds_its_surroundings_also_at_the_edges_of_the_map(
    centre: tuple[float, float],
) -> None:
    (disc,) = discs(points(centre), radius_km=np.array([60.0]))
    around = points(centre, (centre[0], centre[1] - math.copysign(0.4, centre[1])))
    beyond = ((around.lon_deg + 0.2 + 180) % 360 - 180, around.lat_deg)

    assert disc.is_valid
    assert disc.bounds[0] >= -180
    assert disc.bounds[2] <= 180
    assert shapely.intersects_xy(disc, around.lon_deg, around.lat_deg).all()
    assert shapely.intersects_xy(disc, *beyond).all()
