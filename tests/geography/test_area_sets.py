"""Sets of areas, the size of areas, and who lies in them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from pydantic import ValidationError

from geography.places import boxes, points
from sfterritory.geography.area_set import (
    PostalPattern,
    claims_by_code,
    claims_by_polygon,
    claims_by_postal_code,
    postal_areas,
)
from sfterritory.geography.containment import area_km2, first_area, overlaps
from sfterritory.geography.params import AreaSet, GeographyParams
from sfterritory.model.columns import TextColumn

SPHERE_KM2 = 4 * math.pi * 6371.0088**2


def patterns(*texts: str) -> tuple[PostalPattern, ...]:
    return tuple(PostalPattern.of(text, country="US") for text in texts)


def test_every_code_is_an_area_of_its_own_where_none_are_named() -> None:
    claims = claims_by_code(TextColumn.of(["US-CA", None, "US-TX", "US-CA"]), {})

    assert claims.names == ("US-CA", "US-TX")
    assert claims.first.tolist() == [0, -1, 1, 0]
    assert claims.known.tolist() == [True, False, True, True]


def test_named_areas_show_gaps_overlaps_and_codes_that_nobody_has() -> None:
    codes = TextColumn.of(["US-CA", "US-NV", "US-TX", None])

    claims = claims_by_code(codes, {"West": ["us-ca", "US-NV"], "Desert": ["US-NV", "US-AZ"]})

    assert claims.first.tolist() == [0, 0, -1, -1]
    assert claims.second.tolist() == [-1, 1, -1, -1]
    assert claims.unused == ("US-AZ",)


@pytest.mark.parametrize(
    ("pattern", "country", "code", "held"),
    [
        ("90210", "US", "90210", True),
        ("90210", "US", "902101234", False),
        ("902*", "US", "90210", True),
        ("902*", "US", "91210", False),
        ("900..961", "US", "96162", True),
        ("900..961", "US", "96201", False),
        ("DE:69*", "DE", "69115", True),
        ("69*", "DE", "69115", False),
        ("GB:SW1A 1*", "GB", "SW1A1AA", True),
        ("PL:00-950", "PL", "00950", True),
    ],
)
def test_a_pattern_holds_what_it_says(pattern: str, country: str, code: str, *, held: bool) -> None:
    assert PostalPattern.of(pattern, country="US").holds(country, code) is held


@pytest.mark.parametrize("text", ["", "*", "9..", "961..900", "90..9000", "9*2", "a:b"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        PostalPattern.of(text, country="US")


def test_postal_codes_are_claimed_by_the_patterns_of_areas() -> None:
    countries = TextColumn.of(["US", "US", "US", "CA", None])
    codes = TextColumn.of(["90210", "77002", "10001", "77002", "77002"])

    claims = claims_by_postal_code(
        countries,
        codes,
        {"West": patterns("900..961"), "South": patterns("7*", "88*"), "Texas": patterns("770*")},
    )

    assert claims.first.tolist() == [0, 1, -1, -1, -1]
    assert claims.second.tolist() == [-1, 2, -1, -1, -1]
    assert claims.known.tolist() == [True, True, True, True, False]
    assert claims.unused == ("88*",)


def test_prefixes_of_postal_codes_make_areas_with_their_country() -> None:
    codes = postal_areas(
        TextColumn.of(["US", "NL", None]), TextColumn.of(["90210", "1012 AB", "1"]), prefix_length=3
    )

    assert codes.values() == ["US-902", "NL-101", None]


def test_polygons_claim_what_lies_in_them_and_two_may_claim_the_same() -> None:
    claims = claims_by_polygon(
        points((1, 1), (2.5, 1), (9, 9), (1, 1)),
        np.array([True, True, True, False]),
        boxes((0, 0, 3, 2), (2, 0, 5, 2), (50, 50, 51, 51)),
        names=("A", "B", "C"),
    )

    assert claims.first.tolist() == [0, 0, -1, -1]
    assert claims.second.tolist() == [-1, 1, -1, -1]
    assert claims.unused == ("C",)


def test_the_size_of_an_area_is_that_on_the_globe() -> None:
    world, band, triangle = (
        shapely.box(-180, -90, 180, 90),
        shapely.box(0, 0, 90, 30),
        shapely.Polygon([(0, 0), (90, 0), (0, 90)]),
    )

    sizes = area_km2(np.array([world, band, triangle], dtype=np.object_))

    assert sizes[0] == pytest.approx(SPHERE_KM2, rel=1e-6)
    assert sizes[1] == pytest.approx(SPHERE_KM2 / 16, rel=1e-6)
    assert sizes[2] == pytest.approx(SPHERE_KM2 * (1 / 8 - (1 - 2 / math.pi) / 8), rel=1e-3)


def test_areas_that_only_touch_do_not_overlap() -> None:
    first, second, km2 = overlaps(boxes((0, 0, 1, 1), (1, 0, 2, 1), (1.5, 0, 3, 1)))

    assert (first.tolist(), second.tolist()) == ([1], [2])
    assert km2[0] == pytest.approx(0.5 * 111.19**2, rel=0.01)


def test_a_place_on_a_shared_outline_belongs_to_the_first_area() -> None:
    assert first_area(boxes((1, 0, 2, 1), (0, 0, 1, 1)), points((1, 0.5), (7, 7))).tolist() == [
        0,
        -1,
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "m", "by": "metro"}, "by: metro needs a file: no table"),
        ({"name": "p", "by": "polygon"}, "by: polygon needs a file"),
        ({"name": "s", "by": "state", "file": "x.csv"}, "by: state takes no file"),
        ({"name": "p", "by": "polygon", "file": "x", "areas": {"A": ["b"]}}, "not from `areas`"),
        ({"name": "s", "by": "state", "prefix_length": 2}, "prefix_length goes with"),
    ],
)
def test_a_set_that_does_not_fit_together_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        AreaSet.model_validate(given)


def test_two_sets_of_one_name_are_refused() -> None:
    twice = {"area_sets": [{"name": "a", "by": "state"}, {"name": "a", "by": "county"}]}

    with pytest.raises(ValidationError, match="'a' stands twice"):
        GeographyParams.model_validate(twice)
