from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from sfterritory.errors import StoreError
from sfterritory.model.columns import Accuracy, Places, TextColumn, TimeColumn
from sfterritory.model.store.location import Locations, Normalised, Reject
from sfterritory.model.store.route import RouteDecision, RouteDecisions, RouteVersion
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import AlignedAccount, Alignment, Territory, TerritoryVersion

from .records import ACCOUNT_FIELDS, NOW, accounts, bookmark, record_id

ONE, TWO = record_id("001", 1), record_id("001", 2)
IDS = np.array([ONE, TWO])


def texts(*values: str | None) -> TextColumn:
    return TextColumn.of(values)


def locations() -> Locations:
    return Locations(
        object_name="Account",
        ids=IDS,
        places=Places(
            lon_deg=np.array([-122.25, np.nan]),
            lat_deg=np.array([37.5, np.nan]),
            accuracy=np.array([Accuracy.POSTAL_CODE, Accuracy.NONE], dtype=np.int8),
        ),
        source=texts("postal_code", None),
        country_code=texts("US", "US"),
        subdivision_code=texts("CA", None),
        postal_code=texts("94000", None),
        city=texts(None, None),
        cause=texts(None, "no address"),
        modstamp=TimeColumn(np.array(["2026-05-01T07:25:37", "NaT"], dtype="datetime64[ms]")),
        locator_version=texts("1", "1"),
    )


def test_locations_come_back_for_live_records_only(store: Store) -> None:
    page = accounts([1, 2])
    store.mirror.load_page("Account", ACCOUNT_FIELDS, page, bookmark=bookmark())
    normalised = (Normalised(ONE, "BillingCountry", "USA", "US"),)
    rejects = (Reject(TWO, "BillingPostalCode", "9400", "too short"),)
    store.locations.save(locations(), normalised=normalised, rejects=rejects)
    store.locations.save(locations(), normalised=normalised, rejects=rejects)

    both = store.locations.of("Account")
    store.mirror.reconcile("Account", [TWO])
    left = store.locations.of("Account")

    assert both.ids.tolist() == [ONE, TWO]
    np.testing.assert_array_equal(both.places.lon_deg, [-122.25, np.nan])
    assert both.places.located.tolist() == [True, False]
    assert both.cause.values() == [None, "no address"]
    assert both.subdivision_code.values() == ["CA", None]
    np.testing.assert_array_equal(both.modstamp.values, locations().modstamp.values)
    assert left.ids.tolist() == [TWO]
    assert store.locations.normalised("Account") == normalised
    assert store.locations.rejects("Account") == rejects
    assert store.locations.unlocated_counts("Account") == {"no address": 1}


VERSION = TerritoryVersion("t1", "s1", "p1", 7, "balanced", {"balance": 1.02}, NOW)
NORTH = Territory("north", "North", record_id("005", 1), 1600.5, 1e6, 2, -122.0, 37.0, b"\x01\x00")
ALIGNMENT = Alignment(
    account_ids=IDS,
    territory=texts("north", "north"),
    hours_per_year=np.array([2.0, 3.5]),
    distance_km=np.array([1.0, np.nan]),
    runner_up=texts("south", None),
    runner_up_km=np.array([9.0, np.nan]),
    locked=np.array([True, False]),
    reason=texts("It is nearest.", "It has to stay."),
    would_change=texts("8 km", None),
)


def test_a_territory_version_comes_back_whole(store: Store) -> None:
    store.territories.save(VERSION, [NORTH], alignment=ALIGNMENT)

    found = store.territories.alignment("t1")

    assert store.territories.get("t1") == VERSION
    assert store.territories.territories("t1") == (NORTH,)
    assert found.account_ids.tolist() == [ONE, TWO]
    assert found.territory.values() == ["north", "north"]
    assert found.runner_up.values() == ["south", None]
    np.testing.assert_array_equal(found.distance_km, [1.0, np.nan])
    assert found.locked.tolist() == [True, False]
    assert found.reason.values() == ["It is nearest.", "It has to stay."]
    assert found.would_change.values() == ["8 km", None]
    assert store.territories.aligned("t1", ONE) == AlignedAccount(
        ONE,
        "north",
        2.0,
        1.0,
        "south",
        9.0,
        locked=True,
        reason="It is nearest.",
        would_change="8 km",
    )
    assert store.territories.aligned("t1", record_id("001", 3)) is None


def test_saving_a_territory_version_again_makes_it_the_latest(store: Store) -> None:
    assert store.territories.latest() is None
    for minute, name in enumerate(("t1", "t2", "t1")):
        version = replace(VERSION, id=name, created_at=NOW + timedelta(minutes=minute))
        store.territories.save(version, [NORTH], alignment=ALIGNMENT)

    assert store.territories.latest() == VERSION


def test_an_unknown_version_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match="t9"):
        store.territories.get("t9")
    with pytest.raises(StoreError, match="r9"):
        store.routes.get("r9")


def test_a_route_version_comes_back_whole(store: Store) -> None:
    version = RouteVersion("r1", "s1", "h1", "t1", {"inbound": 3}, {"inbound": [1, "x"]}, NOW)
    decisions = RouteDecisions(
        object_name="Lead",
        ids=IDS,
        owner_id=texts(record_id("005", 1), None),
        rule=texts("territory", "fallback"),
        destination=texts("territory:north", None),
        reason=texts("It lies in the north.", None),
        runner_up=texts('{"a":1}', None),
        cause=texts(None, "no owner"),
    )
    store.routes.save(version, [decisions])
    store.routes.save(version, [decisions])

    found = store.routes.decisions("r1", "Lead")

    assert store.routes.latest() == store.routes.get("r1") == version
    assert found.ids.tolist() == [ONE, TWO]
    assert found.owner_id.values() == decisions.owner_id.values()
    assert found.cause.values() == [None, "no owner"]
    assert len(store.routes.decisions("r1", "Account")) == 0
    assert store.routes.decision("r1", "Lead", record_id=TWO) == RouteDecision(
        "Lead", TWO, None, "fallback", None, None, None, "no owner"
    )


def test_pool_pointers_are_replaced_together(store: Store) -> None:
    store.routes.set_pools({"b": 2, "a": {"ann": 0.5}})
    store.routes.set_pools({"a": {"ann": 0.25}})

    assert store.routes.pools() == {"a": {"ann": 0.25}}
