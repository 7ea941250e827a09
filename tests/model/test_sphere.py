from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.model.sphere import EARTH_RADIUS_KM, haversine_km

LON, LAT = st.floats(-180, 180), st.floats(-90, 90)


def test_paris_to_london_is_344_km() -> None:
    distance = haversine_km(
        np.array([2.3522]),
        np.array([48.8566]),
        to_lon_deg=np.array([-0.1276]),
        to_lat_deg=np.array([51.5072]),
    )

    assert distance.tolist() == pytest.approx([343.5], abs=0.5)


@given(start=st.tuples(LON, LAT), end=st.tuples(LON, LAT))
def test_the_distance_is_the_arc_over_the_chord_through_the_earth(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    lon, lat = np.array([start[0], end[0]]), np.array([start[1], end[1]])

    distance = haversine_km(lon[:1], lat[:1], to_lon_deg=lon[1:], to_lat_deg=lat[1:])

    x, y = np.radians(lon), np.radians(lat)
    points = np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=-1)
    half_chord = float(np.linalg.norm(points[1] - points[0])) / 2
    assert distance[0] == pytest.approx(
        2 * EARTH_RADIUS_KM * np.arcsin(min(half_chord, 1.0)), abs=1.0
    )
