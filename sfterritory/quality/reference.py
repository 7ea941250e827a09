"""What normalising has to know of the world: a frozen argument, never loaded from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sfterritory.quality.country import CountryNames, CountryTable
from sfterritory.quality.postal import PostalRule
from sfterritory.quality.subdivision import Subdivision, SubdivisionFacts, SubdivisionTable


class CountryFacts(CountryNames, Protocol):
    """What a loader of reference data has to supply for each country."""

    @property
    def postal_pattern(self) -> str:
        """Return the regular expression of a whole postal code, empty where there are none."""
        ...

    @property
    def postal_examples(self) -> tuple[str, ...]:
        """Return valid codes, in the spelling that is to be kept."""
        ...

    @property
    def subdivisions(self) -> tuple[SubdivisionFacts, ...]:
        """Return states or provinces; empty where no list is at hand."""
        ...


@dataclass(frozen=True, slots=True)
class Country:
    """The address rules of one country.

    Attributes:
        code: ISO 3166-1 alpha-2.
        postal: The form of its postal codes.
        subdivisions: Its states or provinces.
        area_patterns: How the postal codes of each of them begin, where that is known.
    """

    code: str
    postal: PostalRule
    subdivisions: SubdivisionTable
    area_patterns: tuple[str, ...]

    @classmethod
    def of(cls, facts: CountryFacts) -> Country:
        """Index one country."""
        subdivisions = SubdivisionTable.of(facts.code, facts.subdivisions)
        return cls(
            facts.code,
            PostalRule(facts.code, facts.postal_pattern, facts.postal_examples),
            subdivisions,
            tuple(area.postal_pattern for area in subdivisions.all if area.postal_pattern),
        )


@dataclass(frozen=True, slots=True, repr=False)
class AddressReference:
    """Countries, their subdivisions and their postal codes, indexed for look-up.

    Attributes:
        names: Countries by any name.
        countries: By ISO 3166-1 alpha-2.
        areas_by_name: Subdivisions of all countries by folded name or code; only those whose
            postal codes are known, since they are there to tell a missing country.
    """

    names: CountryTable
    countries: Mapping[str, Country]
    areas_by_name: Mapping[str, tuple[Subdivision, ...]]

    @classmethod
    def of(cls, facts: Iterable[CountryFacts]) -> AddressReference:
        """Index what a loader read; the order of the countries does not matter."""
        listed = sorted(facts, key=lambda country: country.code)
        countries = {fact.code: Country.of(fact) for fact in listed}
        areas: dict[str, list[Subdivision]] = {}
        for country in countries.values():
            for name, area in sorted(country.subdivisions.by_name.items()):
                if area.postal_pattern and not name.isdigit():
                    areas.setdefault(name, []).append(area)
        return cls(
            CountryTable.of(listed),
            countries,
            {name: tuple(found) for name, found in areas.items()},
        )
