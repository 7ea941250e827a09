from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from pipeline.books import located_ids, roster_of, save_version
from pipeline.conftest import PULLED_AT
from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.model.store.override import Ending
from sfterritory.model.store.store import Store
from sfterritory.model.what_if import WhatIf
from sfterritory.optimize.capacity import capacity_hours_per_year
from sfterritory.optimize.proposal import AdjustmentKind
from sfterritory.pipeline.cadence import accepted_adjustments, accepted_cadence, withdraw
from sfterritory.pipeline.proposal import ProposalReport, proposals
from sfterritory.pipeline.proposal_accept import accept
from sfterritory.pipeline.scenario import create, remove
from sfterritory.pipeline.scenario_entry import Acting
from sfterritory.settings.project import Settings

LATER = PULLED_AT + timedelta(hours=1)
ANN = Ending("agreed", "ann", LATER)


def overloaded(settings: Settings, store: Store) -> list[str]:
    """Give all accounts to the first rep, 5 % more hours than there are; return their ids."""
    ids = located_ids(store)
    roster = roster_of(settings, store)
    capacity = capacity_hours_per_year(
        settings.territories.workload, roster, as_of=PULLED_AT.date()
    ).rep_hours[0]
    save_version(
        settings,
        store,
        dict.fromkeys(ids, "T1"),
        hours=np.full(len(ids), 1.05 * capacity / len(ids)),
        reps={"T2": None, "T3": None, "T4": None},
        at=PULLED_AT,
    )
    return ids


def proposed(settings: Settings, store: Store) -> ProposalReport:
    return proposals(settings, store, now=LATER)


def test_proposals_need_a_build(settings: Settings, store: Store) -> None:
    with pytest.raises(StepMissingError, match="no territories were built yet"):
        proposed(settings, store)


def test_an_overloaded_territory_is_named_with_what_would_fit_it(
    settings: Settings, store: Store
) -> None:
    overloaded(settings, store)

    report = proposed(settings, store)

    (need,) = [one for one in report.territories if one.hours_per_year > 0]
    assert need.hours_per_year == pytest.approx(1.05 * need.capacity_hours_per_year, rel=1e-4)
    assert need.hours_missing == 0
    over = [one for one in report.proposals if one.cause == "over_capacity"]
    saved = sum(one.hours_saved for one in over)
    assert saved >= need.hours_per_year - need.capacity_hours_per_year - 0.1
    # Nobody has the other territories, so nothing can be given away.
    assert {one.kind for one in report.proposals} == {AdjustmentKind.CADENCE}
    assert len({one.id for one in report.proposals}) == len(report.proposals)
    assert report.pending == 0


def test_a_scenario_is_not_what_proposals_are_about(settings: Settings, store: Store) -> None:
    overloaded(settings, store)
    before = proposed(settings, store)

    acting = Acting(now=LATER, by="ann", holder="ann@here")
    made = create(settings, store, "trial", what_if=WhatIf(), note="", acting=acting)

    assert made.version != before.territory_version
    assert proposed(settings, store) == before
    remove(store, "trial", acting=acting)
    assert proposed(settings, store) == before


def test_what_was_accepted_is_the_cadence_of_the_next_build_until_it_is_withdrawn(
    settings: Settings, store: Store
) -> None:
    ids = np.array(overloaded(settings, store))
    first, second = proposed(settings, store).proposals[:2]

    report = accept(settings, store, [first.id, second.id], decision=ANN)

    calls = accepted_cadence(store, ids, now=LATER)
    assert calls[ids == first.account_id].tolist() == [first.calls_after]
    assert np.isnan(calls).sum() == len(ids) - 2
    assert np.isnan(accepted_cadence(store, ids, now=PULLED_AT)).all()
    withdraw(store, report.adjustments[0], decision=Ending("grew", "ben", LATER))
    calls = accepted_cadence(store, ids, now=LATER)
    assert np.isnan(calls[ids == first.account_id]).all()
    assert [one.in_force for one in accepted_adjustments(store, now=LATER)] == [False, True]


def test_accepting_everything_leaves_nothing_to_propose_before_the_next_build(
    settings: Settings, store: Store
) -> None:
    overloaded(settings, store)
    before = proposed(settings, store)

    accept(settings, store, [one.id for one in before.proposals], decision=ANN)

    after = proposed(settings, store)
    assert after.pending == len(before.proposals)
    assert [one for one in after.proposals if one.cause == "over_capacity"] == []
    assert not any(one.hours_missing for one in after.territories)


def test_an_account_given_to_a_neighbour_becomes_an_override(
    settings: Settings, store: Store
) -> None:
    ids = located_ids(store)
    roster = roster_of(settings, store)
    hours = 1.05 * float(
        capacity_hours_per_year(
            settings.territories.workload, roster, as_of=PULLED_AT.date()
        ).rep_hours[0]
    )
    save_version(
        settings,
        store,
        dict.fromkeys(ids, "T1"),
        hours=np.full(len(ids), hours / len(ids)),
        at=PULLED_AT,
    )
    given = next(
        one for one in proposed(settings, store).proposals if one.kind is AdjustmentKind.GIVE
    )

    with pytest.raises(ConfigError, match=f"{given.id} gives an account.*--until"):
        accept(settings, store, [given.id], decision=ANN)
    until = LATER.date() + timedelta(days=90)
    report = accept(settings, store, [given.id], decision=ANN, until=until)

    (override,) = store.overrides.list()
    assert report.overrides == (override.number,)
    assert (override.account_id, override.rep_id) == (given.account_id, str(roster.ids[1]))
    assert override.reason == f"proposal {given.id}: agreed"
    assert given.account_id not in {one.account_id for one in proposed(settings, store).proposals}


def test_ids_that_are_not_proposed_are_all_named_and_nothing_is_accepted(
    settings: Settings, store: Store
) -> None:
    overloaded(settings, store)
    good = proposed(settings, store).proposals[0].id

    with pytest.raises(ConfigError) as caught:
        accept(settings, store, ["nothing1", good, "nothing2"], decision=ANN)

    assert len(caught.value.problem.splitlines()) == 2
    assert store.adjustments.list() == ()


def test_one_territory_may_be_asked_for_by_name_key_or_rep(
    settings: Settings, store: Store
) -> None:
    overloaded(settings, store)
    rep = roster_of(settings, store).names[0]

    whole = proposed(settings, store)

    for name in ("land t1", "T1", rep):
        assert proposals(settings, store, now=LATER, territory=name) == whole
    assert proposals(settings, store, now=LATER, territory="T2").proposals == ()
    with pytest.raises(ConfigError, match="no territory of the last build is called 'Atlantis'"):
        proposals(settings, store, now=LATER, territory="Atlantis")
