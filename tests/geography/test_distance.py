from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.geography.distance import (
    EARTH_RADIUS_KM,
    estimate_drive_minutes,
    haversine_km,
    unit_vectors,
)

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
def test_the_angle_between_unit_vectors_is_the_distance(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    lon, lat = np.array([start[0], end[0]]), np.array([start[1], end[1]])

    vectors = unit_vectors(lon, lat)
    distance = haversine_km(lon[:1], lat[:1], to_lon_deg=lon[1:], to_lat_deg=lat[1:])

    half_chord = float(np.linalg.norm(vectors[1] - vectors[0])) / 2
    assert distance[0] == pytest.approx(
        2 * EARTH_RADIUS_KM * np.arcsin(min(half_chord, 1.0)), abs=1.0
    )


def test_driving_times_follow_the_power_law_and_then_80_km_an_hour() -> None:
    minutes = estimate_drive_minutes(np.array([0.0, 1.0, 50.0, 130.0]))

    at_50_km = 3.15 * 50**0.72
    assert minutes.tolist() == pytest.approx([0.0, 3.15, at_50_km, at_50_km + 60])


@given(near=st.floats(0, 2000), further=st.floats(0, 2000))
def test_a_longer_way_never_takes_less_time(near: float, further: float) -> None:
    shorter, longer = estimate_drive_minutes(np.array([near, near + further])).tolist()

    assert shorter <= longer
