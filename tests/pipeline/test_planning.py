from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from pipeline.conftest import PULLED_AT
from sfterritory.model.store.plan_room import StoredPlan
from sfterritory.model.store.store import Store
from sfterritory.pipeline.build import build
from sfterritory.pipeline.plan import plan_changes
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.pipeline.route import route_all
from sfterritory.pipeline.status import status
from sfterritory.settings.project import Settings

DAY = timedelta(days=1)


def planned(settings: Settings, store: Store, now: datetime) -> StoredPlan:
    build(settings, store, now=now, holder="ann")
    route_all(settings, store, now=now, holder="ann")
    return plan_changes(settings, store, now=now, created_by="ann")


def confirmed(store: Store, now: datetime) -> None:
    """Do what a pull does that finds nothing new."""
    store.snapshots.take(now, org_id=latest_snapshot(store).org_id)


def expires_at(settings: Settings, store: Store) -> datetime:
    moment = status(settings, store).plan_expires_at
    assert moment is not None
    return moment


def test_a_pull_that_finds_nothing_new_leaves_the_plan_its_hash(
    settings: Settings, store: Store
) -> None:
    first = planned(settings, store, PULLED_AT)

    confirmed(store, PULLED_AT + DAY)

    assert planned(settings, store, PULLED_AT + DAY).plan.hash == first.plan.hash


def test_in_an_org_where_nothing_changes_for_days_a_new_plan_is_not_born_expired(
    settings: Settings, store: Store
) -> None:
    first = planned(settings, store, PULLED_AT)
    later = PULLED_AT + 30 * DAY
    assert expires_at(settings, store) < later

    confirmed(store, later)
    again = planned(settings, store, later)

    assert again.plan == first.plan
    assert expires_at(settings, store) > later


def test_a_lead_outside_every_territory_is_told_so_and_how_far_away_it_is(
    settings: Settings, store: Store
) -> None:
    accounts, kept = store.locations.of("Account").places, store.locations.of("Lead")
    in_the_usa = (accounts.lon_deg < -60) & (accounts.lat_deg < 49)
    north = int(np.argmax(np.where(in_the_usa, accounts.lat_deg, 0)))
    lon_deg, lat_deg = (
        np.where(kept.places.located, degrees, np.nan)
        for degrees in (accounts.lon_deg[north], accounts.lat_deg[north] + 3.0)
    )
    moved = replace(kept, places=replace(kept.places, lon_deg=lon_deg, lat_deg=lat_deg))
    store.locations.save(moved, normalised=(), rejects=())

    planned(settings, store, PULLED_AT)

    version = store.routes.latest()
    assert version is not None
    leads = store.routes.decisions(version.id, "Lead")
    told = [one or "" for one in leads.reason.values() if "it lies" in (one or "")]
    assert told
    assert all(" it lies outside every territory, and " in one for one in told)
    assert all(re.search(r" and \d+\.\d km away .+ is nearest$", one) for one in told)


def test_without_a_new_pull_an_old_plan_stays_expired(settings: Settings, store: Store) -> None:
    later = PULLED_AT + 30 * DAY

    planned(settings, store, later)

    assert expires_at(settings, store) < later
