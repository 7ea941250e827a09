"""Polygons, lines and points that people draw."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfterritory.connectors.polygon_file import Shape, ShapeKind, read_areas, read_barriers
from sfterritory.errors import ConfigError

SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]


def feature(
    name: str | None = "North", kind: str = "Polygon", coordinates: Any = None, **more: Any
) -> dict[str, Any]:
    properties = more | ({} if name is None else {"name": name})
    given = [SQUARE] if coordinates is None else coordinates
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": kind, "coordinates": given},
    }


def written(folder: Path, *features: dict[str, Any], **more: Any) -> Path:
    path = folder / "areas.geojson"
    document = {"type": "FeatureCollection", "features": list(features), **more}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def refusal(path: Path, **more: str) -> str:
    with pytest.raises(ConfigError) as raised:
        read_areas(path, name="areas.geojson", **more)
    assert raised.value.remedy
    return raised.value.problem


def test_polygons_come_back_with_their_names_and_properties(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        feature("North", code="N1"),
        feature("South", coordinates=[[[0, -2], [2, -2], [2, -1], [0, -2]]]),
    )

    read = read_areas(path, name="areas.geojson")

    assert [(one.number, one.name) for one in read.shapes] == [(1, "North"), (2, "South")]
    assert read.shapes[0].properties["code"] == "N1"
    assert read.shapes[0].geometry.equals(shapely.box(0, 0, 2, 2))
    assert read.notes == ()


def test_every_mistake_is_told_at_once_with_the_number_of_its_feature(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        feature("Fine"),
        feature(None, code="x"),
        feature(
            "Texas", coordinates=[[[31.0, -97.0], [33.0, -97.0], [33.0, -95.0], [31.0, -97.0]]]
        ),
        feature("River", "LineString", [[0, 0], [1, 1]]),
        feature("fine", coordinates=[[[5, 5], [6, 5], [6, 6], [5, 5]]]),
        feature("Metres", coordinates=[[[500000, 4100000], [500001, 4100000], [500001, 4100001]]]),
        feature("Flat", coordinates=[[[0, 0], [1, 1], [2, 2], [0, 0]]]),
        feature("Twin"),
    )

    lines = refusal(path).splitlines()

    assert [line.removeprefix("areas.geojson: ").partition(":")[0] for line in lines] == [
        "feature 2",
        "feature 3 (Texas)",
        "feature 4 (River)",
        "feature 6 (Metres)",
        "feature 7 (Flat)",
        "feature 5 (fine)",
        "feature 8 (Twin)",
    ]
    assert "no property 'name'; its properties: code" in lines[0]
    assert "longitude and latitude are swapped" in lines[1]
    assert "its geometry is LineString; what can be read here: Polygon, MultiPolygon" in lines[2]
    assert "not degrees" in lines[3]
    assert "feature 1 has the same name" in lines[5]
    assert "same outline as feature 1 (Fine)" in lines[6]


def test_a_ring_that_crosses_itself_is_repaired_and_told(tmp_path: Path) -> None:
    bow_tie = [[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]
    path = written(tmp_path, feature("Bow", coordinates=[bow_tie]))

    read = read_areas(path, name="areas.geojson")

    assert read.shapes[0].geometry.is_valid
    assert shapely.area(read.shapes[0].geometry) == pytest.approx(2.0)
    assert "feature 1 (Bow): it is no valid polygon (self-intersection at 1 1)" in read.notes[0]


def test_a_hole_outside_its_polygon_is_refused_and_never_becomes_land(tmp_path: Path) -> None:
    hole = [[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]

    said = refusal(written(tmp_path, feature("Isle", coordinates=[SQUARE, hole])))

    assert said.startswith("areas.geojson: feature 1 (Isle): ring 2 lies outside ring 1")


def test_a_hole_that_reaches_beyond_its_polygon_takes_only_what_lies_within(tmp_path: Path) -> None:
    hole = [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]

    read = read_areas(written(tmp_path, feature("Bay", coordinates=[SQUARE, hole])), name="a")

    assert shapely.area(read.shapes[0].geometry) == pytest.approx(3.0)
    assert "was repaired" in read.notes[0]


@pytest.mark.parametrize(
    "ring",
    [
        pytest.param([[178, -19], [-178, -19], [-178, -16], [178, -16], [178, -19]], id="jumps"),
        pytest.param([[178, -19], [182, -19], [182, -16], [178, -16], [178, -19]], id="runs on"),
    ],
)
def test_a_polygon_over_the_antimeridian_is_cut_in_two_there(
    tmp_path: Path, ring: list[list[float]]
) -> None:
    read = read_areas(written(tmp_path, feature("Fiji", coordinates=[ring])), name="a")

    pieces = sorted(one.bounds for one in shapely.get_parts(read.shapes[0].geometry))
    assert pieces == [(-180, -19, -178, -16), (178, -19, 180, -16)]
    assert "antimeridian" in read.notes[0]


def test_an_area_that_has_the_antimeridian_as_an_edge_stays_as_it_is(tmp_path: Path) -> None:
    ring = [[-180, -90], [180, -90], [180, -70], [-180, -70], [-180, -90]]

    read = read_areas(written(tmp_path, feature("Antarctica", coordinates=[ring])), name="a")

    assert read.shapes[0].geometry.bounds == (-180, -90, 180, -70)
    assert read.notes == ()


def test_a_ring_round_a_pole_is_refused(tmp_path: Path) -> None:
    ring = [[0, 80], [100, 80], [-160, 80], [-60, 80], [0, 80]]

    assert "goes round a pole" in refusal(written(tmp_path, feature("Arctic", coordinates=[ring])))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \n", "is empty", id="blank"),
        pytest.param(b"{nonsense", "is not JSON", id="not JSON"),
        pytest.param(b"[" * 100_000, "is not JSON", id="nested without end"),
        pytest.param(b'{"type": "Polygon", "coordinates": [[[NaN, 1]]]}', "not JSON", id="NaN"),
        pytest.param(b"PK\x03\x04\xff\xfe", "is not UTF-8", id="an archive"),
        pytest.param(b"[1, 2]", "not GeoJSON", id="a list"),
        pytest.param(b'{"type": "Topology"}', "TopoJSON", id="TopoJSON"),
        pytest.param(b'{"a": 1}', "its `type` is None", id="another object"),
        pytest.param(b'{"type": "FeatureCollection"}', "`features` is no list", id="no list"),
        pytest.param(
            b'{"type": "FeatureCollection", "features": []}', "no features", id="no features"
        ),
        pytest.param(
            b'{"type": "FeatureCollection", "features": [7]}', "no GeoJSON feature", id="7"
        ),
    ],
)
def test_a_file_that_is_no_geojson_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "areas.geojson"
    path.write_bytes(content)

    assert said in refusal(path)


@pytest.mark.parametrize(
    ("coordinates", "said"),
    [
        pytest.param([], "coordinates are empty", id="none"),
        pytest.param([[]], "coordinates are empty", id="an empty ring"),
        pytest.param([[[0, 0], [1, 1]]], "at least 3", id="two positions"),
        pytest.param([[[0, 0], [1, "a"], [2, 2]]], "not a list of two numbers", id="text"),
        pytest.param([[[0, 0], [10**400, 1], [2, 2]]], "not a list of two", id="too large"),
        pytest.param([[[0, 0], [1], [2, 2]]], "not a list of two numbers", id="one number"),
        pytest.param([[[0, 0], [190, 95], [2, 2]]], "no place on earth", id="beyond the pole"),
        pytest.param("here", "coordinates are empty", id="no list"),
    ],
)
def test_coordinates_that_draw_nothing_are_refused(
    tmp_path: Path, coordinates: Any, said: str
) -> None:
    assert said in refusal(written(tmp_path, feature("Odd", coordinates=coordinates)))


def test_another_reference_system_is_refused_by_its_name(tmp_path: Path) -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}

    assert "EPSG::3857" in refusal(written(tmp_path, feature(), crs=crs))


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"])
def test_wgs_84_by_any_of_its_names_is_read(tmp_path: Path, name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}

    assert len(read_areas(written(tmp_path, feature(), crs=crs), name="a").shapes) == 1


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.geojson"
    with path.open("wb") as file:
        file.truncate(200_000_000)

    assert "200,000,000 bytes long, more than 50,000,000" in refusal(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "areas.geojson cannot be read" in refusal(tmp_path / "none.geojson")


def test_barriers_may_be_lines_areas_and_points_and_share_names(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        feature("Elbe", "LineString", [[10, 53], [11, 54]]),
        feature("Elbe", "MultiLineString", [[[11, 54], [12, 55]], [[12, 55], [13, 55]]]),
        feature("Lake"),
        feature("Bridge", "Point", [350, 53.5]),
    )

    read = read_barriers(path, name="barriers.geojson")

    assert [one.kind for one in read.shapes] == [
        ShapeKind.LINE,
        ShapeKind.LINE,
        ShapeKind.AREA,
        ShapeKind.POINT,
    ]
    assert shapely.get_coordinates(read.shapes[3].geometry).tolist() == [[-10.0, 53.5]]


def test_a_line_over_the_antimeridian_is_cut_there(tmp_path: Path) -> None:
    path = written(tmp_path, feature("Date line", "LineString", [[179, 0], [-179, 0]]))

    read = read_barriers(path, name="barriers.geojson")

    pieces = sorted(one.bounds for one in shapely.get_parts(read.shapes[0].geometry))
    assert pieces == [(-180, 0, -179, 0), (179, 0, 180, 0)]


anything = st.recursive(
    st.none() | st.booleans() | st.floats(-400, 400) | st.text(max_size=3) | st.just("name"),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
position = st.lists(st.floats(-200, 200), min_size=1, max_size=3) | anything
ring = st.lists(position, max_size=7) | anything
kinds = st.sampled_from(["Polygon", "MultiPolygon", "LineString", "MultiLineString", "Point", "?"])
coordinates = st.lists(ring, max_size=3) | st.lists(st.lists(ring, max_size=2), max_size=2) | ring


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds, coordinates, anything)
def test_whatever_a_feature_holds_is_read_or_refused_in_words(
    tmp_path: Path, kind: str, given_coordinates: Any, properties: Any
) -> None:
    geometry = {"type": kind, "coordinates": given_coordinates}
    named = properties if isinstance(properties, dict) else {}
    row = {"type": "Feature", "properties": {"name": "x", **named}, "geometry": geometry}
    path = written(tmp_path, row)

    for read in (read_areas, read_barriers):
        shapes: tuple[Shape, ...] = ()
        said = "file: feature 1"
        try:
            shapes = read(path, name="file").shapes
        except ConfigError as refused:
            said = refused.problem

        assert said.startswith("file: feature 1")
        for one in shapes:
            west, south, east, north = one.geometry.bounds
            assert one.geometry.is_valid
            assert -180 <= west <= east <= 180
            assert -90 <= south <= north <= 90
