"""Shapes of territories against figures that can be reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from sfterritory.geography.shape import Plane, Shapes, hull_overlaps, shapes_of
from sfterritory.model.columns import Floats
from sfterritory.model.sphere import EARTH_RADIUS_KM, KM_PER_DEGREE


def shapes(*areas: BaseGeometry, places: tuple[tuple[float, float, int], ...] = ()) -> Shapes:
    columns = np.array(places, dtype=np.float64).reshape(-1, 3)
    return shapes_of(
        areas,
        columns[:, 0],
        columns[:, 1],
        territory=columns[:, 2].astype(np.int32),
        weight=np.ones(len(columns)),
    )


def disc(lon: float, lat: float, radius_deg: float) -> BaseGeometry:
    turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    east = radius_deg / np.cos(np.radians(lat)) * np.cos(turn)
    return shapely.Polygon(np.column_stack((lon + east, lat + radius_deg * np.sin(turn))))


def box_between_parallels_km2(width_deg: float, south: float, north: float) -> float:
    band = np.sin(np.radians(north)) - np.sin(np.radians(south))
    return float(EARTH_RADIUS_KM**2 * np.radians(width_deg) * band)


@pytest.mark.parametrize("lat", [0.0, 45.0, 60.0, -70.0])
def test_a_disc_is_as_compact_as_can_be(lat: float) -> None:
    found = shapes(disc(10.0, lat, 0.5))

    for ratio in (found.reock, found.hull_ratio, found.polsby_popper):
        assert ratio[0] == pytest.approx(1.0, abs=0.01)
    assert found.area_km2[0] == pytest.approx(np.pi * (0.5 * KM_PER_DEGREE) ** 2, rel=0.005)


@pytest.mark.parametrize(
    ("area", "km2"),
    [
        pytest.param(
            shapely.box(-10, 40, 10, 50), box_between_parallels_km2(20, 40, 50), id="wide"
        ),
        pytest.param(
            shapely.box(-180, 60, 180, 90), box_between_parallels_km2(360, 60, 90), id="pole"
        ),
    ],
)
def test_an_area_is_that_on_the_sphere(area: BaseGeometry, km2: float) -> None:
    assert shapes(area).area_km2[0] == pytest.approx(km2, rel=1e-3)


def test_halves_on_both_sides_of_the_antimeridian_are_one_area() -> None:
    halves = shapely.MultiPolygon([shapely.box(178, -2, 180, 2), shapely.box(-180, -2, -178, 2)])

    split, whole = shapes(halves), shapes(shapely.box(8, -2, 12, 2))

    assert split.area_pieces[0] == 1
    for name in ("area_km2", "perimeter_km", "reock", "hull_ratio", "polsby_popper"):
        assert getattr(split, name)[0] == pytest.approx(getattr(whole, name)[0], rel=1e-6)


def test_a_bar_and_two_pieces_are_less_compact_than_a_square() -> None:
    square, bar = shapely.box(0, 0, 1, 1), shapely.box(0, 0, 4, 0.25)
    apart = shapely.MultiPolygon([shapely.box(0, 0, 1, 0.5), shapely.box(5, 0, 6, 0.5)])

    found = shapes(square, bar, apart)

    assert found.reock.tolist() == sorted(found.reock.tolist(), reverse=True)
    assert found.hull_ratio == pytest.approx([1.0, 1.0, 1 / 3], abs=0.01)
    assert found.polsby_popper[1] < found.polsby_popper[0] == pytest.approx(np.pi / 4, abs=0.01)
    assert found.area_pieces.tolist() == [1, 1, 2]


def test_spread_is_the_standard_distance_and_inertia_its_square() -> None:
    ends = ((-1.0, 0.0, 0), (1.0, 0.0, 0))

    found = shapes(disc(0.0, 0.0, 1.0), places=ends)

    assert found.standard_distance_km[0] == pytest.approx(KM_PER_DEGREE)
    assert found.inertia_km2[0] == pytest.approx(KM_PER_DEGREE**2)
    assert found.inertia_ratio[0] == pytest.approx(0.5, abs=0.01)


def test_the_spread_of_accounts_round_the_antimeridian_is_small() -> None:
    found = shapes(shapely.Polygon(), places=((179.9, 0.0, 0), (-179.9, 0.0, 0)))

    assert found.standard_distance_km[0] == pytest.approx(0.1 * KM_PER_DEGREE)


def test_without_area_or_account_there_is_no_figure() -> None:
    found = shapes(shapely.Polygon())

    assert all(np.isnan(getattr(found, name)[0]) for name in Shapes.__slots__)


def grid(lon: float, lat: float, size_deg: float) -> Floats:
    step = np.linspace(0, size_deg, 4)
    east, north = np.meshgrid(lon + step, lat + step)
    return np.column_stack((east.ravel(), north.ravel()))


@pytest.mark.parametrize("lon", [10.0, 179.5])
def test_overlapping_hulls_are_found_with_their_share_of_the_smaller(lon: float) -> None:
    big, small, away = grid(lon, 0, 2), grid(lon + 1.5, 0, 1), grid(lon + 20, 0, 1)
    places = np.concatenate((big, small, away))
    places[:, 0] = (places[:, 0] + 180) % 360 - 180

    (found,) = hull_overlaps(
        places[:, 0], places[:, 1], territory=np.repeat([0, 1, 2], 16).astype(np.int32), count=3
    )

    assert (found.one, found.other) == (0, 1)
    assert found.share == pytest.approx(0.5, abs=0.001)


def test_accounts_in_a_line_have_no_hull() -> None:
    lon, lat = np.array([0.0, 1.0, 2.0, 0.0, 1.0, 2.0]), np.zeros(6)

    assert hull_overlaps(lon, lat, territory=np.array([0, 0, 0, 1, 1, 1], np.int32), count=2) == ()


@settings(max_examples=50, deadline=None)
@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    west=st.floats(-180, 180),
    up=st.floats(-89, 89),
)
def test_the_plane_keeps_distances_from_its_middle_within_their_chord(
    lon: float, lat: float, west: float, up: float
) -> None:
    vectors = [
        np.array([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)])
        for a, b in np.radians([(lon, lat), (west, up)])
    ]

    chord = EARTH_RADIUS_KM * np.linalg.norm(vectors[0] - vectors[1])
    assume(chord < 1.999 * EARTH_RADIUS_KM)  # the antipode is a whole circle in the plane

    x, y = Plane(lon, lat).project(np.array([west]), np.array([up]))

    assert np.hypot(x, y)[0] == pytest.approx(chord, rel=1e-5, abs=1e-3)
