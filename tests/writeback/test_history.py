from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from factories import ANN, BEN, CAT, queue_id
from pydantic import ValidationError

from sfterritory.model.document import Scalar
from sfterritory.model.plan import Fill
from sfterritory.writeback.history import (
    FieldSpec,
    HistoryFields,
    HistorySource,
    OwnershipFacts,
    describe_problems,
    history_writes,
)

CREATED = datetime(2025, 3, 1, 8, 0, tzinfo=UTC)
FACTS = OwnershipFacts(
    before=ANN,
    before_name="Ann Bell",
    before_is_person=True,
    after=BEN,
    after_is_person=True,
    reason="It lies in the north, 12 minutes from Ben.",
    rule="territory",
    territory="North",
    created_at=CREATED,
)
FROM_QUEUE = replace(FACTS, before=queue_id(1), before_name="Pool", before_is_person=False)


def value_of(source: HistorySource, facts: OwnershipFacts) -> tuple[Scalar, Fill | None] | None:
    writes = history_writes(
        HistoryFields(write_once={"X__c": source}),
        facts=facts,
        current={"X__c": None},
        text_lengths={},
    )
    return (writes[0].after, writes[0].fill) if writes else None


@pytest.mark.parametrize(
    ("facts", "owner", "since"),
    [
        pytest.param(FACTS, (ANN, None), ("2025-03-01T08:00:00.000Z", None), id="today's owner"),
        pytest.param(
            replace(FACTS, first_owner=CAT, first_assigned_at=datetime(2024, 1, 2, tzinfo=UTC)),
            (CAT, None),
            ("2024-01-02T00:00:00.000Z", None),
            id="first of the timeline",
        ),
        pytest.param(FROM_QUEUE, (BEN, None), (None, Fill.APPLIED_AT), id="new owner"),
        pytest.param(
            replace(FROM_QUEUE, after=queue_id(2), after_is_person=False),
            None,
            None,
            id="no person",
        ),
    ],
)
def test_the_first_owner_is_the_earliest_person_known(
    facts: OwnershipFacts,
    owner: tuple[Scalar, Fill | None] | None,
    since: tuple[Scalar, Fill | None] | None,
) -> None:
    assert value_of(HistorySource.FIRST_OWNER, facts) == owner
    assert value_of(HistorySource.FIRST_ASSIGNED_AT, facts) == since


def test_a_write_once_field_with_a_value_is_never_written() -> None:
    history = HistoryFields(write_once={"First__c": HistorySource.FIRST_OWNER})

    assert not history_writes(history, facts=FACTS, current={"First__c": CAT}, text_lengths={})


def test_text_is_cut_to_the_length_of_its_field() -> None:
    (write,) = history_writes(
        HistoryFields(rolled={"Reason__c": HistorySource.REASON}),
        facts=FACTS,
        current={"Reason__c": "old"},
        text_lengths={"Reason__c": 20},
    )

    assert write.after == "It lies in the no..."


def test_every_source_has_a_description() -> None:
    assert all(source.description for source in HistorySource)


def test_mistakes_in_history_fields_are_named_together() -> None:
    with pytest.raises(ValidationError) as caught:
        HistoryFields(
            write_once={"OwnerId": HistorySource.FIRST_OWNER},
            rolled={"Since__c": HistorySource.APPLIED_AT, "no such": HistorySource.RULE},
            preserved=("since__C", "LastModifiedDate", "CreatedDate"),
        )

    text = str(caught.value)
    assert "OwnerId cannot be a history field" in text
    assert "since__C is listed twice" in text
    assert "'no such' is not a Salesforce field name" in text
    assert "LastModifiedDate cannot be preserved" in text
    assert "CreatedDate cannot" not in text


def test_the_describe_of_the_org_tells_which_history_fields_cannot_work() -> None:
    history = HistoryFields(
        rolled={
            "Since__c": HistorySource.APPLIED_AT,
            "Plan__c": HistorySource.PLAN_HASH,
            "Rule__c": HistorySource.RULE,
        },
        preserved=("Source__c",),
    )
    fields = {
        "Since__c": FieldSpec("date"),
        "Plan__c": FieldSpec("string", length=18),
        "Rule__c": FieldSpec("string", length=80, updateable=False),
    }

    assert describe_problems("Account", history, fields=fields) == [
        "Account.Source__c is not a field that this user can see",
        "Account.Since__c is 'date': applied_at needs a date/time field",
        "Account.Plan__c holds 18 characters: 64 are needed",
        "Account.Rule__c may not be edited by this user",
    ]
