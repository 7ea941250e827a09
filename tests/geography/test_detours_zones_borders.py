"""Detours, zones round a branch, and border accounts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geography.places import ESTIMATE, Roads, points
from sfterritory.geography.border import border_accounts
from sfterritory.geography.detour import Detours, detours
from sfterritory.geography.travel.estimate import crow_km
from sfterritory.geography.zone import drive_zone, radius_zone
from sfterritory.model.travel import Quality, TravelTime

BRANCH = points((10.0, 50.0))
AROUND = points((10.0, 50.1), (10.0, 50.3), (10.0, 50.2), (10.4, 50.0), (30.0, 50.0))


def compared(travel: TravelTime) -> Detours:
    rows = (np.zeros(5, np.int32), np.arange(5, dtype=np.int32))
    legs = travel.pairs(BRANCH, AROUND, rows=rows)
    straight_km = crow_km(BRANCH.taken(rows[0]), AROUND.taken(rows[1]))
    return detours(legs, straight_km, ESTIMATE.pairs(BRANCH, AROUND, rows=rows))


def test_an_estimate_is_not_compared_with_itself() -> None:
    found = compared(ESTIMATE)

    assert (found.compared, found.estimated) == (0, 5)
    assert found.worst.tolist() == []
    assert np.isnan(found.minutes_ratio)


def test_roads_are_compared_by_band_and_the_unreachable_are_named() -> None:
    found = compared(Roads(crooked=1.5, cut_lon_deg=20))

    assert (found.compared, found.estimated, found.unreachable.tolist()) == (4, 0, [4])
    filled = [band for band in found.bands if band.legs]
    assert [(band.from_km, band.legs) for band in filled] == [(10.0, 1), (20.0, 3)]
    assert filled[0].km_ratio == pytest.approx((1.5, 1.5, 1.5))
    assert filled[0].kmh == pytest.approx(90)


def test_kilometres_that_were_reckoned_from_the_line_are_not_compared_with_it() -> None:
    rows = (np.zeros(5, np.int32), np.arange(5, dtype=np.int32))
    legs = replace(
        Roads(crooked=1.5).pairs(BRANCH, AROUND, rows=rows), km_estimated=np.ones(5, np.bool_)
    )
    straight_km = crow_km(BRANCH.taken(rows[0]), AROUND.taken(rows[1]))

    found = detours(legs, straight_km, ESTIMATE.pairs(BRANCH, AROUND, rows=rows))

    assert found.compared == 5
    assert np.isnan(found.km_ratio).all()
    assert np.isfinite(found.minutes_ratio)
    assert (found.worst.tolist(), {np.isnan(band.kmh) for band in found.bands}) == ([], {True})


def test_the_worst_detours_stand_first() -> None:
    rows = (np.zeros(3, np.int32), np.arange(3, dtype=np.int32))
    legs = Roads().pairs(BRANCH, AROUND, rows=rows)
    straight_km = crow_km(BRANCH.taken(rows[0]), AROUND.taken(rows[1]))
    legs.km[:] = straight_km * np.array([1.2, 3.0, 1.7])

    found = detours(legs, straight_km, ESTIMATE.pairs(BRANCH, AROUND, rows=rows), worst=2)

    assert found.worst.tolist() == [1, 2]
    assert found.km_ratio.tolist() == pytest.approx([1.2, 3.0, 1.7])


def test_a_radius_zone_holds_what_lies_within_and_is_drawn_as_a_circle() -> None:
    zone = radius_zone(BRANCH, AROUND, radius_km=25.0, travel=Roads())

    assert zone.member.tolist() == [0, 2]
    assert zone.minutes.tolist() == pytest.approx([11.12, 22.24], abs=0.01)
    inside = shapely.contains_xy(zone.outline, AROUND.lon_deg, AROUND.lat_deg)
    assert inside.tolist() == [True, False, True, False, False]


def test_a_drive_zone_asks_only_where_the_fastest_drive_could_reach() -> None:
    roads = Roads()

    zone = drive_zone(BRANCH, AROUND, minutes=30, travel=roads)

    assert zone.member.tolist() == [0, 2, 3]
    assert roads.asked == [4]
    assert shapely.contains_xy(zone.outline, AROUND.lon_deg, AROUND.lat_deg)[:4].tolist() == [
        True,
        False,
        True,
        True,
    ]


def test_a_drive_zone_leaves_out_what_cannot_be_reached() -> None:
    zone = drive_zone(BRANCH, AROUND, minutes=60, travel=Roads(cut_lon_deg=10.2))

    assert zone.member.tolist() == [0, 2, 1]


def test_a_zone_without_members_is_empty() -> None:
    zone = drive_zone(BRANCH, points((30.0, 0.0)), minutes=10, travel=Roads())

    assert len(zone) == 0
    assert zone.outline.is_empty


CENTRES = (np.array([0.0, 1.0, np.nan]), np.array([0.0, 0.0, np.nan]))


def test_a_border_account_is_told_with_both_claims() -> None:
    accounts = points((0.49, 0.0), (0.1, 0.0), (0.52, 0.0), (0.5, 0.0))
    territory = np.array([0, 0, 0, 2], dtype=np.int32)

    found = border_accounts(
        accounts, territory, CENTRES, travel=Roads(), within_share=0.1, within_minutes=0.0
    )

    assert found.account.tolist() == [0, 2]
    assert found.own.tolist() == [0, 0]
    assert found.other.tolist() == [1, 1]
    assert found.own_minutes.tolist() == pytest.approx([54.5, 57.8], abs=0.1)
    assert found.other_minutes.tolist() == pytest.approx([56.7, 53.4], abs=0.1)


@pytest.mark.parametrize("known", [0, 1])
def test_fewer_than_two_centres_make_no_border(known: int) -> None:
    centres = (np.array([0.0] * known + [np.nan]), np.array([0.0] * known + [np.nan]))

    found = border_accounts(
        points((0.5, 0.0)),
        np.array([0], dtype=np.int32),
        centres,
        travel=Roads(),
        within_share=0.1,
        within_minutes=5.0,
    )

    assert len(found) == 0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=1, max_size=12, unique=True),
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=2, max_size=5, unique=True),
    st.integers(0, 4),
)
def test_border_accounts_are_those_of_all_centres(
    places: list[tuple[float, float]], seats: list[tuple[float, float]], shift: int
) -> None:
    accounts, centres = points(*places), points(*seats)
    territory = ((np.arange(len(places)) + shift) % len(seats)).astype(np.int32)
    roads = Roads()
    minutes = roads.matrix(accounts, centres).minutes
    own = minutes[np.arange(len(places)), territory]
    others = np.where(np.arange(len(seats)) == territory[:, None], np.inf, minutes).min(axis=1)
    apart = np.abs(own - others) / np.maximum(np.minimum(own, others), 1e-9)
    sure = np.abs(apart - 0.2) > 1e-6

    found = border_accounts(
        accounts,
        territory,
        (centres.lon_deg, centres.lat_deg),
        travel=roads,
        within_share=0.2,
        within_minutes=0.0,
    )

    expected = set(np.flatnonzero((apart <= 0.2) & sure).tolist())
    assert set(found.account.tolist()) - set(np.flatnonzero(~sure).tolist()) == expected
    assert (found.quality == Quality.ENGINE).all()
