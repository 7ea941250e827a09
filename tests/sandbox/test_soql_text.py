# ruff: noqa: S608 - SOQL for a sandbox of our own
"""SOQL as text: the grammar, escapes and date literals."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.sandbox.soql.literal import like_pattern, meaning, quoted
from sfterritory.sandbox.soql.parse import parse
from sfterritory.sandbox.soql.period import days_of
from sfterritory.sandbox.soql.refusal import SoqlError
from sfterritory.sandbox.soql.tree import All, AnyOf, Compare, Not, Path, Selected, Text

TODAY = date(2026, 9, 2)  # a Wednesday


@settings(deadline=None)  # the first example waits for the grammar
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_survives_being_quoted_and_parsed(text: str) -> None:
    query = parse(f"SELECT Id FROM Account WHERE Name = {quoted(text)}")

    assert isinstance(query.where, Compare)
    assert isinstance(query.where.value, Text)
    assert meaning(query.where.value.raw) == text


def test_key_words_may_be_object_names_and_are_read_in_any_case() -> None:
    query = parse("select Id from Group where not (Name like 'a%') order by Name desc nulls last")

    assert str(query.object_path) == "Group"
    assert isinstance(query.where, Not)
    assert query.order_by[0].descending
    assert query.order_by[0].nulls_last


def test_and_binds_what_brackets_say() -> None:
    query = parse("SELECT Id FROM Account WHERE a = 1 AND (b = 2 OR c = 3)")

    assert isinstance(query.where, All)
    assert isinstance(query.where.conditions[1], AnyOf)
    assert query.items == (Selected(Path(("Id",))),)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param(
            "SELECT Id FROM Account WHERE a = 1 AND b = 2 OR c = 3",
            "ERROR at Row:1:Column:46\nunexpected token: 'OR'",
            id="AND mixed with OR",
        ),
        pytest.param(
            "SELECT Id,\nFROM Account",
            "Row:2:Column:1\nunexpected token: 'FROM'",
            id="comma too many",
        ),
        pytest.param("SELECT Id FROM", "unexpected token: '<EOF>'", id="no object"),
        pytest.param("SELECT Id FROM Account WHERE Name = 'x", "unexpected token", id="no end"),
        pytest.param("SELECT Id FROM Account LIMIT 1.5", "whole number", id="half a limit"),
        pytest.param(f"SELECT Id FROM {'A' * 100_000}", "longer than 100000", id="too long"),
        pytest.param(
            f"SELECT Id FROM A WHERE b = '{'x' * 4001}'", "Column:28\nstring literals", id="literal"
        ),
        pytest.param("SELECT Id FROM Account ALL ROWS", "ALL ROWS not allowed", id="all rows"),
        pytest.param("SELECT Id FROM Account WITH LUCK", "unexpected token: 'LUCK'", id="with"),
        pytest.param("SELECT Id FROM Account FOR FUN", "unexpected token: 'FUN'", id="for"),
    ],
)
def test_a_malformed_query_is_refused_with_its_place(query: str, message: str) -> None:
    with pytest.raises(SoqlError) as caught:
        parse(query)

    assert caught.value.code == "MALFORMED_QUERY"
    assert message in caught.value.message


def test_two_escaped_halves_are_one_character_and_a_half_alone_is_none() -> None:
    assert meaning(r"\ud83d\ude00") == "\N{GRINNING FACE}"
    assert meaning(r"\ud83d!") == "\N{REPLACEMENT CHARACTER}!"


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
        ("THIS_FISCAL_QUARTER", None, date(2026, 8, 1), date(2026, 11, 1)),
        ("LAST_FISCAL_YEAR", None, date(2025, 2, 1), date(2026, 2, 1)),
        ("NEXT_N_FISCAL_QUARTERS", 2, date(2026, 11, 1), date(2027, 5, 1)),
        ("N_FISCAL_YEARS_AGO", 1, date(2025, 2, 1), date(2026, 2, 1)),
    ],
)
def test_a_named_period_is_a_range_of_days(
    name: str, count: int | None, start: date, end: date
) -> None:
    february = 2  # the fiscal year's first month

    assert days_of(name, count, today=TODAY, fiscal_start_month=february) == (start, end)
