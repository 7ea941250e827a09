"""The map of a plan: territories and records as one inline SVG, before or after.

No map data is shipped: the areas, the dots and a graticule give the shape. Above `MAX_DOTS`
records the dots are gathered on a grid; a dot's size then tells how many records it stands for.
Colours come from the style sheet (classes `c0` to `c7`), so that dark mode and print can choose
their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import shapely
from markupsafe import Markup
from shapely.geometry.base import BaseGeometry

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.web.map_colours import colours_of
from sfterritory.web.map_view import WIDTH, View, graticule, scale_bar, view_of
from sfterritory.web.wording import count, counted, visible

MAX_DOTS = 3_000
SIMPLIFY_PIXELS = 0.8
MIN_PART_PIXELS = 2.0
LABEL_PIXELS = 11.0
CHARACTER_WIDTH = 0.56  # of the font size, on average for Latin letters
RADII = (1.2, 1.7, 2.3, 3.0)
RING = 0.9


@dataclass(frozen=True)
class MapPoints:
    """Located records with their owner before and after, and the owners' areas.

    Attributes:
        lon_deg: Longitude of each record, shape (n,).
        lat_deg: Latitude, shape (n,).
        before: Index into `owner_ids` of the owner now, -1 for nobody or a queue, shape (n,).
        after: The same as planned.
        owner_ids: 18-character ids; they tie the numbers on the map to the table of reps.
        owner_names: A name for each id.
        areas: The territory of each owner after the plan in WGS 84 degrees, None where none is
            drawn.
        area_words: What an area is, as its tooltip says it after the name.
    """

    lon_deg: Floats
    lat_deg: Floats
    before: Ints
    after: Ints
    owner_ids: tuple[str, ...]
    owner_names: tuple[str, ...]
    areas: tuple[BaseGeometry | None, ...]
    area_words: str = "territory after the plan"

    def __post_init__(self) -> None:
        rows = {len(self.lon_deg), len(self.lat_deg), len(self.before), len(self.after)}
        owners = {len(self.owner_ids), len(self.owner_names), len(self.areas)}
        if len(rows) > 1 or len(owners) > 1:
            raise ValueError(f"columns of a map differ in length: {sorted(rows)}, {sorted(owners)}")

    def __len__(self) -> int:
        return len(self.lon_deg)

    @cached_property
    def view(self) -> View:
        """Return the part of the Earth that both maps show."""
        return view_of(self.lon_deg, self.lat_deg)

    @cached_property
    def colours(self) -> list[int]:
        """Return each owner's colour number, the same on both maps."""
        x, y = self.view.project(self.lon_deg, self.lat_deg)
        return colours_of(x, y, (self.before, self.after), owner_count=len(self.owner_ids))

    @property
    def moved(self) -> Flags:
        """Tell which records change their owner."""
        return np.asarray(self.before != self.after)

    @property
    def outside(self) -> int:
        """Return how many records lie outside the drawn part of the Earth."""
        return int(np.count_nonzero(~self.view.contains(self.lon_deg, self.lat_deg)))


@dataclass(frozen=True, slots=True)
class _Dots:
    """Dots to draw: pixels, owner, whether they stand for moved records, and how many."""

    x: Floats
    y: Floats
    owner: Ints
    moved: Flags
    records: Ints


def draw_map(
    points: MapPoints, *, which: Literal["before", "after"], label: str | None = None
) -> Markup:
    """Return the SVG of one side of the plan; `label` tells who cannot see it what it shows.

    Raises:
        ValueError: There is no point.
    """
    view = points.view
    owner = points.before if which == "before" else points.after
    dots = _dots(points, owner)
    moved = int(np.count_nonzero(points.moved))
    told = label or (
        f"Map of {counted(len(points), 'record')} {which} the plan; "
        f"{count(moved)} of them change owner. The table of reps holds the same figures."
    )
    shapes = _area_shapes(points)
    parts = [
        graticule(view),
        *_areas(points, shapes, filled=which == "after"),
        *_dot_groups(points, dots),
        scale_bar(view),
        *(_labels(points, shapes, owner)),
    ]
    return Markup(
        '<svg class="map" role="img" aria-label="{}" viewBox="0 0 {} {}" '
        'xmlns="http://www.w3.org/2000/svg">{}</svg>'
    ).format(told, WIDTH, view.height, Markup("").join(parts))


def _dots(points: MapPoints, owner: Ints) -> _Dots:
    inside = points.view.contains(points.lon_deg, points.lat_deg) & ((owner >= 0) | points.moved)
    x, y = points.view.project(points.lon_deg[inside], points.lat_deg[inside])
    dots = _Dots(x, y, owner[inside], points.moved[inside], np.ones(len(x), dtype=np.int32))
    cell_pixels = 4.0
    gathered = dots
    while len(gathered.x) > MAX_DOTS:
        gathered = _gathered(dots, cell_pixels)
        cell_pixels *= 1.15
    return gathered


def _gathered(dots: _Dots, cell_pixels: float) -> _Dots:
    """Return one dot for the moved and one for the other records of each cell.

    It stands at the mean of its records and has the colour of the owner with most of them.
    """
    column = np.floor(dots.x / cell_pixels).astype(np.int64)
    row = np.floor(dots.y / cell_pixels).astype(np.int64)
    cell = (row * 100_000 + column) * 2 + dots.moved
    _, place, size = np.unique(cell, return_inverse=True, return_counts=True)
    pairs, records = np.unique(np.column_stack((place, dots.owner)), axis=0, return_counts=True)
    # Sorted by place, then by records: the last pair of a place is its commonest owner.
    order = np.lexsort((-pairs[:, 1], records, pairs[:, 0]))
    last = np.append(np.diff(pairs[order, 0]) > 0, [True])
    moved = np.zeros(len(size), dtype=np.bool_)
    moved[place] = dots.moved
    return _Dots(
        np.bincount(place, dots.x) / size,
        np.bincount(place, dots.y) / size,
        pairs[order, 1][last].astype(np.int32),
        moved,
        size.astype(np.int32),
    )


def _dot_groups(points: MapPoints, dots: _Dots) -> Iterator[Markup]:
    """Yield the dots that stay, then those that move with a ring around them, per owner."""
    size = np.minimum(np.log10(dots.records).astype(np.int32) + (dots.records > 3), len(RADII) - 1)
    for moved in (False, True):
        for owner in np.unique(dots.owner[dots.moved == moved]).tolist():
            paths = Markup("").join(
                _dot_path(
                    dots, (dots.owner == owner) & (dots.moved == moved) & (size == step), step
                )
                for step in range(len(RADII))
            )
            name = visible(points.owner_names[owner]) if owner >= 0 else "nobody or a queue"
            colour = f"c{points.colours[owner]}" if owner >= 0 else "c-none"
            yield Markup('<g class="{} {}"><title>{}{}</title>{}</g>').format(
                colour, "mv" if moved else "st", name, ", changes owner" if moved else "", paths
            )


def _dot_path(dots: _Dots, chosen: Flags, step: int) -> Markup:
    """Return dots of one size as a path of points, with a ring below where they move.

    Many dots are drawn smaller, so that the areas and labels under them stay visible.
    """
    if not chosen.any():
        return Markup("")
    spots = "".join(
        f"M{x:.1f} {y:.1f}h0"
        for x, y in zip(dots.x[chosen].tolist(), dots.y[chosen].tolist(), strict=True)
    )
    width = 2 * RADII[step] * min(1.4, max(0.8, (1_500 / len(dots.x)) ** 0.5))
    if not dots.moved[chosen].any():
        return Markup('<path d="{}" stroke-width="{}"/>').format(spots, f"{width:.1f}")
    return Markup(
        '<path class="ring" d="{}" stroke-width="{}"/><path d="{}" stroke-width="{}"/>'
    ).format(spots, f"{width + 2 * RING:.1f}", spots, f"{width:.1f}")


def _area_shapes(points: MapPoints) -> list[BaseGeometry | None]:
    """Return each area in pixels, simplified to what can be seen and cut to the view."""

    def to_pixels(degrees: Floats) -> Floats:
        return np.column_stack(points.view.project(degrees[:, 0], degrees[:, 1]))

    shapes: list[BaseGeometry | None] = []
    for area in points.areas:
        if area is None or area.is_empty:
            shapes.append(None)
            continue
        drawn = shapely.simplify(shapely.transform(area, to_pixels), SIMPLIFY_PIXELS)
        valid = drawn if drawn.is_valid else shapely.make_valid(drawn)
        shapes.append(shapely.clip_by_rect(valid, -8, -8, WIDTH + 8, points.view.height + 8))
    return shapes


def _areas(
    points: MapPoints, shapes: list[BaseGeometry | None], *, filled: bool
) -> Iterator[Markup]:
    for owner, shape in enumerate(shapes):
        path = "".join(_rings(shape)) if shape is not None else ""
        if path:
            colour = f"c{points.colours[owner]}" if filled else "c-none"
            yield Markup('<g class="{} area"><title>{}</title><path d="{}"/></g>').format(
                colour, f"{visible(points.owner_names[owner])}, {points.area_words}", path
            )


def _rings(shape: BaseGeometry) -> Iterator[str]:
    """Yield the outline of every part that is big enough to be seen, holes included."""
    for part in shapely.get_parts(shape).tolist():
        if isinstance(part, shapely.Polygon) and part.area >= MIN_PART_PIXELS:
            for ring in (part.exterior, *part.interiors):
                corners = shapely.get_coordinates(ring)[:-1].tolist()
                yield "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "Z"


def _labels(points: MapPoints, shapes: list[BaseGeometry | None], owner: Ints) -> Iterator[Markup]:
    """Yield the name of each owner where it has room, else the number of the table of reps."""
    spots = _label_spots(points, shapes, owner)
    taken: list[tuple[float, float, float, float]] = []
    for index, x, y, room in spots:
        for text in (visible(points.owner_names[index]), str(index + 1)):
            half_width = len(text) * LABEL_PIXELS * CHARACTER_WIDTH / 2 + 1
            half_height = LABEL_PIXELS / 2 + 1
            box = (x - half_width, y - half_height, x + half_width, y + half_height)
            if 2 * half_width <= room and _is_free(box, taken, points.view.height):
                taken.append(box)
                yield Markup('<text class="lb" x="{}" y="{}">{}</text>').format(
                    f"{x:.1f}", f"{y + LABEL_PIXELS / 3:.1f}", text
                )
                break


def _label_spots(
    points: MapPoints, shapes: list[BaseGeometry | None], owner: Ints
) -> list[tuple[int, float, float, float]]:
    """Return (owner, x, y, width of the room) for each owner on the map, widest room first."""
    x, y = points.view.project(points.lon_deg, points.lat_deg)
    inside = points.view.contains(points.lon_deg, points.lat_deg)
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, index in enumerate(owner.tolist()):
        if index >= 0 and inside[row]:
            rows_of[index].append(row)
    spots = []
    for index, rows in sorted(rows_of.items()):
        shape = shapes[index]
        if shape is not None and not shape.is_empty and owner is points.after:
            biggest = max(shapely.get_parts(shape).tolist(), key=lambda part: float(part.area))
            spot = biggest.representative_point()
            left, _, right, _ = biggest.bounds
            spots.append((index, float(spot.x), float(spot.y), float(right - left)))
        else:
            middle_x, middle_y = float(np.median(x[rows])), float(np.median(y[rows]))
            low, high = np.quantile(x[rows], (0.1, 0.9)).tolist()
            spots.append((index, middle_x, middle_y, max(high - low, 16.0)))
    return sorted(spots, key=lambda spot: (-spot[3], spot[0]))


def _is_free(
    box: tuple[float, float, float, float],
    taken: list[tuple[float, float, float, float]],
    height: int,
) -> bool:
    left, top, right, bottom = box
    if left < 0 or right > WIDTH or top < 0 or bottom > height:
        return False
    return all(left >= t[2] or right <= t[0] or top >= t[3] or bottom <= t[1] for t in taken)
