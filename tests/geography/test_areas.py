from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.geography.areas import Areas, draw_areas
from sfterritory.model.columns import Floats, Ints

Point = tuple[float, float, int]


def drawn(*points: Point, count: int = 3, reach_km: float = 50.0) -> Areas:
    lon, lat, territory = columns(points)
    return draw_areas(lon, lat, territory, count, reach_km=reach_km)


def columns(points: list[Point] | tuple[Point, ...]) -> tuple[Floats, Floats, Ints]:
    return (
        np.array([lon for lon, _, _ in points], dtype=np.float64),
        np.array([lat for _, lat, _ in points], dtype=np.float64),
        np.array([territory for _, _, territory in points], dtype=np.int32),
    )


def test_a_single_point_owns_a_disc_that_reaches_as_far_as_asked() -> None:
    areas = drawn((8.0, 50.0, 1), reach_km=20.0)

    west, south, east, north = areas.polygons[1].bounds
    assert (north - south) * 111.195 == pytest.approx(40.0, rel=0.01)
    assert (east - west) * 111.195 * np.cos(np.radians(50)) == pytest.approx(40.0, rel=0.01)
    assert areas.polygons[0].is_empty
    assert areas.polygons[2].is_empty


def test_the_border_of_two_points_lies_in_the_middle() -> None:
    areas = drawn((8.0, 50.0, 0), (8.2, 50.0, 1))

    assert shapely.intersects_xy(areas.polygons[0], 8.09, 50.0)
    assert shapely.intersects_xy(areas.polygons[1], 8.11, 50.0)


def test_the_majority_owns_a_shared_place_and_the_others_are_marked() -> None:
    areas = drawn((8.0, 50.0, 0), (8.0, 50.0, 1), (8.0, 50.0, 1), (9.0, 50.0, 0))

    assert areas.shared.tolist() == [True, False, False, False]
    assert areas.shared_count == 1
    assert shapely.intersects_xy(areas.polygons[1], 8.0, 50.0)


def test_of_equal_shares_the_lowest_territory_owns_the_place() -> None:
    areas = drawn((8.0, 50.0, 2), (8.0, 50.0, 1))

    assert areas.shared.tolist() == [True, False]


def test_points_without_a_territory_take_no_land() -> None:
    alone = drawn((8.0, 50.0, 0))
    beside = drawn((8.0, 50.0, 0), (8.1, 50.0, -1))

    assert beside.polygons[0].equals(alone.polygons[0])
    assert all(polygon.is_empty for polygon in drawn((8.0, 50.0, -1)).polygons)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ((float("nan"), 50.0, 0), "no places on earth"),
        ((8.0, 91.0, 0), "no places on earth"),
        ((8.0, 50.0, 3), "territory 3 in row 0 is not below 3"),
    ],
)
def test_points_that_cannot_be_are_refused(point: Point, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        drawn(point)


# Degrees on the grid that the guarantee is given for: crowded, collinear, and world-wide.
CROWDED = st.integers(0, 4).map(lambda step: 10 + step / 1_000_000)
NEAR = st.integers(0, 2000).map(lambda step: 10 + step / 1000)
POINTS = st.lists(
    st.tuples(
        st.one_of(CROWDED, NEAR, st.integers(-180, 180).map(float)),
        st.one_of(CROWDED, NEAR, st.integers(-90, 90).map(float)),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(points=POINTS)
def test_every_point_lies_in_the_area_of_its_territory_unless_it_is_marked(
    points: list[Point],
) -> None:
    lon, lat, territory = columns(points)

    areas = draw_areas(lon, lat, territory, 3)

    for number, polygon in enumerate(areas.polygons):
        own = (territory == number) & ~areas.shared
        assert polygon.is_valid
        assert shapely.intersects_xy(polygon, lon[own], lat[own]).all()
    if len(set(zip(lon, lat, strict=True))) == len(points):
        assert areas.shared_count == 0


@settings(max_examples=100, deadline=None)
@given(points=POINTS)
def test_areas_do_not_overlap(points: list[Point]) -> None:
    lon, lat, territory = columns(points)

    first, second, third = draw_areas(lon, lat, territory, 3).polygons

    for one, other in ((first, second), (first, third), (second, third)):
        assert shapely.intersection(one, other).area < 1e-9


def test_points_a_decimetre_apart_and_far_from_all_others_keep_their_own_land() -> None:
    areas = drawn((10.0, -4.0, 0), (10.0, 71.0, 0), (10.000001, -4.0, 1))

    assert shapely.intersects_xy(areas.polygons[0], 10.0, -4.0)
    assert shapely.intersects_xy(areas.polygons[1], 10.000001, -4.0)
    assert shapely.intersection(areas.polygons[0], areas.polygons[1]).area < 1e-9


def test_an_area_across_the_antimeridian_is_cut_there_and_reaches_as_far_on_both_sides() -> None:
    (crossing,) = (drawn((179.95, 0.0, 0), reach_km=20.0, count=1).polygons,)
    (inland,) = (drawn((9.95, 0.0, 0), reach_km=20.0, count=1).polygons,)

    assert crossing[0].area == pytest.approx(inland[0].area)
    assert crossing[0].bounds[0] == -180
    assert crossing[0].bounds[2] == 180


@pytest.mark.parametrize("lon", [180.0, -180.0])
def test_neighbours_across_the_antimeridian_share_a_border(lon: float) -> None:
    areas = drawn((lon, 0.0, 0), (179.8, 0.0, 1), (-179.8, 0.0, 2), reach_km=20.0)

    mine, west, east = areas.polygons
    assert shapely.intersects_xy(mine, [179.95, -179.95, 180.0, -180.0], 0.0).all()
    assert shapely.intersects_xy(west, 179.85, 0.0)
    assert shapely.intersects_xy(east, -179.85, 0.0)
    assert shapely.area(shapely.intersection(mine, shapely.union_all([west, east]))) < 1e-9


def test_cells_of_one_territory_leave_no_slit_between_them() -> None:
    east, north = (one.ravel() for one in np.meshgrid(np.linspace(0, 2, 9), np.linspace(0, 2, 9)))
    rng = np.random.default_rng(5)

    areas = draw_areas(
        east + rng.normal(0, 0.05, 81),
        north + rng.normal(0, 0.05, 81),
        np.zeros(81, dtype=np.int32),
        1,
        reach_km=60.0,
    )

    (area,) = areas.polygons
    assert isinstance(area, shapely.Polygon)
    assert area.length == pytest.approx(area.buffer(1e-4).length, rel=0.01)
