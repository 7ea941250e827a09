from __future__ import annotations

from datetime import timedelta

from pipeline.conftest import PULLED_AT
from pipeline.test_planning import confirmed, planned
from sfterritory.model.plan import Applied, Outcome, OwnerChange, Verdict
from sfterritory.model.store.run_room import RunState
from sfterritory.model.store.store import Store
from sfterritory.pipeline.build import build
from sfterritory.pipeline.review import Selection, review
from sfterritory.pipeline.route import route_all
from sfterritory.pipeline.status import status
from sfterritory.settings.project import Settings, load_settings


def next_step(settings: Settings, store: Store) -> str:
    return status(settings, store).next_step


def said(settings: Settings, store: Store, verdict: Verdict, *records: str) -> None:
    review(
        settings,
        store,
        store.plans.get(store.plans.list()[0].hash),
        verdict=verdict,
        selection=Selection(records=records),
        decided_by="ben",
        now=PULLED_AT,
    )


def written(store: Store, plan_hash: str, *changes: OwnerChange) -> None:
    """Leave what a run leaves that wrote these changes."""
    number = len(store.runs.list())
    run = store.runs.open(
        f"R-{number}", plan_hash=plan_hash, started_at=PULLED_AT, who="ann", host="here"
    )
    store.runs.journal(run.id, clock=lambda: PULLED_AT).settle(
        [
            Applied(
                object_name=one.subject.object_name,
                record_id=one.subject.record_id,
                outcome=Outcome.DONE,
            )
            for one in changes
        ]
    )
    store.runs.close(run.id, ended_at=PULLED_AT, state=RunState.DONE, counts={"done": len(changes)})


def test_status_names_the_next_step_of_the_whole_job(settings: Settings, store: Store) -> None:
    assert next_step(settings, store) == "sfterritory build"
    build(settings, store, now=PULLED_AT, holder="ann")
    assert next_step(settings, store) == "sfterritory route"
    route_all(settings, store, now=PULLED_AT, holder="ann")
    assert next_step(settings, store) == "sfterritory plan"
    plan = planned(settings, store, PULLED_AT).plan
    short = plan.short_hash
    assert next_step(settings, store) == f"sfterritory approve {short}"
    first, *others = plan.changes
    said(settings, store, Verdict.APPROVE, first.key)
    assert next_step(settings, store) == f"sfterritory apply {short}"
    written(store, plan.hash, first)
    assert next_step(settings, store) == f"sfterritory approve {short}"
    said(settings, store, Verdict.APPROVE)
    assert next_step(settings, store) == f"sfterritory apply {short}"
    written(store, plan.hash, *others)
    assert next_step(settings, store) == "sfterritory pull"


def test_status_asks_for_a_new_plan_once_the_rules_gave_other_owners(
    settings: Settings, store: Store
) -> None:
    planned(settings, store, PULLED_AT)
    said(settings, store, Verdict.APPROVE)
    routing = settings.root / "mappings" / "routing.yaml"
    text = routing.read_text(encoding="utf-8")
    routing.write_text(text.replace("in: [CA, DE]", "in: [CA, DE, US]"), encoding="utf-8")
    changed = load_settings(settings.root, {})

    route_all(changed, store, now=PULLED_AT + timedelta(minutes=1), holder="ann")

    assert next_step(changed, store) == "sfterritory plan"


def test_status_does_not_offer_a_plan_of_which_every_line_was_rejected(
    settings: Settings, store: Store
) -> None:
    planned(settings, store, PULLED_AT)
    said(settings, store, Verdict.REJECT)

    assert "every line was rejected" in next_step(settings, store)


def test_a_pull_without_news_leaves_the_next_step_as_it_was(
    settings: Settings, store: Store
) -> None:
    planned(settings, store, PULLED_AT)
    before = next_step(settings, store)

    confirmed(store, PULLED_AT)

    assert next_step(settings, store) == before
