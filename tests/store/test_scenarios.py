"""Versions that count from a date on, and scenarios that are kept beside them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from sfterritory.errors import StoreError
from sfterritory.model.store.database import Database
from sfterritory.model.store.migrate import MIGRATIONS, _migrate, prepare
from sfterritory.model.store.scenario import Scenario, ScenarioState
from sfterritory.model.store.store import Store, open_store
from sfterritory.model.store.territory_choice import TerritoryChoice
from sfterritory.model.what_if import WhatIf

from .records import NOW
from .test_results import ALIGNMENT, NORTH, VERSION

DAY = timedelta(days=1)
WHAT_IF = WhatIf.model_validate({"without": ["Ann Bell"], "cadence": ["Tier__c=C*0.5"]})


def kept(
    store: Store, name: str, *, choose: bool = False, overlays: Mapping[str, str] | None = None
) -> None:
    """Store a territory version of that name."""
    version = replace(VERSION, id=name)
    if overlays is not None:
        version = replace(version, metrics={"overlays": dict(overlays)})
    store.territories.save(version, [NORTH], alignment=ALIGNMENT, choose=choose)


def scenario(name: str, version: str) -> Scenario:
    return Scenario(f"id-{name}", name, NOW, "ann", "why", "live", WHAT_IF, version, NOW)


def drafted(
    store: Store, name: str, version: str, *, overlays: Mapping[str, str] | None = None
) -> Scenario:
    kept(store, version, overlays=overlays)
    store.scenarios.add(scenario(name, version))
    return scenario(name, version)


def activated(store: Store, one: Scenario, days: int) -> Scenario:
    at = NOW + days * DAY
    store.scenarios.activate(one, at=at, now=NOW, by="ben", accepted=None)
    found = store.scenarios.find(one.name)
    assert found is not None
    return found


def latest(store: Store, days: int = 0) -> str | None:
    found = store.territories.latest(as_of=NOW + days * DAY)
    return found.id if found else None


def test_a_version_that_was_not_chosen_is_found_by_its_id_alone(store: Store) -> None:
    kept(store, "t1", choose=True)
    kept(store, "t2")

    assert latest(store, 1000) == "t1"
    assert store.territories.latest() == replace(VERSION, id="t1")
    assert store.territories.get("t2").id == "t2"
    assert len(store.territories.alignment("t2")) == 2


def test_versions_count_from_their_dates_on_in_the_order_of_the_dates(store: Store) -> None:
    kept(store, "today", choose=True)
    for name, days in (("far", 30), ("near", 10)):
        kept(store, name)
        store.territories.choose(name, at=NOW + days * DAY, now=NOW)

    counting = [latest(store, days) for days in (0, 9, 10, 29, 30)]
    ahead = store.territories.upcoming(as_of=NOW)

    assert counting == ["today", "today", "near", "near", "far"]
    assert store.territories.latest() == replace(VERSION, id="today")
    assert [one.version_id for one in ahead] == ["near", "far"]
    assert [one.version_id for one in store.territories.upcoming(as_of=NOW + 10 * DAY)] == ["far"]


def test_of_two_versions_for_one_date_the_one_chosen_last_counts(store: Store) -> None:
    for minutes, name in enumerate(("first", "second")):
        kept(store, name)
        now = NOW + timedelta(minutes=minutes)
        store.territories.choose(name, at=NOW + DAY, now=now)

    assert latest(store, 1) == "second"
    assert [one.version_id for one in store.territories.upcoming(as_of=NOW)] == ["second"]


def test_a_build_by_a_clock_that_is_ahead_is_not_overlooked(store: Store) -> None:
    kept(store, "t1", choose=True)

    assert latest(store, -1) == "t1"


def test_an_unknown_version_cannot_be_chosen(store: Store) -> None:
    with pytest.raises(StoreError, match="t9"):
        store.territories.choose("t9", at=NOW, now=NOW)


def test_a_scenario_comes_back_whole_and_its_name_is_taken_once(store: Store) -> None:
    one = drafted(store, "growth", "t1")

    assert store.scenarios.find("growth") == one
    assert store.scenarios.list() == (one,)
    assert store.scenarios.find("other") is None
    with pytest.raises(StoreError, match="growth"):
        store.scenarios.add(replace(one, id="another"))


def test_a_scenario_goes_from_draft_to_its_day_and_may_be_taken_back(store: Store) -> None:
    kept(store, "live", choose=True)
    one = drafted(store, "growth", "t1")
    dated = activated(store, one, 7)

    assert one.state(NOW) is ScenarioState.DRAFT
    assert dated.state(NOW) is ScenarioState.CHOSEN
    assert dated.state(NOW + 7 * DAY) is ScenarioState.ACTIVATED
    assert (latest(store, 6), latest(store, 7)) == ("live", "t1")
    choice = TerritoryChoice("t1", NOW + 7 * DAY, NOW, "growth")
    assert store.territories.in_force(as_of=NOW + 7 * DAY) == choice

    store.scenarios.withdraw(dated, now=NOW + 8 * DAY)

    found = store.scenarios.find("growth")
    assert found is not None
    assert found.state(NOW + 8 * DAY) is ScenarioState.WITHDRAWN
    assert latest(store, 9) == "live"


def test_another_day_takes_the_place_of_the_first(store: Store) -> None:
    kept(store, "live", choose=True)
    dated = activated(store, drafted(store, "growth", "t1"), 7)

    activated(store, dated, 14)

    assert [latest(store, days) for days in (0, 7, 13, 14)] == ["live", "live", "live", "t1"]


def test_a_scenario_that_is_built_again_keeps_its_day_and_leaves_nothing_unused(
    store: Store,
) -> None:
    draft = drafted(store, "draft", "t1")
    dated = activated(store, drafted(store, "dated", "t2"), 7)
    for name, old in (("t3", draft), ("t4", dated)):
        kept(store, name)
        store.scenarios.rebuilt(old, version_id=name, now=NOW + DAY, accepted=None)

    assert latest(store, 7) == "t4"
    assert store.territories.get("t2").id == "t2"  # it was to count once
    with pytest.raises(StoreError, match="t1"):
        store.territories.get("t1")


@pytest.mark.parametrize("shared", [False, True])
def test_deleting_a_scenario_takes_its_territories_along_unless_another_has_them(
    store: Store, *, shared: bool
) -> None:
    one = drafted(store, "growth", "t1")
    if shared:
        store.scenarios.add(scenario("copy", "t1"))

    store.scenarios.delete(one)

    assert store.scenarios.find("growth") is None
    assert store.territories.territories("t1") == ((NORTH,) if shared else ())
    assert len(store.territories.alignment("t1")) == (2 if shared else 0)


def stored(store: Store, *names: str) -> list[str]:
    """Return those of the versions that the store still has."""
    return [name for name in names if store.territories.territories(name)]


def test_versions_of_overlays_go_with_the_last_version_that_has_them(store: Store) -> None:
    for name in ("experts", "partners"):
        kept(store, name)
    kept(store, "live", choose=True, overlays={"SE": "experts"})
    both = {"SE": "experts", "PAM": "partners"}
    one, other = (drafted(store, name, f"of-{name}", overlays=both) for name in ("one", "other"))
    everything = ("experts", "partners", "live", "of-one", "of-other")

    store.scenarios.delete(one)
    after_one = stored(store, *everything)
    kept(store, "again")
    store.scenarios.rebuilt(other, version_id="again", now=NOW, accepted=None)

    assert after_one == ["experts", "partners", "live", "of-other"]
    assert stored(store, *everything) == ["experts", "live"]
    assert len(store.territories.alignment("partners")) == 0


def test_territories_that_count_stay_where_a_scenario_of_the_same_content_goes(
    store: Store,
) -> None:
    kept(store, "t1", choose=True)
    store.scenarios.add(scenario("same", "t1"))

    store.scenarios.delete(scenario("same", "t1"))

    assert latest(store) == "t1"


@pytest.fixture(params=["sqlite", "postgresql"])
def older_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a store from before scenarios, with two versions in it."""
    fixture = "sqlite_url" if request.param == "sqlite" else "empty_postgresql_url"
    url = str(request.getfixturevalue(fixture))
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / "versions").glob("[0-9]*.py"):
        if path.name[:4] > "0002":
            path.unlink()
    database = Database(url)
    with database.write() as connection:
        _migrate(connection, folder)
        for minute, name in enumerate(("old", "new")):
            connection.execute(
                text(
                    "INSERT INTO territory_version (id, snapshot_id, params_hash, seed, status, "
                    "metrics, created_at, chosen_at) VALUES (:id, 's', 'p', 0, 'feasible', '{}', "
                    ":at, :at)"
                ),
                {"id": name, "at": f"2026-05-01T12:0{minute}:00.000Z"},
            )
    database.close()
    return url


def test_an_older_store_keeps_its_latest_territories(older_url: str) -> None:
    database = Database(older_url)
    prepare(database, create=False)
    database.close()

    with open_store(older_url) as store:
        found = store.territories.latest()
        assert found is not None
        assert found.id == "new"
        assert store.scenarios.list() == ()
