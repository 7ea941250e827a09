from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.books import located_ids, roster_of, save_version
from pipeline.conftest import PULLED_AT
from pipeline.test_overrides import put, somebody_off_the_roster
from sfterritory.cli.unassigned import CAUSES
from sfterritory.errors import StepMissingError
from sfterritory.model.store.store import Store
from sfterritory.pipeline.route import route_all
from sfterritory.pipeline.unassigned import (
    Part,
    Question,
    UnassignedCause,
    UnassignedReport,
    unassigned,
)
from sfterritory.settings.project import Settings


def causes(report: UnassignedReport, question: Question) -> dict[str, UnassignedCause]:
    return {one.record_id: one.cause for one in report.records if one.question is question}


def in_scope(settings: Settings, store: Store) -> list[str]:
    """Return the located accounts that `scope` leaves in."""
    ids = located_ids(store)
    save_version(settings, store, {}, at=PULLED_AT - timedelta(hours=1))
    found = causes(unassigned(settings, store, now=PULLED_AT), Question.TERRITORY)
    return [one for one in ids if found[one] is UnassignedCause.NEW]


def test_the_command_knows_every_cause() -> None:
    assert tuple(UnassignedCause) == CAUSES


def test_the_list_needs_a_build(settings: Settings, store: Store) -> None:
    with pytest.raises(StepMissingError):
        unassigned(settings, store, now=PULLED_AT)


def test_every_account_without_a_territory_or_a_rep_has_its_cause(
    settings: Settings, store: Store
) -> None:
    new, vacant, gone, away, left, *others = in_scope(settings, store)
    put(settings, store, away, somebody_off_the_roster(settings, store))
    inactive = next(one.id for one in store.mirror.users() if not one.is_active)
    save_version(
        settings,
        store,
        {vacant: "T2", gone: "T3", away: None, left: None, **dict.fromkeys(others, "T1")},
        reps={"T2": None, "T3": inactive},
        reason={left: "no rep may have it", away: "override"},
        at=PULLED_AT,
    )

    report = unassigned(settings, store, now=PULLED_AT)

    found = causes(report, Question.TERRITORY)
    assert {one: found.get(one) for one in (new, vacant, gone, away, left)} == {
        new: UnassignedCause.NEW,
        vacant: UnassignedCause.VACANT,
        gone: UnassignedCause.REP_GONE,
        away: UnassignedCause.OVERRIDE,
        left: UnassignedCause.LEFT_OUT,
    }
    assert not set(others) & set(found)
    words = {one.record_id: one.words for one in report.records}
    assert words[left] == "no rep may have it"
    assert "not on the roster" in words[away]
    unlocated = [one for one, why in found.items() if why is UnassignedCause.NOT_LOCATED]
    assert len(unlocated) == sum(store.locations.unlocated_counts("Account").values())
    assert all(words[one] for one in unlocated)
    assert "run `sfterritory route`" in report.notes[0]


def test_after_routing_the_list_holds_what_no_rule_gave_to_a_person(
    settings: Settings, store: Store
) -> None:
    ids = in_scope(settings, store)
    save_version(settings, store, dict.fromkeys(ids, "T1"), at=PULLED_AT)
    route_all(settings, store, now=PULLED_AT, holder="ann")

    report = unassigned(settings, store, now=PULLED_AT)

    assert report.notes == ()
    version = store.routes.latest()
    assert version is not None
    leads = store.routes.decisions(version.id, "Lead")
    queued = [
        lead
        for lead, kind in zip(leads.ids.tolist(), leads.destination.values(), strict=True)
        if kind == "queue"
    ]
    found = causes(report, Question.OWNER)
    assert queued
    assert {found[one] for one in queued} == {UnassignedCause.QUEUE}
    first = roster_of(settings, store).ids[0]
    decisions = store.routes.decisions(version.id, "Account")
    owned = [
        account
        for account, owner, kind in zip(
            decisions.ids.tolist(),
            decisions.owner_id.values(),
            decisions.destination.values(),
            strict=True,
        )
        if owner == first and kind == "territory_owner"
    ]
    assert owned
    assert not set(owned) & set(found)


def test_pages_and_causes_cut_the_list_and_never_the_counts(
    settings: Settings, store: Store
) -> None:
    in_scope(settings, store)
    whole = unassigned(settings, store, now=PULLED_AT)
    only = frozenset({UnassignedCause.NEW})

    page = unassigned(settings, store, now=PULLED_AT, part=Part(only, 2, 3))

    new = [one for one in whole.records if one.cause is UnassignedCause.NEW]
    assert page.counts == whole.counts
    assert page.total == len(new)
    assert page.records == tuple(new[2:5])
    assert sum(one.records for one in whole.counts) == len(whole.records) == whole.total
