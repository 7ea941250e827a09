from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from types import MappingProxyType

import numpy as np
import pytest

from pipeline.books import located_ids, roster_of, save_version
from pipeline.conftest import PULLED_AT
from sfterritory.errors import ConfigError, StepMissingError, StoreError
from sfterritory.model.store.override import Ending
from sfterritory.model.store.store import Store
from sfterritory.model.what_if import UNCHANGED, WhatIf
from sfterritory.optimize.capacity import capacity_hours_per_year
from sfterritory.optimize.proposal import AdjustmentKind
from sfterritory.pipeline.cadence import accepted_adjustments, accepted_cadence, withdraw
from sfterritory.pipeline.construction.book import load_book
from sfterritory.pipeline.construction.request import Circumstances, ask
from sfterritory.pipeline.people import load_people
from sfterritory.pipeline.proposal import ProposalReport, ProposedAdjustment, proposals, short_ids
from sfterritory.pipeline.proposal_accept import accept
from sfterritory.pipeline.scenario import create, remove
from sfterritory.pipeline.scenario_entry import Acting
from sfterritory.pipeline.territory_book import load_territory_book
from sfterritory.settings.project import Settings

LATER = PULLED_AT + timedelta(hours=1)
ANN = Ending("agreed", "ann", LATER)


def overloaded(settings: Settings, store: Store) -> list[str]:
    """Give all accounts to the first rep, 5 % more hours than there are; return their ids."""
    return overloaded_at(settings, store, at=PULLED_AT)


def overloaded_at(
    settings: Settings,
    store: Store,
    *,
    at: datetime,
    what_if: WhatIf = UNCHANGED,
    reps: Mapping[str, str | None] = MappingProxyType({"T2": None, "T3": None, "T4": None}),
) -> list[str]:
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
        reps=reps,
        what_if=what_if,
        at=at,
    )
    return ids


def id_of(one: ProposedAdjustment) -> str:
    return one.id


def begin_of(one: ProposedAdjustment, other: ProposedAdjustment) -> str:
    """Return the letters that two ids have in common."""
    return "".join(
        a for a, b in takewhile(lambda ab: ab[0] == ab[1], zip(one.id, other.id, strict=True))
    )


def alike(pair: tuple[ProposedAdjustment, ProposedAdjustment]) -> int:
    return len(begin_of(*pair))


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

    (need,) = [one for one in report.territories if not one.fits]
    assert [one.key for one in report.territories if one.fits] == ["T2", "T3", "T4"]
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


HALVED = WhatIf.model_validate({"cadence": ["all*0.5"], "visit_minutes_factor": 2})


def test_proposals_and_reports_go_by_the_calls_that_the_territories_were_built_with(
    settings: Settings, store: Store
) -> None:
    overloaded(settings, store)
    usual = {one.account_id: one.calls_before for one in proposed(settings, store).proposals}
    plain = load_territory_book(settings, store, now=LATER)
    later = replace(ANN, at=LATER + timedelta(minutes=1))

    overloaded_at(settings, store, at=LATER, what_if=HALVED)

    report = proposals(settings, store, now=later.at)
    halved = {one.account_id: one.calls_before for one in report.proposals}
    both = usual.keys() & halved.keys()
    assert both
    assert {halved[one] / usual[one] for one in both} == {0.5}
    calls = load_territory_book(settings, store, now=later.at).calls
    assert calls.per_year == pytest.approx(plain.calls.per_year / 2)
    assert calls.service_hours == pytest.approx(plain.calls.service_hours)
    # What somebody accepts is a limit to these calls, and not halved once more.
    cut = next(one for one in report.proposals if one.kind is AdjustmentKind.CADENCE)
    accept(settings, store, [cut.id], decision=later)
    overloaded_at(settings, store, at=later.at, what_if=HALVED)
    book = load_territory_book(settings, store, now=later.at)
    assert book.calls.per_year[book.ids == cut.account_id].tolist() == [cut.calls_after]


def test_a_build_takes_accepted_calls_as_a_limit_whatever_a_what_if_says(
    settings: Settings, store: Store
) -> None:
    ids = overloaded(settings, store)
    first = proposed(settings, store).proposals[0]
    accept(settings, store, [first.id], decision=ANN)
    people = load_people(settings, store)
    book = load_book(settings, store, people)

    def calls(what_if: WhatIf) -> float:
        given = Circumstances(PULLED_AT, LATER, what_if)
        found = ask(settings, store, book, people=people, given=given).book.accounts
        return float(found.calls_per_year[found.ids == first.account_id][0])

    assert first.account_id in ids
    assert calls(UNCHANGED) == first.calls_after
    assert calls(HALVED) == min(first.calls_before / 2, first.calls_after)


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

    with pytest.raises(ConfigError, match=f"{given.id[:8]} gives an account.*--until"):
        accept(settings, store, [given.id], decision=ANN)
    until = LATER.date() + timedelta(days=90)
    report = accept(settings, store, [given.id], decision=ANN, until=until)

    (override,) = store.overrides.list()
    assert report.overrides == (override.number,)
    assert (override.account_id, override.rep_id) == (given.account_id, str(roster.ids[1]))
    assert override.reason == f"proposal {given.id[:8]}: agreed"
    assert given.account_id not in {one.account_id for one in proposed(settings, store).proposals}


def test_accepting_leaves_all_of_it_or_nothing(settings: Settings, store: Store) -> None:
    overloaded_at(settings, store, at=PULLED_AT, reps={})
    found = proposed(settings, store).proposals
    cut = next(one for one in found if one.kind is AdjustmentKind.CADENCE)
    given = next(one for one in found if one.kind is AdjustmentKind.GIVE)
    until = LATER.date() + timedelta(days=90)
    lines = len(store.log.list())
    fails = (
        "CREATE TRIGGER full BEFORE INSERT ON {} BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        "DROP TRIGGER full",
    )

    for table in ("cadence_adjustment", "activity"):
        with closing(sqlite3.connect(store.place)) as database:
            database.execute(fails[0].format(table))
            with pytest.raises(StoreError, match="disk full"):
                accept(settings, store, [cut.id, given.id], decision=ANN, until=until)
            database.execute(fails[1])
        assert store.overrides.list() == ()
        assert store.adjustments.list() == ()
    accept(settings, store, [cut.id, given.id], decision=ANN, until=until)

    assert (len(store.overrides.list()), len(store.adjustments.list())) == (1, 1)
    assert len(store.log.list()) == lines + 1


def test_the_first_letters_of_an_id_will_do_where_they_tell_it_from_the_others(
    settings: Settings, store: Store
) -> None:
    overloaded(settings, store)
    found = proposed(settings, store).proposals
    first, second = max(pairwise(sorted(found, key=id_of)), key=alike)
    begun = begin_of(first, second)

    with pytest.raises(ConfigError) as caught:
        accept(settings, store, [begun, "xyz"], decision=ANN)
    report = accept(settings, store, [first.id[:10].upper(), first.id], decision=ANN)

    ambiguous, unknown = sorted(caught.value.problem.splitlines())
    assert f"{first.id[:8]} ({first.account_name})" in ambiguous
    assert f"{second.id[:8]} ({second.account_name})" in ambiguous
    assert unknown == "xyz is not proposed, or no longer"
    (kept,) = store.adjustments.list()
    assert (kept.proposal_id, len(kept.proposal_id)) == (first.id, 64)
    assert report.adjustments == (kept.number,)


def test_short_ids_are_as_long_as_it_takes_to_tell_them_apart() -> None:
    assert short_ids(["a" * 64, "b" * 64]) == {"a" * 64: "a" * 8, "b" * 64: "b" * 8}
    alike = ["abcdefghij1", "abcdefghij2", "z" * 11]
    assert [*short_ids(alike).values()] == alike
    assert short_ids([]) == {}


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
        report = proposals(settings, store, now=LATER, territory=name)
        assert report.proposals == whole.proposals
        assert report.territories == whole.territories[:1]
    assert proposals(settings, store, now=LATER, territory="T2").proposals == ()
    with pytest.raises(ConfigError, match="no territory of the last build is called 'Atlantis'"):
        proposals(settings, store, now=LATER, territory="Atlantis")
