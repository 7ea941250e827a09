# ruff: noqa: S608 - SOQL for a sandbox of our own
"""SOQL as text: the grammar, escapes and date literals."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.sandbox.soql.compile import compile_query
from sfterritory.sandbox.soql.literal import like_pattern, meaning, quoted
from sfterritory.sandbox.soql.parse import parse
from sfterritory.sandbox.soql.period import days_of
from sfterritory.sandbox.soql.refusal import SoqlError
from sfterritory.sandbox.soql.tree import All, AnyOf, Compare, Not, Path, Text

TODAY = date(2026, 9, 2)  # a Wednesday
NOW = datetime(2026, 9, 2, 12, tzinfo=UTC)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_survives_being_quoted_and_parsed(text: str) -> None:
    query = parse(f"SELECT Id FROM Account WHERE Name = {quoted(text)}")

    assert isinstance(query.where, Compare)
    assert isinstance(query.where.value, Text)
    assert meaning(query.where.value.raw) == text


@given(st.text(max_size=80))
def test_any_text_is_either_a_query_or_refused_in_the_platforms_words(text: str) -> None:
    soql = f"SELECT Id FROM Account WHERE {text}"

    outcome = outcome_of(soql)

    assert outcome in {
        "compiled",
        "MALFORMED_QUERY",
        "INVALID_FIELD",
        "INVALID_QUERY_FILTER_OPERATOR",
    }


def outcome_of(soql: str) -> str:
    try:
        compile_query(parse(soql), now=NOW, deleted_too=False)
    except SoqlError as error:
        return error.code
    return "compiled"


def test_key_words_may_be_object_names_and_are_read_in_any_case() -> None:
    query = parse("select Id from Group where not (Name like 'a%') order by Name desc nulls last")

    assert query.object_name == "Group"
    assert isinstance(query.where, Not)
    assert query.order_by[0].descending
    assert query.order_by[0].nulls_last


def test_and_binds_what_brackets_say() -> None:
    query = parse("SELECT Id FROM Account WHERE a = 1 AND (b = 2 OR c = 3)")

    assert isinstance(query.where, All)
    assert isinstance(query.where.conditions[1], AnyOf)
    assert query.items == (Path(("Id",), 7),)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param(
            "SELECT Id FROM Account WHERE a = 1 AND b = 2 OR c = 3",
            "ERROR at Row:1:Column:46\nunexpected token: 'OR'",
            id="AND mixed with OR",
        ),
        pytest.param("SELECT Id,\nFROM Account", "Row:2:Column:6", id="comma too many"),
        pytest.param("SELECT Id FROM", "unexpected token: '<EOF>'", id="no object"),
        pytest.param("SELECT Id FROM Account WHERE Name = 'x", "unexpected token", id="no end"),
        pytest.param("SELECT Id FROM Account LIMIT 1.5", "whole number", id="half a limit"),
        pytest.param(f"SELECT Id FROM {'A' * 100_000}", "longer than 100000", id="too long"),
    ],
)
def test_a_malformed_query_is_refused_with_its_place(query: str, message: str) -> None:
    with pytest.raises(SoqlError) as caught:
        parse(query)

    assert caught.value.code == "MALFORMED_QUERY"
    assert message in caught.value.message


def test_an_escaped_wild_card_matches_only_itself() -> None:
    assert meaning(r"50\%\_") == "50%_"
    assert like_pattern(r"50\%_\n") == "50\\%_\n"
    with pytest.raises(SoqlError):
        meaning(r"\q")


@pytest.mark.parametrize(
    ("name", "count", "start", "end"),
    [
        ("TODAY", None, date(2026, 9, 2), date(2026, 9, 3)),
        ("LAST_N_DAYS", 2, date(2026, 8, 31), date(2026, 9, 3)),
        ("NEXT_N_DAYS", 2, date(2026, 9, 3), date(2026, 9, 5)),
        ("THIS_WEEK", None, date(2026, 8, 30), date(2026, 9, 6)),
        ("LAST_MONTH", None, date(2026, 8, 1), date(2026, 9, 1)),
        ("LAST_N_MONTHS", 9, date(2025, 12, 1), date(2026, 9, 1)),
        ("NEXT_QUARTER", None, date(2026, 10, 1), date(2027, 1, 1)),
        ("N_YEARS_AGO", 2, date(2024, 1, 1), date(2025, 1, 1)),
    ],
)
def test_a_named_period_is_a_range_of_days(
    name: str, count: int | None, start: date, end: date
) -> None:
    assert days_of(name, count, today=TODAY) == (start, end)
