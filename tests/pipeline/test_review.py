from __future__ import annotations

from factories import account_id, owner_change, plan_of, plan_source

from pipeline.conftest import PULLED_AT
from pipeline.test_planning import DAY, confirmed, planned
from sfterritory.model.store.store import Store
from sfterritory.pipeline.review import seen_at
from sfterritory.settings.project import Settings


def test_the_org_was_last_seen_as_a_plan_was_made_from_by_the_last_pull_that_found_it_so(
    settings: Settings, store: Store
) -> None:
    stored = planned(settings, store, PULLED_AT + DAY)
    assert seen_at(store, stored) == PULLED_AT

    confirmed(store, PULLED_AT + 2 * DAY)

    assert seen_at(store, stored) == PULLED_AT + 2 * DAY


def test_a_revert_saw_the_org_when_it_was_made_last(store: Store) -> None:
    revert = plan_of(owner_change(account_id(1))).model_copy(
        update={"source": plan_source(reverts_run="R-1")}
    )
    store.plans.save(revert, "ann", created_at=PULLED_AT)
    store.plans.save(revert, "ben", created_at=PULLED_AT + 3 * DAY)

    assert seen_at(store, store.plans.get(revert.hash)) == PULLED_AT + 3 * DAY
