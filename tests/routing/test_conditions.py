from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from routing.sample import ANN, CONDITIONS, EVERY_VALUE, LISTS, RECORDS, SPELLINGS, condition, leads
from sfterritory.errors import ConfigError
from sfterritory.routing.conditions import Record, compile_mask, compile_predicate
from sfterritory.routing.rules import MAX_CONDITION_DEPTH, Condition


@given(CONDITIONS, st.lists(RECORDS, max_size=8))
def test_mask_and_predicate_give_the_same_answer_for_every_condition_and_record(
    data: Mapping[str, Any], rows: list[Record]
) -> None:
    asked = condition(data)
    rows = [*rows, *EVERY_VALUE]

    mask = compile_mask(asked, leads(rows), lists=LISTS)

    predicate = compile_predicate(asked, lists=LISTS)
    assert mask.tolist() == [predicate(row) for row in rows]


@pytest.mark.parametrize("operator", ["is", "is_not", "starts_with", "contains", "since"])
def test_mask_and_predicate_agree_on_every_pair_of_spellings(operator: str) -> None:
    records = leads(EVERY_VALUE)
    for word in SPELLINGS if operator != "since" else ["2026-01-02"]:
        asked = condition({"field": "Country", operator: word})

        mask = compile_mask(asked, records, lists={})

        predicate = compile_predicate(asked, lists={})
        assert mask.tolist() == [predicate(row) for row in EVERY_VALUE]
        assert mask.any()


@pytest.mark.parametrize(
    ("data", "holds"),
    [
        ({"field": "Country", "is": "de"}, [True, True, False, False]),
        ({"field": "Country", "is_not": "DE"}, [False, False, True, False]),
        ({"not": {"field": "Country", "is": "DE"}}, [False, False, True, True]),
        ({"field": "Country", "in": ["DE", "Österreich"]}, [True, True, True, False]),
        ({"field": "Country", "starts_with": "ö"}, [False, False, True, False]),
        ({"field": "Country", "contains": ["REI"]}, [False, False, True, False]),
        ({"field": "Country", "is_empty": True}, [False, False, False, True]),
        ({"field": "Employees", "at_least": 500}, [True, False, False, False]),
        ({"field": "Employees", "between": [1, 500]}, [True, True, False, False]),
        ({"field": "Employees", "is_empty": False}, [True, True, True, False]),
        ({"field": "Employees", "not_in": [1, 500]}, [False, False, True, False]),
        ({"field": "IsHot", "is": True}, [True, False, False, False]),
        ({"field": "SeenAt", "since": "2026-01-02"}, [True, False, True, False]),
        ({"field": "SeenAt", "before": "2026-01-02"}, [False, True, False, False]),
        ({"field": "Employees", "is": "500"}, [False, False, False, False]),
        ({"always": True}, [True, True, True, True]),
    ],
    ids=str,
)
def test_a_condition_holds_for_the_records_it_names(
    data: Mapping[str, Any], holds: list[bool]
) -> None:
    rows: list[dict[str, Any]] = [
        {"Country": "DE", "Employees": 500, "IsHot": True, "SeenAt": "2026-01-02T00:00:00+00:00"},
        {"Country": " de", "Employees": 1, "SeenAt": "2026-01-02T00:30:00+01:00"},
        {"Country": "O\u0308STERREICH", "Employees": 0, "SeenAt": "2026-05-01T00:00:00+00:00"},
        {"Country": " "},
    ]

    assert compile_mask(condition(data), leads(rows), lists=LISTS).tolist() == holds


def test_a_list_of_15_character_ids_finds_records_by_their_18_character_ids() -> None:
    named = condition({"field": "OwnerId", "in_list": "strategic.csv"})

    mask = compile_mask(named, leads([{"OwnerId": ANN}, {"OwnerId": None}]), lists=LISTS)

    assert mask.tolist() == [True, False]


def test_records_are_found_by_their_own_id_without_a_column_for_it() -> None:
    records = leads([{}, {}, {}])
    wanted = condition({"field": "Id", "is": str(records.ids[1])[:15]})

    assert compile_mask(wanted, records, lists={}).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, "found none of them"),
        ({"field": "A"}, "A needs exactly one operator"),
        ({"field": "A", "is": 1, "above": 2}, "found is and above"),
        ({"field": "A", "is": 1, "all": [{"always": True}]}, "found all and field"),
        ({"always": True, "is": 1}, "is belongs beside a field"),
        ({"all": []}, "at least 1 item"),
        ({"field": "A", "is": " "}, "is_empty"),
        ({"field": "A", "is": ["x"]}, "not a text, number, true or false"),
        ({"field": "A", "is": float("nan")}, "not a number"),
        ({"field": "A", "at_least": "500"}, "valid number"),
        ({"field": "A", "starts_with": 94}, "valid"),
        ({"field": "A", "between": [2, 1]}, "holds no number"),
        ({"field": "A", "before": "yesterday"}, "not a day like 2026-01-31"),
        ({"field": "A", "matches": ".*"}, "not permitted"),
    ],
    ids=str,
)
def test_a_malformed_condition_is_refused_with_its_cause(
    data: Mapping[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        condition(data)


def test_a_mistake_deep_inside_is_found_at_its_path_in_the_file() -> None:
    with pytest.raises(ValidationError) as caught:
        condition({"all": [{"always": True}, {"not": {"field": "A", "at_least": "x"}}]})

    assert [error["loc"] for error in caught.value.errors()] == [("all", 1, "not", "at_least")]


def test_nesting_past_the_limit_is_refused() -> None:
    data: dict[str, Any] = {"always": True}
    for _ in range(MAX_CONDITION_DEPTH):
        data = {"not": data}

    with pytest.raises(ValidationError, match="levels deep"):
        condition(data)


def test_a_condition_survives_being_written_and_read_again() -> None:
    asked = condition({"all": [{"field": "A", "in": ["x"]}, {"not": {"field": "B", "is": True}}]})

    assert Condition.model_validate(asked.model_dump(mode="json")) == asked


def test_a_field_that_was_not_pulled_is_named() -> None:
    asked = condition({"field": "Industry", "is": "Banking"})

    with pytest.raises(ConfigError, match="Industry"):
        compile_mask(asked, leads([{}]), lists={})
    with pytest.raises(ConfigError, match="Industry"):
        compile_predicate(asked, lists={})({})


def test_a_list_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigError, match=r"gone\.csv"):
        compile_predicate(condition({"field": "A", "in_list": "gone.csv"}), lists={})
