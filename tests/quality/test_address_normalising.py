from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.conftest import whole_world
from sfterritory.model.columns import TextColumn
from sfterritory.quality.address import AddressColumns, NormalisedAddresses, normalise_addresses
from sfterritory.quality.cause import Cause
from sfterritory.quality.reference import AddressReference

STORES = Path(__file__).parents[3] / "shared/data/accounts/us_stores.csv.gz"

Row = tuple[str | None, str | None, str | None, str | None]
"""City, subdivision, postal code, country."""


def columns(*rows: Row) -> AddressColumns:
    return AddressColumns(*(TextColumn.of(row[part] for row in rows) for part in range(4)))


def normalised(row: Row, reference: AddressReference) -> tuple[Row, set[str | None]]:
    result = normalise_addresses(columns(row), reference)
    return values(result)[0], set(result.rejects.cause.values())


def values(result: NormalisedAddresses) -> list[Row]:
    parts = (result.city, result.subdivision_code, result.postal_code, result.country_code)
    return list(zip(*(part.values() for part in parts), strict=True))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *[
            (text, "US")
            for text in ("US of A", "U.S.A.", "usa", "Estados Unidos", "アメリカ合衆国")
        ],
        *[(text, "GB") for text in ("UK", "U.K.", "England", "Großbritannien", "GBR")],
        *[(text, "DE") for text in ("Deutschland", "BRD", "Allemagne", "ALEMANIA", "독일")],
        *[(text, "NL") for text in ("Holland", "The Netherlands", "Pays-Bas")],
        ("Korea", "KR"),
        ("Côte d'Ivoire", "CI"),
        ("COTE DIVOIRE", None),
        ("Georgia", "GE"),
        ("NA", "NA"),
        ("Congo", None),
        ("Untied States", None),
    ],
)
def test_a_country_is_known_by_exact_names_in_many_languages_and_never_guessed(
    text: str, code: str | None, reference: AddressReference
) -> None:
    (_, _, _, country), causes = normalised(("Somewhere", None, None, text), reference)

    assert country == code
    assert bool(causes) == (code is None)


def test_a_country_with_a_states_name_beside_a_state_is_ambiguous(
    reference: AddressReference,
) -> None:
    row, causes = normalised(("Atlanta", "GA", None, "Georgia"), reference)

    assert row == ("Atlanta", None, None, None)
    assert causes == {Cause.COUNTRY_AMBIGUOUS}


@pytest.mark.parametrize(
    ("state", "typed", "country", "canonical"),
    [
        ("CA", "93033-1234", "US", "93033"),
        ("CA", "93033.0", "US", "93033"),
        ("CA", "-93033", "US", "93033"),
        ("MA", "2134", "US", "02134"),
        (None, "2134", "US", "02134"),
        ("PR", "601", "US", "00601"),
        ("CA", "2134", "US", None),
        ("BC", "v9a9b1", "CA", "V9A 9B1"),
        ("BC", "V9A 9", "CA", "V9A"),
        (None, "sw1a1aa", "GB", "SW1A 1AA"),
        (None, "M34 4AB", "GB", "M34 4AB"),
        (None, "1012ab", "NL", "1012 AB"),
        (None, "D-10115", "DE", "10115"),
        (None, "1067", "DE", "01067"),
        (None, "LV1010", "LV", "LV-1010"),
        (None, "00950", "PL", "00-950"),
        (None, "123", "DE", None),
    ],
)
def test_a_postal_code_has_one_spelling_a_country(
    state: str | None, typed: str, country: str, canonical: str | None, reference: AddressReference
) -> None:
    (_, _, code, _), causes = normalised((None, state, typed, country), reference)

    assert code == canonical
    assert causes == (set() if canonical else {Cause.POSTAL_CODE_DOES_NOT_FIT_COUNTRY})


def test_every_change_is_kept_with_what_it_was(reference: AddressReference) -> None:
    result = normalise_addresses(
        columns(("NEW  YORK", "NY", "10001-2", "United States"), ("Boston", "MA", "02134", "US")),
        reference,
    )

    changes = result.changes
    assert changes.rows.tolist() == [0, 0, 0]
    assert set(
        zip(changes.field.values(), changes.before.values(), changes.after.values(), strict=True)
    ) == {
        ("country", "United States", "US"),
        ("postal_code", "10001-2", "10001"),
        ("city", "NEW  YORK", "New York"),
    }


def test_a_missing_country_is_told_by_state_and_postal_code_together(
    reference: AddressReference,
) -> None:
    known, _ = normalised(("Oxnard", "CA", "93033", None), reference)
    state_only, causes = normalised(("Oxnard", "CA", None, None), reference)

    assert known == ("Oxnard", "US-CA", "93033", "US")
    assert state_only == ("Oxnard", None, None, None)
    assert causes == {Cause.COUNTRY_MISSING}


def test_a_code_of_two_countries_is_told_by_the_countries_of_the_other_addresses(
    reference: AddressReference,
) -> None:
    bartlett: Row = ("Bartlett", "TN", "38133", None)

    alone = normalise_addresses(columns(bartlett), reference)
    at_home = normalise_addresses(columns(bartlett, ("Boston", "MA", "02134", "US")), reference)

    assert alone.country_code.value(0) is None
    assert at_home.country_code.value(0) == "US"


@pytest.mark.parametrize(
    ("row", "expected", "cause"),
    [
        (("A", "93033", "CA", "US"), ("A", "US-CA", "93033", "US"), "postal_code_is_subdivision"),
        (("A", None, "CA", "US"), ("A", "US-CA", None, "US"), "postal_code_is_subdivision"),
        (("A", "93033", None, "US"), ("A", "US-CA", "93033", "US"), "subdivision_is_postal_code"),
        (("A", "US", "CA", None), ("A", "US-CA", None, "US"), "subdivision_is_country"),
    ],
    ids=["swapped", "state in postal code", "postal code in state", "all one field late"],
)
def test_values_in_a_neighbours_field_are_found_and_moved(
    row: Row, expected: Row, cause: str, reference: AddressReference
) -> None:
    moved, causes = normalised(row, reference)

    assert moved == expected
    assert cause in causes


def test_a_postal_code_of_another_state_is_reported_and_both_are_kept(
    reference: AddressReference,
) -> None:
    result = normalise_addresses(columns(("Boston", "MA", "93033", "US")), reference)

    assert values(result) == [("Boston", "US-MA", "93033", "US")]
    assert result.postal_contradicts.tolist() == [True]
    assert result.rejects.counts() == {Cause.POSTAL_CODE_CONTRADICTS_SUBDIVISION: 1}


def test_a_known_country_is_never_overruled(reference: AddressReference) -> None:
    (_, _, _, country), causes = normalised(("Mumbai", "CA", "94129", "India"), reference)

    assert country == "IN"
    assert Cause.COUNTRY_CONTRADICTED in causes


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_words_for_people(cause: Cause) -> None:
    assert cause.words.endswith(".")


WORDS = (
    *("US", "USA", "Canada", "Georgia", "Congo", "CA", "TX", "Texas", "ON", "WA", "US-CA", "n/a"),
    *("93033", "2134", "02134-5678", "K1A 0B1", "V9A 9", "SW1A1AA", "NEW YORK", "O'FALLON"),
)
TEXTS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.from_regex(r"[0-9]{3,9}([- ][0-9A-Z]{0,4})?", fullmatch=True),
    st.sampled_from(WORDS),
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), max_size=6))
def test_normalising_twice_changes_nothing_more(
    rows: list[Row],
) -> None:
    reference = whole_world()
    once = normalise_addresses(columns(*rows), reference)

    twice = normalise_addresses(
        AddressColumns(once.city, once.subdivision_code, once.postal_code, once.country_code),
        reference,
    )

    assert values(twice) == values(once)
    assert len(twice.changes) == 0


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), min_size=1, max_size=6))
def test_the_order_of_the_rows_does_not_matter(
    rows: list[Row],
) -> None:
    reference = whole_world()
    forwards = normalise_addresses(columns(*rows), reference)
    backwards = normalise_addresses(columns(*reversed(rows)), reference)

    assert values(backwards)[::-1] == values(forwards)
    assert backwards.rejects.counts() == forwards.rejects.counts()


@pytest.mark.slow
def test_nearly_all_real_stores_get_a_country_and_a_state(reference: AddressReference) -> None:
    if not STORES.exists():
        pytest.skip("the real accounts are not here: ../shared/data is absent")
    with gzip.open(STORES, "rt", encoding="utf-8") as file:
        rows: list[Row] = [
            (row["city"], row["state"], row["zip"], row["country"]) for row in csv.DictReader(file)
        ]

    result = normalise_addresses(columns(*rows), reference)

    assert sum(country is not None for _, _, _, country in values(result)) > 0.999 * len(rows)
    assert sum(state is not None for _, state, _, _ in values(result)) > 0.995 * len(rows)
    assert len(result.rejects) < 0.01 * len(rows)
