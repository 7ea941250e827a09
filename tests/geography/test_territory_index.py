from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from sfterritory.geography.territory_index import HitKind, TerritoryHit, TerritoryIndex

WEST, EAST = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)


def test_how_far_outside_its_area_each_point_lies_is_told() -> None:
    index = TerritoryIndex([WEST, EAST], max_gap_km=200)
    lon, lat = np.array([0.5, 2.1, 2.1, 9.0]), np.array([0.5, 0.5, 0.6, 0.5])
    territory = index.territories_at(lon, lat)

    gaps = index.gaps_km(lon, lat, territory)

    assert territory.tolist() == [0, 1, 1, -1]
    assert gaps.tolist() == pytest.approx([0.0, 11.12, 11.12, 0.0], abs=0.01)
    assert gaps[1] == pytest.approx(index.territory_at(2.1, 0.5).distance_km)  # type: ignore[union-attr]  # it is near


def test_a_point_belongs_to_the_area_that_holds_it() -> None:
    index = TerritoryIndex([WEST, EAST])

    assert index.territory_at(1.5, 0.5) == TerritoryHit(1, HitKind.INSIDE, 0.0)


def test_a_shared_border_belongs_to_the_lowest_territory() -> None:
    index = TerritoryIndex([EAST, WEST])

    hit = index.territory_at(1.0, 0.5)

    assert hit is not None
    assert hit.territory == 0
    assert index.territories_at(np.array([1.0]), np.array([0.5])).tolist() == [0]


def test_a_point_outside_belongs_to_the_nearest_area_within_the_gap() -> None:
    index = TerritoryIndex([WEST, EAST], max_gap_km=20)

    near, far = index.territory_at(2.1, 0.5), index.territory_at(2.3, 0.5)

    assert near is not None
    assert (near.territory, near.kind) == (1, HitKind.NEAREST)
    assert near.distance_km == pytest.approx(11.12, abs=0.01)
    assert far is None


def test_a_replaced_area_is_known_at_once() -> None:
    index = TerritoryIndex([WEST, EAST])
    before = index.territories_at(np.array([1.5]), np.array([0.5]))

    index.replace(0, shapely.box(0, 0, 3, 3))
    index.replace(1, Polygon())

    hit = index.territory_at(1.5, 0.5)
    assert before.tolist() == [1]
    assert hit is not None
    assert hit.territory == 0
    assert index.territories_at(np.array([1.5]), np.array([0.5])).tolist() == [0]


def test_an_area_that_crosses_itself_is_refused_with_the_reason() -> None:
    bow_tie = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])

    with pytest.raises(ValueError, match="area of territory 1 is no valid polygon: Self-inter"):
        TerritoryIndex([WEST, bow_tie])


def test_a_territory_that_does_not_exist_cannot_be_replaced() -> None:
    with pytest.raises(ValueError, match="territory 2 is not one of 2"):
        TerritoryIndex([WEST, EAST]).replace(2, WEST)


def test_a_point_that_is_no_place_is_refused() -> None:
    index = TerritoryIndex([WEST])

    with pytest.raises(ValueError, match=r"row 1: longitude 5\.0, latitude nan"):
        index.territories_at(np.array([0.0, 5.0]), np.array([0.0, np.nan]))


def test_an_index_without_land_answers_none() -> None:
    index = TerritoryIndex([Polygon()])

    assert index.territory_at(0.0, 0.0) is None
    assert index.territories_at(np.array([0.0]), np.array([0.0])).tolist() == [-1]


STEPS = st.integers(-12, 12)
BOXES = st.lists(
    st.tuples(STEPS, STEPS, st.integers(1, 8), st.integers(1, 8)).map(
        lambda box: shapely.box(
            box[0] / 4, 60 + box[1] / 4, (box[0] + box[2]) / 4, 60 + (box[1] + box[3]) / 4
        )
    ),
    min_size=1,
    max_size=4,
)


def area_of(boxes: list[Polygon]) -> Polygon | MultiPolygon:
    joined = shapely.union_all(boxes)
    assert isinstance(joined, Polygon | MultiPolygon)
    return joined


@settings(max_examples=100, deadline=None)
@given(
    areas=st.lists(BOXES.map(area_of), min_size=1, max_size=4),
    points=st.lists(
        st.tuples(st.integers(-40, 50).map(lambda x: x / 8), st.floats(56, 65)), max_size=20
    ),
    gap_km=st.sampled_from([0.0, 30.0, 500.0]),
    moved=st.booleans(),
)
def test_one_point_at_a_time_and_whole_columns_give_the_same_answer(
    areas: list[Polygon | MultiPolygon],
    points: list[tuple[float, float]],
    gap_km: float,
    moved: bool,  # noqa: FBT001 # hypothesis passes by name
) -> None:
    index = TerritoryIndex(areas, max_gap_km=gap_km)
    if moved:
        index.replace(0, areas[-1])
    lon, lat = np.array(points, dtype=np.float64).reshape(-1, 2).T

    bulk = index.territories_at(lon, lat)

    hits = [index.territory_at(*point) for point in points]
    assert bulk.tolist() == [-1 if hit is None else hit.territory for hit in hits]
