"""Which area of a set claims which address."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.connectors.reference.county import load_counties
from sfterritory.connectors.table_file import read_table
from sfterritory.errors import ConfigError
from sfterritory.geography.area_set import (
    Claims,
    PostalPattern,
    claims_by_code,
    claims_by_polygon,
    claims_by_postal_code,
    joined,
    postal_areas,
    relabelled,
)
from sfterritory.geography.leg import Shapes
from sfterritory.geography.params import AreaSet
from sfterritory.model.columns import Ints, Places, TextColumn
from sfterritory.model.travel import Points
from sfterritory.pipeline.geo.land import load_polygons
from sfterritory.pipeline.locate import reference_folder
from sfterritory.pipeline.records import PlacedRecords
from sfterritory.settings.project import Settings


@dataclass(frozen=True, slots=True)
class Addresses:
    """What areas are looked up by: as normalised by the last pull, all of length n."""

    country: TextColumn
    subdivision: TextColumn
    postal_code: TextColumn
    places: Places


@dataclass(frozen=True, slots=True)
class ClaimedSet:
    """The areas of one set and who they claim; `shapes` where they are polygons."""

    claims: Claims
    shapes: Shapes | None
    notes: tuple[str, ...]


def claimed(settings: Settings, area_set: AreaSet, addresses: Addresses) -> ClaimedSet:
    """Return which areas of a set claim each address.

    Raises:
        ConfigError: A pattern or a file is wrong; every mistake of it is listed.
    """
    if area_set.by == "polygon":
        return _by_polygon(settings, area_set, addresses)
    if area_set.by == "postal_code" and area_set.areas:
        patterns = _patterns(area_set)
        claims = claims_by_postal_code(addresses.country, addresses.postal_code, patterns)
    else:
        claims = claims_by_code(area_codes(settings, area_set, addresses), area_set.areas)
    return ClaimedSet(claims, None, ())


def addresses_of(placed: PlacedRecords, rows: Ints) -> Addresses:
    """Return what areas are looked up by, for some of the records of an object."""

    def taken(name: str) -> TextColumn:
        column = placed.text(name)
        return TextColumn(column.codes[rows], column.vocabulary)

    places = placed.places
    return Addresses(
        country=taken("country_code"),
        subdivision=taken("subdivision_code"),
        postal_code=taken("postal_code"),
        places=Places(places.lon_deg[rows], places.lat_deg[rows], places.accuracy[rows]),
    )


def area_codes(settings: Settings, area_set: AreaSet, addresses: Addresses) -> TextColumn:
    """Return the code of each address in a set that goes by codes.

    Raises:
        ConfigError: The file of metros is wrong.
    """
    match area_set.by:
        case "country":
            return addresses.country
        case "state":
            return addresses.subdivision
        case "county":
            return county_codes(settings, addresses.country, addresses.postal_code)
        case "metro":
            return _metro_codes(settings, area_set, addresses)
        case _:
            return postal_areas(
                addresses.country, addresses.postal_code, prefix_length=area_set.prefix_length
            )


def county_codes(settings: Settings, countries: TextColumn, postal_codes: TextColumn) -> TextColumn:
    """Return `US-CA Ventura County` for US postal codes; other countries have no counties here."""
    counties = load_counties(cache=reference_folder(settings))
    both = joined(countries, postal_codes)
    return relabelled(
        both,
        [
            counties.get(code[:5]) if country == "US" else None
            for country, _, code in (text.partition("\n") for text in both.vocabulary)
        ],
    )


def _metro_codes(settings: Settings, area_set: AreaSet, addresses: Addresses) -> TextColumn:
    title = f"mappings/{area_set.file}"
    table = read_table(settings.root / "mappings" / str(area_set.file), name=title)
    headings = [one.strip().lower() for one in table.headings]
    missing = [name for name in ("postal_code", "metro") if name not in headings]
    if missing:
        raise ConfigError(
            f"{title}: it has no column {' and no column '.join(missing)}; its columns: "
            f"{', '.join(table.headings)}",
            remedy="give it the columns postal_code and metro, and country where it is not "
            f"{area_set.country}",
        )
    column = {
        name: headings.index(name)
        for name in ("postal_code", "metro", "country")
        if name in headings
    }
    metros: dict[str, str] = {}
    problems: list[str] = []
    for row in table.rows:
        country = row.cells[column["country"]] if "country" in column else area_set.country
        code, metro = row.cells[column["postal_code"]], row.cells[column["metro"]]
        if not code or not metro:
            continue
        key = _metro_key(country or area_set.country, code)
        if metros.setdefault(key, metro) != metro:
            problems.append(f"{title}:{row.line}: {code} is in {metros[key]!r} and in {metro!r}")
    if problems:
        raise ConfigError("\n".join(problems), remedy="name one metro for each postal code")
    both = joined(addresses.country, addresses.postal_code)
    pairs = [text.partition("\n") for text in both.vocabulary]
    return relabelled(both, [metros.get(_metro_key(country, code)) for country, _, code in pairs])


def _metro_key(country: str, code: str) -> str:
    """Return what postal codes of a table and of addresses are compared by, however written."""
    folded = code.upper().replace(" ", "").replace("-", "")
    return f"{country.upper()}\n{folded[:5] if country.upper() == 'US' else folded}"


def _patterns(area_set: AreaSet) -> dict[str, tuple[PostalPattern, ...]]:
    found: dict[str, tuple[PostalPattern, ...]] = {}
    problems: list[str] = []
    for name, texts in area_set.areas.items():
        read: list[PostalPattern] = []
        for text in texts:
            try:
                read.append(PostalPattern.of(text, country=area_set.country))
            except ValueError as error:
                problems.append(
                    "mappings/territories.yaml: geography.area_sets: "
                    f"{area_set.name}: {name}: {error}"
                )
        found[name] = tuple(read)
    if problems:
        raise ConfigError("\n".join(problems), remedy="correct these patterns")
    return found


def _by_polygon(settings: Settings, area_set: AreaSet, addresses: Addresses) -> ClaimedSet:
    located = addresses.places.located
    points = Points(addresses.places.lon_deg, addresses.places.lat_deg)
    names, shapes, notes = load_polygons(
        settings,
        str(area_set.file),
        name_property=area_set.name_property,
        located=points.taken(np.flatnonzero(located)),
    )
    return ClaimedSet(claims_by_polygon(points, located, shapes, names=names), shapes, notes)
