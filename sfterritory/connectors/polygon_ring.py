"""Positions of a GeoJSON file made into shapes: closed, valid, and cut at the antimeridian."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
import shapely.affinity
from shapely import MultiLineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from sfterritory.model.columns import Floats

_TURN = 360.0
_HALF_TURN = 180.0
_MOST_DEGREES = 360.0  # a file that counts eastwards from 0 still names degrees
_SAMPLE_DIGITS = 6
_LARGEST_INTEGER = 10**300  # JSON knows integers that no float can hold


class ShapeProblem(Exception):  # noqa: N818 - one line of a list, not a failure of its own
    """What makes one shape unusable, as a sentence without its feature."""


def positions(value: object, *, least: int) -> Floats:
    """Return longitudes and latitudes, shape (n, 2); heights are dropped.

    Raises:
        ShapeProblem: Not a list of at least `least` positions, or one is no place on earth.
    """
    if not isinstance(value, list) or not value:
        raise ShapeProblem("its coordinates are empty")
    if len(value) < least:
        raise ShapeProblem(f"it has {len(value)} positions where at least {least} are needed")
    rows = [
        (float(one[0]), float(one[1]))
        for one in value
        if isinstance(one, list) and len(one) >= 2 and _is_number(one[0]) and _is_number(one[1])
    ]
    if len(rows) < len(value):
        raise ShapeProblem("a position is not a list of two numbers, longitude and latitude")
    found: Floats = np.array(rows, dtype=np.float64)
    _check_degrees(found)
    return found


def area_of(rings: Sequence[Floats]) -> tuple[Polygon | MultiPolygon, tuple[str, ...]]:
    """Return the area within an outer ring and outside the inner ones, and what was mended.

    A ring whose neighbouring positions lie more than half a turn apart goes over the
    antimeridian; it is cut there, since nothing else in this program goes beyond 180 degrees. A
    step of a whole turn is an edge along the antimeridian itself, as Antarctica has.

    Raises:
        ShapeProblem: Nothing is left of it, it goes round a pole, or a hole lies outside it.
    """
    outer = _unrolled(_closed(rings[0]))
    inner = [_beside(_unrolled(_closed(ring)), outer) for ring in rings[1:]]
    whole, notes = _mended(Polygon(outer, inner))
    low, _, high, _ = whole.bounds
    if low < -_HALF_TURN or high > _HALF_TURN:
        whole = _polygons(_cut(whole))
        notes = (*notes, "it crosses the antimeridian and was cut in two there")
    return whole, notes


def line_of(parts: Sequence[Floats]) -> tuple[MultiLineString, tuple[str, ...]]:
    """Return lines within -180 to 180 degrees, and what was mended.

    Raises:
        ShapeProblem: Every part is a single place.
    """
    lines = MultiLineString([_unrolled(part).tolist() for part in parts])
    if shapely.length(lines) == 0:
        raise ShapeProblem("all its positions are one place")
    low, _, high, _ = lines.bounds
    if low >= -_HALF_TURN and high <= _HALF_TURN:
        return lines, ()
    pieces = [one for one in shapely.get_parts(_cut(lines)) if shapely.length(one) > 0]
    return MultiLineString(pieces), ("it crosses the antimeridian and was cut in two there",)


def within_half_turn(found: Floats) -> Floats:
    """Return places with longitudes that a file counted eastwards from 0 as -180 to 180."""
    lon = found[:, 0]
    turns = np.where(np.abs(lon) > _HALF_TURN, np.floor((lon + _HALF_TURN) / _TURN), 0.0)
    return np.stack([lon - _TURN * turns, found[:, 1]], axis=1)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or abs(value) <= _LARGEST_INTEGER


def _check_degrees(found: Floats) -> None:
    lon, lat = found[:, 0], found[:, 1]
    wrong = np.flatnonzero(~((np.abs(lon) <= _MOST_DEGREES) & (np.abs(lat) <= 90)))
    if not len(wrong):
        return
    row = int(wrong[0])
    place = f"longitude {lon[row]:.{_SAMPLE_DIGITS}g}, latitude {lat[row]:.{_SAMPLE_DIGITS}g}"
    if np.abs(found).max() > _MOST_DEGREES:
        raise ShapeProblem(
            f"position {row + 1} is {place}: these are not degrees; export it as WGS 84 (EPSG:4326)"
        )
    if np.abs(lon).max() <= 90:
        raise ShapeProblem(
            f"position {row + 1} is {place}: longitude and latitude are swapped; "
            "GeoJSON puts longitude first"
        )
    raise ShapeProblem(f"position {row + 1} is {place}: no place on earth")


def _closed(ring: Floats) -> Floats:
    if len(ring) < 3:
        raise ShapeProblem(f"a ring has {len(ring)} positions where at least 4 are needed")
    return ring if np.array_equal(ring[0], ring[-1]) else np.concatenate([ring, ring[:1]])


def _unrolled(ring: Floats) -> Floats:
    """Return the same positions with longitudes that run on over the antimeridian."""
    steps = np.diff(ring[:, 0])
    over = (np.abs(steps) > _HALF_TURN) & (np.abs(steps) < _TURN)
    turns = np.concatenate([[0.0], np.cumsum(np.where(over, -np.sign(steps), 0.0))])
    if np.array_equal(ring[0], ring[-1]) and turns[-1] != 0:
        raise ShapeProblem("a ring goes round a pole; cut it along the antimeridian")
    return np.stack([ring[:, 0] + _TURN * turns, ring[:, 1]], axis=1)


def _beside(ring: Floats, outer: Floats) -> Floats:
    """Return a ring moved by whole turns to where the outer ring is."""
    middle = (outer[:, 0].min() + outer[:, 0].max()) / 2
    own = (ring[:, 0].min() + ring[:, 0].max()) / 2
    return np.stack([ring[:, 0] + _TURN * np.round((middle - own) / _TURN), ring[:, 1]], axis=1)


def _mended(area: Polygon) -> tuple[Polygon | MultiPolygon, tuple[str, ...]]:
    if area.is_valid:
        if shapely.area(area) == 0:
            raise ShapeProblem("it encloses nothing")
        return area, ()
    reason = shapely.is_valid_reason(area)
    shell = _valid(Polygon(area.exterior))
    holes = [_valid(Polygon(ring)) for ring in area.interiors]
    _check_holes(shell, holes)
    mended = _polygons(shapely.difference(shell, shapely.union_all(holes)))
    return mended, (f"it is no valid polygon ({_first_down(reason)}) and was repaired",)


def _valid(area: Polygon) -> BaseGeometry:
    return shapely.make_valid(area, method="structure", keep_collapsed=False)


def _check_holes(shell: BaseGeometry, holes: Sequence[BaseGeometry]) -> None:
    """Refuse a hole that is none: repairing the polygon would turn it into land."""
    outside = [
        str(number)
        for number, hole in enumerate(holes, start=2)
        if hole.area > 0 and shapely.area(shapely.intersection(shell, hole)) == 0
    ]
    if outside:
        raise ShapeProblem(
            f"ring {', '.join(outside)} lies outside ring 1, and a hole has to lie within; "
            "take it out, or draw it as a polygon of its own"
        )


def _first_down(text: str) -> str:
    return text[:1].lower() + text[1:].replace("[", " at ").replace("]", "")


def _polygons(found: BaseGeometry) -> Polygon | MultiPolygon:
    parts = [
        one
        for one in shapely.get_parts(shapely.get_parts(found))
        if isinstance(one, Polygon) and one.area > 0
    ]
    if not parts:
        raise ShapeProblem("its rings cross themselves and enclose nothing")
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _cut(whole: BaseGeometry) -> BaseGeometry:
    """Return a shape cut at the antimeridian, its pieces moved to between -180 and 180."""
    low, _, high, _ = whole.bounds
    pieces: list[BaseGeometry] = []
    for turn in range(
        int(np.floor((low + _HALF_TURN) / _TURN)), int(np.ceil((high + _HALF_TURN) / _TURN))
    ):
        west = turn * _TURN - _HALF_TURN
        within = shapely.intersection(whole, shapely.box(west, -90, west + _TURN, 90))
        moved = shapely.affinity.translate(within, xoff=-turn * _TURN)
        pieces += [one for one in shapely.get_parts(moved) if not one.is_empty]
    return shapely.geometrycollections(pieces)
