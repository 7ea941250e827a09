"""Where each address is: Salesforce's own coordinate, its postal code, or its city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sfterritory.geography.given_coordinate import AddressPlaces, judge
from sfterritory.geography.location import (
    CONTRADICTION_KM,
    Doubt,
    GivenCoordinates,
    Locations,
    Source,
    Unlocated,
)
from sfterritory.model.columns import Accuracy, Flags, Floats, Ints, Places, TextColumn
from sfterritory.model.sphere import haversine_km


class LocatableAddresses(Protocol):
    """Addresses in one spelling, as the quality stage makes them; all of one length."""

    @property
    def country_code(self) -> TextColumn:
        """Return ISO 3166-1 alpha-2 codes."""
        ...

    @property
    def subdivision_code(self) -> TextColumn:
        """Return ISO 3166-2 codes (`US-CA`)."""
        ...

    @property
    def postal_code(self) -> TextColumn:
        """Return postal codes in the country's spelling."""
        ...

    @property
    def city(self) -> TextColumn:
        """Return names of cities."""
        ...

    @property
    def postal_contradicts(self) -> Flags:
        """Return which postal codes lie in another subdivision than the one given."""
        ...


class Gazetteer(Protocol):
    """Places by postal code and by city, frozen, in memory."""

    @property
    def lon_deg(self) -> Floats:
        """Return the longitude of each place, WGS 84."""
        ...

    @property
    def lat_deg(self) -> Floats:
        """Return the latitude of each place, WGS 84."""
        ...

    def find_postal_codes(self, countries: Sequence[str], postal_codes: Sequence[str]) -> Ints:
        """Return the place of each (country, postal code), -1 where it is unknown."""
        ...

    def find_cities(
        self, countries: Sequence[str], subdivisions: Sequence[str | None], cities: Sequence[str]
    ) -> tuple[Ints, Ints]:
        """Return the place of each city, and how many places its name may mean.

        The place is -1 where none, or more than one, may be meant.
        """
        ...

    def places_of(self, country: str) -> Ints:
        """Return the places of a country and of what belongs to it overseas."""
        ...


def locate(
    addresses: LocatableAddresses, given: GivenCoordinates, gazetteer: Gazetteer
) -> Locations:
    """Locate every address as exactly as its parts allow, or say why it cannot be located.

    Salesforce's own coordinate counts if it is at least as exact as ours. Without an accuracy
    it counts as a street, provided it lies within `CONTRADICTION_KM` of the postal code. One that
    lies farther than `COUNTRY_KM` from every known place of the country never counts. Then
    comes the postal code, then the city. Where postal code and state contradict each other, the
    city decides: if that state has such a city far from the postal code, two stand against one.

    Raises:
        ValueError: The coordinates have another length than the addresses.
    """
    found = _find_distinct(addresses, gazetteer)
    if not len(found.lon_deg) == len(given.lon_deg) == len(given.accuracy.codes):
        raise ValueError(f"{len(given.lon_deg)} coordinates for {len(found.lon_deg)} addresses")
    given_level, doubt = judge(
        given,
        AddressPlaces.of(
            (found.postal_lon_deg, found.postal_lat_deg), (found.city_lon_deg, found.city_lat_deg)
        ),
        country=_country(addresses),
        places=gazetteer,
    )
    use_given = (given_level > Accuracy.NONE) & (given_level >= found.level)
    level = np.where(use_given, given_level, found.level)
    source = np.where(use_given, _Origin.SALESFORCE, found.origin)
    return Locations(
        Places(
            lon_deg=np.where(use_given, given.lon_deg, found.lon_deg),
            lat_deg=np.where(use_given, given.lat_deg, found.lat_deg),
            accuracy=level.astype(np.int8),
        ),
        source=_named(source, [None, Source.CITY, Source.POSTAL_CODE, Source.SALESFORCE]),
        cause=_named(np.where(level > Accuracy.NONE, 0, found.cause), [None, *Unlocated]),
        doubt=_named(doubt, [None, *Doubt]),
    )


class _Origin(IntEnum):
    NOTHING = 0
    CITY = 1
    POSTAL_CODE = 2
    SALESFORCE = 3


_CAUSE_NUMBER = {cause: number for number, cause in enumerate(Unlocated, start=1)}


@dataclass(frozen=True, slots=True)
class _Found:
    """What the gazetteer says of each address; `cause` is 0 where it says something."""

    lon_deg: Floats
    lat_deg: Floats
    level: NDArray[np.int8]
    origin: NDArray[np.int8]
    cause: NDArray[np.int8]
    postal_lon_deg: Floats
    postal_lat_deg: Floats
    city_lon_deg: Floats
    city_lat_deg: Floats

    def of_rows(self, groups: NDArray[np.intp]) -> _Found:
        return _Found(
            self.lon_deg[groups],
            self.lat_deg[groups],
            self.level[groups],
            self.origin[groups],
            self.cause[groups],
            self.postal_lon_deg[groups],
            self.postal_lat_deg[groups],
            self.city_lon_deg[groups],
            self.city_lat_deg[groups],
        )


def _find_distinct(addresses: LocatableAddresses, gazetteer: Gazetteer) -> _Found:
    """Look each distinct combination up once."""
    columns = (
        addresses.country_code,
        addresses.subdivision_code,
        addresses.postal_code,
        addresses.city,
    )
    key = addresses.postal_contradicts.astype(np.int64)
    for column in columns:
        # Renumbered after each step, so that the product of the vocabularies cannot overflow.
        wide = key * (len(column.vocabulary) + 1) + (column.codes + 1)
        key = np.unique(wide, return_inverse=True)[1].astype(np.int64)
    _, first, groups = np.unique(key, return_index=True, return_inverse=True)
    texts = [TextColumn(column.codes[first], column.vocabulary).values() for column in columns]
    found = _find(
        texts[0], texts[1], texts[2], texts[3], addresses.postal_contradicts[first], gazetteer
    )
    return found.of_rows(groups)


# Addresses of the armed forces: they name the country, and lie wherever the post is.
_POSTS_ABROAD = frozenset({"US-AA", "US-AE", "US-AP"})

_Texts = Sequence[str | None]


def _country(addresses: LocatableAddresses) -> TextColumn:
    """Return countries, missing where a place of the country says nothing of the address."""
    abroad = [
        number
        for number, code in enumerate(addresses.subdivision_code.vocabulary)
        if code in _POSTS_ABROAD
    ]
    posted = np.isin(addresses.subdivision_code.codes, abroad)
    country = addresses.country_code
    codes = np.where(posted, -1, country.codes).astype(country.codes.dtype)
    return TextColumn(codes, country.vocabulary)


def _find(  # four parallel columns of one address
    countries: _Texts,
    subdivisions: _Texts,
    postal_codes: _Texts,
    cities: _Texts,
    contradicts: Flags,
    gazetteer: Gazetteer,
) -> _Found:
    places_lon = np.append(gazetteer.lon_deg, np.nan)
    places_lat = np.append(gazetteer.lat_deg, np.nan)
    by_postal = np.full(len(countries), -1, dtype=np.int32)
    by_city = by_postal.copy()
    namesakes = np.zeros(len(countries), dtype=np.int32)
    with_postal = [
        row for row, pair in enumerate(zip(countries, postal_codes, strict=True)) if all(pair)
    ]
    with_city = [row for row, pair in enumerate(zip(countries, cities, strict=True)) if all(pair)]
    by_postal[with_postal] = gazetteer.find_postal_codes(
        [countries[row] or "" for row in with_postal],
        [postal_codes[row] or "" for row in with_postal],
    )
    by_city[with_city], namesakes[with_city] = gazetteer.find_cities(
        [countries[row] or "" for row in with_city],
        [subdivisions[row] for row in with_city],
        [cities[row] or "" for row in with_city],
    )
    apart_km = haversine_km(
        places_lon[by_postal],
        places_lat[by_postal],
        to_lon_deg=places_lon[by_city],
        to_lat_deg=places_lat[by_city],
    )
    use_postal = (by_postal >= 0) & ~(contradicts & (by_city >= 0) & (apart_km > CONTRADICTION_KM))
    use_city = ~use_postal & (by_city >= 0)
    place = np.where(use_postal, by_postal, np.where(use_city, by_city, -1))
    choices = [use_postal, use_city]
    return _Found(
        lon_deg=places_lon[place],
        lat_deg=places_lat[place],
        level=np.select(choices, [Accuracy.POSTAL_CODE, Accuracy.CITY], 0).astype(np.int8),
        origin=np.select(choices, [_Origin.POSTAL_CODE, _Origin.CITY], 0).astype(np.int8),
        cause=_causes(countries, subdivisions, postal_codes, cities, namesakes, place),
        postal_lon_deg=places_lon[by_postal],
        postal_lat_deg=places_lat[by_postal],
        city_lon_deg=places_lon[by_city],
        city_lat_deg=places_lat[by_city],
    )


def _causes(  # four parallel columns of one address
    countries: _Texts,
    subdivisions: _Texts,
    postal_codes: _Texts,
    cities: _Texts,
    namesakes: Ints,
    place: Ints,
) -> NDArray[np.int8]:
    no_country = np.array([text is None for text in countries], dtype=np.bool_)
    no_area = np.array([text is None for text in subdivisions], dtype=np.bool_)
    no_postal = np.array([text is None for text in postal_codes], dtype=np.bool_)
    no_city = np.array([text is None for text in cities], dtype=np.bool_)
    ranked = [
        (place >= 0, 0),
        (no_country & no_area & no_postal & no_city, _CAUSE_NUMBER[Unlocated.NO_ADDRESS]),
        (no_country, _CAUSE_NUMBER[Unlocated.NO_COUNTRY]),
        (no_postal & no_city, _CAUSE_NUMBER[Unlocated.NO_POSTAL_CODE_OR_CITY]),
        (namesakes > 1, _CAUSE_NUMBER[Unlocated.AMBIGUOUS_CITY]),
        (no_city, _CAUSE_NUMBER[Unlocated.UNKNOWN_POSTAL_CODE]),
        (no_postal, _CAUSE_NUMBER[Unlocated.UNKNOWN_CITY]),
    ]
    both = _CAUSE_NUMBER[Unlocated.UNKNOWN_POSTAL_CODE_AND_CITY]
    conditions = [condition for condition, _ in ranked]
    return np.select(conditions, [number for _, number in ranked], both).astype(np.int8)


def _named(numbers: NDArray[np.int8], names: Sequence[str | None]) -> TextColumn:
    """Turn numbers into a column of names."""
    used = sorted(set(np.unique(numbers).tolist()))
    column = TextColumn.of([names[number] for number in used])
    return TextColumn(column.codes[np.searchsorted(used, numbers)], column.vocabulary)
