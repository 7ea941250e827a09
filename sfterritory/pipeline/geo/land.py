"""What people drew: barriers and restricted areas, read from the files that the mappings name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import JsonValue

from sfterritory.connectors.polygon_file import (
    Shape,
    ShapeFile,
    ShapeKind,
    read_areas,
    read_barriers,
)
from sfterritory.errors import ConfigError
from sfterritory.geography.barrier import Barriers, Bridges, barriers_of
from sfterritory.geography.containment import NO_AREA, areas_around, first_area
from sfterritory.geography.fit_group import FitGroups, barrier_groups, folded, restricted_groups
from sfterritory.geography.leg import Shapes
from sfterritory.geography.params import GeographyParams
from sfterritory.model.columns import Flags, Floats, RosterColumns
from sfterritory.model.travel import Points
from sfterritory.routing.directory import Directory
from sfterritory.routing.problem import Problem
from sfterritory.settings.project import Settings

FORBIDDEN = "forbid"


@dataclass(frozen=True, slots=True)
class DrawnBarriers:
    """Barriers with their prices, infinite where one may not be crossed; and what was mended."""

    barriers: Barriers
    crossing_km: Floats
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RestrictedAreas:
    """Areas that only some reps may work in, or nobody; `reps` are as the file names them."""

    names: tuple[str, ...]
    shapes: Shapes
    reps: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LandFit:
    """What the land says of who may have which accounts.

    Attributes:
        groups: Who may have what, for every account, those left out among them.
        left_out: Accounts in an area that nobody may work in, shape (n,).
        notes: What was mended in the files, and how exact the groups are.
    """

    groups: FitGroups
    left_out: Flags
    notes: tuple[str, ...]


def land_fit(
    settings: Settings,
    params: GeographyParams,
    *,
    accounts: Points,
    roster: RosterColumns,
    directory: Directory,
) -> LandFit | None:
    """Return what barriers and restricted areas say, None where the mappings name neither.

    Raises:
        ConfigError: A file cannot be read, or names a rep who is not known.
    """
    found: list[FitGroups] = []
    notes: list[str] = []
    left_out = np.zeros(len(accounts), dtype=np.bool_)
    barriers = load_barriers(settings, params)
    if barriers is not None:
        homes = (roster.lon_deg, roster.lat_deg)
        found.append(
            barrier_groups(accounts, homes, barriers.barriers, crossing_km=barriers.crossing_km)
        )
        notes += barriers.notes
        notes.append(
            "barriers: accounts of one cell "
            f"{found[-1].width_km:.0f} km wide and one bank are judged together"
        )
    restricted = load_restricted(settings, params)
    if restricted is not None:
        allowed = allowed_reps(restricted, roster, directory, name=params.restricted or "")
        area = first_area(restricted.shapes, accounts)
        nobody = np.array([not one for one in restricted.reps], dtype=np.bool_)
        left_out = (area != NO_AREA) & nobody[area]
        found.append(restricted_groups(area, allowed, names=restricted.names))
        notes += restricted.notes
    if not found:
        return None
    groups = found[0] if len(found) == 1 else folded(found[0], found[1])
    return LandFit(groups, left_out, tuple(notes))


def load_barriers(settings: Settings, params: GeographyParams) -> DrawnBarriers | None:
    """Read the file of barriers, None where the mappings name none.

    Features of one name are one barrier. A point is a bridge: over the barrier that its property
    `barrier` names, or over any. `crossing_km` of a feature outranks that of the mappings: a
    number, or `forbid`.

    Raises:
        ConfigError: The file or a property is wrong; every mistake is listed.
    """
    if params.barriers is None:
        return None
    name = _title(params.barriers)
    file = read_barriers(_path(settings, params.barriers), name=name)
    drawn = [one for one in file.shapes if one.kind is not ShapeKind.POINT]
    names = tuple(dict.fromkeys(one.name for one in drawn))
    problems = [] if names else ["it holds no line and no polygon"]
    price = float("inf") if params.crossing_km is None else params.crossing_km
    own_prices: dict[str, float] = {}
    for one in drawn:
        own = _crossing_km(one, problems)
        if own is not None and own_prices.setdefault(one.name, own) != own:
            problems.append(f"{_feature(one)}: crossing_km differs from another part of {one.name}")
    prices = dict.fromkeys(names, price) | own_prices
    bridges = _bridges(file.shapes, names, radius_km=params.bridge_radius_km, problems=problems)
    _refuse(name, problems)
    shapes = [_together([one for one in drawn if one.name == each]) for each in names]
    return DrawnBarriers(
        barriers_of(names, np.array(shapes, dtype=np.object_), bridges=bridges),
        np.array([prices[each] for each in names]),
        file.notes,
    )


def load_restricted(settings: Settings, params: GeographyParams) -> RestrictedAreas | None:
    """Read the file of restricted areas, None where the mappings name none.

    The property `reps` of an area names who may work in it: a list, or a text with commas.

    Raises:
        ConfigError: The file or a property is wrong; every mistake is listed.
    """
    if params.restricted is None:
        return None
    name = _title(params.restricted)
    file = read_areas(_path(settings, params.restricted), name=name)
    problems: list[str] = []
    reps = tuple(_named_reps(one, problems) for one in file.shapes)
    _refuse(name, problems)
    return RestrictedAreas(
        tuple(one.name for one in file.shapes), _geometries(file), reps, file.notes
    )


def load_polygons(
    settings: Settings, file_name: str, *, name_property: str, located: Points
) -> tuple[tuple[str, ...], Shapes, tuple[str, ...]]:
    """Read areas; return their names, outlines and notes, one of them if they look swapped."""
    file = read_areas(
        _path(settings, file_name), name=_title(file_name), name_property=name_property
    )
    shapes = _geometries(file)
    notes = file.notes
    if len(located) and not len(areas_around(shapes, located)[0]):
        within = np.abs(located.lon_deg) <= 90
        turned = Points(located.lat_deg[within], located.lon_deg[within])
        hit = len(np.unique(areas_around(shapes, turned)[0]))
        if hit:
            swapped = (
                f"{_title(file_name)}: no account lies in any area, but {hit:,} would if longitude "
                "and latitude were swapped; GeoJSON puts longitude first"
            )
            notes = (*notes, swapped)
    return tuple(one.name for one in file.shapes), shapes, notes


def allowed_reps(
    areas: RestrictedAreas, roster: RosterColumns, directory: Directory, *, name: str
) -> NDArray[np.bool_]:
    """Return which reps of the roster may work in which area, shape (areas, k).

    Raises:
        ConfigError: Somebody is not known, or not on the roster.
    """
    row_of = {record_id: row for row, record_id in enumerate(roster.ids.tolist())}
    allowed = np.zeros((len(areas.names), len(roster)), dtype=np.bool_)
    problems: list[str] = []
    for number, (area, reps) in enumerate(zip(areas.names, areas.reps, strict=True)):
        for ref in reps:
            found = directory.resolve_user(ref)
            if isinstance(found, Problem):
                problems.append(f"{area}: reps: {found.text}; {found.remedy}")
            elif found not in row_of:
                problems.append(f"{area}: reps: {ref} is not on the roster")
            else:
                allowed[number, row_of[found]] = True
    _refuse(_title(name), problems)
    return allowed


def _title(file_name: str) -> str:
    return f"mappings/{file_name}"


def _path(settings: Settings, file_name: str) -> Path:
    return settings.root / "mappings" / file_name


def _refuse(name: str, problems: Sequence[str]) -> None:
    if problems:
        raise ConfigError(
            "\n".join(f"{name}: {one}" for one in problems),
            remedy="correct these features; nothing was done",
        )


def _geometries(file: ShapeFile) -> Shapes:
    return np.array([one.geometry for one in file.shapes], dtype=np.object_)


def _feature(one: Shape) -> str:
    return f"feature {one.number} ({one.name})"


def _together(shapes: Sequence[Shape]) -> shapely.Geometry:
    """Return the lines of one barrier; of areas their outlines."""
    lines = [
        one.geometry if one.kind is ShapeKind.LINE else shapely.boundary(one.geometry)
        for one in shapes
    ]
    return shapely.union_all(lines) if len(lines) > 1 else lines[0]


def _crossing_km(one: Shape, problems: list[str]) -> float | None:
    given = one.properties.get("crossing_km")
    if given is None:
        return None
    if given == FORBIDDEN:
        return float("inf")
    number = _number(given)
    if number is None or not number > 0:
        problems.append(
            f"{_feature(one)}: crossing_km is {given!r:.40}, not above 0 and not `forbid`"
        )
        return None
    return number


def _number(given: JsonValue) -> float | None:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    try:
        number = float(given)
    except OverflowError:  # JSON knows integers that no float can hold
        return None
    return number if math.isfinite(number) else None


def _bridges(
    shapes: Sequence[Shape], names: Sequence[str], *, radius_km: float, problems: list[str]
) -> Bridges:
    row_of: Mapping[str, int] = {name: row for row, name in enumerate(names)}
    points = [one for one in shapes if one.kind is ShapeKind.POINT]
    barrier: list[int] = []
    radius: list[float] = []
    for one in points:
        given = one.properties.get("barrier")
        over = None if given is None else str(given).strip()  # as names are read
        if over is not None and over not in row_of:
            problems.append(f"{_feature(one)}: barrier {given!r:.40} is none of this file")
        barrier.append(-1 if over is None else row_of.get(over, -1))
        wide = one.properties.get("radius_km")
        number = radius_km if wide is None else _number(wide)
        if number is None or not 0 < number <= 200:
            problems.append(
                f"{_feature(one)}: radius_km is {wide!r:.40}, not above 0 and at most 200"
            )
        radius.append(number or radius_km)
    places = shapely.get_coordinates([one.geometry for one in points]).reshape(-1, 2)
    return Bridges(
        Points(places[:, 0], places[:, 1]), np.array(radius), np.array(barrier, dtype=np.int32)
    )


def _named_reps(one: Shape, problems: list[str]) -> tuple[str, ...]:
    given = one.properties.get("reps")
    if given is None:
        return ()
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        problems.append(f"{_feature(one)}: reps is {given!r}, not a list of usernames")
        return ()
    return tuple(filter(None, (str(part).strip() for part in parts)))
