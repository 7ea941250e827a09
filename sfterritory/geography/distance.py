"""Distances on the sphere."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Floats

EARTH_RADIUS_KM = 6371.0088
KM_PER_DEGREE = EARTH_RADIUS_KM * np.pi / 180


def haversine_km(
    lon_deg: Floats, lat_deg: Floats, *, to_lon_deg: Floats, to_lat_deg: Floats
) -> Floats:
    """Return great-circle distances in km, element by element; shapes broadcast, NaN stays NaN."""
    lat, to_lat = np.radians(lat_deg), np.radians(to_lat_deg)
    half_lat = np.sin((to_lat - lat) / 2)
    half_lon = np.sin(np.radians(np.subtract(to_lon_deg, lon_deg)) / 2)
    chord = half_lat**2 + np.cos(lat) * np.cos(to_lat) * half_lon**2
    # Rounding can push the chord of antipodes past 1.
    distances: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
    return distances
