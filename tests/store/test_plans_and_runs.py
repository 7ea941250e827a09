from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from factories import ANN, BEN, CAT, account_id, decision, owner_change, plan_of, queue_id
from pydantic import JsonValue
from sqlalchemy import text

from sfterritory.errors import StoreError
from sfterritory.model.document import canonical_json, content_hash
from sfterritory.model.plan import Applied, Outcome, Plan, Verdict
from sfterritory.model.ports import Intent, Journal
from sfterritory.model.store.activity import Activity
from sfterritory.model.store.run_room import Run, RunState
from sfterritory.model.store.store import Store, open_store
from sfterritory.model.store.timeline import FirstOwner, OwnerTurn, Source, first_person

from .records import ACCOUNT_FIELDS, NOW, account, bookmark, record_id

PLAN = plan_of(owner_change(account_id(1)))
RECORD = account_id(1)
QUEUE = queue_id(1)


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def started(store: Store, plan: Plan = PLAN, *, run_id: str = "run-1") -> Run:
    store.plans.save(plan, "dana", created_at=NOW)
    return store.runs.open(run_id, plan_hash=plan.hash, started_at=NOW, who="dana", host="h")


def applied(outcome: Outcome = Outcome.DONE, *, after: str = BEN) -> Applied:
    return Applied(
        object_name="Account",
        record_id=RECORD,
        outcome=outcome,
        sent={"OwnerId": after},
        found={"OwnerId": ANN, "Score__c": 1.5, "Vip__c": True, "Note__c": None},
        read_back={"OwnerId": after},
    )


def test_a_plan_comes_back_by_a_part_of_its_hash_and_keeps_its_first_maker(store: Store) -> None:
    store.plans.save(PLAN, "dana", created_at=NOW)
    store.plans.save(PLAN, "eric", created_at=at(5))

    stored = store.plans.get(PLAN.short_hash)

    assert stored.plan == PLAN
    assert stored.plan.hash == PLAN.hash
    assert (stored.created_by, stored.created_at, stored.made_at) == ("dana", NOW, at(5))


def test_plans_are_listed_from_the_one_made_last(store: Store) -> None:
    other = plan_of(owner_change(account_id(2)))
    for minute, plan in enumerate((PLAN, other, PLAN)):
        store.plans.save(plan, "dana", created_at=at(minute))

    assert [plan.hash for plan in store.plans.list()] == [PLAN.hash, other.hash]
    assert store.plans.list()[0].counts == PLAN.counts
    assert [plan.made_at for plan in store.plans.list()] == [at(2), at(1)]


def test_a_hash_that_names_no_plan_or_several_is_refused_with_those_there_are(store: Store) -> None:
    with pytest.raises(StoreError) as none_yet:
        store.plans.get("abc")
    plans = [plan_of(owner_change(account_id(n))) for n in range(17)]
    for plan in plans:
        store.plans.save(plan, "dana", created_at=NOW)
    firsts = [plan.hash[0] for plan in plans]
    twice = next(first for first in firsts if firsts.count(first) > 1)

    with pytest.raises(StoreError, match=f"begin with '{twice}'") as several:
        store.plans.get(twice)
    with pytest.raises(StoreError, match="no plan begins with 'xyz'") as unknown:
        store.plans.get("xyz")
    with pytest.raises(StoreError, match="no plan begins with '%'"):
        store.plans.get("%")

    assert "make a plan" in none_yet.value.remedy
    assert twice in several.value.remedy
    assert store.plans.list()[0].hash[:8] in unknown.value.remedy


@pytest.mark.parametrize(
    "document",
    [zlib.compress(b'{"changes":[]}'), b"not compressed"],
    ids=["another document", "damaged"],
)
def test_a_plan_that_was_edited_in_the_store_is_refused(store: Store, document: bytes) -> None:
    store.plans.save(PLAN, "dana", created_at=NOW)
    with store._database.write() as connection:
        connection.execute(text("UPDATE plan SET document = :d"), {"d": document})

    with pytest.raises(StoreError, match=PLAN.hash):
        store.plans.get(PLAN.hash)


def keep(store: Store, document: JsonValue) -> str:
    """Put a plan's document into the store as another version would, and return its hash."""
    name = content_hash(document)
    store.plans.save(PLAN, "dana", created_at=NOW)
    with store._database.write() as connection:
        connection.execute(
            text("UPDATE plan SET hash = :h, document = :d"),
            {"h": name, "d": zlib.compress(canonical_json(document).encode())},
        )
    return name


def test_a_plan_whose_document_lacks_a_key_that_has_a_default_now_can_only_be_recalled(
    store: Store,
) -> None:
    older = PLAN.model_dump(mode="json")
    del older["complete"]
    name = keep(store, older)

    with pytest.raises(StoreError, match=f"{name} was made by another version of") as caught:
        store.plans.get(name)

    assert "make the plan again" in caught.value.remedy
    assert store.plans.recall(name).plan == PLAN


def test_a_plan_with_a_key_that_this_version_does_not_know_is_of_another_version(
    store: Store,
) -> None:
    name = keep(store, {**PLAN.model_dump(mode="json"), "mood": "calm"})

    for read in (store.plans.get, store.plans.recall):
        with pytest.raises(StoreError, match=f"{name} was made by another version of"):
            read(name)


def test_decisions_stay_in_the_order_they_were_made(store: Store) -> None:
    store.plans.save(PLAN, "dana", created_at=NOW)
    words = [
        decision(PLAN, Verdict.APPROVE, minute=2),
        decision(PLAN, Verdict.REJECT, minute=1, records=[f"Account:{RECORD}"]),
    ]
    for word in words:
        store.decisions.add(word)

    assert list(store.decisions.of(PLAN.hash)) == words
    assert list(store.decisions.of("0" * 64)) == []


def test_a_decision_on_a_plan_that_is_not_stored_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=PLAN.hash):
        store.decisions.add(decision(PLAN))


def test_a_run_is_found_unfinished_until_it_is_closed(store: Store) -> None:
    run = started(store)

    unfinished = store.runs.unfinished(PLAN.hash)
    store.runs.close(run.id, ended_at=at(1), state=RunState.PARTLY, counts={"done": 1})

    assert unfinished == run
    assert store.runs.unfinished(PLAN.hash) is None
    closed = store.runs.get(run.id)
    assert (closed.ended_at, closed.state, closed.counts) == (at(1), RunState.PARTLY, {"done": 1})
    assert store.runs.list() == (closed,)


def test_an_unknown_run_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match="run-9"):
        store.runs.get("run-9")
    with pytest.raises(StoreError, match="run-9"):
        store.runs.close("run-9", ended_at=NOW, state=RunState.DONE, counts={})


def test_the_journal_tells_what_was_being_sent_and_what_is_settled(store: Store) -> None:
    started(store)
    journal: Journal = store.runs.journal("run-1", clock=lambda: NOW)
    intents = [
        Intent("Account", account_id(n), {"OwnerId": BEN}, {"OwnerId": ANN, "N__c": None})
        for n in (1, 2)
    ]
    drifted = Applied(object_name="Account", record_id=account_id(3), outcome=Outcome.DRIFTED)

    journal.sending(1, intents)
    journal.settle([applied(), drifted])

    again: Journal = store.runs.journal("run-1", clock=lambda: NOW)
    assert list(again.unsettled()) == intents[1:]
    assert again.outcomes() == {f"Account:{RECORD}": applied(), drifted.key: drifted}


def test_a_record_that_is_sent_again_is_unsettled_again(store: Store) -> None:
    started(store)
    journal = store.runs.journal("run-1", clock=lambda: NOW)
    journal.settle([applied(Outcome.FAILED)])
    intent = Intent("Account", RECORD, {"OwnerId": BEN})

    journal.sending(2, [intent])

    assert journal.outcomes() == {}
    assert list(journal.unsettled()) == [intent]


def test_the_journal_knows_the_bulk_job_of_a_record_until_it_goes_another_way(
    store: Store,
) -> None:
    started(store)
    journal = store.runs.journal("run-1", clock=lambda: NOW)
    intent = Intent("Account", RECORD, {"OwnerId": BEN})
    handed = replace(intent, job_id="750000000000001AAA")

    journal.sending(1, [intent])
    journal.sending(1, [handed])
    assert list(journal.unsettled()) == [handed]

    journal.sending(1, [intent])
    assert list(journal.unsettled()) == [intent]


def test_the_journal_of_sqlite_is_synchronised_and_the_rest_is_not(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:

        def level(how: str) -> int:
            with getattr(store._database, how)() as connection:
                return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

        assert [level(how) for how in ("write", "write_durably", "write")] == [1, 2, 1]


def history(store: Store, number: int, before: str, after: str, *, when: str) -> None:
    header = ("Id", "AccountId", "Field", "OldValue", "NewValue", "CreatedById", "CreatedDate")
    row = (record_id("017", number), RECORD, "Owner", before, after, CAT, when)
    store.mirror.load_page("AccountHistory", header, [row], bookmark=bookmark())


def test_a_record_has_its_owner_since_the_last_change_that_history_or_journal_tells(
    store: Store,
) -> None:
    assert store.owners_since("Account") == {}
    history(store, 1, CAT, ANN, when="2026-04-01T12:00:00.000Z")
    before = store.owners_since("Account")
    started(store)
    store.runs.journal("run-1", clock=lambda: NOW).settle([applied()])

    assert before == {RECORD: datetime(2026, 4, 1, 12, tzinfo=UTC)}
    assert store.owners_since("Account") == {RECORD: NOW}
    assert store.owners_since("Lead") == {}


def test_the_timeline_tells_a_change_once_that_both_sources_know(store: Store) -> None:
    started(store)
    history(store, 1, CAT, ANN, when="2026-04-01T12:00:00.000Z")
    history(store, 2, ANN, BEN, when="2026-05-01T11:59:58.000Z")
    history(store, 3, BEN, ANN, when="2026-05-01T12:01:00.000Z")
    store.runs.journal("run-1", clock=lambda: NOW).settle([applied()])

    turns = store.timeline(RECORD)

    assert [(t.before, t.after, t.source) for t in turns] == [
        (CAT, ANN, Source.SALESFORCE),
        (ANN, BEN, Source.RUN),
        (BEN, ANN, Source.SALESFORCE),
    ]
    assert turns[1] == OwnerTurn(
        NOW - timedelta(seconds=2), ANN, BEN, "dana", Source.RUN, PLAN.hash, "run-1"
    )
    assert turns[2].by == CAT


def test_the_first_owner_is_the_first_person_of_the_timeline(store: Store) -> None:
    page = [account(n, created="2020-02-29T00:00:00.000Z") for n in (1, 2)]
    store.mirror.load_page("Account", ACCOUNT_FIELDS, page, bookmark=bookmark())
    started(store)
    history(store, 1, CAT, ANN, when="2026-04-01T12:00:00.000Z")
    written = applied().model_copy(update={"record_id": account_id(2), "found": {}})
    store.runs.journal("run-1", clock=lambda: NOW).settle([written])

    first = store.first_owners("Account")

    assert first == {
        RECORD: FirstOwner(CAT, datetime(2020, 2, 29, tzinfo=UTC)),
        account_id(2): FirstOwner(BEN, NOW),
    }
    assert store.first_owners("Lead") == {}


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        ((QUEUE, ANN, BEN), (ANN, NOW)),
        ((QUEUE, QUEUE), None),
        ((ANN, QUEUE, BEN), (ANN, None)),
    ],
    ids=["from a queue", "never a person", "back to a queue"],
)
def test_a_queue_is_nobodys_first_owner(
    owners: tuple[str, ...], expected: tuple[str, datetime | None] | None
) -> None:
    turns = [
        OwnerTurn(at(minute), before, after, None, Source.SALESFORCE)
        for minute, (before, after) in enumerate(pairwise(owners))
    ]

    found = first_person(turns, created_at=None)

    assert found == (None if expected is None else FirstOwner(*expected))


def test_a_record_knows_every_run_that_settled_it(store: Store) -> None:
    first = started(store)
    later = store.runs.open("run-2", plan_hash=PLAN.hash, started_at=at(5), who="dana", host="h")
    for run, outcome in ((first, Outcome.FAILED), (later, Outcome.DONE)):
        store.runs.journal(run.id, clock=lambda: NOW).settle([applied(outcome)])

    assert store.runs.of_record(RECORD) == (
        (later, applied(Outcome.DONE)),
        (first, applied(Outcome.FAILED)),
    )
    assert store.runs.of_record(account_id(2)) == ()
    assert store.runs.outcomes("run-2") == {f"Account:{RECORD}": applied()}


def test_the_timeline_leaves_out_what_was_not_written(store: Store) -> None:
    started(store)
    journal = store.runs.journal("run-1", clock=lambda: NOW)
    journal.settle([applied(Outcome.FAILED)])

    assert store.timeline(RECORD) == ()


def test_the_activity_log_lists_the_latest_line_first(store: Store) -> None:
    store.log.add("pull", at=NOW, by="cron", facts={"rows": 3})
    store.log.add("plan", at=NOW, by="dana", facts={})

    assert store.log.list() == (
        Activity("plan", NOW, "dana", {}),
        Activity("pull", NOW, "cron", {"rows": 3}),
    )
