"""Which part of the Earth a map shows, and how degrees become pixels.

Equirectangular: a degree of longitude is drawn shorter by the cosine of the view's middle
latitude, so that shapes near the middle keep their proportions. Views across the date line are
not joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians

import numpy as np
from markupsafe import Markup

from sfterritory.model.columns import Flags, Floats

WIDTH = 640
MIN_HEIGHT = 260
MAX_HEIGHT = 700
MARGIN = 18.0
MIN_SPAN_DEG = 0.05
BULK_SHARE = 0.96
MAX_GAP_SHARE = 0.08
KM_PER_DEGREE = 111.32
KM_PER_MILE = 1.609344
_STEPS_DEG = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)


@dataclass(frozen=True, slots=True)
class View:
    """A rectangle of degrees and the drawing it fills.

    Attributes:
        pixels_per_degree: Along a meridian; along the middle parallel it is `east_scale` of that.
        height: Of the drawing in pixels; its width is `WIDTH`.
    """

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float
    east_scale: float
    pixels_per_degree: float
    height: int

    def project(self, lon_deg: Floats, lat_deg: Floats) -> tuple[Floats, Floats]:
        """Return pixels from the left and from the top, same shapes as the input."""
        mid_lon = (self.west_deg + self.east_deg) / 2
        mid_lat = (self.south_deg + self.north_deg) / 2
        east = (lon_deg - mid_lon) * self.east_scale * self.pixels_per_degree
        north = (lat_deg - mid_lat) * self.pixels_per_degree
        return WIDTH / 2 + east, self.height / 2 - north

    def contains(self, lon_deg: Floats, lat_deg: Floats) -> Flags:
        """Tell which points are in the rectangle."""
        inside_lon = (lon_deg >= self.west_deg) & (lon_deg <= self.east_deg)
        return np.asarray(inside_lon & (lat_deg >= self.south_deg) & (lat_deg <= self.north_deg))


def view_of(lon_deg: Floats, lat_deg: Floats) -> View:
    """Return the view on the contiguous bulk of the points.

    On each axis it begins with the middle 96 % and grows outward for as long as the next point is
    near (8 % of the span), so that a few far-off places (islands, an overseas branch) do not
    shrink the rest to a dot.

    Raises:
        ValueError: There is no point.
    """
    if len(lon_deg) == 0:
        raise ValueError("a map needs at least one located record, found 0")
    west, east = _bulk(lon_deg)
    south, north = _bulk(lat_deg)
    east_scale = max(0.05, cos(radians((south + north) / 2)))
    inner = WIDTH - 2 * MARGIN
    width_deg = (east - west) * east_scale
    height = float(np.clip(inner * (north - south) / width_deg, MIN_HEIGHT, MAX_HEIGHT))
    scale = min(inner / width_deg, height / (north - south))
    return View(west, south, east, north, east_scale, scale, round(height + 2 * MARGIN))


def _bulk(degrees: Floats) -> tuple[float, float]:
    ordered = np.sort(degrees)
    count = len(ordered)
    skipped = int(count * (1 - BULK_SHARE) / 2)
    low, high = skipped, count - 1 - skipped
    while low > 0 and ordered[low] - ordered[low - 1] <= _reach(ordered, low, high):
        low -= 1
    while high < count - 1 and ordered[high + 1] - ordered[high] <= _reach(ordered, low, high):
        high += 1
    start, end = float(ordered[low]), float(ordered[high])
    lacking = max(0.0, MIN_SPAN_DEG - (end - start)) / 2
    return start - lacking, end + lacking


def _reach(ordered: Floats, low: int, high: int) -> float:
    return MAX_GAP_SHARE * float(ordered[high] - ordered[low])


def graticule(view: View) -> Markup:
    """Return thin lines at round degrees, each with its label at the edge."""
    span = max(view.east_deg - view.west_deg, view.north_deg - view.south_deg)
    step = next((step for step in _STEPS_DEG if span / step <= 7), _STEPS_DEG[-1])
    lines: list[str] = []
    labels: list[Markup] = []
    for lon in _multiples(view.west_deg, view.east_deg, step):
        x = float(view.project(np.array([lon]), np.array([0.0]))[0][0])
        lines.append(f"M{x:.1f} 0V{view.height}")
        labels.append(_label(x + 3, view.height - 4, _degrees(lon, "EW")))
    for lat in _multiples(view.south_deg, view.north_deg, step):
        y = float(view.project(np.array([0.0]), np.array([lat]))[1][0])
        lines.append(f"M0 {y:.1f}H{WIDTH}")
        labels.append(_label(3, y - 3, _degrees(lat, "NS")))
    return Markup('<path class="grat" d="{}"/><g class="deg">{}</g>').format(
        "".join(lines), Markup("").join(labels)
    )


def scale_bar(view: View) -> Markup:
    """Return a bar of a round length in kilometres, with miles beside it."""
    target_km = 130 / view.pixels_per_degree * KM_PER_DEGREE
    power = 10.0 ** np.floor(np.log10(target_km))
    km = float(max(step * power for step in (1, 2, 5) if step * power <= target_km))
    length = km / KM_PER_DEGREE * view.pixels_per_degree
    x, y = WIDTH - length - 12, view.height - 12
    text = f"{km:,g} km ({km / KM_PER_MILE:,.3g} mi)"
    return Markup('<path class="scale" d="M{} {}v5h{}v-5"/>{}').format(
        f"{x:.1f}", y - 5, f"{length:.1f}", _label(x, y - 8, text)
    )


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = int(np.ceil(low / step)), int(np.floor(high / step))
    return [round(number * step, 3) for number in range(first, last + 1)]


def _degrees(value: float, letters: str) -> str:
    letter = letters[0] if value > 0 else letters[1] if value < 0 else ""
    return f"{abs(value):g}°{letter}"


def _label(x: float, y: float, text: str) -> Markup:
    return Markup('<text x="{}" y="{}">{}</text>').format(f"{x:.1f}", f"{y:.1f}", text)
