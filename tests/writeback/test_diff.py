from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from factories import (
    ANN,
    BEN,
    CAT,
    NAMES,
    SEEN_AT,
    account_id,
    lead_id,
    plan_source,
    queue_id,
    user_id,
)
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.errors import StepMissingError
from sfterritory.model.columns import TextColumn
from sfterritory.model.plan import Action, Check, FieldRole, Plan
from sfterritory.writeback.desired import DesiredOwners, RecordDetail, changed_rows
from sfterritory.writeback.diff import PlanPolicy, make_plan
from sfterritory.writeback.history import HistoryFields, HistorySource
from sfterritory.writeback.owner import OrgFacts, Owner, OwnerKind

POOL = queue_id(1)
GONE, ROBOT = user_id(8), user_id(9)
ORG = OrgFacts(
    {
        **{one: Owner(one, name) for one, name in NAMES.items()},
        GONE: Owner(GONE, "Gus Old", active=False),
        ROBOT: Owner(ROBOT, "Platform Integration User", standard=False),
        POOL: Owner(POOL, "Pool", OwnerKind.QUEUE, queue_objects=frozenset({"Lead"})),
    }
)

Row = tuple[str, str | None, str | None]


def desired(rows: Sequence[Row], *, object_name: str = "Account") -> DesiredOwners:
    rows = sorted(rows)
    missing = TextColumn.of([None] * len(rows))
    return DesiredOwners(
        object_name=object_name,
        ids=np.array([row[0] for row in rows], dtype="U18"),
        before=TextColumn.of(row[1] for row in rows),
        after=TextColumn.of(row[2] for row in rows),
        rule=TextColumn.of(["territory"] * len(rows)),
        territory=missing,
        reason=TextColumn.of(["It lies in the north."] * len(rows)),
        runner_up=missing,
        runner_up_reason=missing,
        value_usd=np.full(len(rows), 100.0),
        hours_per_year=np.full(len(rows), 2.5),
    )


def details(
    *many: DesiredOwners, parents: Mapping[str, str] | None = None, converted: bool = False
) -> dict[str, RecordDetail]:
    return {
        record_id: RecordDetail(
            name=f"Shop {record_id}",
            last_modified_at=SEEN_AT,
            fields={"First_Owner__c": None, "Previous_Owner__c": None, "Source__c": "Web"},
            parent_id=(parents or {}).get(record_id),
            converted=converted,
        )
        for one in many
        for record_id in one.ids[changed_rows(one)].tolist()
    }


def plan_for(*many: DesiredOwners, policy: PlanPolicy | None = None) -> Plan:
    return make_plan(
        many, details(*many), org=ORG, source=plan_source(), policy=policy or PlanPolicy()
    )


def test_only_records_whose_owner_differs_are_in_the_plan() -> None:
    plan = plan_for(
        desired(
            [
                (account_id(1), ANN, BEN),
                (account_id(2), ANN, ANN),
                (account_id(3), ANN, None),
                (account_id(4), None, None),
            ]
        )
    )

    assert [change.subject.record_id for change in plan.changes] == [account_id(1)]
    assert plan.counts.unchanged == 3
    assert plan.expires_after_hours == 72


def test_persons_queues_and_nobody_decide_what_a_change_is_called() -> None:
    other = queue_id(2)
    rows = [(ANN, BEN), (None, BEN), (POOL, BEN), (ANN, POOL), (other, POOL), (None, POOL)]

    plan = plan_for(desired([(lead_id(n), *row) for n, row in enumerate(rows)], object_name="Lead"))

    assert [change.action for change in plan.changes] == [
        Action.REASSIGN,
        Action.ASSIGN,
        Action.ASSIGN,
        Action.UNASSIGN,
        Action.REASSIGN,
        Action.ASSIGN,
    ]


@pytest.mark.parametrize(
    ("after", "object_name", "cause"),
    [
        pytest.param(GONE, "Account", "Gus Old is inactive", id="inactive"),
        pytest.param(
            ROBOT, "Account", "Platform Integration User is not a standard user", id="robot"
        ),
        pytest.param(
            POOL, "Account", "Pool is a queue, and a queue cannot own Account records", id="queue"
        ),
        pytest.param(
            POOL, "Case", "queue Pool is not set up for Case records", id="queue of other object"
        ),
        pytest.param(
            user_id(77),
            "Account",
            f"{user_id(77)} is neither a user nor a queue of the last pull",
            id="unknown",
        ),
    ],
)
def test_an_owner_that_salesforce_would_refuse_is_blocked_with_its_cause(
    after: str, object_name: str, cause: str
) -> None:
    plan = plan_for(desired([(account_id(1), ANN, after)], object_name=object_name))

    assert [line.cause for line in plan.blocked] == [cause]
    assert not plan.changes
    assert not plan.applyable


def test_a_converted_lead_is_blocked() -> None:
    leads = desired([(lead_id(1), ANN, BEN)], object_name="Lead")

    plan = make_plan(
        [leads],
        details(leads, converted=True),
        org=ORG,
        source=plan_source(),
        policy=PlanPolicy(),
    )

    assert plan.blocked[0].cause == "the lead was converted, and Salesforce refuses to change it"


def test_families_stand_together_and_objects_one_after_the_other() -> None:
    accounts = desired([(account_id(n), ANN, BEN) for n in (1, 2, 3, 4)])
    leads = desired([(lead_id(1), ANN, BEN)], object_name="Lead")
    parents = {account_id(1): account_id(3), account_id(4): account_id(3)}

    plan = make_plan(
        [leads, accounts],
        details(leads, accounts, parents=parents),
        org=ORG,
        source=plan_source(),
        policy=PlanPolicy(),
    )

    assert [change.subject.record_id for change in plan.changes] == [
        *(account_id(n) for n in (2, 3, 1, 4)),
        lead_id(1),
    ]


def test_totals_count_what_the_plan_does_and_not_what_is_blocked() -> None:
    plan = plan_for(
        desired(
            [
                (account_id(1), ANN, BEN),
                (account_id(2), ANN, GONE),
                (account_id(3), BEN, None),
                (account_id(4), None, CAT),
            ]
        )
    )

    assert [
        (one.name, one.accounts_before, one.accounts_after, one.gained, one.lost)
        for one in plan.totals
    ] == [("Ann Bell", 2, 1, 0, 1), ("Ben Cho", 1, 2, 1, 0), ("Cat Diaz", 0, 1, 1, 0)]
    assert plan.totals[1].hours_after == 5.0
    assert plan.totals[1].value_after_usd == 200.0


def test_a_plan_that_moves_more_than_the_limit_cannot_be_applied() -> None:
    accounts = desired([(account_id(1), ANN, BEN), (account_id(2), ANN, ANN)])

    plan = plan_for(accounts, policy=PlanPolicy(max_share_moved=0.4))

    assert plan.checks == (
        Check(
            name="share_moved",
            passed=False,
            detail="1 of 2 records (50.0%) change owner; the limit is 40.0%",
        ),
    )
    assert not plan.applyable


def test_history_fields_stand_in_the_change() -> None:
    history = HistoryFields(
        write_once={"First_Owner__c": HistorySource.FIRST_OWNER},
        rolled={"Previous_Owner__c": HistorySource.BEFORE_OWNER_NAME},
        preserved=("Source__c",),
    )

    plan = plan_for(
        desired([(account_id(1), ANN, BEN)]), policy=PlanPolicy(history={"Account": history})
    )

    (change,) = plan.changes
    assert [(one.field, one.role, one.after) for one in change.writes] == [
        ("First_Owner__c", FieldRole.WRITE_ONCE, ANN),
        ("Previous_Owner__c", FieldRole.ROLLED, "Ann Bell"),
    ]
    assert [(one.field, one.value) for one in change.preserved] == [("Source__c", "Web")]


def test_a_history_field_that_was_not_pulled_stops_the_plan_by_name() -> None:
    policy = PlanPolicy(history={"Account": HistoryFields(preserved=("Campaign__c",))})

    with pytest.raises(StepMissingError, match=r"holds no Account\.Campaign__c"):
        plan_for(desired([(account_id(1), ANN, BEN)]), policy=policy)


OWNERS = st.sampled_from([None, ANN, BEN, CAT, GONE])


@given(st.dictionaries(st.integers(0, 30), st.tuples(OWNERS, OWNERS)))
def test_every_record_is_counted_once_and_the_books_add_up(
    owners: dict[int, tuple[str | None, str | None]],
) -> None:
    rows = desired([(account_id(n), *pair) for n, pair in owners.items()])

    plan = plan_for(rows)

    counts = plan.counts
    assert counts.changes == len(plan.changes)
    assert counts.changes + counts.blocked + counts.unchanged == len(rows)
    assert all(change.before != change.after for change in plan.changes)
    assert sum(one.gained for one in plan.totals) == counts.changes
    for one in plan.totals:
        assert one.accounts_before + one.gained - one.lost == one.accounts_after
    assert plan_for(rows).hash == plan.hash


@pytest.mark.slow
def test_twenty_thousand_changes_of_eighty_thousand_records_take_seconds() -> None:
    people = [user_id(n) for n in range(200)]
    org = OrgFacts({one: Owner(one, one) for one in people})
    history = HistoryFields(rolled={"Previous_Owner__c": HistorySource.BEFORE_OWNER})
    rows = [
        (account_id(n), people[n % 200], people[(n + (n % 4 == 0)) % 200]) for n in range(80_000)
    ]
    accounts = desired(rows)
    start = time.process_time()

    plan = make_plan(
        [accounts],
        details(accounts),
        org=org,
        source=plan_source(),
        policy=PlanPolicy(history={"Account": history}),
    )

    assert len(plan.hash) == 64
    assert len(plan.changes) == 20_000
    assert time.process_time() - start < 15
