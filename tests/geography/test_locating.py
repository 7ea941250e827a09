from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.geography.locate import locate
from sfterritory.geography.location import Doubt, GivenCoordinates, Locations, Source, Unlocated
from sfterritory.model.columns import Accuracy, Flags, Floats, Ints, TextColumn

BOSTON, OXNARD = (-71.06, 42.36), (-119.18, 34.2)


@dataclass(frozen=True)
class TwoTowns:
    """A gazetteer of Boston (02134), Oxnard (93033), and two towns called Springfield."""

    lon_deg: Floats = field(default_factory=lambda: np.array([BOSTON[0], OXNARD[0]]))
    lat_deg: Floats = field(default_factory=lambda: np.array([BOSTON[1], OXNARD[1]]))

    def find_postal_codes(self, countries: Sequence[str], postal_codes: Sequence[str]) -> Ints:
        place = {("US", "02134"): 0, ("US", "93033"): 1}
        pairs = zip(countries, postal_codes, strict=True)
        return np.array([place.get(pair, -1) for pair in pairs], dtype=np.int32)

    def find_cities(
        self, countries: Sequence[str], subdivisions: Sequence[str | None], cities: Sequence[str]
    ) -> tuple[Ints, Ints]:
        place = {("US", "Boston"): 0, ("US", "Oxnard"): 1}
        pairs = list(zip(countries, cities, strict=True))
        rows = [place.get(pair, -1) for pair in pairs]
        counts = [
            2 if city == "Springfield" else int(row >= 0)
            for (_, city), row in zip(pairs, rows, strict=True)
        ]
        return np.array(rows, dtype=np.int32), np.array(counts, dtype=np.int32)

    def places_of(self, country: str) -> Ints:
        return np.arange(2 if country == "US" else 0, dtype=np.int32)


@dataclass(frozen=True)
class Addresses:
    country_code: TextColumn
    subdivision_code: TextColumn
    postal_code: TextColumn
    city: TextColumn
    postal_contradicts: Flags


Row = tuple[str | None, str | None, str | None, str | None]
"""Country, subdivision, postal code, city."""


def located(
    *rows: Row,
    coordinates: Sequence[tuple[float, float]] | None = None,
    accuracy: str | None = None,
    contradicts: bool = False,
) -> Locations:
    country, area, code, city = (TextColumn.of(row[part] for row in rows) for part in range(4))
    given_deg = np.array(coordinates or [(np.nan, np.nan)] * len(rows)).reshape(-1, 2)
    return locate(
        Addresses(country, area, code, city, np.full(len(rows), contradicts)),
        GivenCoordinates(given_deg[:, 0], given_deg[:, 1], TextColumn.of([accuracy] * len(rows))),
        TwoTowns(),
    )


def test_a_postal_code_beats_a_city_and_a_city_beats_nothing() -> None:
    locations = located(
        ("US", "US-MA", "02134", "Oxnard"), ("US", None, "99999", "Oxnard"), ("US",) + (None,) * 3
    )

    assert locations.source.values() == [Source.POSTAL_CODE, Source.CITY, None]
    assert locations.places.accuracy.tolist() == [
        Accuracy.POSTAL_CODE,
        Accuracy.CITY,
        Accuracy.NONE,
    ]
    assert locations.places.lon_deg[:2].tolist() == [BOSTON[0], OXNARD[0]]
    assert np.isnan(locations.places.lat_deg[2])


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ((None, None, None, None), Unlocated.NO_ADDRESS),
        ((None, None, None, "Boston"), Unlocated.NO_COUNTRY),
        (("US", "US-MA", None, None), Unlocated.NO_POSTAL_CODE_OR_CITY),
        (("US", None, "99999", None), Unlocated.UNKNOWN_POSTAL_CODE),
        (("US", None, None, "Nowhere"), Unlocated.UNKNOWN_CITY),
        (("US", None, "99999", "Nowhere"), Unlocated.UNKNOWN_POSTAL_CODE_AND_CITY),
        (("US", None, None, "Springfield"), Unlocated.AMBIGUOUS_CITY),
    ],
)
def test_what_is_not_located_has_the_cause(row: Row, cause: Unlocated) -> None:
    locations = located(row)

    assert locations.causes() == {cause: 1}
    assert cause.words.endswith(".")


@pytest.mark.parametrize(
    ("accuracy", "source", "level"),
    [
        ("Address", Source.SALESFORCE, Accuracy.ADDRESS),
        ("Zip", Source.SALESFORCE, Accuracy.POSTAL_CODE),
        ("City", Source.POSTAL_CODE, Accuracy.POSTAL_CODE),
        ("State", Source.POSTAL_CODE, Accuracy.POSTAL_CODE),
        (None, Source.SALESFORCE, Accuracy.STREET),
    ],
)
def test_salesforces_coordinate_counts_if_it_is_at_least_as_exact_as_ours(
    accuracy: str | None, source: Source, level: Accuracy
) -> None:
    locations = located(
        ("US", "US-MA", "02134", "Boston"), coordinates=[(-71.1, 42.4)], accuracy=accuracy
    )

    assert locations.source.values() == [source]
    assert locations.places.accuracy.tolist() == [level]


@pytest.mark.parametrize(
    ("coordinate", "accuracy", "doubt", "source"),
    [
        ((0.0, 0.0), None, Doubt.AT_ZERO, Source.POSTAL_CODE),
        ((0.0, 0.0), "Address", Doubt.AT_ZERO, Source.POSTAL_CODE),
        ((-71.0, 142.0), "Address", Doubt.OUT_OF_RANGE, Source.POSTAL_CODE),
        ((42.4, -71.1), None, Doubt.SWAPPED, Source.POSTAL_CODE),
        ((42.4, -71.1), "Address", Doubt.SWAPPED, Source.POSTAL_CODE),
        ((-71.0, 90.0), "Address", Doubt.OUTSIDE_COUNTRY, Source.POSTAL_CODE),
        ((42.36, -71.06), "Address", Doubt.SWAPPED, Source.POSTAL_CODE),
        ((float("nan"), 42.0), None, Doubt.INCOMPLETE, Source.POSTAL_CODE),
        ((-71.0, 42.0), "County", Doubt.TOO_COARSE, Source.POSTAL_CODE),
        (OXNARD, None, Doubt.CONTRADICTS_ADDRESS, Source.POSTAL_CODE),
        (OXNARD, "Address", Doubt.CONTRADICTS_ADDRESS, Source.SALESFORCE),
    ],
)
def test_a_doubtful_coordinate_is_counted_and_used_only_if_salesforce_vouches_for_it(
    coordinate: tuple[float, float], accuracy: str | None, doubt: Doubt, source: Source
) -> None:
    locations = located(
        ("US", "US-MA", "02134", "Boston"), coordinates=[coordinate], accuracy=accuracy
    )

    assert locations.doubts() == {doubt: 1}
    assert locations.source.values() == [source]
    assert doubt.words.endswith(".")


def test_a_latitude_that_only_a_longitude_can_be_is_told_as_swapped() -> None:
    locations = located(("US", None, "93033", None), coordinates=[(34.2, -119.2)])

    assert locations.doubt.values() == [Doubt.SWAPPED]
    assert locations.places.lon_deg.tolist() == [OXNARD[0]]


@pytest.mark.parametrize(
    ("row", "coordinate", "doubt", "source"),
    [
        pytest.param(
            ("US", None, None, "Boston"), (42.4, -71.1), Doubt.SWAPPED, Source.CITY, id="swapped"
        ),
        pytest.param(
            ("US", None, None, "Springfield"), (42.4, -71.1), Doubt.SWAPPED, None, id="any city"
        ),
        pytest.param(
            ("US", None, None, None), (34.2, -119.2), Doubt.SWAPPED, None, id="a country alone"
        ),
        pytest.param(
            ("US", None, None, "Boston"), (7, 51), Doubt.OUTSIDE_COUNTRY, Source.CITY, id="abroad"
        ),
        pytest.param(("US", "US-AE", None, None), (7, 51), None, Source.SALESFORCE, id="a post"),
        pytest.param(("US", None, None, "Boston"), OXNARD, None, Source.SALESFORCE, id="inland"),
        pytest.param(("FR", None, None, None), (7, 51), None, Source.SALESFORCE, id="unknown"),
        pytest.param((None, None, None, "Boston"), (7, 51), None, Source.SALESFORCE, id="none"),
    ],
)
@pytest.mark.parametrize("accuracy", [None, "Address"])
def test_without_a_postal_code_city_and_country_tell_what_cannot_be(
    row: Row,
    coordinate: tuple[float, float],
    doubt: Doubt | None,
    source: Source | None,
    accuracy: str | None,
) -> None:
    locations = located(row, coordinates=[coordinate], accuracy=accuracy)

    assert locations.doubt.values() == [doubt]
    assert locations.source.values() == [source]


def test_of_a_postal_code_and_a_state_that_contradict_each_other_the_city_decides() -> None:
    city_knows = located(("US", "US-MA", "93033", "Boston"), contradicts=True)
    city_unknown = located(("US", "US-MA", "93033", "Nowhere"), contradicts=True)

    assert city_knows.source.values() == [Source.CITY]
    assert city_unknown.source.values() == [Source.POSTAL_CODE]


def test_coordinates_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 coordinates for 1 addresses"):
        located(("US", None, None, "Boston"), coordinates=[BOSTON, BOSTON])


DEGREES = st.one_of(st.just(float("nan")), st.just(0.0), st.floats(-200, 200))


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([None, "US", "FR"]),
            st.sampled_from([None, "US-MA"]),
            st.sampled_from([None, "02134", "99999"]),
            st.sampled_from([None, "Boston", "Springfield", "Nowhere"]),
            st.tuples(DEGREES, DEGREES),
        ),
        max_size=8,
    ),
    accuracy=st.sampled_from([None, "Address", "City", "Unknown", "news of tomorrow"]),
)
def test_every_row_is_located_or_has_a_cause(
    rows: list[tuple[str | None, str | None, str | None, str | None, tuple[float, float]]],
    accuracy: str | None,
) -> None:
    locations = located(
        *(row[:4] for row in rows), coordinates=[row[4] for row in rows], accuracy=accuracy
    )

    places = locations.places
    causes = np.array([cause is not None for cause in locations.cause.values()], dtype=np.bool_)
    sources = np.array([name is not None for name in locations.source.values()], dtype=np.bool_)
    assert (places.located != causes).all()
    assert (places.located == sources).all()
    assert (np.isfinite(places.lon_deg) == places.located).all()
    assert (np.abs(places.lat_deg[places.located]) <= 90).all()
