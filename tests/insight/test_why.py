from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from factories import ANN, BEN, CAT, account_id, owner_change

from sfterritory.insight.why import (
    CauseKind,
    Choice,
    Input,
    OwnerEvent,
    PlanLine,
    RecordFacts,
    Spoken,
    explain,
)
from sfterritory.model.plan import Applied, Outcome, RunnerUp, Verdict

SHOP = account_id(1)
CREATED = datetime(2024, 2, 1, tzinfo=UTC)
MADE, WRITTEN = datetime(2026, 4, 30, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
CHANGE = owner_change(SHOP).model_copy(
    update={
        "runner_up": RunnerUp(
            owner_id=CAT, owner_name="Cat Diaz", reason="41 minutes away, Ben is 12."
        )
    }
)
APPROVED = Spoken(verdict=Verdict.APPROVE, decided_by="dana", decided_at=MADE)
LINE = PlanLine(
    plan_hash="7f3a9c01" + "0" * 56,
    change=CHANGE,
    made_at=MADE,
    said=[APPROVED],
    applied=Applied(object_name="Account", record_id=SHOP, outcome=Outcome.DONE),
    applied_at=WRITTEN,
    run_id="run-1",
    inputs=[Input(name="BillingPostalCode", value="80331")],
)
BY_US = OwnerEvent(
    at=WRITTEN, before_name="Ann Bell", after=BEN, after_name="Ben Cho", run_id="run-1"
)
BY_HAND = OwnerEvent(
    at=datetime(2026, 6, 2, tzinfo=UTC),
    before_name="Ben Cho",
    after=CAT,
    after_name="Cat Diaz",
    changed_by="Olga Admin",
)
FACTS = RecordFacts(
    subject=CHANGE.subject,
    owner_id=BEN,
    owner_name="Ben Cho",
    created_at=CREATED,
    lines=[LINE],
    timeline=[BY_US],
)
WANTED = Choice(owner_id=ANN, owner_name="Ann Bell", rule="named accounts", reason="Listed.")


def test_an_owner_from_a_plan_is_explained_by_plan_approver_rule_and_inputs() -> None:
    answer = explain(FACTS)

    assert answer.cause.kind is CauseKind.PLAN
    assert answer.cause.approved_by == ("dana",)
    assert answer.since == WRITTEN
    assert answer.sentence == (
        f"Ben Cho owns {CHANGE.subject.name} since 2026-05-01: plan 7f3a9c01, approved by dana, "
        "by the rule 'territory'. It lies in the north."
    )
    assert [one.name for one in answer.inputs] == ["BillingPostalCode"]
    assert answer.to_change == ("Cat Diaz came second: 41 minutes away, Ben is 12.",)
    assert answer.pending is None


def test_an_owner_that_somebody_set_by_hand_is_put_down_to_them() -> None:
    answer = explain(replace(FACTS, owner_id=CAT, owner_name="Cat Diaz", timeline=[BY_HAND, BY_US]))

    assert answer.cause.kind is CauseKind.SALESFORCE
    assert answer.sentence.endswith("since 2026-06-02: set in Salesforce by Olga Admin.")
    assert [event.after for event in answer.timeline] == [CAT, BEN]


@pytest.mark.parametrize(
    ("at", "owner", "kind"),
    [
        pytest.param(datetime(2025, 1, 1, tzinfo=UTC), "Ann Bell", CauseKind.CREATED, id="first"),
        pytest.param(datetime(2026, 5, 15, tzinfo=UTC), "Ben Cho", CauseKind.PLAN, id="ours"),
        pytest.param(datetime(2026, 7, 1, tzinfo=UTC), "Cat Diaz", CauseKind.SALESFORCE, id="last"),
    ],
)
def test_a_past_moment_is_answered_from_the_timeline(
    at: datetime, owner: str, kind: CauseKind
) -> None:
    facts = replace(
        FACTS, owner_id=CAT, owner_name="Cat Diaz", choice=WANTED, timeline=[BY_US, BY_HAND]
    )

    answer = explain(facts, at=at)

    assert (answer.owner_name, answer.cause.kind) == (owner, kind)
    assert answer.wanted is None
    assert all(event.at <= at for event in answer.timeline)


def test_an_owner_that_the_timeline_does_not_know_is_called_unknown() -> None:
    answer = explain(replace(FACTS, owner_id=CAT, owner_name="Cat Diaz"))

    assert answer.cause.kind is CauseKind.UNKNOWN
    assert answer.since is None
    assert "kept no history" in answer.sentence


def test_a_record_that_nobody_owns_says_so() -> None:
    answer = explain(replace(FACTS, owner_id=None, owner_name="", timeline=[]))

    assert answer.sentence == f"Nobody owns {CHANGE.subject.name}."


def test_todays_rules_and_a_waiting_plan_are_told_beside_the_cause() -> None:
    waiting = PlanLine(
        plan_hash="a" * 64,
        change=owner_change(SHOP, before=BEN, after=ANN),
        made_at=datetime(2026, 11, 1, tzinfo=UTC),
    )

    answer = explain(replace(FACTS, choice=WANTED, lines=[waiting, LINE]))

    assert answer.to_change[0] == (
        "Today's rules want Ann Bell (named accounts): the next plan asks for it."
    )
    assert answer.pending is not None
    assert (answer.pending.after_name, answer.pending.state) == ("Ann Bell", "waits for approval")


@pytest.mark.parametrize(
    ("line", "state"),
    [
        pytest.param(
            {"said": [APPROVED]}, "approved by dana, not applied", id="approved, not applied"
        ),
        pytest.param(
            {
                "applied": Applied(
                    object_name="Account",
                    record_id=SHOP,
                    outcome=Outcome.FAILED,
                    code="INACTIVE_OWNER",
                    message="Ben left",
                )
            },
            "refused by Salesforce (INACTIVE_OWNER): Ben left",
            id="refused",
        ),
    ],
)
def test_a_change_that_was_not_written_says_what_became_of_it(
    line: dict[str, object], state: str
) -> None:
    waiting = replace(LINE, **{"said": [], "applied": None, "run_id": None, **line})  # type: ignore[arg-type]

    answer = explain(
        replace(FACTS, owner_id=ANN, owner_name="Ann Bell", timeline=[], lines=[waiting])
    )

    assert answer.pending is not None
    assert answer.pending.state == state
