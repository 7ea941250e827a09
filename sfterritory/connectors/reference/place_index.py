"""Places found by postal code or by city name.

Names are kept as 64-bit digests: the cities of the USA take a tenth of the memory of their names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sfterritory.connectors.reference.place_name import city_spellings
from sfterritory.model.columns import Floats, Ints

# Countries whose cities carry a subdivision that has an ISO 3166-2 code.
NARROWED_COUNTRIES = frozenset({"AT", "AU", "CA", "CH", "DE", "US"})


# What lies overseas and has a code of its own, though people write the mother country: farther
# than any part of it. The USA's own territories are among its postal codes already.
_OVERSEAS = {
    "AU": ("CC", "CX", "NF"),
    "DK": ("FO", "GL"),
    "FR": ("BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "WF", "YT"),
    "GB": ("AI", "BM", "FK", "GI", "KY", "MS", "SH", "TC", "VG"),
    "NL": ("AW", "BQ", "CW", "SX"),
    "NO": ("SJ",),
    "NZ": ("CK", "NU", "TK"),
}


def with_overseas(countries: Collection[str]) -> list[str]:
    """Return countries and what belongs to them overseas, ascending."""
    return sorted({one for code in countries for one in (code, *_OVERSEAS.get(code, ()))})


def country_number(country: str) -> int:
    """Return a number for two capital letters."""
    return ord(country[0]) * 128 + ord(country[1])


@dataclass(frozen=True, slots=True)
class PackagedGazetteer:
    """Places, found by postal code or by city name.

    Attributes:
        lon_deg: Longitude of each place, WGS 84.
        lat_deg: Latitude of each place.
        postal_keys: Digests of country and postal code, ascending.
        postal_rows: The place of each postal key.
        city_keys: Digests of country, subdivision or nothing, and folded name, ascending.
        city_rows: The place of each city key: the largest of that name.
        namesakes: How many places a city key may mean; 1 where the largest is clearly meant.
        country: Of each place the number of its country; empty where it is not known.
    """

    lon_deg: Floats
    lat_deg: Floats
    postal_keys: NDArray[np.uint64]
    postal_rows: Ints
    city_keys: NDArray[np.uint64]
    city_rows: Ints
    namesakes: Ints
    country: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    def places_of(self, country: str) -> Ints:
        """Return the places of a country and of what belongs to it overseas."""
        numbers = [country_number(code) for code in with_overseas([country])]
        return np.flatnonzero(np.isin(self.country, numbers)).astype(np.int32)

    def find_postal_codes(self, countries: Sequence[str], postal_codes: Sequence[str]) -> Ints:
        """Return the place of each (country, canonical postal code), -1 where it is unknown."""
        keys = [postal_key(*pair) for pair in zip(countries, postal_codes, strict=True)]
        at = _find(self.postal_keys, keys)
        return np.where(at >= 0, np.append(self.postal_rows, -1)[at], -1).astype(np.int32)

    def find_cities(
        self, countries: Sequence[str], subdivisions: Sequence[str | None], cities: Sequence[str]
    ) -> tuple[Ints, Ints]:
        """Return the place of each city, and how many places its name may mean.

        A subdivision narrows the search where the gazetteer knows which cities lie in it;
        elsewhere it is not read. The place is -1 where no city, or more than one, may be meant.
        """
        found = np.full(len(cities), -1, dtype=np.int64)
        asked = zip(countries, subdivisions, cities, strict=True)
        spellings = [
            [city_key(country, _narrowing(subdivision), form) for form in city_spellings(city)]
            for country, subdivision, city in asked
        ]
        for attempt in range(max(map(len, spellings), default=0)):
            rows = np.array(
                [
                    row
                    for row, keys in enumerate(spellings)
                    if attempt < len(keys) and found[row] < 0
                ],
                dtype=np.int64,
            )
            if len(rows):
                found[rows] = _find(self.city_keys, [spellings[row][attempt] for row in rows])
        namesakes = np.where(found >= 0, np.append(self.namesakes, 0)[found], 0)
        places = np.where(namesakes == 1, np.append(self.city_rows, -1)[found], -1)
        return places.astype(np.int32), namesakes.astype(np.int32)


def _narrowing(subdivision: str | None) -> str:
    if subdivision is None or subdivision.partition("-")[0] not in NARROWED_COUNTRIES:
        return ""
    return subdivision


def postal_key(country: str, postal_code: str) -> int:
    """Return the 64-bit digest under which a postal code is kept."""
    return _digest(f"{country}\n{postal_code}")


def city_key(country: str, subdivision: str, folded_city: str) -> int:
    """Return the 64-bit digest under which a city is kept; subdivision may be empty.

    Two of a million names share a digest with probability 3e-8.
    """
    return _digest(f"{country}\n{subdivision}\n{folded_city}")


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _find(sorted_keys: NDArray[np.uint64], keys: Sequence[int]) -> NDArray[np.int64]:
    wanted = np.array(keys, dtype=np.uint64)
    if not len(sorted_keys):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == wanted, at, -1)
