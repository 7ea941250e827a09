"""The map of a plan: what it shows, what it leaves out, and how big it gets."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from render.hostile import hostile_text

from sfterritory.web.map_colours import COLOURS, colours_of
from sfterritory.web.map_drawing import MAX_DOTS, MapPoints, draw_map
from sfterritory.web.map_view import view_of
from sfterritory.web.wording import visible

from .maps import points_of

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own drawing


def dots(svg: str, kind: str) -> int:
    return sum(
        path.attrib["d"].count("M")
        for group in parsed(svg).iter(f"{SVG}g")
        if kind in group.attrib.get("class", "").split()
        for path in group.iter(f"{SVG}path")
        if path.attrib.get("class") != "ring"
    )


def test_every_record_is_a_dot_and_moved_records_have_a_ring() -> None:
    points = points_of(800, 12)
    moved = int(np.count_nonzero(points.moved))

    for which in ("before", "after"):
        svg = draw_map(points, which=which)
        assert dots(svg, "mv") == moved - moved_outside(points)
        assert dots(svg, "mv") + dots(svg, "st") == 800 - points.outside


def test_the_territory_of_each_owner_is_drawn_before_and_after() -> None:
    points = points_of(800, 12)

    for which in ("before", "after"):
        titles = [
            title.text or ""
            for group in parsed(draw_map(points, which=which)).iter(f"{SVG}g")
            if "area" in group.attrib.get("class", "").split()
            for title in group.iter(f"{SVG}title")
        ]
        assert sorted(titles) == sorted(
            f"{name}, {points.area_words}" for name in points.owner_names
        )


def moved_outside(points: MapPoints) -> int:
    inside = points.view.contains(points.lon_deg, points.lat_deg)
    return int(np.count_nonzero(points.moved & ~inside))


def test_many_records_are_gathered_and_the_drawing_stays_small() -> None:
    points = points_of(20_000, 200)

    for which in ("before", "after"):
        svg = draw_map(points, which=which)
        assert dots(svg, "mv") + dots(svg, "st") <= MAX_DOTS
        assert len(svg.encode()) < 600_000


def test_far_islands_do_not_shrink_the_map_and_are_counted() -> None:
    near, far = points_of(2_000, 10), points_of(2_000, 10, far_away=25)

    assert far.outside >= 25
    assert far.view.west_deg > -135
    assert near.view.pixels_per_degree == pytest.approx(far.view.pixels_per_degree, rel=0.2)


def test_two_halves_of_a_company_are_both_shown() -> None:
    lon = np.concatenate((np.linspace(-120, -75, 600), np.linspace(0, 20, 400)))
    lat = np.concatenate((np.linspace(30, 45, 600), np.linspace(45, 55, 400)))

    view = view_of(lon, lat)

    assert view.contains(lon, lat).all()


def test_a_single_place_can_be_drawn_and_none_cannot() -> None:
    one = np.array([11.6])

    assert view_of(one, np.array([48.1])).contains(one, np.array([48.1])).all()
    with pytest.raises(ValueError, match="found 0"):
        view_of(np.array([]), np.array([]))


def test_a_degree_east_is_shorter_by_the_cosine_of_the_latitude() -> None:
    view = view_of(np.array([10.0, 12.0]), np.array([59.0, 61.0]))

    x, y = view.project(np.array([10.0, 11.0]), np.array([60.0, 61.0]))

    assert (x[1] - x[0]) / (y[0] - y[1]) == pytest.approx(0.5, abs=0.01)


def test_owners_that_touch_have_different_colours() -> None:
    side = np.arange(40)
    x, y = (grid.ravel().astype(np.float64) for grid in np.meshgrid(side, side))
    owner = (x // 10 + 4 * (y // 10)).astype(np.int32)

    colours = colours_of(x, y, (owner,), owner_count=16)

    assert max(colours) < COLOURS
    for a in range(16):
        for b in range(16):
            column, row = abs(a % 4 - b % 4), abs(a // 4 - b // 4)
            if column + row == 1:
                assert colours[a] != colours[b]


def test_the_same_points_give_the_same_drawing() -> None:
    assert draw_map(points_of(500, 8), which="after") == draw_map(points_of(500, 8), which="after")


@given(hostile_text)
@settings(max_examples=40, deadline=None)
def test_an_owner_name_stays_text(name: str) -> None:
    points = SMALL_MAP
    hostile = replace(points, owner_names=(name, *points.owner_names[1:]))

    drawn = parsed(draw_map(hostile, which="after"))

    titles = [title.text for title in drawn.iter(f"{SVG}title")]
    assert f"{visible(name)}, territory after the plan" in titles
    assert {element.tag.removeprefix(SVG) for element in drawn.iter()} == {
        "svg",
        "g",
        "path",
        "text",
        "title",
    }


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        replace(SMALL_MAP, after=SMALL_MAP.after[:-1])


SMALL_MAP = points_of(120, 4)
