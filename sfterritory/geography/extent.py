"""Whether coordinates lie in the country that their address names, by the places known in it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.spatial import KDTree

from sfterritory.model.columns import Flags, Floats, Ints, TextColumn
from sfterritory.model.sphere import EARTH_RADIUS_KM, unit_vectors


class CountryPlaces(Protocol):
    """Places by country."""

    @property
    def lon_deg(self) -> Floats:
        """Return the longitude of each place, WGS 84."""
        ...

    @property
    def lat_deg(self) -> Floats:
        """Return the latitude of each place, WGS 84."""
        ...

    def places_of(self, country: str) -> Ints:
        """Return the places of a country and of what belongs to it overseas."""
        ...


def near_country(
    country: TextColumn,
    coordinates: tuple[Floats, Floats],
    *,
    of: Flags,
    km: float,
    places: CountryPlaces,
) -> tuple[Flags, Flags]:
    """Return which rows lie within some distance of a place of their country, and which do not.

    Neither is true where the country is missing or has no known place, and outside of `of`.

    Args:
        country: ISO 3166-1 alpha-2 codes, n of them.
        coordinates: Longitudes and latitudes.
        of: Which rows are asked for; their coordinates are on earth.
        km: The distance.
        places: Places that are known.
    """
    near, far = np.zeros(len(of), dtype=np.bool_), np.zeros(len(of), dtype=np.bool_)
    lon_deg, lat_deg = coordinates
    chord = 2 * np.sin(km / EARTH_RADIUS_KM / 2)
    for number, code in enumerate(country.vocabulary):
        rows = np.flatnonzero(of & (country.codes == number))
        known = places.places_of(code) if len(rows) else np.empty(0, np.int32)
        if len(known):
            tree = KDTree(unit_vectors(places.lon_deg[known], places.lat_deg[known]))
            found = tree.query(
                unit_vectors(lon_deg[rows], lat_deg[rows]), distance_upper_bound=chord
            )[0]
            near[rows] = np.isfinite(found)
            far[rows] = ~near[rows]
    return near, far
