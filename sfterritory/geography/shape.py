"""Shapes of territories: how compact an area is, how far its accounts spread, where hulls overlap.

Areas are measured in a plane of their own: Lambert's azimuthal equal-area projection at the middle
of the territory. Nothing here has a seam at the antimeridian or a trap at a pole: an area that
stands on both sides of 180 degrees is one again in its plane.

The measures of outlines (Reock, hull ratio, Polsby-Popper) depend on how the outline was drawn: an
area that was cut to discs round its accounts has a longer border than the land it stands for.
For territories made of accounts, spread and inertia say more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import EARTH_RADIUS_KM, haversine_km

# Corners this far apart follow the drawn line closely enough: in a plane, a straight line of
# longitude and latitude is a curve.
_CORNER_EVERY_DEG = 0.5
# A millimetre: what is closer is one place. It joins the halves on both sides of the antimeridian.
_GRID_KM = 1e-6
_NEAREST_TO_ANTIPODE = 1e-12


class Plane(NamedTuple):
    """Lambert's azimuthal equal-area projection; areas in it are areas on the sphere.

    Source: Snyder (1987), "Map projections: a working manual", USGS Professional Paper 1395, 24-2.
    """

    lon_deg: float
    lat_deg: float

    def project(self, lon_deg: Floats, lat_deg: Floats) -> tuple[Floats, Floats]:
        """Return kilometres to the east and to the north of the middle."""
        lat, middle = np.radians(lat_deg), np.radians(self.lat_deg)
        turn = np.radians(np.subtract(lon_deg, self.lon_deg))
        cos_arc = np.sin(middle) * np.sin(lat) + np.cos(middle) * np.cos(lat) * np.cos(turn)
        scale = EARTH_RADIUS_KM * np.sqrt(2.0 / np.maximum(1.0 + cos_arc, _NEAREST_TO_ANTIPODE))
        north = np.cos(middle) * np.sin(lat) - np.sin(middle) * np.cos(lat) * np.cos(turn)
        return scale * np.cos(lat) * np.sin(turn), scale * north


@dataclass(frozen=True, slots=True)
class Shapes:
    """One number a territory, shape (k,); NaN where there is no area, or no account.

    Attributes:
        area_km2: Size of the drawn area.
        perimeter_km: Length of its outline, holes included.
        standard_distance_km: Root of the mean squared distance of the weight from its
            own middle. Source: Bachi (1963), "Standard distance measures and related methods for
            spatial analysis".
        inertia_km2: Moment of inertia over weight, the square of that distance. Source: Weaver and
            Hess (1963), "A procedure for nonpartisan districting".
        inertia_ratio: Inertia of a disc of the same area, A / 2 pi, over `inertia_km2`: 1 when the
            weight lies as on a full disc, less when it is strung out, above 1 when it sits in the
            middle. Source: Li, Goodchild and Church (2013), "An efficient measure of
            compactness for two-dimensional shapes".
        reock: Area over that of the smallest circle round it, 0 to 1. Source: Reock (1961), "A
            note: measuring compactness as a requirement of legislative apportionment".
        hull_ratio: Area over that of its convex hull, 0 to 1. Source: Niemi, Grofman, Carlucci and
            Hofeller (1990), "Measuring compactness and the role of a compactness standard".
        polsby_popper: 4 pi A over the squared perimeter, 0 to 1. It falls with every wiggle of the
            outline, so compare it only between areas that were drawn alike. Source: Polsby and
            Popper (1991), "The third criterion".
        area_pieces: How many pieces the drawn area has.
    """

    area_km2: Floats
    perimeter_km: Floats
    standard_distance_km: Floats
    inertia_km2: Floats
    inertia_ratio: Floats
    reock: Floats
    hull_ratio: Floats
    polsby_popper: Floats
    area_pieces: Floats


class Overlap(NamedTuple):
    """Two territories whose accounts' hulls overlap, `share` of the smaller hull; one < other."""

    one: int
    other: int
    share: float


def shapes_of(
    areas: Sequence[BaseGeometry],
    lon_deg: Floats,
    lat_deg: Floats,
    *,
    territory: Ints,
    weight: Floats,
) -> Shapes:
    """Return the shape of each territory.

    Args:
        areas: Outlines in WGS 84 degrees, longitude first, one a territory; empty ones count.
        lon_deg: Of each account, shape (n,).
        lat_deg: The same.
        territory: Row of `areas` each account belongs to, -1 for none.
        weight: Hours of each account; a territory without any counts its accounts equally.
    """
    flat = np.array([_flattened(area) for area in areas], dtype=np.object_)
    area = np.where(shapely.is_empty(flat), np.nan, shapely.area(flat))
    perimeter = np.where(np.isnan(area), np.nan, shapely.length(flat))
    circle = np.pi * shapely.minimum_bounding_radius(flat) ** 2
    hull = shapely.area(shapely.convex_hull(flat))
    inertia = _inertia(lon_deg, lat_deg, territory, weight, k=len(areas))
    return Shapes(
        area_km2=area,
        perimeter_km=perimeter,
        standard_distance_km=np.sqrt(inertia),
        inertia_km2=inertia,
        inertia_ratio=_over(area / (2 * np.pi), inertia),
        reock=_over(area, circle),
        hull_ratio=_over(area, hull),
        polsby_popper=_over(4 * np.pi * area, perimeter**2),
        area_pieces=np.where(np.isnan(area), np.nan, shapely.get_num_geometries(flat)),
    )


def hull_overlaps(
    lon_deg: Floats, lat_deg: Floats, *, territory: Ints, count: int
) -> tuple[Overlap, ...]:
    """Return every pair of territories whose accounts' convex hulls overlap, the most first.

    A pair is looked at in the plane of its first territory. Hulls without an area (fewer than
    three places, or all in a line) overlap with nobody.
    """
    planes, hulls, reach = _hulls(lon_deg, lat_deg, territory, count)
    found: list[Overlap] = []
    real = np.flatnonzero(reach > 0)
    middle_lon = np.array([plane.lon_deg for plane in planes])
    middle_lat = np.array([plane.lat_deg for plane in planes])
    for spot, one in enumerate(real.tolist()):
        others = real[spot + 1 :]
        apart = haversine_km(
            middle_lon[others],
            middle_lat[others],
            to_lon_deg=middle_lon[one],
            to_lat_deg=middle_lat[one],
        )
        near = others[apart < reach[others] + reach[one]]
        if not len(near):
            continue
        mine = _hull_in(planes[one], hulls[one])
        theirs = np.array([_hull_in(planes[one], hulls[other]) for other in near], dtype=np.object_)
        smaller = np.minimum(shapely.area(mine), shapely.area(theirs))
        shares = _over(shapely.area(shapely.intersection(mine, theirs)), smaller)
        found += [
            Overlap(one, other, share)
            for other, share in zip(near.tolist(), shares.tolist(), strict=True)
            if share > 1e-9
        ]
    return tuple(sorted(found, key=lambda pair: (-pair.share, pair.one, pair.other)))


def _flattened(area: BaseGeometry) -> BaseGeometry:
    """Return an area in kilometres in its own plane."""
    if area.is_empty:
        return shapely.MultiPolygon()
    fine = shapely.segmentize(area, _CORNER_EVERY_DEG)
    corners = shapely.get_coordinates(fine)
    plane = _plane_of(corners[:, 0], corners[:, 1])

    def projected(degrees: Floats) -> Floats:
        return np.column_stack(plane.project(degrees[:, 0], degrees[:, 1]))

    parts = shapely.transform(shapely.get_parts(fine), projected)
    mended = np.where(shapely.is_valid(parts), parts, shapely.make_valid(parts))
    joined = shapely.union_all(mended, grid_size=_GRID_KM)
    polygons = [one for one in shapely.get_parts(joined) if isinstance(one, shapely.Polygon)]
    return shapely.MultiPolygon(polygons)


def _plane_of(lon_deg: Floats, lat_deg: Floats) -> Plane:
    """Return the plane at the middle of some places: the mean of their directions from within."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    x, y = float((np.cos(lat) * np.cos(lon)).sum()), float((np.cos(lat) * np.sin(lon)).sum())
    z = float(np.sin(lat).sum())
    if np.sqrt(x * x + y * y + z * z) < 1e-9 * len(lon):  # all round the Earth: no middle
        return Plane(float(lon_deg[0]), float(lat_deg[0]))
    return Plane(
        float(np.degrees(np.arctan2(y, x))), float(np.degrees(np.arctan2(z, np.hypot(x, y))))
    )


def _inertia(
    lon_deg: Floats, lat_deg: Floats, territory: Ints, weight: Floats, *, k: int
) -> Floats:
    """Return the mean squared distance of each territory's weight from its own middle."""
    kept = territory >= 0
    lon_deg, lat_deg, weight = lon_deg[kept], lat_deg[kept], weight[kept]
    territory = territory[kept]
    total = np.bincount(territory, weights=weight, minlength=k)
    weight = np.where(total[territory] > 0, weight, 1.0)
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    x, y, z = (
        np.bincount(territory, weights=weight * part, minlength=k)
        for part in (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat))
    )
    middle_lon = np.degrees(np.arctan2(y, x))[territory]
    middle_lat = np.degrees(np.arctan2(z, np.hypot(x, y)))[territory]
    km = haversine_km(lon_deg, lat_deg, to_lon_deg=middle_lon, to_lat_deg=middle_lat)
    squares = np.bincount(territory, weights=weight * km * km, minlength=k)
    whole = np.bincount(territory, weights=weight, minlength=k)
    return _over(squares.astype(np.float64), whole.astype(np.float64))


def _hulls(
    lon_deg: Floats, lat_deg: Floats, territory: Ints, count: int
) -> tuple[list[Plane], list[Floats], Floats]:
    """Return each territory's plane, corners of its hull in degrees, and how far they reach.

    The reach is 0 where the hull has no area.
    """
    order = np.argsort(territory, kind="stable")
    bounds = np.searchsorted(territory[order], np.arange(count + 1))
    planes, corners, reach = [], [], np.zeros(count)
    for row in range(count):
        rows = order[bounds[row] : bounds[row + 1]]
        lon, lat = lon_deg[rows], lat_deg[rows]
        plane = _plane_of(lon, lat) if len(rows) else Plane(0.0, 0.0)
        on_hull = _corner_rows(np.column_stack(plane.project(lon, lat)))
        planes.append(plane)
        corners.append(np.column_stack((lon[on_hull], lat[on_hull])))
        if len(on_hull):
            km = haversine_km(
                lon[on_hull],
                lat[on_hull],
                to_lon_deg=np.full(len(on_hull), plane.lon_deg),
                to_lat_deg=np.full(len(on_hull), plane.lat_deg),
            )
            reach[row] = float(km.max())
    return planes, corners, reach


def _corner_rows(points: Floats) -> NDArray[np.intp]:
    """Return the rows that are corners of the convex hull; none where it has no area."""
    hull = shapely.convex_hull(shapely.multipoints(points)) if len(points) > 2 else None
    if not isinstance(hull, shapely.Polygon) or hull.area <= 0:
        return np.zeros(0, dtype=np.intp)
    ring = shapely.get_coordinates(hull)[:-1]
    key, first = np.unique(points, axis=0, return_index=True)
    spot = {tuple(place): row for place, row in zip(key.tolist(), first.tolist(), strict=True)}
    return np.array([spot[tuple(corner)] for corner in ring.tolist()], dtype=np.intp)


def _hull_in(plane: Plane, corners: Floats) -> BaseGeometry:
    flat = np.column_stack(plane.project(corners[:, 0], corners[:, 1]))
    hull: BaseGeometry = shapely.convex_hull(shapely.MultiPoint(flat))
    return hull


def _over(part: Floats, whole: Floats) -> Floats:
    ratio: Floats = np.divide(
        part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) > 0
    )
    return ratio
