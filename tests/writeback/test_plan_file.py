from __future__ import annotations

import json

import pytest
from factories import BEN, CAT, account_id, owner_change, plan_of, rolled

from sfterritory.errors import ConfigError, ExitCode, PlanStaleError
from sfterritory.model.document import content_hash
from sfterritory.writeback.plan_file import dumps_plan, loads_plan

PLAN = plan_of(
    owner_change(
        account_id(1),
        writes=[rolled("Reason__c", "Zürich", None), rolled("Score__c", 1.0, 2)],
        preserved={"Flag__c": True, "Blank__c": None},
    )
)


def test_a_plan_survives_its_file() -> None:
    text = dumps_plan(PLAN)

    assert loads_plan(text) == PLAN
    assert loads_plan(text).hash == PLAN.hash
    assert dumps_plan(loads_plan(text)) == text


def test_an_edited_plan_is_refused_with_both_hashes() -> None:
    edited = dumps_plan(PLAN).replace(BEN, CAT)

    with pytest.raises(PlanStaleError, match=PLAN.hash) as caught:
        loads_plan(edited)

    assert caught.value.exit_code is ExitCode.PLAN_STALE
    assert len(caught.value.problem.split("content has hash ")[1]) == 64


def test_an_id_that_was_only_shortened_is_an_edit_too() -> None:
    document = json.loads(dumps_plan(PLAN))
    document["plan"]["changes"][0]["after"] = BEN[:15]

    document["hash"] = content_hash(document["plan"])

    with pytest.raises(PlanStaleError):
        loads_plan(json.dumps(document))


def test_values_that_no_plan_can_have_are_listed() -> None:
    document = json.loads(dumps_plan(PLAN))
    document["plan"]["changes"][0]["after"] = "nobody"
    document["plan"]["counts"]["reassign"] = "many"
    document["hash"] = content_hash(document["plan"])

    with pytest.raises(ConfigError) as caught:
        loads_plan(json.dumps(document))

    assert "changes.0.after" in caught.value.problem
    assert "counts.reassign" in caught.value.problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("{", "is not JSON", id="cut off"),
        pytest.param("[]", "is not a plan", id="another document"),
        pytest.param('{"format_version":1,"hash":"x","plan":NaN}', "NaN is not", id="NaN"),
        pytest.param(
            '{"format_version":2,"hash":"x","plan":{}}', "has format 2; this version", id="newer"
        ),
    ],
)
def test_what_is_not_a_plan_file_is_named(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        loads_plan(text)
