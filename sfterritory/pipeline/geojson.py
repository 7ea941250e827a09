"""Territories as GeoJSON (RFC 7946): polygons that no two share, centres, and what each holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from sfterritory.model.columns import Floats
from sfterritory.model.document import Scalar

_WORLD = shapely.box(-180, -90, 180, 90)
_TURN_DEG = 360.0


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing on the map, in WGS 84 degrees, longitude first."""

    id: str
    geometry: BaseGeometry
    properties: Mapping[str, Scalar]


def feature_collection(features: Iterable[Feature]) -> dict[str, Any]:
    """Return a GeoJSON document; a feature without a place has the geometry null.

    Polygons keep every digit: rounding could let neighbours overlap, or put an account beside its
    own territory. Outer rings run against the clock, holes with it (RFC 7946, 3.1.6); what crosses
    the antimeridian is cut there (3.1.9).
    """
    return {"type": "FeatureCollection", "features": [_feature(one) for one in features]}


def cut_at_antimeridian(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry within -180 to 180 degrees: what lies beyond is cut off and turned back."""
    west, _, east, _ = geometry.bounds if not geometry.is_empty else (0.0, 0.0, 0.0, 0.0)
    if west >= -180 and east <= 180:
        return geometry
    first = int(np.floor((west + 180) / _TURN_DEG))
    last = int(np.ceil((east - 180) / _TURN_DEG))
    turned = [
        shapely.intersection(_WORLD, shapely.transform(geometry, _moved_by(-_TURN_DEG * turn)))
        for turn in range(first, last + 1)
    ]
    polygons = [
        part
        for one in turned
        for part in shapely.get_parts(one).tolist()
        if isinstance(part, shapely.Polygon) and not part.is_empty
    ]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _moved_by(degrees: float) -> Callable[[Floats], Floats]:
    return lambda corners: corners + np.array([degrees, 0.0])


def _feature(one: Feature) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": one.id,
        "geometry": _geometry(one.geometry),
        "properties": dict(one.properties),
    }


def _geometry(geometry: BaseGeometry) -> dict[str, Any] | None:
    if geometry.is_empty:
        return None
    if isinstance(geometry, shapely.Point):
        return {"type": "Point", "coordinates": [geometry.x, geometry.y]}
    cut = shapely.orient_polygons(cut_at_antimeridian(geometry))
    rings = [_rings(part) for part in shapely.get_parts(cut).tolist()]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}


def _rings(polygon: shapely.Polygon) -> list[Sequence[Sequence[float]]]:
    return [
        shapely.get_coordinates(ring).tolist() for ring in (polygon.exterior, *polygon.interiors)
    ]
