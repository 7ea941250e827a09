"""Files of polygons, lines and points that people draw: GeoJSON (RFC 7946), WGS 84 in degrees.

A file is read whole, so its size is limited before it is opened. Everything that is wrong with
its features is reported at once, by the number of the feature, counted from 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn

import shapely
from pydantic import JsonValue
from shapely.geometry.base import BaseGeometry

from sfterritory.connectors.polygon_ring import (
    ShapeProblem,
    area_of,
    line_of,
    positions,
    within_half_turn,
)
from sfterritory.errors import ConfigError

MAX_FILE_BYTES = 50_000_000
MAX_POSITIONS = 2_000_000
_MOST_PROBLEMS = 40
_WGS_84: Final = ("CRS84", "4326", "WGS84", "WGS 84")
_SMALLER = "simplify the shapes (a few metres are enough), or keep only those that are needed"
_DRAW = "export it as GeoJSON, WGS 84 (EPSG:4326), with polygons"


class ShapeKind(StrEnum):
    """What a feature draws."""

    AREA = "area"
    LINE = "line"
    POINT = "point"


@dataclass(frozen=True, slots=True)
class Shape:
    """One feature of a file.

    Attributes:
        number: Its place in the file, from 1.
        name: As its property says; never empty.
        kind: What it draws.
        geometry: Valid, within -180 to 180 and -90 to 90 degrees: a polygon or several, lines, or
            a point.
        properties: What else the file says of it.
    """

    number: int
    name: str
    kind: ShapeKind
    geometry: BaseGeometry
    properties: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class ShapeFile:
    """The shapes of a file in its order, and what was repaired in it, a sentence each."""

    name: str
    shapes: tuple[Shape, ...]
    notes: tuple[str, ...]


def read_areas(path: Path, *, name: str, name_property: str = "name") -> ShapeFile:
    """Read polygons that each have a name of their own.

    Args:
        path: The file.
        name: What messages call it.
        name_property: The property that names a feature.

    Raises:
        ConfigError: The file is missing, too large, not GeoJSON, without features, or a feature
            is not usable; two have the same name or the same shape. Every mistake is listed.
    """
    features, problems = _features(path, name=name, name_property=name_property)
    shapes, notes, more = _shapes(features, kinds=(ShapeKind.AREA,))
    return _settled(name, shapes, notes, problems=[*problems, *more, *_twice(shapes)])


def read_barriers(path: Path, *, name: str, name_property: str = "name") -> ShapeFile:
    """Read lines, polygons and points; several features of one name are parts of one thing.

    Raises:
        ConfigError: As `read_areas`, but names may stand there several times.
    """
    features, problems = _features(path, name=name, name_property=name_property)
    shapes, notes, more = _shapes(features, kinds=tuple(ShapeKind))
    return _settled(name, shapes, notes, problems=[*problems, *more])


@dataclass(frozen=True, slots=True)
class _Feature:
    """A feature before its shape is looked at; `title` is how messages call it."""

    number: int
    name: str
    title: str
    geometry: Mapping[str, JsonValue]
    properties: Mapping[str, JsonValue]


def _settled(
    name: str, shapes: Sequence[Shape], notes: Sequence[str], *, problems: Sequence[str]
) -> ShapeFile:
    if problems:
        told = [f"{name}: {one}" for one in problems[:_MOST_PROBLEMS]]
        if len(problems) > _MOST_PROBLEMS:
            told.append(f"{name}: and {len(problems) - _MOST_PROBLEMS:,} more")
        raise ConfigError("\n".join(told), remedy="correct these features; nothing was read")
    return ShapeFile(name, tuple(shapes), tuple(f"{name}: {one}" for one in notes))


def _features(path: Path, *, name: str, name_property: str) -> tuple[list[_Feature], list[str]]:
    """Return the features that have a name and a geometry, and what is wrong with the others."""
    document = _document(path, name=name)
    _check_reference_system(document, name=name)
    rows = _feature_rows(document, name=name)
    found: list[_Feature] = []
    problems: list[str] = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(_feature(row, number=number, name_property=name_property))
        except ShapeProblem as problem:
            problems.append(f"feature {number}: {problem}")
    return found, problems


def _document(path: Path, *, name: str) -> Mapping[str, JsonValue]:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ConfigError(
                f"{name} is {size:,} bytes long, more than {MAX_FILE_BYTES:,}", remedy=_SMALLER
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"{name} cannot be read: {error.strerror}",
            remedy="correct the path or the permissions, or put it there",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{name} is no text: byte {error.start} is not UTF-8 (a shapefile or an archive?)",
            remedy=_DRAW,
        ) from error
    if not text.strip():
        raise ConfigError(f"{name} is empty", remedy=_DRAW)
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name} is not JSON: {error}", remedy=_DRAW) from error
    if not isinstance(document, dict):
        raise ConfigError(f"{name} is JSON, but not GeoJSON: it is no object", remedy=_DRAW)
    return document


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _check_reference_system(document: Mapping[str, JsonValue], *, name: str) -> None:
    system = document.get("crs")
    if system is None:
        return
    inner = system.get("properties") if isinstance(system, dict) else None
    said = str(inner.get("name")) if isinstance(inner, dict) else json.dumps(system)
    if not any(said.upper().endswith(one) for one in _WGS_84):
        raise ConfigError(
            f"{name}: its coordinates are in {said}, not in WGS 84",
            remedy="export it as WGS 84 (EPSG:4326), the only system of GeoJSON",
        )


def _feature_rows(document: Mapping[str, JsonValue], *, name: str) -> list[JsonValue]:
    kind = document.get("type")
    if kind == "FeatureCollection":
        rows = document.get("features")
        if not isinstance(rows, list):
            raise ConfigError(f"{name}: `features` is no list", remedy=_DRAW)
        if not rows:
            raise ConfigError(f"{name} holds no features", remedy="draw at least one shape")
        return rows
    if kind == "Feature":
        return [dict(document)]
    if kind == "Topology":
        raise ConfigError(f"{name} is TopoJSON, not GeoJSON", remedy=_DRAW)
    if isinstance(kind, str) and kind in _READERS:
        return [{"type": "Feature", "properties": {}, "geometry": dict(document)}]
    raise ConfigError(f"{name} is JSON, but not GeoJSON: its `type` is {kind!r}", remedy=_DRAW)


def _feature(row: JsonValue, *, number: int, name_property: str) -> _Feature:
    if not isinstance(row, dict) or row.get("type") != "Feature":
        raise ShapeProblem("it is no GeoJSON feature")
    given = row.get("properties")
    properties = given if isinstance(given, dict) else {}
    value = properties.get(name_property)
    text = "" if value is None or isinstance(value, dict | list) else str(value).strip()
    if not text:
        known = ", ".join(sorted(properties)[:12]) or "none"
        raise ShapeProblem(f"it has no property {name_property!r}; its properties: {known}")
    geometry = row.get("geometry")
    if not isinstance(geometry, dict):
        raise ShapeProblem(f"({text}) it has no geometry")
    return _Feature(number, text, f"feature {number} ({text})", geometry, properties)


def _shapes(
    features: Sequence[_Feature], *, kinds: Sequence[ShapeKind]
) -> tuple[list[Shape], list[str], list[str]]:
    """Return the shapes, what was repaired, and what cannot be."""
    shapes: list[Shape] = []
    notes: list[str] = []
    problems: list[str] = []
    total = 0
    for one in features:
        try:
            kind, geometry, mended = _drawn(one.geometry, kinds=kinds)
        except ShapeProblem as problem:
            problems.append(f"{one.title}: {problem}")
            continue
        total += int(shapely.get_num_coordinates(geometry))
        shapes.append(Shape(one.number, one.name, kind, geometry, one.properties))
        notes += [f"{one.title}: {note}" for note in mended]
        if total > MAX_POSITIONS:
            problems.append(
                f"{one.title}: the file has more than {MAX_POSITIONS:,} positions by here; "
                f"{_SMALLER}"
            )
            break
    return shapes, notes, problems


def _drawn(
    geometry: Mapping[str, JsonValue], *, kinds: Sequence[ShapeKind]
) -> tuple[ShapeKind, BaseGeometry, tuple[str, ...]]:
    name = str(geometry.get("type"))
    kind = _READERS.get(name)
    if kind not in kinds or kind is None:
        allowed = ", ".join(one for one, drawn in _READERS.items() if drawn in kinds)
        raise ShapeProblem(f"its geometry is {name}; what can be read here: {allowed}")
    found = geometry.get("coordinates")
    if kind is ShapeKind.POINT:
        return kind, shapely.points(within_half_turn(positions([found], least=1))[0]), ()
    many = name.startswith("Multi")
    if not isinstance(found, list) or not found:
        raise ShapeProblem("its coordinates are empty")
    parts = found if many else [found]
    if kind is ShapeKind.LINE:
        return (kind, *line_of([positions(part, least=2) for part in parts]))
    areas, notes = zip(*map(_area, parts), strict=True)
    if len(areas) == 1:
        return kind, areas[0], notes[0]
    return (kind, *_joined(areas, [note for some in notes for note in some]))


def _area(rings: JsonValue) -> tuple[BaseGeometry, tuple[str, ...]]:
    if not isinstance(rings, list) or not rings:
        raise ShapeProblem("its coordinates are empty")
    return area_of([positions(ring, least=3) for ring in rings])


def _joined(
    areas: Sequence[BaseGeometry], notes: Sequence[str]
) -> tuple[BaseGeometry, tuple[str, ...]]:
    """Join the polygons of one feature, which may not overlap each other."""
    pieces = [piece for area in areas for piece in shapely.get_parts(area)]
    whole = shapely.multipolygons(pieces)
    if whole.is_valid:
        return whole, tuple(dict.fromkeys(notes))
    return shapely.union_all(pieces), tuple(
        dict.fromkeys([*notes, "its polygons overlap each other and were joined"])
    )


def _twice(shapes: Sequence[Shape]) -> Iterator[str]:
    """Yield a line for each area whose name or outline stands there before."""
    first_name: dict[str, Shape] = {}
    first_outline: dict[bytes, Shape] = {}
    for one in shapes:
        title = f"feature {one.number} ({one.name})"
        before = first_name.setdefault(one.name.casefold(), one)
        if before is not one:
            yield (
                f"{title}: feature {before.number} has the same name; "
                "make them one MultiPolygon, or rename one"
            )
        outline = shapely.to_wkb(shapely.normalize(one.geometry))
        twin = first_outline.setdefault(outline, one)
        if twin is not one:
            yield f"{title}: it has the same outline as feature {twin.number} ({twin.name})"


_READERS: Final[Mapping[str, ShapeKind]] = {
    "Polygon": ShapeKind.AREA,
    "MultiPolygon": ShapeKind.AREA,
    "LineString": ShapeKind.LINE,
    "MultiLineString": ShapeKind.LINE,
    "Point": ShapeKind.POINT,
}
