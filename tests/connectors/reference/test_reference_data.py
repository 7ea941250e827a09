from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from sfterritory.connectors.reference.country_facts import CountryFacts, load_country_facts
from sfterritory.connectors.reference.county import _kept, load_counties
from sfterritory.connectors.reference.derived import read_derived
from sfterritory.connectors.reference.gazetteer import _places, load_gazetteer
from sfterritory.connectors.reference.place_index import PackagedGazetteer
from sfterritory.connectors.reference.place_name import city_spellings
from sfterritory.errors import StoreError
from sfterritory.geography.locate import locate
from sfterritory.geography.location import GivenCoordinates
from sfterritory.model.columns import Accuracy, Floats, TextColumn
from sfterritory.model.sphere import haversine_km
from sfterritory.quality.address import AddressColumns, normalise_addresses
from sfterritory.quality.reference import AddressReference

STORES = Path(__file__).parents[4] / "shared/data/accounts/us_stores.csv.gz"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("derived")


@pytest.fixture(scope="session")
def gazetteer(cache: Path) -> PackagedGazetteer:
    return load_gazetteer(["US", "PR", "CA", "DE", "DK"], cache=cache)


@pytest.fixture(scope="session")
def facts(cache: Path) -> tuple[CountryFacts, ...]:
    return load_country_facts(cache=cache)


def place(gazetteer: PackagedGazetteer, country: str, area: str | None, city: str) -> str:
    rows, namesakes = gazetteer.find_cities([country], [area], [city])
    if rows[0] < 0:
        return f"{namesakes[0]} places"
    return f"{gazetteer.lon_deg[rows[0]]:.0f} {gazetteer.lat_deg[rows[0]]:.0f}"


def test_facts_from_the_derived_file_equal_those_from_the_packages(
    facts: tuple[CountryFacts, ...], cache: Path
) -> None:
    assert load_country_facts(cache=cache) == facts
    assert [fact.code for fact in facts] == sorted(fact.code for fact in facts)


def test_subdivisions_have_iso_codes_names_and_postal_codes(
    facts: tuple[CountryFacts, ...],
) -> None:
    canada = next(fact for fact in facts if fact.code == "CA")
    quebec = next(area for area in canada.subdivisions if area.code == "CA-QC")

    assert {"Quebec", "Québec"} <= set(quebec.names)
    assert quebec.postal_pattern


def test_postal_codes_of_the_usa_and_its_territories_are_found(
    gazetteer: PackagedGazetteer,
) -> None:
    rows = gazetteer.find_postal_codes(
        ["US", "US", "PR", "US", "DE"], ["93033", "00601", "00601", "99999", "10115"]
    )

    assert (rows >= 0).tolist() == [True, True, True, False, False]
    assert gazetteer.lon_deg[rows[0]] == pytest.approx(-119.2, abs=0.1)
    assert gazetteer.lat_deg[rows[0]] == pytest.approx(34.2, abs=0.1)


@pytest.mark.parametrize(
    ("country", "area", "city", "expected"),
    [
        ("US", "US-MO", "St. Louis", "-90 39"),
        ("US", "US-NY", "NYC", "-74 41"),
        ("US", "US-OR", "Springfield", "-123 44"),
        ("US", None, "Chicago", "-88 42"),
        ("US", "US-TX", "Chicago", "0 places"),
        ("DE", None, "Cologne", "7 51"),
        ("DE", "DE-NW", "KÖLN", "7 51"),
        ("CA", "CA-QC", "Montréal (Québec)", "-74 46"),
        ("FR", None, "Paris", "0 places"),
    ],
)
def test_cities_are_found_by_exact_names_within_their_state(
    country: str, area: str | None, city: str, expected: str, gazetteer: PackagedGazetteer
) -> None:
    assert place(gazetteer, country, area, city) == expected


def test_a_name_that_several_cities_may_mean_has_no_place(gazetteer: PackagedGazetteer) -> None:
    rows, namesakes = gazetteer.find_cities(["US"], [None], ["Springfield"])

    assert rows.tolist() == [-1]
    assert namesakes[0] > 1


def test_a_country_has_its_own_places_and_those_overseas(gazetteer: PackagedGazetteer) -> None:
    denmark, usa = gazetteer.places_of("DK"), gazetteer.places_of("US")

    assert gazetteer.lon_deg[denmark].min() < -50  # Greenland
    assert gazetteer.lon_deg[usa].max() > 140  # Guam
    assert not np.isin(denmark, usa).any()
    assert len(gazetteer.places_of("FR")) == 0


def test_places_from_derived_files_equal_those_from_the_packages(
    gazetteer: PackagedGazetteer, cache: Path
) -> None:
    again = load_gazetteer(["DE", "DK", "US", "CA", "PR", "US"], cache=cache)

    for name in PackagedGazetteer.__slots__:
        assert np.array_equal(getattr(again, name), getattr(gazetteer, name))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="another shape"),
        pytest.param(b"[[1, 2]]", id="a list"),
        pytest.param(b'{"93033": ', id="cut off"),
        pytest.param(b"PK\x03\x04\xff\xfe", id="bytes"),
    ],
)
def test_a_damaged_derived_file_counts_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "counties.json"
    path.write_bytes(content)

    assert read_derived(path, _kept) is None
    assert read_derived(path, _places) is None


@pytest.mark.slow
def test_damaged_reference_data_is_made_anew(tmp_path: Path) -> None:
    def load() -> tuple[object, object, list[float]]:
        return (
            load_counties(cache=tmp_path)["93033"],
            load_country_facts(cache=tmp_path)[0],
            load_gazetteer(["LI"], cache=tmp_path).lon_deg.tolist(),
        )

    whole = load()
    good = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path, content in good.items():
        path.write_bytes(content[: len(content) // 2])

    assert load() == whole
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == good


def test_reference_data_that_cannot_be_kept_is_told_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "reference").write_text("a file where a folder belongs")

    with pytest.raises(StoreError, match="cannot be read or written"):
        load_gazetteer(["LI"], cache=tmp_path / "reference")


def test_a_gazetteer_of_no_country_finds_nothing() -> None:
    rows = load_gazetteer([]).find_postal_codes(["US"], ["93033"])

    assert rows.tolist() == [-1]


def test_a_code_that_is_no_country_code_is_refused() -> None:
    with pytest.raises(ValueError, match=r"not ISO 3166-1 alpha-2 codes: '\.\./x', 'us'"):
        load_gazetteer(["us", "../x", "US"])


def test_spellings_are_tried_from_the_exact_one_to_the_bare_one() -> None:
    assert city_spellings("PARIS CEDEX 08") == ("paris cedex 08", "paris")
    assert city_spellings("N. Charleston, SC") == ("north charleston sc", "north charleston")


@pytest.mark.slow
def test_real_stores_are_located_within_kilometres_of_where_they_are(
    facts: tuple[CountryFacts, ...], cache: Path
) -> None:
    if not STORES.exists():
        pytest.skip("the real accounts are not here: ../shared/data is absent")
    with gzip.open(STORES, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = AddressColumns(
        *(TextColumn.of(row[part] for row in rows) for part in ("city", "state", "zip", "country"))
    )
    addresses = normalise_addresses(columns, AddressReference.of(facts))
    gazetteer = load_gazetteer(addresses.country_code.vocabulary, cache=cache)
    unknown = np.full(len(rows), np.nan)

    locations = locate(
        addresses,
        GivenCoordinates(unknown, unknown, TextColumn.of([None] * len(rows))),
        gazetteer,
    )

    places = locations.places
    errors_km = haversine_km(
        places.lon_deg,
        places.lat_deg,
        to_lon_deg=degrees(rows, "longitude"),
        to_lat_deg=degrees(rows, "latitude"),
    )
    by_postal_code = errors_km[places.accuracy == Accuracy.POSTAL_CODE]
    assert places.located.mean() > 0.995
    assert np.nanmedian(by_postal_code) < 3
    assert np.nanquantile(by_postal_code, 0.9) < 8


def degrees(rows: list[dict[str, str]], name: str) -> Floats:
    texts = [row[name] for row in rows]
    return np.array([np.nan if text in {"", "null"} else float(text) for text in texts])
