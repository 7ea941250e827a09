"""Real American postal codes around metropolitan areas, as places for fictional records."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import zipcodes

from sfterritory.sandbox.seed_names import STATE_NAMES

METRO_RADIUS_KM = 55.0
_KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True)
class Place:
    """A postal code and its centre."""

    postal_code: str
    city: str
    state: str
    lon_deg: float
    lat_deg: float


@dataclass(frozen=True, slots=True)
class Metro:
    """A metropolitan area; `weight` is its share of an org's customers."""

    name: str
    lon_deg: float
    lat_deg: float
    weight: int


METROS = (
    Metro("New York", -74.01, 40.71, 20),
    Metro("Los Angeles", -118.24, 34.05, 15),
    Metro("Chicago", -87.63, 41.88, 12),
    Metro("Dallas", -96.80, 32.78, 10),
    Metro("Atlanta", -84.39, 33.75, 9),
    Metro("Boston", -71.06, 42.36, 8),
    Metro("San Francisco", -122.42, 37.77, 8),
    Metro("Seattle", -122.33, 47.61, 6),
    Metro("Denver", -104.99, 39.74, 5),
    Metro("Miami", -80.19, 25.76, 7),
    Metro("Minneapolis", -93.27, 44.98, 5),
    Metro("Phoenix", -112.07, 33.45, 6),
    Metro("Washington", -77.04, 38.91, 8),
    Metro("St. Louis", -90.20, 38.63, 4),
    Metro("Charlotte", -80.84, 35.23, 4),
    Metro("Houston", -95.37, 29.76, 9),
    Metro("Philadelphia", -75.17, 39.95, 8),
    Metro("Detroit", -83.05, 42.33, 5),
    Metro("San Diego", -117.16, 32.72, 4),
    Metro("Tampa", -82.46, 27.95, 4),
    Metro("Portland", -122.68, 45.52, 3),
    Metro("Salt Lake City", -111.89, 40.76, 3),
    Metro("Nashville", -86.78, 36.16, 3),
    Metro("Kansas City", -94.58, 39.10, 3),
    Metro("Pittsburgh", -79.99, 40.44, 3),
)


@cache
def all_places() -> tuple[Place, ...]:
    """Return every ordinary postal code of the 50 states and the capital, in order."""
    return tuple(
        Place(one["zip_code"], one["city"], one["state"], float(one["long"]), float(one["lat"]))
        for one in _all_zip_codes()
        if one["zip_code_type"] == "STANDARD"
        and one["active"]
        and one["state"] in STATE_NAMES
        and one["lat"]
        and one["long"]
    )


def _all_zip_codes() -> list[dict[str, Any]]:
    codes: list[dict[str, Any]] = zipcodes.list_all()  # type: ignore[no-untyped-call]  # the package has no types
    return codes


@cache
def metro_places(metro: Metro) -> tuple[Place, ...]:
    """Return the postal codes within `METRO_RADIUS_KM` of a metro's centre."""
    places = all_places()
    lon_deg, lat_deg = _coordinates()
    width = math.cos(math.radians(metro.lat_deg))
    distance_km = _KM_PER_DEGREE * np.hypot(
        (lon_deg - metro.lon_deg) * width, lat_deg - metro.lat_deg
    )
    return tuple(places[index] for index in np.flatnonzero(distance_km < METRO_RADIUS_KM))


@cache
def places_by_code() -> dict[str, Place]:
    """Return places by postal code."""
    return {one.postal_code: one for one in all_places()}


@cache
def _coordinates() -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    places = all_places()
    return (
        np.array([one.lon_deg for one in places]),
        np.array([one.lat_deg for one in places]),
    )


def distance_km(start: Place | Metro, end: Place | Metro) -> float:
    """Return the distance on a sphere, accurate enough to say who is nearer."""
    width = math.cos(math.radians((start.lat_deg + end.lat_deg) / 2))
    return _KM_PER_DEGREE * math.hypot(
        (start.lon_deg - end.lon_deg) * width, start.lat_deg - end.lat_deg
    )
