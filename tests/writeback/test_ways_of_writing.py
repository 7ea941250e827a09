"""The same promises whatever the way: collections, Bulk jobs, single records under a condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from factories import ANN, BEN, CAT, NAMES, NOW, account_id, decision, owner_change, plan_of
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.errors import JobRunningError
from sfterritory.model.plan import Applied, Outcome, OwnerChange
from sfterritory.model.ports import JobAbortedError, RecordWrite, WriteResult
from sfterritory.writeback.apply import apply_changes
from sfterritory.writeback.approvals import ApprovalPolicy, Approved, approved_changes
from sfterritory.writeback.diff import family_order
from sfterritory.writeback.guard import ApplyStoppedError
from sfterritory.writeback.method import ApplyParams, Method, batches
from writeback.fakes import LOCKED, FakeJournal, FakeOrg, Fuse, Killed

WAYS = (Method.COLLECTIONS, Method.BULK, Method.CONDITIONAL)
SEEN = "2026-11-23T08:00:00.000+0000"


def approved(*changes: OwnerChange) -> Approved:
    plan = plan_of(*changes)
    return approved_changes(plan, [decision(plan)], policy=ApprovalPolicy(), created_by="ann")


def lines(count: int) -> Approved:
    return approved(*(owner_change(account_id(n)) for n in range(count)))


def org_of(count: int) -> FakeOrg:
    return FakeOrg(
        {account_id(n): {"OwnerId": ANN, "LastModifiedDate": SEEN} for n in range(count)}
    )


def apply_all(
    approved: Approved, org: FakeOrg, journal: FakeJournal | None = None, **params: object
) -> list[Applied]:
    return list(
        apply_changes(
            approved,
            org,
            journal=journal or FakeJournal(),
            applied_at=NOW,
            params=ApplyParams.model_validate(params),
            owner_names=NAMES,
        )
    )


@pytest.mark.parametrize("method", WAYS)
def test_every_way_writes_each_record_once(method: Method) -> None:
    org = org_of(7)

    applied = apply_all(lines(7), org, method=method, batch_size=3, conditional_rows=2)

    assert [one.outcome for one in applied] == [Outcome.DONE] * 7
    assert org.written == {account_id(n): 1 for n in range(7)}
    assert bool(org.jobs) is (method is Method.BULK)


@pytest.mark.parametrize(
    ("params", "changes", "method"),
    [
        pytest.param({}, 1, Method.COLLECTIONS, id="by default"),
        pytest.param({}, 1_000_000, Method.COLLECTIONS, id="however many"),
        pytest.param({"conditional_below": 50}, 49, Method.CONDITIONAL, id="few"),
        pytest.param({"conditional_below": 50}, 50, Method.COLLECTIONS, id="not few"),
        pytest.param({"method": "bulk", "conditional_below": 50}, 1, Method.BULK, id="by name"),
    ],
)
def test_auto_never_takes_bulk_and_takes_conditions_where_configured(
    params: dict[str, object], changes: int, method: Method
) -> None:
    assert ApplyParams.model_validate(params).method_for(changes) is method


def test_a_record_edited_between_check_and_write_drifted_under_a_condition() -> None:
    org = org_of(2)

    def edited_meanwhile(row: RecordWrite) -> str:
        if row.record_id == account_id(0):
            org.records[row.record_id]["LastModifiedDate"] = "2026-11-23T08:59:59.000+0000"
        return ""

    org.refuses = edited_meanwhile

    first, second = apply_all(lines(2), org, method=Method.CONDITIONAL)

    assert (first.outcome, first.code) == (
        Outcome.DRIFTED,
        "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE",
    )
    assert second.outcome is Outcome.DONE
    assert org.records[account_id(0)]["OwnerId"] == ANN


@pytest.mark.parametrize("method", WAYS)
def test_a_record_in_an_approval_process_is_a_conflict_and_no_failure(method: Method) -> None:
    org = org_of(1)
    org.refuses = lambda _: "ENTITY_IS_LOCKED"

    (applied,) = apply_all(lines(1), org, method=method)

    assert (applied.outcome, applied.code) == (Outcome.DRIFTED, "ENTITY_IS_LOCKED")
    assert "to do: ask the admin" in applied.message


@pytest.mark.parametrize("method", WAYS)
def test_a_cause_that_every_record_has_ends_the_run_after_its_batch(method: Method) -> None:
    org, journal = org_of(6), FakeJournal()
    org.refuses = lambda _: "STORAGE_LIMIT_EXCEEDED"

    with pytest.raises(ApplyStoppedError, match="STORAGE_LIMIT_EXCEEDED") as caught:
        apply_all(lines(6), org, journal, method=method, batch_size=2, bulk_rows=2)

    assert caught.value.remedy == "ask the admin"
    assert len(org.batches) <= 2
    assert {one.outcome for one in journal.settled.values()} == {Outcome.FAILED}


def test_what_a_job_did_not_reach_is_given_up_when_the_run_ends_for_a_general_cause() -> None:
    org, journal = org_of(4), FakeJournal()
    org.reaches, org.refuses = 2, lambda _: "STORAGE_LIMIT_EXCEEDED"

    with pytest.raises(ApplyStoppedError):
        apply_all(lines(4), org, journal, method=Method.BULK)

    assert not journal.pending
    codes = [journal.settled[f"Account:{account_id(n)}"].code for n in range(4)]
    assert codes == ["STORAGE_LIMIT_EXCEEDED"] * 2 + ["NOT_SENT"] * 2


def test_an_owner_that_the_org_moves_on_is_named() -> None:
    org = org_of(1)
    org.distorts = lambda row: {**row.fields, "OwnerId": CAT}

    (applied,) = apply_all(lines(1), org)

    assert (applied.outcome, applied.code) == (Outcome.UNVERIFIED, "ENDED_WITH_OTHER_OWNER")
    assert f"ended with other owner: Cat Diaz ({CAT}) instead of Ben Cho ({BEN})" in applied.message


def test_what_a_bulk_job_refused_for_a_lock_is_sent_again_one_after_the_other() -> None:
    org = org_of(5)
    locks = {account_id(1): 1, account_id(3): 1}

    def locked_once(row: RecordWrite) -> str:
        left = locks.get(row.record_id, 0)
        locks[row.record_id] = left - 1
        return LOCKED if left > 0 else ""

    org.refuses = locked_once

    applied = apply_all(lines(5), org, method=Method.BULK)

    assert [one.outcome for one in applied] == [Outcome.DONE] * 5
    assert org.batches == [tuple(account_id(n) for n in range(5)), (account_id(1), account_id(3))]
    assert len(org.jobs) == 1


def test_what_a_failed_job_never_reached_goes_by_collections() -> None:
    org = org_of(450)
    org.reaches = 40

    applied = apply_all(lines(450), org, method=Method.BULK)

    assert {one.outcome for one in applied} == {Outcome.DONE}
    assert set(org.written.values()) == {1}
    assert [len(batch) for batch in org.batches] == [450, 200, 200, 10]


def test_after_an_admin_aborted_a_job_nothing_more_is_sent_until_the_next_run() -> None:
    org, journal = org_of(5), FakeJournal()
    org.reaches, org.aborts = 2, True

    with pytest.raises(JobAbortedError, match="aborted"):
        apply_all(lines(5), org, journal, method=Method.BULK)
    assert [one.outcome for one in journal.settled.values()] == [Outcome.DONE] * 2
    assert len(org.batches) == 1

    org.aborts, org.reaches = False, 100
    rest = apply_all(lines(5), org, journal, method=Method.BULK)
    assert [one.outcome for one in rest] == [Outcome.DONE] * 3
    assert set(org.written.values()) == {1}


def test_a_job_that_outlasts_its_run_is_waited_for_by_the_next_one_and_not_repeated() -> None:
    org, journal = org_of(3), FakeJournal()
    org.polls = 5

    with pytest.raises(JobRunningError):
        apply_all(lines(3), org, journal, method=Method.BULK)
    assert not journal.settled
    assert {one.job_id for one in journal.pending.values()} == set(org.jobs)

    applied = apply_all(lines(3), org, journal, method=Method.BULK)

    assert [one.outcome for one in applied] == [Outcome.DONE] * 3
    assert len(org.jobs) == 1
    assert set(org.written.values()) == {1}


def test_a_later_run_may_take_another_way_and_still_asks_the_job_first() -> None:
    org, journal = org_of(3), FakeJournal()
    org.polls = 5
    with pytest.raises(JobRunningError):
        apply_all(lines(3), org, journal, method=Method.BULK)

    applied = apply_all(lines(3), org, journal, method=Method.COLLECTIONS)

    assert [one.outcome for one in applied] == [Outcome.DONE] * 3
    assert set(org.written.values()) == {1}


OBJECTS = ("Account", "Case", "Contact", "Lead", "Opportunity")


@given(
    st.lists(
        st.tuples(st.sampled_from(OBJECTS), st.integers(0, 60), st.integers(60, 64) | st.none()),
        unique_by=lambda one: one[:2],
        max_size=60,
    ),
    st.integers(1, 12),
)
def test_siblings_are_sent_side_by_side_and_in_one_batch_where_they_fit(
    records: Sequence[tuple[str, int, int | None]], size: int
) -> None:
    changes = sorted(
        (
            owner_change(
                account_id(number),
                object_name=name,
                parent_id=None if parent is None else account_id(parent),
            )
            for name, number, parent in records
        ),
        key=family_order,
    )

    cut = list(batches(changes, size))

    assert [change for batch in cut for change in batch] == changes
    assert all(1 <= len(batch) <= size for batch in cut)
    assert all(len({change.subject.object_name for change in batch}) == 1 for batch in cut)
    where: dict[tuple[str, str], set[int]] = {}
    members: dict[tuple[str, str], int] = {}
    for place, batch in enumerate(cut):
        for change in batch:
            family = (change.subject.object_name, change.parent_id or change.subject.record_id)
            where.setdefault(family, set()).add(place)
            members[family] = members.get(family, 0) + 1
    for family, places in where.items():
        assert len(places) == 1 or members[family] > size


# --- whatever happens on the way ---------------------------------------------------------------


@dataclass
class Weather:
    """What happens to one run after the other: at which step it ends and how, and what is refused.

    Attributes:
        ends: (step, kind) of each run that is cut short; kind `kill` or `lost`.
        locks: How often each record is locked before it lets itself be written.
        late: Jobs are worked on only when somebody asks for them, or when all is over.
    """

    ends: list[tuple[int, str]]
    refused: set[int]
    locks: dict[int, int]
    reaches: int
    polls: int
    moved: set[int]
    late: bool
    counts: dict[str, int] = field(default_factory=dict)

    def refusal(self, row: RecordWrite) -> str:
        number = int(row.record_id[3:15])
        if number in self.refused:
            return "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        tried = self.counts[row.record_id] = self.counts.get(row.record_id, 0) + 1
        return LOCKED if tried <= self.locks.get(number, 0) else ""


COUNT = 9
NUMBERS = st.integers(0, COUNT - 1)
WEATHER = st.builds(
    Weather,
    ends=st.lists(st.tuples(st.integers(1, 30), st.sampled_from(["kill", "lost"])), max_size=5),
    refused=st.sets(NUMBERS, max_size=3),
    locks=st.dictionaries(NUMBERS, st.integers(1, 2), max_size=3),
    reaches=st.integers(1, COUNT),
    polls=st.integers(0, 4),
    moved=st.sets(NUMBERS, max_size=2),
    late=st.booleans(),
)


def end_of(
    weather: Weather, method: Method, ends: Sequence[tuple[int, str]]
) -> tuple[FakeOrg, FakeJournal]:
    """Run to the end through everything that happens on the way; what is written is counted."""
    org, journal = org_of(COUNT), FakeJournal()
    for number in weather.moved:
        org.records[account_id(number)]["OwnerId"] = CAT
    org.refuses, weather.counts = weather.refusal, {}
    org.reaches, org.polls = weather.reaches, weather.polls
    for step, kind in [*ends, *[(0, "")] * (2 * COUNT)]:
        error: BaseException = Killed()
        if kind == "lost":
            error = JobRunningError("the connection is gone", remedy="run again")
        org.fuse = journal.fuse = Fuse(step or None, error)
        try:
            apply_all(
                lines(COUNT),
                org,
                journal,
                method=method,
                batch_size=3,
                bulk_rows=5,
                conditional_rows=2,
            )
        except (Killed, JobRunningError):
            if not weather.late:
                org.work()  # a job goes on while nobody waits for it
            continue
        break
    org.fuse = Fuse()
    org.work()
    return org, journal


@given(st.sampled_from(WAYS), WEATHER)
def test_whatever_happens_each_approved_record_ends_once_and_as_in_an_uninterrupted_run(
    method: Method, weather: Weather
) -> None:
    org, journal = end_of(weather, method, weather.ends)
    twin, _ = end_of(weather, method, [])

    assert sorted(journal.settled) == sorted(f"Account:{account_id(n)}" for n in range(COUNT))
    assert not journal.pending
    assert set(org.written.values()) <= {1}
    for number in range(COUNT):
        applied = journal.settled[f"Account:{account_id(number)}"]
        owner = org.records[account_id(number)]["OwnerId"]
        if number in weather.moved:
            assert (applied.outcome, owner) == (Outcome.DRIFTED, CAT)
        elif number in weather.refused:
            assert (applied.outcome, owner) == (Outcome.FAILED, ANN)
        elif applied.outcome is Outcome.FAILED:
            assert (applied.code, owner) == (LOCKED, ANN)
        else:
            assert (applied.outcome, owner) == (Outcome.DONE, BEN)
    if not weather.locks:  # how often a lock is met depends on how often a record was sent
        owners = {key: row["OwnerId"] for key, row in org.records.items()}
        assert owners == {key: row["OwnerId"] for key, row in twin.records.items()}
        assert org.written == twin.written


class HalfDeafOrg(FakeOrg):
    """Answers for some records only, and not in the right number."""

    def write(self, rows: Sequence[RecordWrite]) -> Sequence[WriteResult]:
        return super().write(rows)[: len(rows) // 2]


def test_records_that_got_no_answer_are_read_and_counted_once() -> None:
    org = HalfDeafOrg({account_id(n): {"OwnerId": ANN, "LastModifiedDate": SEEN} for n in range(9)})

    applied = apply_all(lines(9), org)

    assert [one.outcome for one in applied] == [Outcome.DONE] * 9
    assert set(org.written.values()) == {1}
