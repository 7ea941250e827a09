from collections.abc import Mapping
from typing import Any

import pytest

from routing.sample import condition
from sfterritory.routing.rules import Rule
from sfterritory.routing.sentence import describe, describe_opposite, describe_rule, field_words


def test_a_rule_reads_as_one_sentence() -> None:
    rule = Rule.model_validate(
        {
            "name": "Big US",
            "when": {
                "all": [
                    {"field": "BillingCountry", "is": "US"},
                    {"field": "NumberOfEmployees", "at_least": 1500},
                ]
            },
            "to": {"queue": "Enterprise"},
        }
    )

    assert describe_rule(rule) == (
        "Billing country is US and number of employees is at least 1,500 -> queue Enterprise"
    )


@pytest.mark.parametrize(
    ("data", "words", "opposite"),
    [
        (
            {"field": "country_code", "is": "US"},
            "located country code is US",
            "located country code is not US (or is empty)",
        ),
        (
            {"field": "City", "is_not": "Bonn"},
            "city is known and not Bonn",
            "city is Bonn (or is empty)",
        ),
        ({"field": "IsActive", "is": True}, "active is ticked", "active is not ticked"),
        ({"field": "City", "is_empty": True}, "city is empty", "city is not empty"),
        (
            {"field": "Region__c", "in": ["A", "B", "C"]},
            "region is A, B or C",
            "region is neither A, B nor C (or is empty)",
        ),
        ({"not": {"field": "Sic", "above": 2}}, "sic is at most 2 (or is empty)", "sic is above 2"),
        (
            {"all": [{"field": "A", "below": 1}, {"any": [{"always": True}, {"always": True}]}]},
            "A is below 1 and (every record or every record)",
            "A is at least 1 (or is empty) or (no record and no record)",
        ),
    ],
    ids=str,
)
def test_a_condition_and_its_opposite_are_said_exactly(
    data: Mapping[str, Any], words: str, opposite: str
) -> None:
    asked = condition(data)

    assert describe(asked) == words.replace("A is", "a is")
    assert describe_opposite(asked) == opposite.replace("A is", "a is")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NumberOfEmployees", "number of employees"),
        ("SICCode", "SIC code"),
        ("Territory_Locked__c", "territory locked"),
        ("territory", "territory"),
        ("postal_code", "located postal code"),
    ],
    ids=str,
)
def test_a_field_is_called_what_people_call_it(name: str, words: str) -> None:
    assert field_words(name) == words
