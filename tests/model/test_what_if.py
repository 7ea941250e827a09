"""What a scenario changes: from words and files to a document, and to sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sfterritory.errors import ConfigError
from sfterritory.model.what_if import AddedReps, CadenceChange, WhatIf
from sfterritory.model.what_if_words import WhatIfWords, parse_what_if


def test_the_words_of_the_options_become_a_document() -> None:
    found = parse_what_if(
        WhatIfWords(
            without=("Ann Bell",),
            add=("2@region=West*0.5", "1 @ Ben Cho", "3@-98.5,39", "1"),
            cadence=("Tier__c=C*0.5", "Tier__c = A : 26", "all*0.9"),
            only="region=West",
            mode="repair",
            tolerance=("hours=0.1",),
            capacity=("a=b@example.com=0.5",),
            churn_price_km=0.0,
        )
    )

    assert [(one.count, one.near, one.capacity) for one in found.add] == [
        (2, "region=West", 0.5),
        (1, "Ben Cho", 1.0),
        (3, "-98.5,39", 1.0),
        (1, "", 1.0),
    ]
    assert [(str(one.where), one.factor, one.calls_per_year) for one in found.cadence] == [
        ("Tier__c C", 0.5, None),
        ("Tier__c A", None, 26.0),
        ("None", 0.9, None),
    ]
    assert found.capacity == {"a=b@example.com": 0.5}
    assert found.churn_price_km == 0.0
    assert found.account_fields == ("Tier__c",)
    assert found.visit_minutes_factor == 1.0


def test_every_option_that_cannot_be_read_is_reported_at_once() -> None:
    words = WhatIfWords(
        add=("two@West", "0@West", "1@39.1,-98.5", "1@200,10"),
        cadence=("C*0.5", "all", "all*101"),
        only="West",
        tolerance=("hours",),
        capacity=("=1",),
    )

    with pytest.raises(ConfigError) as caught:
        parse_what_if(words)

    lines = caught.value.problem.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "--add 'two@West'",
        "--add '0@West'",
        "--add '1@39.1,-98.5'",
        "--add '1@200,10'",
        "--cadence 'C*0.5'",
        "--cadence 'all'",
        "--cadence 'all*101'",
        "--tolerance 'hours'",
        "--capacity '=1'",
        "--only 'West'",
    ]
    assert "longitude comes first" in lines[2]
    assert "longitude comes first" not in lines[3]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(WhatIfWords(tolerance=("hours=9",)), "--tolerance hours: 9.0", id="tolerance"),
        pytest.param(WhatIfWords(capacity=("ann=0",)), "--capacity ann: 0.0", id="capacity"),
        pytest.param(WhatIfWords(add=("999", "1")), "1,000 reps are added", id="too many"),
        pytest.param(WhatIfWords(without=(" ",)), "--without", id="nobody"),
        pytest.param(WhatIfWords(visit_minutes_factor=-1.0), "--visit-minutes-factor", id="factor"),
    ],
)
def test_a_number_out_of_its_limits_is_refused_by_its_option(words: WhatIfWords, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_what_if(words)

    assert says in caught.value.problem


def test_a_change_of_cadence_says_one_number() -> None:
    with pytest.raises(ValidationError, match="either factor or calls_per_year"):
        CadenceChange.model_validate({"where": "Tier__c=C", "factor": 1, "calls_per_year": 4})


def test_each_change_is_told_in_plain_words() -> None:
    document = WhatIf.model_validate(
        {
            "without": ["Ann Bell"],
            "add": [{"count": 2, "near": "region=West"}],
            "cadence": [{"where": "Tier__c=C", "factor": 0.5}, "all:12"],
            "tolerance": {"hours": 0.1},
            "only": {"field": "region", "value": "West"},
        }
    )

    assert document.sentences == (
        "Without Ann Bell.",
        "Plus 2 reps in region West.",
        "Calls on accounts with Tier__c C times 0.5.",
        "Calls on all accounts: 12 a year.",
        "Only reps with region West are planned again; the others keep what they have.",
        "A territory's hours may differ by 10 % from its fair part.",
    )
    assert WhatIf().sentences == ()


def test_later_changes_are_added_and_win_where_both_say_something() -> None:
    first = parse_what_if(
        WhatIfWords(
            without=("Ann",), mode="repair", tolerance=("hours=0.1", "value=0.2"), unlock=True
        )
    )
    later = parse_what_if(WhatIfWords(without=("Ben", "Ann"), tolerance=("hours=0.3",), add=("1",)))

    both = first.followed_by(later)

    assert both.without == ("Ann", "Ben")
    assert (both.mode, both.unlock) == ("repair", True)
    assert both.tolerance == {"hours": 0.3, "value": 0.2}
    assert both.add == (AddedReps(count=1),)


@given(
    st.builds(
        WhatIf,
        without=st.lists(
            st.text("abc @.", min_size=1).filter(str.strip), max_size=3, unique=True
        ).map(tuple),
        add=st.lists(
            st.builds(AddedReps, count=st.integers(1, 9), near=st.sampled_from(["", "a=b", "1,2"])),
            max_size=3,
        ).map(tuple),
        mode=st.sampled_from([None, "homes", "greenfield", "repair"]),
        churn_price_km=st.none() | st.floats(0, 100),
    )
)
def test_a_document_comes_back_from_its_json_as_it_was(document: WhatIf) -> None:
    assert WhatIf.model_validate_json(document.model_dump_json()) == document
    assert document.followed_by(WhatIf()) == document
    assert document.is_empty == (document.sentences == ())
