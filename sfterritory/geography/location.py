"""Locations: what they were taken from, how exact they are, and why an address has none."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sfterritory.model.columns import Accuracy, Floats, Places, TextColumn

# Beyond this a coordinate and a postal code do not mean the same address: of 79,000 true
# coordinates in the USA 99 % lie within 15 km of the centre of their postal code.
CONTRADICTION_KM = 100.0
# So far from every known place of a country hardly anything of it lies: of 137,000 coordinates in
# 221 countries six did, swapped or with a sign lost, and one was true, in the Canadian Arctic.
COUNTRY_KM = 750.0


@dataclass(frozen=True, slots=True)
class GivenCoordinates:
    """Coordinates as Salesforce holds them.

    Attributes:
        lon_deg: Longitude, NaN where not given, shape (n,).
        lat_deg: Latitude, NaN where not given.
        accuracy: Salesforce's geocode accuracy: `Address`, `NearAddress`, `Block`, `Street`,
            `ExtendedZip`, `Zip`, `Neighborhood`, `City`, `County`, `State`, `Unknown`; missing
            where somebody else filled the coordinate in.
    """

    lon_deg: Floats
    lat_deg: Floats
    accuracy: TextColumn


class Source(StrEnum):
    """What a location was taken from."""

    SALESFORCE = "salesforce"
    POSTAL_CODE = "postal_code"
    CITY = "city"


class Unlocated(StrEnum):
    """Why an address has no location; `words` says it to a person."""

    NO_ADDRESS = "no_address"
    NO_COUNTRY = "no_country"
    NO_POSTAL_CODE_OR_CITY = "no_postal_code_or_city"
    UNKNOWN_POSTAL_CODE = "unknown_postal_code"
    UNKNOWN_CITY = "unknown_city"
    UNKNOWN_POSTAL_CODE_AND_CITY = "unknown_postal_code_and_city"
    AMBIGUOUS_CITY = "ambiguous_city"

    @property
    def words(self) -> str:
        """Return the sentence for reports."""
        return _UNLOCATED_WORDS[self]


_UNLOCATED_WORDS = {
    Unlocated.NO_ADDRESS: "There is no address.",
    Unlocated.NO_COUNTRY: "The country is missing or was refused; a city alone may be anywhere.",
    Unlocated.NO_POSTAL_CODE_OR_CITY: "There is neither a postal code nor a city.",
    Unlocated.UNKNOWN_POSTAL_CODE: "No place is known for the postal code, and no city is given.",
    Unlocated.UNKNOWN_CITY: "No place is known for the city, and no postal code is given.",
    Unlocated.UNKNOWN_POSTAL_CODE_AND_CITY: "No place is known for the postal code or the city.",
    Unlocated.AMBIGUOUS_CITY: "Several cities bear the name; a state or postal code would decide.",
}


class Doubt(StrEnum):
    """What speaks against a coordinate that Salesforce holds; `words` says it to a person."""

    INCOMPLETE = "coordinate_incomplete"
    OUT_OF_RANGE = "coordinate_out_of_range"
    AT_ZERO = "coordinate_at_zero"
    SWAPPED = "coordinate_swapped"
    OUTSIDE_COUNTRY = "coordinate_outside_country"
    TOO_COARSE = "coordinate_too_coarse"
    CONTRADICTS_ADDRESS = "coordinate_contradicts_address"

    @property
    def words(self) -> str:
        """Return the sentence for reports."""
        return _DOUBT_WORDS[self]


_DOUBT_WORDS = {
    Doubt.INCOMPLETE: "Only one of longitude and latitude is given; it was not used.",
    Doubt.OUT_OF_RANGE: "Longitude or latitude is no place on earth; it was not used.",
    Doubt.AT_ZERO: "The coordinate is (0, 0), which stands for 'not known'; it was not used.",
    Doubt.SWAPPED: (
        "Longitude and latitude are swapped: the other way round they lie where the address says; "
        "they were not used."
    ),
    Doubt.OUTSIDE_COUNTRY: (
        f"The coordinate lies more than {COUNTRY_KM:.0f} km from every known place of the country; "
        "it was not used."
    ),
    Doubt.TOO_COARSE: "Salesforce knows only the county or state; it was not used.",
    Doubt.CONTRADICTS_ADDRESS: (
        f"The coordinate lies more than {CONTRADICTION_KM:.0f} km from the postal code; it was "
        "used only if Salesforce itself had geocoded it."
    ),
}


@dataclass(frozen=True, slots=True)
class Locations:
    """Where addresses are, and why.

    Attributes:
        places: Coordinates and accuracy; each row is located, or has a cause.
        source: Values of `Source`; missing where not located.
        cause: Values of `Unlocated`; missing where located.
        doubt: Values of `Doubt`, what speaks against the given coordinate; mostly missing.
    """

    places: Places
    source: TextColumn
    cause: TextColumn
    doubt: TextColumn

    def causes(self) -> dict[Unlocated, int]:
        """Return how many rows each cause keeps from being located, the most frequent first."""
        return {Unlocated(value): count for value, count in _ranked(self.cause)}

    def doubts(self) -> dict[Doubt, int]:
        """Return how many given coordinates each doubt concerns, the most frequent first."""
        return {Doubt(value): count for value, count in _ranked(self.doubt)}

    def shares(self) -> dict[Accuracy, float]:
        """Return the share of rows at each accuracy, 0 to 1, the most exact first."""
        total = max(len(self.places.accuracy), 1)
        return {
            level: int(np.count_nonzero(self.places.accuracy == level)) / total
            for level in sorted(Accuracy, reverse=True)
        }


def _ranked(column: TextColumn) -> list[tuple[str, int]]:
    counted = Counter(value for value in column.values() if value is not None)
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))
