"""Whether to believe a coordinate that Salesforce holds, by the rest of its address."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.geography.extent import CountryPlaces, near_country
from sfterritory.geography.location import CONTRADICTION_KM, COUNTRY_KM, Doubt, GivenCoordinates
from sfterritory.model.columns import Accuracy, Flags, Floats, TextColumn
from sfterritory.model.sphere import haversine_km

LonLat = tuple[Floats, Floats]

_ACCURACY_OF_GIVEN = {
    "Address": Accuracy.ADDRESS,
    "NearAddress": Accuracy.STREET,
    "Block": Accuracy.STREET,
    "Street": Accuracy.STREET,
    "ExtendedZip": Accuracy.POSTAL_CODE,
    "Zip": Accuracy.POSTAL_CODE,
    "Neighborhood": Accuracy.CITY,
    "City": Accuracy.CITY,
}
_DOUBT_NUMBER = {doubt: number for number, doubt in enumerate(Doubt, start=1)}


@dataclass(frozen=True, slots=True)
class AddressPlaces:
    """Where addresses are without any coordinate, NaN where nobody knows, all of length n.

    Attributes:
        at: The postal code, else the city.
        by_postal_code: Which of them are postal codes.
    """

    at: LonLat
    by_postal_code: Flags

    @classmethod
    def of(cls, postal_code: LonLat, city: LonLat) -> AddressPlaces:
        """Return the places of some addresses."""
        unknown = np.isnan(postal_code[0])
        lon_deg, lat_deg = (
            np.where(unknown, town, post) for town, post in zip(city, postal_code, strict=True)
        )
        return cls((lon_deg, lat_deg), ~unknown)

    def km(self, lon_deg: Floats, lat_deg: Floats) -> Floats:
        """Return how far coordinates lie from them."""
        return haversine_km(lon_deg, lat_deg, to_lon_deg=self.at[0], to_lat_deg=self.at[1])


def judge(
    given: GivenCoordinates, address: AddressPlaces, *, country: TextColumn, places: CountryPlaces
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return the accuracy that each coordinate is worth, and the number of its doubt, 0 for none.

    Args:
        given: The coordinates.
        address: Where the rest of the address says it is.
        country: Where it has to be; missing says nothing.
        places: Places by country.
    """
    lon, lat = given.lon_deg, given.lat_deg
    incomplete = np.isnan(lon) != np.isnan(lat)
    present = ~(np.isnan(lon) | np.isnan(lat))
    in_range = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    at_zero = (lon == 0) & (lat == 0)
    unnamed = given.accuracy.codes < 0
    levels = [_ACCURACY_OF_GIVEN.get(name, Accuracy.NONE) for name in given.accuracy.vocabulary]
    level = np.array([*levels, Accuracy.STREET], dtype=np.int8)[given.accuracy.codes]
    apart_km = address.km(lon, lat)
    far = present & in_range & (apart_km > CONTRADICTION_KM)
    contradicts = far & address.by_postal_code
    unsettled = present & in_range & ~at_zero & ~(apart_km <= CONTRADICTION_KM)
    _, outside = near_country(country, (lon, lat), of=unsettled, km=COUNTRY_KM, places=places)
    # Out of the country, or out of range, it is enough that the country lies there once turned.
    strange = present & (~in_range | outside)
    turns = (np.abs(lat) <= 180) & (np.abs(lon) <= 90)
    inside, _ = near_country(
        country, (lat, lon), of=strange & turns, km=CONTRADICTION_KM, places=places
    )
    swapped = inside | ((strange | far) & turns & (address.km(lat, lon) <= CONTRADICTION_KM))
    usable = present & in_range & ~at_zero & ~swapped & ~outside & ~(contradicts & unnamed)
    ranked = [
        (incomplete, Doubt.INCOMPLETE),
        (swapped, Doubt.SWAPPED),
        (present & ~in_range, Doubt.OUT_OF_RANGE),
        (present & at_zero, Doubt.AT_ZERO),
        (outside, Doubt.OUTSIDE_COUNTRY),
        (present & (level == Accuracy.NONE), Doubt.TOO_COARSE),
        (contradicts, Doubt.CONTRADICTS_ADDRESS),
    ]
    doubt = np.select([flag for flag, _ in ranked], [_DOUBT_NUMBER[name] for _, name in ranked], 0)
    return np.where(usable, level, 0).astype(np.int8), doubt.astype(np.int8)
