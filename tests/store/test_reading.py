from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from sfterritory.errors import StepMissingError, StoreError
from sfterritory.model.columns import FlagColumn, NumberColumn, TextColumn, TimeColumn
from sfterritory.model.store.column_type import Kind
from sfterritory.model.store.people import OwnerHistoryEntry, QueueRecord
from sfterritory.model.store.pull_state import Pulled
from sfterritory.model.store.store import Store

from .records import ACCOUNT_FIELDS, MODSTAMP, NOW, ORG, account, accounts, bookmark, record_id


def test_columns_are_typed_sorted_and_without_deleted_records(store: Store) -> None:
    rows = [account(3, name="C", revenue="1.5"), account(2, deleted="true"), account(1, name="É")]
    store.mirror.load_page("Account", ACCOUNT_FIELDS, rows, bookmark=bookmark())

    fields = ["Name", "AnnualRevenue", "IsDeleted", "CreatedDate", "Website"]
    columns = store.mirror.columns("Account", fields)

    name, revenue, deleted, created, website = (columns.fields[field] for field in fields)
    assert columns.ids.tolist() == [record_id("001", 1), record_id("001", 3)]
    assert isinstance(name, TextColumn)
    assert name.values() == ["É", "C"]
    assert name.vocabulary == ("C", "É")
    assert isinstance(revenue, NumberColumn)
    np.testing.assert_array_equal(revenue.values, [np.nan, 1.5])
    assert isinstance(deleted, FlagColumn)
    assert deleted.values.tolist() == [False, False]
    assert isinstance(created, TimeColumn)
    assert created.values[0] == np.datetime64("2020-02-29T00:00:00.000", "ms")
    assert isinstance(website, TextColumn)
    assert website.values() == [None, None]


def test_an_object_without_records_has_empty_columns(store: Store) -> None:
    columns = store.mirror.columns("Opportunity", ["Amount", "CloseDate", "IsWon", "StageName"])

    assert len(columns) == 0
    assert all(
        len(c.codes if isinstance(c, TextColumn) else c.values) == 0
        for c in columns.fields.values()
    )


def test_a_close_date_is_a_time_and_a_blank_check_box_is_false(store: Store) -> None:
    header = ("Id", "CloseDate", "IsWon", "SystemModstamp")
    rows = [
        (record_id("006", 1), "2026-03-08", "true", MODSTAMP),
        (record_id("006", 2), "", "", MODSTAMP),
    ]
    store.mirror.load_page("Opportunity", header, rows, bookmark=bookmark())

    columns = store.mirror.columns("Opportunity", ["CloseDate", "IsWon"]).fields

    close, won = columns["CloseDate"], columns["IsWon"]
    assert isinstance(close, TimeColumn)
    assert close.values[0] == np.datetime64("2026-03-08", "ms")
    assert np.isnat(close.values[1])
    assert isinstance(won, FlagColumn)
    assert won.values.tolist() == [True, False]


EXTRA = {
    "Score__c": ("10", "-2.50"),
    "Zip__c": ("01234", "98765"),
    "Vip__c": ("true", "false"),
    "Met__c": ("2026-05-01T07:25:37.000+0000", ""),
    "Born__c": ("2026-05-01", ""),
}


def load_extra(store: Store, kinds: dict[str, Kind] | None = None) -> None:
    header = (*ACCOUNT_FIELDS, *EXTRA)
    rows = [(*account(n), *(values[n] for values in EXTRA.values())) for n in (0, 1)]
    store.mirror.load_page("Account", header, rows, bookmark=bookmark())
    pulled = Pulled(NOW, header, extra_kinds=kinds or {}, text_lengths={"Zip__c": 5})
    store.mirror.finish("Account", pulled)


def test_a_field_without_a_column_has_the_kind_of_its_values(store: Store) -> None:
    load_extra(store)

    columns = store.mirror.columns("Account", list(EXTRA)).fields

    score, code, vip, met, born = (columns[name] for name in EXTRA)
    assert isinstance(score, NumberColumn)
    assert score.values.tolist() == [10.0, -2.5]
    assert isinstance(code, TextColumn)
    assert code.values() == ["01234", "98765"]
    assert isinstance(vip, FlagColumn)
    assert vip.values.tolist() == [True, False]
    assert isinstance(met, TimeColumn)
    assert met.values[0] == np.datetime64("2026-05-01T07:25:37", "ms")
    assert isinstance(born, TimeColumn)
    assert np.isnat(born.values[1])


def test_what_the_describe_said_outranks_what_the_values_look_like(store: Store) -> None:
    load_extra(store, {"Score__c": Kind.TEXT})

    assert store.mirror.pulled()["Account"].text_lengths == {"Zip__c": 5}
    pulled = store.mirror.columns("Account", ["Score__c"]).fields["Score__c"]
    asked = store.mirror.columns("Account", ["Score__c"], kinds={"Score__c": Kind.NUMBER})

    assert isinstance(pulled, TextColumn)
    assert isinstance(asked.fields["Score__c"], NumberColumn)


def test_a_field_that_was_never_pulled_is_named(store: Store) -> None:
    load_extra(store)

    with pytest.raises(StepMissingError, match=r"Account\.Tier__c"):
        store.mirror.columns("Account", ["Name", "Tier__c"])


def test_an_object_that_is_not_mirrored_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match="Campaign"):
        store.mirror.columns("Campaign", ["Name"])


def test_users_keep_their_home_and_whether_they_are_active(store: Store) -> None:
    header = ("Id", "Name", "IsActive", "Latitude", "Longitude", "SystemModstamp")
    rows = [
        (record_id("005", 2), "Ben", "false", "", "", MODSTAMP),
        (record_id("005", 1), "Ann", "true", "37.5", "-122.25", MODSTAMP),
    ]
    store.mirror.load_page("User", header, rows, bookmark=bookmark())

    ann, ben = store.mirror.users()

    assert (ann.name, ann.is_active, ann.lon_deg, ann.lat_deg) == ("Ann", True, -122.25, 37.5)
    assert (ben.name, ben.is_active, ben.lon_deg, ben.email) == ("Ben", False, None, "")


def test_queues_know_the_objects_they_may_own(store: Store) -> None:
    queue = record_id("00G", 1)
    header = ("Id", "Name", "DeveloperName", "Type", "SystemModstamp")
    rows = [(queue, "Inbound", "Inbound_Q", "Queue", MODSTAMP)]
    store.mirror.load_page("Group", header, rows, bookmark=bookmark())
    pairs = [(record_id("03g", n), queue, name) for n, name in enumerate(("Lead", "Case"))]
    store.mirror.load_page(
        "QueueSobject", ("Id", "QueueId", "SobjectType"), pairs, bookmark=bookmark()
    )

    assert store.mirror.queues() == (QueueRecord(queue, "Inbound", "Inbound_Q", ("Case", "Lead")),)


def test_owner_history_leaves_out_the_row_that_names_people(store: Store) -> None:
    header = ("Id", "AccountId", "Field", "OldValue", "NewValue", "CreatedById", "CreatedDate")
    ann, ben, admin = (record_id("005", n) for n in (1, 2, 9))
    account_id = record_id("001", 1)
    rows = [
        (record_id("017", 1), account_id, "Owner", "Ann Lee", "Ben Cho", admin, MODSTAMP),
        (record_id("017", 2), account_id, "Owner", ann[:15], ben, admin, MODSTAMP),
        (record_id("017", 3), account_id, "Name", ann, ben, admin, MODSTAMP),
    ]
    store.mirror.load_page("AccountHistory", header, rows, bookmark=bookmark())

    (entry,) = store.mirror.owner_history(account_id)

    assert entry == OwnerHistoryEntry(entry.at, ann, ben, admin)
    assert entry.at.isoformat() == "2026-05-01T07:25:37+00:00"


def test_a_snapshot_is_named_by_content_alone(store: Store) -> None:
    def load(*rows: tuple[str, ...]) -> None:
        store.mirror.load_page("Account", ACCOUNT_FIELDS, rows, bookmark=bookmark())

    assert store.snapshots.latest() is None
    load(*accounts(range(3)))
    first = store.snapshots.take(NOW, org_id=ORG)
    load(*accounts([2, 1]))
    confirmed = store.snapshots.take(NOW + timedelta(hours=1), org_id=ORG)
    load(account(1, name="Renamed"))
    changed = store.snapshots.take(NOW + timedelta(hours=2), org_id=ORG)
    load(*accounts([1]))
    back = store.snapshots.take(NOW + timedelta(hours=3), org_id=ORG)

    assert confirmed.id == first.id != changed.id
    assert (confirmed.taken_at, confirmed.confirmed_at) == (NOW, NOW + timedelta(hours=1))
    assert back.id == first.id
    assert store.snapshots.latest() == back
    assert back.counts["Account"] == 3
    assert [store.snapshots.get(one.id) for one in (back, changed)] == [back, changed]


def test_a_snapshot_that_the_store_never_held_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match="no snapshot abc") as caught:
        store.snapshots.get("abc")

    assert "sfterritory pull" in caught.value.remedy
