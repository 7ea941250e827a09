"""GeoJSON as RFC 7946 wants it."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from sfterritory.pipeline.geojson import Feature, cut_at_antimeridian, feature_collection


def one_feature(geometry: BaseGeometry) -> Any:
    (found,) = feature_collection([Feature("T01", geometry, {"name": "Fiji"})])["features"]
    return found


def test_a_polygon_across_the_antimeridian_becomes_two_within_the_world() -> None:
    found = one_feature(shapely.box(178, -18, 183, -15))["geometry"]

    west, east = sorted(shapely.get_parts(shape(found)).tolist(), key=lambda part: part.bounds[0])
    assert west.equals(shapely.box(-180, -18, -177, -15))
    assert east.equals(shapely.box(178, -18, 180, -15))


@pytest.mark.parametrize("turns", [-2, -1, 0, 1])
def test_a_polygon_may_be_written_in_any_turn_of_the_earth(turns: int) -> None:
    moved = shapely.box(10 + 360 * turns, 0, 12 + 360 * turns, 3)

    assert cut_at_antimeridian(moved).equals(shapely.box(10, 0, 12, 3))


def test_outer_rings_run_against_the_clock_and_holes_with_it() -> None:
    ring = shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6))

    outer, hole = one_feature(ring.reverse())["geometry"]["coordinates"]

    assert shapely.LinearRing(outer).is_ccw
    assert not shapely.LinearRing(hole).is_ccw
    assert outer[0] == outer[-1]


def test_what_has_no_place_has_the_geometry_null_and_keeps_its_facts() -> None:
    found = one_feature(shapely.Polygon())

    assert found["geometry"] is None
    assert (found["id"], found["properties"]) == ("T01", {"name": "Fiji"})


def test_a_centre_is_a_point_longitude_first() -> None:
    assert one_feature(shapely.Point(8.5, 50.25))["geometry"] == {
        "type": "Point",
        "coordinates": [8.5, 50.25],
    }
