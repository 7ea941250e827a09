from __future__ import annotations

from collections.abc import Sequence

import pytest
from factories import ANN, BEN, CAT, NOW, account_id, decision, owner_change, plan_of, rolled
from factories import write_once as once
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.errors import ConnectorError, LimitReachedError
from sfterritory.model.plan import Applied, FieldRole, FieldWrite, Fill, Outcome, OwnerChange
from sfterritory.model.ports import AmbiguousWriteError, Intent, RecordWrite, WriteResult
from sfterritory.writeback.apply import apply_changes
from sfterritory.writeback.approvals import ApprovalPolicy, Approved, approved_changes, only_records
from sfterritory.writeback.guard import ApplyStoppedError
from sfterritory.writeback.method import ApplyParams
from writeback.fakes import FakeJournal, FakeOrg, Fuse, Killed

SHOP = account_id(1)
TIMEOUT = AmbiguousWriteError("no answer in 30 s", remedy="try again")


def approved(*changes: OwnerChange) -> Approved:
    plan = plan_of(*changes)
    return approved_changes(plan, [decision(plan)], policy=ApprovalPolicy(), created_by="ann")


def owned(owner: str | None, **fields: str | None) -> dict[str, str | int | float | bool | None]:
    return {"OwnerId": owner, "LastModifiedDate": "2026-11-23T08:00:00.000+0000", **fields}


def apply_all(
    lines: Approved, org: FakeOrg, journal: FakeJournal | None = None, *, batch_size: int = 200
) -> list[Applied]:
    return list(
        apply_changes(
            lines,
            org,
            journal=journal or FakeJournal(),
            applied_at=NOW,
            params=ApplyParams(batch_size=batch_size),
        )
    )


def test_an_approved_change_is_written_and_read_back() -> None:
    org = FakeOrg({SHOP: owned(ANN, Reason__c="old", Source="Web")})
    change = owner_change(
        SHOP,
        writes=[
            rolled("Reason__c", "old", "new"),
            FieldWrite(field="Since__c", role=FieldRole.ROLLED, before=None, fill=Fill.APPLIED_AT),
            FieldWrite(field="Plan__c", role=FieldRole.ROLLED, before=None, fill=Fill.PLAN_HASH),
        ],
        preserved={"Source": "Web"},
    )
    lines = approved(change)

    (applied,) = apply_all(lines, org)

    assert applied.outcome is Outcome.DONE
    assert applied.sent == {
        "OwnerId": BEN,
        "Reason__c": "new",
        "Since__c": "2026-11-23T09:00:00.000Z",
        "Plan__c": lines.plan_hash,
    }
    assert applied.found["OwnerId"] == ANN
    assert applied.read_back["OwnerId"] == BEN


@pytest.mark.parametrize(
    ("row", "outcome", "code"),
    [
        pytest.param(owned(BEN), Outcome.ALREADY_DONE, "", id="already there"),
        pytest.param(owned(CAT), Outcome.DRIFTED, "OWNER_CHANGED", id="moved by somebody"),
        pytest.param(None, Outcome.DRIFTED, "ENTITY_IS_DELETED", id="deleted"),
        pytest.param(owned(ANN, Reason__c="mine"), Outcome.DRIFTED, "FIELD_CHANGED", id="edited"),
    ],
)
def test_a_record_that_changed_since_the_plan_is_left_alone(
    row: dict[str, str | int | float | bool | None] | None, outcome: Outcome, code: str
) -> None:
    org = FakeOrg({} if row is None else {SHOP: row})
    change = owner_change(SHOP, writes=[rolled("Reason__c", None, "new")])

    journal = FakeJournal()

    (applied,) = apply_all(approved(change), org, journal)

    assert (applied.outcome, applied.code) == (outcome, code)
    assert journal.settled == {applied.key: applied}
    assert not org.written


def test_a_write_once_field_that_was_filled_since_is_not_overwritten() -> None:
    org = FakeOrg({SHOP: owned(ANN, First__c="Zoe")})

    (applied,) = apply_all(approved(owner_change(SHOP, writes=[once("First__c", ANN)])), org)

    assert applied.outcome is Outcome.DONE
    assert org.records[SHOP]["First__c"] == "Zoe"
    assert "First__c got the value 'Zoe' since the plan" in applied.message


def test_a_trigger_that_alters_a_preserved_field_is_reported_with_both_values() -> None:
    org = FakeOrg(
        {SHOP: owned(ANN, Source="Web")}, distorts=lambda row: {**row.fields, "Source": "Other"}
    )

    (applied,) = apply_all(approved(owner_change(SHOP, preserved={"Source": "Web"})), org)

    assert applied.outcome is Outcome.UNVERIFIED
    assert applied.message == "Source: expected 'Web', found 'Other'"


def test_a_refusal_keeps_salesforces_own_code_and_the_rest_is_written() -> None:
    rows = {account_id(n): owned(ANN) for n in range(3)}
    org = FakeOrg(
        rows, refuses=lambda row: "INACTIVE_OWNER" if row.record_id == account_id(1) else ""
    )

    applied = apply_all(approved(*(owner_change(one) for one in rows)), org)

    assert [(one.outcome, one.code) for one in applied] == [
        (Outcome.DONE, ""),
        (Outcome.FAILED, "INACTIVE_OWNER"),
        (Outcome.DONE, ""),
    ]


def test_a_record_that_stays_locked_is_refused_with_that_code() -> None:
    org = FakeOrg({SHOP: owned(ANN)}, refuses=lambda _: "UNABLE_TO_LOCK_ROW")

    (applied,) = apply_all(approved(owner_change(SHOP)), org)

    assert (applied.outcome, applied.code) == (Outcome.FAILED, "UNABLE_TO_LOCK_ROW")
    assert "to do: ask the admin" in applied.message
    assert len(org.batches) == 1  # the gateway has tried long enough


def test_children_follow_their_parent_in_the_same_batch() -> None:
    parent, other = account_id(5), account_id(2)
    children = [account_id(1), account_id(9)]
    org = FakeOrg({one: owned(ANN) for one in (parent, other, *children)})
    lines = approved(
        owner_change(children[0], parent_id=parent),
        owner_change(other),
        owner_change(parent),
        owner_change(children[1], parent_id=parent),
    )

    apply_all(lines, org, batch_size=4)

    assert org.batches == [(other, parent, *children)]


def test_a_target_narrows_the_run_and_leaves_the_rest_approved() -> None:
    org = FakeOrg({account_id(n): owned(ANN) for n in range(2)})
    lines = approved(*(owner_change(account_id(n)) for n in range(2)))

    narrowed = only_records(lines, {f"Account:{account_id(1)}"})
    apply_all(narrowed, org)

    assert list(org.written) == [account_id(1)]
    assert [change.subject.record_id for change in narrowed.left_out] == [account_id(0)]


def test_a_lost_answer_is_settled_by_reading_and_counted_once() -> None:
    org = FakeOrg({SHOP: owned(ANN)}, fuse=Fuse(blows_at=3, error=TIMEOUT))  # read, write, written

    (applied,) = apply_all(approved(owner_change(SHOP)), org)

    assert applied.outcome is Outcome.DONE
    assert org.written == {SHOP: 1}


def test_a_lost_request_is_sent_once_more() -> None:
    org = FakeOrg({SHOP: owned(ANN)}, fuse=Fuse(blows_at=2, error=TIMEOUT))

    (applied,) = apply_all(approved(owner_change(SHOP)), org)

    assert applied.outcome is Outcome.DONE
    assert org.written == {SHOP: 1}


class DeafOrg(FakeOrg):
    """Takes no request, and says so each time."""

    def write(self, rows: Sequence[RecordWrite]) -> Sequence[WriteResult]:
        self.batches.append(tuple(row.record_id for row in rows))
        raise TIMEOUT


def test_two_lost_requests_end_the_run_with_the_record_still_in_doubt() -> None:
    org, journal = DeafOrg({SHOP: owned(ANN)}), FakeJournal()

    with pytest.raises(ConnectorError, match="no answer in 30 s"):
        apply_all(approved(owner_change(SHOP)), org, journal)

    assert len(org.batches) == 2
    assert list(journal.pending) == [f"Account:{SHOP}"]
    assert not journal.settled


def test_when_even_the_read_back_fails_the_record_stays_in_doubt() -> None:
    org = FakeOrg({SHOP: owned(ANN)}, fuse=Fuse(blows_at=4, error=TIMEOUT))
    lines, journal = approved(owner_change(SHOP)), FakeJournal()

    with pytest.raises(ConnectorError):
        apply_all(lines, org, journal)
    in_doubt = list(journal.pending)
    (applied,) = apply_all(lines, org, journal)

    assert in_doubt == [f"Account:{SHOP}"]
    assert applied.outcome is Outcome.DONE
    assert org.written == {SHOP: 1}


class ForgetfulOrg(FakeOrg):
    """Writes every row and answers for all but the last."""

    def write(self, rows: Sequence[RecordWrite]) -> Sequence[WriteResult]:
        return super().write(rows)[:-1]


def test_too_few_answers_are_not_guessed_at() -> None:
    rows = {account_id(n): owned(ANN) for n in range(3)}
    org = ForgetfulOrg(rows)

    applied = apply_all(approved(*(owner_change(one) for one in rows)), org)

    assert [one.outcome for one in applied] == [Outcome.DONE] * 3
    assert set(org.written.values()) == {1}


@pytest.mark.parametrize(
    ("row", "outcome", "code"),
    [
        pytest.param(owned(CAT), Outcome.DRIFTED, "OWNER_CHANGED", id="moved elsewhere"),
        pytest.param(None, Outcome.FAILED, "ENTITY_IS_DELETED", id="deleted"),
        pytest.param(owned(BEN), Outcome.DONE, "", id="arrived"),
    ],
)
def test_what_was_in_doubt_ends_as_salesforce_shows_it(
    row: dict[str, str | int | float | bool | None] | None, outcome: Outcome, code: str
) -> None:
    journal = FakeJournal()
    journal.sending(0, [Intent("Account", SHOP, {"OwnerId": BEN}, owned(ANN))])
    org = FakeOrg({} if row is None else {SHOP: row})

    (applied,) = apply_all(approved(owner_change(SHOP)), org, journal)

    assert (applied.outcome, applied.code) == (outcome, code)
    assert not org.written


def test_a_refusal_of_what_had_arrived_is_not_counted_as_a_failure() -> None:
    org = FakeOrg({SHOP: owned(ANN)})

    def commits_then_refuses(row: RecordWrite) -> str:
        org.records[SHOP].update(row.fields)
        return "UNKNOWN_EXCEPTION"

    org.refuses = commits_then_refuses

    (applied,) = apply_all(approved(owner_change(SHOP)), org)

    assert (applied.outcome, applied.code) == (Outcome.DONE, "UNKNOWN_EXCEPTION")
    assert "yet the record has the new owner" in applied.message


def test_a_used_up_allocation_stops_the_run_without_a_second_try() -> None:
    limit = LimitReachedError("REQUEST_LIMIT_EXCEEDED", remedy="resume tomorrow")
    org = FakeOrg({SHOP: owned(ANN)}, fuse=Fuse(blows_at=2, error=limit))
    journal = FakeJournal()

    with pytest.raises(LimitReachedError):
        apply_all(approved(owner_change(SHOP)), org, journal)

    assert list(journal.pending) == [f"Account:{SHOP}"]
    assert not org.written


def test_an_owner_that_somebody_else_gave_while_the_answer_was_lost_is_not_claimed() -> None:
    journal = FakeJournal()
    change = owner_change(SHOP, writes=[rolled("Reason__c", "old", "new")])
    found = owned(ANN, Reason__c="old")
    journal.sending(0, [Intent("Account", SHOP, {"OwnerId": BEN, "Reason__c": "new"}, found)])

    (applied,) = apply_all(approved(change), FakeOrg({SHOP: owned(BEN, Reason__c="old")}), journal)

    assert applied.outcome is Outcome.ALREADY_DONE


def test_what_was_cut_off_and_is_no_longer_approved_is_closed_unsent() -> None:
    journal = FakeJournal()
    journal.sending(0, [Intent("Account", SHOP, {"OwnerId": BEN}, owned(ANN))])
    other = account_id(2)
    org = FakeOrg({SHOP: owned(ANN), other: owned(ANN)})

    applied = apply_all(approved(owner_change(other)), org, journal)

    assert [(one.record_id, one.outcome, one.code) for one in applied] == [
        (SHOP, Outcome.FAILED, "NOT_SENT"),
        (other, Outcome.DONE, ""),
    ]
    assert list(org.written) == [other]


def test_too_many_failures_stop_the_run_and_a_second_call_does_the_rest() -> None:
    rows = {account_id(n): owned(ANN) for n in range(20)}
    org = FakeOrg(rows, refuses=lambda _: "INSUFFICIENT_ACCESS_OR_READONLY")
    lines, journal = approved(*(owner_change(one) for one in rows)), FakeJournal()
    params = ApplyParams(batch_size=5, max_failure_share=0.1, min_failures=6)
    seen: list[Applied] = []

    with pytest.raises(ApplyStoppedError, match=r"10 of 10 changes failed .*; 10 were not sent"):
        seen.extend(apply_changes(lines, org, journal=journal, applied_at=NOW, params=params))
    org.refuses = lambda _: ""
    again = apply_all(lines, org, journal)

    assert {one.outcome for one in again} == {Outcome.DONE}
    assert len(again) == 10
    assert len(journal.settled) == 20


def test_stopping_between_batches_leaves_a_run_that_can_be_resumed() -> None:
    rows = {account_id(n): owned(ANN) for n in range(4)}
    org, journal = FakeOrg(rows), FakeJournal()
    lines = approved(*(owner_change(one) for one in rows))
    asked = iter([False, True])

    first = list(
        apply_changes(
            lines,
            org,
            journal=journal,
            applied_at=NOW,
            params=ApplyParams(batch_size=2),
            stop=lambda: next(asked),
        )
    )
    rest = apply_all(lines, org, journal)

    assert [len(first), len(rest)] == [2, 2]
    assert not journal.pending
    assert set(org.written.values()) == {1}


def lines_of_five() -> Approved:
    return approved(
        *(
            owner_change(
                account_id(n), writes=[rolled("Reason__c", None, "new"), once("First__c", ANN)]
            )
            for n in range(5)
        )
    )


LINES_OF_FIVE = lines_of_five()


def run_with_kills(kills: Sequence[int]) -> tuple[FakeOrg, FakeJournal]:
    """Kill the run at the given steps, one after the other, then let it end."""
    org = FakeOrg({account_id(n): owned(ANN) for n in range(5)})
    journal = FakeJournal()
    for blows_at in [*kills, None]:
        org.fuse = journal.fuse = Fuse(blows_at)
        try:
            apply_all(LINES_OF_FIVE, org, journal, batch_size=2)
        except Killed:
            continue
        break
    return org, journal


def test_killed_at_any_step_the_resumed_run_writes_each_record_once() -> None:
    clean = Fuse()
    org = FakeOrg({account_id(n): owned(ANN) for n in range(5)}, fuse=clean)
    apply_all(LINES_OF_FIVE, org, FakeJournal(fuse=clean), batch_size=2)
    assert clean.steps == 24  # three batches: read, sending 2, write 2, read, settle 2

    for step in range(1, clean.steps + 1):
        org, journal = run_with_kills([step])

        assert org.written == {account_id(n): 1 for n in range(5)}, f"killed at step {step}"
        assert {one.outcome for one in journal.settled.values()} == {Outcome.DONE}
        assert len(journal.settled) == 5
        assert not journal.pending


@given(st.lists(st.integers(1, 24), max_size=6))
def test_killed_again_and_again_nothing_is_lost_or_doubled(kills: list[int]) -> None:
    org, journal = run_with_kills(kills)

    assert org.written == {account_id(n): 1 for n in range(5)}
    assert {one.outcome for one in journal.settled.values()} == {Outcome.DONE}
    assert len(journal.settled) == 5
