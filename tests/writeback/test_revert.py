from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from factories import (
    ANN,
    BEN,
    CAT,
    NAMES,
    NOW,
    SEEN_AT,
    account_id,
    decision,
    owner_change,
    plan_of,
    plan_source,
    user_id,
)
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.model.document import Scalar
from sfterritory.model.plan import (
    Applied,
    FieldRole,
    FieldWrite,
    Fill,
    Outcome,
    OwnerChange,
    OwnerTotals,
    Plan,
)
from sfterritory.writeback.apply import apply_changes
from sfterritory.writeback.approvals import ApprovalPolicy, approved_changes
from sfterritory.writeback.diff import PlanPolicy
from sfterritory.writeback.method import ApplyParams
from sfterritory.writeback.owner import OrgFacts, Owner
from sfterritory.writeback.revert import fields_to_revert, make_revert
from sfterritory.writeback.verify import LAST_MODIFIED
from writeback.fakes import FakeJournal, FakeOrg

SHOP = account_id(1)
ORG = OrgFacts({one: Owner(one, name) for one, name in NAMES.items()})
WRITES = (
    FieldWrite(field="First__c", role=FieldRole.WRITE_ONCE, before=None, after=ANN),
    FieldWrite(field="Reason__c", role=FieldRole.ROLLED, before="old", after="new"),
    FieldWrite(field="Since__c", role=FieldRole.ROLLED, before=None, fill=Fill.APPLIED_AT),
)
FIRST_VALUES: Mapping[str, Scalar] = {
    "First__c": None,
    "Reason__c": "old",
    "Since__c": None,
    "Source": "Web",
}


FIRST_ROW = {**FIRST_VALUES, LAST_MODIFIED: "2026-11-23T08:00:00.000+0000"}


def values(org: FakeOrg, record_id: str) -> dict[str, Scalar]:
    return {name: one for name, one in org.records[record_id].items() if name != LAST_MODIFIED}


def planned_change(record_id: str, *, before: str = ANN, after: str = BEN) -> OwnerChange:
    return owner_change(
        record_id, before=before, after=after, writes=WRITES, preserved={"Source": "Web"}
    )


def org_of(*changes: OwnerChange) -> FakeOrg:
    return FakeOrg(
        {change.subject.record_id: {**FIRST_ROW, "OwnerId": change.before} for change in changes}
    )


def applied_to(org: FakeOrg, plan: Plan, *, at: datetime = NOW) -> list[Applied]:
    approved = approved_changes(plan, [decision(plan)], policy=ApprovalPolicy(), created_by="ann")
    return list(
        apply_changes(
            approved,
            org,
            journal=FakeJournal(),
            applied_at=at,
            params=ApplyParams(batch_size=3),
        )
    )


def reverted(plan: Plan, applied: list[Applied], org: FakeOrg, *, run: str = "run-1") -> Plan:
    current = {
        f"{name}:{record_id}": row
        for name, fields in fields_to_revert(plan).items()
        for record_id, row in org.read(name, sorted(org.records), fields=fields).items()
    }
    return make_revert(
        plan,
        applied,
        current,
        org=ORG,
        source=plan_source(snapshot_id="snapshot-2", reverts_run=run),
        policy=PlanPolicy(),
    )


def test_a_revert_gives_back_owner_and_rolled_fields_and_keeps_the_first_owner() -> None:
    org = org_of(planned_change(SHOP))
    plan = plan_of(planned_change(SHOP))
    back = reverted(plan, applied_to(org, plan), org)

    (applied,) = applied_to(org, back)

    assert applied.outcome is Outcome.DONE
    assert values(org, SHOP) == {**FIRST_VALUES, "OwnerId": ANN, "First__c": ANN}
    assert [(one.field, one.value) for one in back.changes[0].preserved] == [
        ("Source", "Web"),
        ("First__c", ANN),
    ]
    assert {one.role for one in back.changes[0].writes} == {FieldRole.RESTORED}
    assert back.source.reverts_run == "run-1"


def test_a_record_that_somebody_moved_since_is_listed_and_left_to_them() -> None:
    org = org_of(planned_change(SHOP))
    plan = plan_of(planned_change(SHOP))
    applied = applied_to(org, plan)
    org.records[SHOP]["OwnerId"] = CAT

    back = reverted(plan, applied, org)

    assert not back.changes
    assert back.blocked[0].cause == "somebody else gave it to Cat Diaz since the run"


def test_a_rolled_field_that_somebody_edited_since_stays_theirs() -> None:
    org = org_of(planned_change(SHOP))
    plan = plan_of(planned_change(SHOP))
    applied = applied_to(org, plan)
    org.records[SHOP]["Reason__c"] = "mine"

    applied_to(org, reverted(plan, applied, org))

    assert org.records[SHOP]["OwnerId"] == ANN
    assert org.records[SHOP]["Reason__c"] == "mine"
    assert org.records[SHOP]["Since__c"] is None


def test_a_record_goes_to_nobody_who_left_meanwhile() -> None:
    left = user_id(9)
    change = planned_change(SHOP, before=left)
    org, plan = org_of(change), plan_of(change)
    applied = applied_to(org, plan)
    org_facts = OrgFacts({**ORG.owners, left: Owner(left, "Gus Old", active=False)})
    current = {f"Account:{SHOP}": org.records[SHOP]}

    back = make_revert(
        plan,
        applied,
        current,
        org=org_facts,
        source=plan_source(reverts_run="run-1"),
        policy=PlanPolicy(),
    )

    assert [line.cause for line in back.blocked] == ["Gus Old is inactive"]


def test_what_the_run_did_not_write_is_not_reverted() -> None:
    already, drifted, gone = (planned_change(account_id(n)) for n in (1, 2, 3))
    org, plan = org_of(already, drifted), plan_of(already, drifted, gone)
    org.records[account_id(1)]["OwnerId"] = BEN
    org.records[account_id(2)]["OwnerId"] = CAT

    back = reverted(plan, applied_to(org, plan), org)

    assert not back.changes
    assert not back.blocked


def test_a_change_that_a_trigger_spoiled_can_be_reverted() -> None:
    org, plan = org_of(planned_change(SHOP)), plan_of(planned_change(SHOP))
    org.distorts = lambda row: {**row.fields, "Reason__c": "trigger"}
    (applied,) = applied_to(org, plan)
    org.distorts = lambda row: row.fields

    applied_to(org, reverted(plan, [applied], org))

    assert applied.outcome is Outcome.UNVERIFIED
    assert org.records[SHOP]["OwnerId"] == ANN


def test_the_books_of_a_revert_start_where_the_run_left_them() -> None:
    def book(owner: str, accounts: int) -> OwnerTotals:
        return OwnerTotals(
            owner_id=owner,
            name=NAMES[owner],
            accounts_before=accounts,
            accounts_after=0,
            gained=0,
            lost=0,
            hours_before=accounts * 2.0,
            hours_after=0.0,
            value_before_usd=0.0,
            value_after_usd=0.0,
        )

    org = org_of(planned_change(SHOP))
    plan = plan_of(planned_change(SHOP)).model_copy(update={"totals": (book(ANN, 7), book(BEN, 4))})
    back = reverted(plan, applied_to(org, plan), org)

    assert [
        (one.name, one.accounts_before, one.accounts_after, one.hours_before, one.hours_after)
        for one in back.totals
    ] == [("Ann Bell", 6, 7, 12.0, 14.0), ("Ben Cho", 5, 4, 10.0, 8.0)]


MOVES = st.lists(
    st.tuples(st.sampled_from([ANN, BEN, CAT]), st.sampled_from([ANN, BEN, CAT])).filter(
        lambda pair: pair[0] != pair[1]
    ),
    max_size=8,
)


@given(MOVES)
def test_apply_then_revert_restores_every_owner_and_twice_changes_nothing(
    moves: list[tuple[str, str]],
) -> None:
    changes = [
        planned_change(account_id(n), before=before, after=after)
        for n, (before, after) in enumerate(moves)
    ]
    org, plan = org_of(*changes), plan_of(*changes)
    applied = applied_to(org, plan)
    moved = {key: values(org, key) for key in org.records}

    back = reverted(plan, applied, org)
    undone = applied_to(org, back)

    for change in changes:
        now = values(org, change.subject.record_id)
        assert now == {**FIRST_VALUES, "OwnerId": change.before, "First__c": ANN}
    again = reverted(plan, applied, org)
    assert (again.changes, again.blocked) == ((), ())

    forth = reverted(back, undone, org, run="run-2")
    applied_to(org, forth, at=SEEN_AT + timedelta(hours=9))
    assert {key: values(org, key) for key in org.records} == moved
