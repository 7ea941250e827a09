"""Load a gazetteer for the countries that occur, from packages or from small derived files."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sfterritory.connectors.reference.derived import derived_name, read_derived, write_derived
from sfterritory.connectors.reference.gazetteer_source import PACKAGES, read_places
from sfterritory.connectors.reference.place_index import (
    PackagedGazetteer,
    country_number,
    with_overseas,
)

_FORMAT = 1


def load_gazetteer(countries: Collection[str], *, cache: Path | None = None) -> PackagedGazetteer:
    """Return the places of some countries.

    Args:
        countries: ISO 3166-1 alpha-2 codes; one that the packages do not hold has no places. What
            belongs to one overseas comes with it.
        cache: Directory of derived files, one a country; with it a package is read only the
            first time a country is asked for.

    Raises:
        ValueError: A code is not two capital letters.
    """
    wanted = sorted(set(countries))
    wrong = [code for code in wanted if not (len(code) == 2 and code.isascii() and code.isupper())]
    if wrong:
        raise ValueError(f"not ISO 3166-1 alpha-2 codes: {', '.join(map(repr, wrong))}")
    wanted = with_overseas(wanted)
    if cache is None:
        found = read_places(wanted)
        return _merged([_of_country(found[code], code) for code in wanted])
    paths = {
        code: cache
        / derived_name(f"places-{code}", ".npz", format_number=_FORMAT, packages=PACKAGES)
        for code in wanted
    }
    kept = {code: read_derived(path, _places) for code, path in paths.items()}
    missing = [code for code in wanted if kept[code] is None]
    made = read_places(missing) if missing else {}
    for code, places in made.items():
        _save(places, paths[code])
    return _merged([_of_country(kept[code] or made[code], code) for code in wanted])


def _of_country(places: PackagedGazetteer, code: str) -> PackagedGazetteer:
    return replace(
        places, country=np.full(len(places.lon_deg), country_number(code), dtype=np.int32)
    )


def _merged(parts: Sequence[PackagedGazetteer]) -> PackagedGazetteer:
    """Join the places of several countries; no two countries share a key."""
    starts = np.cumsum([0, *(len(part.lon_deg) for part in parts)])
    postal_keys = np.concatenate([np.empty(0, np.uint64), *(part.postal_keys for part in parts)])
    city_keys = np.concatenate([np.empty(0, np.uint64), *(part.city_keys for part in parts)])
    by_postal, by_city = np.argsort(postal_keys), np.argsort(city_keys)
    shifted = list(zip(parts, starts.tolist(), strict=False))
    no_rows, no_floats = np.empty(0, np.int32), np.empty(0, np.float64)
    postal_rows = np.concatenate([no_rows, *(part.postal_rows + start for part, start in shifted)])
    city_rows = np.concatenate([no_rows, *(part.city_rows + start for part, start in shifted)])
    namesakes = np.concatenate([no_rows, *(part.namesakes for part in parts)])
    return PackagedGazetteer(
        lon_deg=np.concatenate([no_floats, *(part.lon_deg for part in parts)]),
        lat_deg=np.concatenate([no_floats, *(part.lat_deg for part in parts)]),
        postal_keys=postal_keys[by_postal],
        postal_rows=postal_rows[by_postal].astype(np.int32),
        city_keys=city_keys[by_city],
        city_rows=city_rows[by_city].astype(np.int32),
        namesakes=namesakes[by_city].astype(np.int32),
        country=np.concatenate([no_rows, *(part.country for part in parts)]),
    )


def _save(places: PackagedGazetteer, path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(
        buffer,
        lon_deg=places.lon_deg,
        lat_deg=places.lat_deg,
        postal_keys=places.postal_keys,
        postal_rows=places.postal_rows,
        city_keys=places.city_keys,
        city_rows=places.city_rows,
        namesakes=places.namesakes,
    )
    write_derived(path, buffer.getvalue())


def _places(content: bytes) -> PackagedGazetteer:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return PackagedGazetteer(**{name: arrays[name] for name in arrays.files})
