from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.errors import ConnectorError, StoreError
from sfterritory.model.store.column_type import any_instant_text
from sfterritory.model.store.pull_state import Pulled
from sfterritory.model.store.store import Store, open_store

from .records import ACCOUNT_FIELDS, MODSTAMP, NOW, ORG, account, accounts, bookmark, record_id


def load(store: Store, *rows: tuple[str, ...], header: tuple[str, ...] = ACCOUNT_FIELDS) -> int:
    return store.mirror.load_page("Account", header, rows, bookmark=bookmark()).changed


def name_of(store: Store, number: int) -> object:
    record = store.mirror.record("Account", record_id("001", number))
    return record and record["Name"]


def test_a_page_that_is_loaded_twice_changes_nothing_the_second_time(store: Store) -> None:
    rows = [account(1, revenue="37.774929500000013"), account(2, deleted="true", revenue="1e3")]

    assert load(store, *rows) == 2
    assert load(store, *rows) == 0


def test_an_edit_within_the_second_of_the_stored_stamp_is_taken(store: Store) -> None:
    load(store, account(1, name="Before"))

    assert load(store, account(1, name="After")) == 1
    assert name_of(store, 1) == "After"


def test_an_older_row_never_replaces_a_newer_one(store: Store) -> None:
    load(store, account(1, name="Newer", modstamp="2026-05-02T00:00:00.000Z"))

    assert load(store, account(1, name="Older", modstamp="2026-05-01T23:59:59.000Z")) == 0
    assert name_of(store, 1) == "Newer"


def test_of_one_record_twice_in_a_page_the_newer_row_stays(store: Store) -> None:
    newer = account(1, name="Newer", modstamp="2026-05-02T00:00:00.000Z")

    load(store, newer, account(1, name="Older"))

    assert name_of(store, 1) == "Newer"


def test_both_forms_of_a_date_time_are_the_same_instant(store: Store) -> None:
    load(store, account(1, modstamp="2026-05-01T07:25:37.000Z"))

    assert load(store, account(1, modstamp="2026-05-01T07:25:37.000+0000")) == 0
    assert load(store, account(1, modstamp="2026-05-01T09:25:37+02:00")) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-01T07:25:37Z", "2026-05-01T07:25:37.000Z"),
        ("2026-05-01T02:25:37.123456-0500", "2026-05-01T07:25:37.123Z"),
    ],
    ids=["no milliseconds", "another zone"],
)
def test_an_unusual_date_time_is_stored_in_the_one_form(
    store: Store, text: str, expected: str
) -> None:
    load(store, account(1, modstamp=text))

    record = store.mirror.record("Account", record_id("001", 1))

    assert record is not None
    assert record["SystemModstamp"] == expected == any_instant_text(text)


def test_a_page_that_is_cut_leaves_nothing_behind(store: Store) -> None:
    store.mirror.load_page("Account", ACCOUNT_FIELDS, [account(1)], bookmark=bookmark(locator="A"))

    def cut() -> Iterator[tuple[str, ...]]:
        yield from accounts(range(2, 50))
        raise ConnectorError("the page has 48 of 100 rows", remedy="run again")

    with pytest.raises(ConnectorError, match="48 of 100"):
        store.mirror.load_page("Account", ACCOUNT_FIELDS, cut(), bookmark=bookmark(locator="B"))

    assert store.mirror.counts()["Account"] == 1
    kept = store.mirror.bookmark("Account", ACCOUNT_FIELDS)
    assert kept is not None
    assert (kept.locator, kept.rows, kept.pages) == ("A", 1, 1)


@pytest.mark.parametrize(
    "row",
    [
        account(2, revenue="a lot"),
        account(2, modstamp="yesterday"),
        account(2, modstamp=""),
        ("001000000000002", *account(2)[1:]),
        account(2)[:-1],
    ],
    ids=["text in a number", "not a date-time", "no stamp", "15-character id", "a cell short"],
)
def test_a_cell_that_does_not_fit_fails_the_whole_page(store: Store, row: tuple[str, ...]) -> None:
    with pytest.raises(StoreError):
        load(store, account(1), row)

    assert store.mirror.counts()["Account"] == 0


def test_a_header_is_checked_before_a_row_is_read(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        load(store, header=("Id", "Name", "Name", "x'); DROP TABLE account; --"))

    assert "Name stands twice" in caught.value.problem
    assert "SystemModstamp is missing" in caught.value.problem
    assert "is not a field name" in caught.value.problem


def test_a_bookmark_counts_the_pages_of_its_own_job_only(store: Store) -> None:
    def page(job: str, numbers: range) -> None:
        rows = accounts(numbers)
        store.mirror.load_page("Account", ACCOUNT_FIELDS, rows, bookmark=bookmark(job=job))

    store.mirror.start("Account", ACCOUNT_FIELDS, bookmark=bookmark(job="750A"))
    page("750A", range(3))
    page("750A", range(3, 5))
    first = store.mirror.bookmark("Account", ACCOUNT_FIELDS)
    page("750B", range(4))
    second = store.mirror.bookmark("Account", ACCOUNT_FIELDS)

    assert first is not None
    assert (first.rows, first.pages) == (5, 2)
    assert second is not None
    assert (second.job_id, second.rows, second.pages) == ("750B", 4, 1)


def test_a_forgotten_bookmark_keeps_the_rows(store: Store) -> None:
    load(store, account(1))

    store.mirror.forget_bookmark("Account")

    assert store.mirror.bookmark("Account", ACCOUNT_FIELDS) is None
    assert store.mirror.owners("Account") == {record_id("001", 1): record_id("005", 1)}


def test_another_field_list_asks_for_a_full_pull(store: Store) -> None:
    load(store, account(1))
    store.mirror.finish("Account", Pulled(NOW, ACCOUNT_FIELDS))

    pulled = store.mirror.pulled()["Account"]
    assert pulled.covers(ACCOUNT_FIELDS[::-1], ())
    assert not pulled.covers((*ACCOUNT_FIELDS, "Tier__c"), ())
    assert store.mirror.bookmark("Account", ACCOUNT_FIELDS) is None


def test_a_full_pull_fills_a_new_field_though_no_stamp_moved(store: Store) -> None:
    load(store, account(1))

    changed = load(store, (*account(1), "Gold"), header=(*ACCOUNT_FIELDS, "Tier__c"))

    record = store.mirror.record("Account", record_id("001", 1))
    assert changed == 1
    assert record is not None
    assert record["Tier__c"] == "Gold"


def test_a_first_load_leaves_all_indexes_behind(store: Store) -> None:
    def indexes() -> set[str]:
        with store._database.read() as connection:
            catalogue = (
                "SELECT name FROM sqlite_master WHERE type = 'index'"
                if store._database.dialect == "sqlite"
                else "SELECT indexname FROM pg_indexes"
            )
            return {row[0] for row in connection.exec_driver_sql(catalogue)}

    before = indexes()
    load(store, account(1))
    during = indexes()
    store.mirror.finish("Account", Pulled(NOW, ACCOUNT_FIELDS))

    assert before - during == {"ix_account_owner_id", "ix_account_system_modstamp"}
    assert indexes() == before


def test_a_record_that_salesforce_no_longer_has_is_marked_deleted_until_it_is_back(
    store: Store,
) -> None:
    load(store, *accounts(range(3)))

    gone = store.mirror.reconcile("Account", [record_id("001", n) for n in (0, 2)])
    left = store.mirror.columns("Account", []).ids.tolist()
    again = store.mirror.reconcile("Account", [record_id("001", n) for n in (0, 2)])
    back = load(store, *accounts([1]))

    assert (gone, again, back) == (1, 0, 1)
    assert left == [record_id("001", 0), record_id("001", 2)]
    assert store.mirror.counts()["Account"] == 3


def test_history_of_two_objects_shares_a_table_but_is_reconciled_apart(store: Store) -> None:
    def history(object_name: str, parent: str, number: int) -> None:
        header = ("Id", parent, "Field", "OldValue", "NewValue", "CreatedById", "CreatedDate")
        row = (record_id("017", number), record_id("001", number), "Owner", "", "", "", MODSTAMP)
        store.mirror.load_page(object_name, header, [row], bookmark=bookmark())

    history("AccountHistory", "AccountId", 1)
    history("LeadHistory", "LeadId", 2)

    assert store.mirror.reconcile("LeadHistory", []) == 1
    assert store.mirror.counts()["AccountHistory"] == 1
    assert store.mirror.counts()["LeadHistory"] == 0


cells = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=10, deadline=None)
@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_any_text_comes_back_as_it_was_and_gives_both_databases_one_snapshot(
    rows: list[tuple[str, str]], two_stores: tuple[Store, Store]
) -> None:
    header = (*ACCOUNT_FIELDS, "Note__c")
    page = [(*account(n, name=name), note) for n, (name, note) in enumerate(rows)]
    ids = set()
    for store in two_stores:
        load(store, *page, header=header)
        store.mirror.reconcile("Account", [row[0] for row in page])
        records = [store.mirror.record("Account", row[0]) or {} for row in page]
        assert [(r["Name"] or "", r["Note__c"] or "") for r in records] == rows
        ids.add(store.snapshots.take(NOW, org_id=ORG).id)

    assert len(ids) == 1


@pytest.fixture(scope="module")
def two_stores(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[Store, Store]]:
    template = request.getfixturevalue("postgresql_template")
    url = request.getfixturevalue("new_postgresql")(template)
    file = tmp_path_factory.mktemp("store") / "store.db"
    with open_store(f"sqlite:///{file}") as one, open_store(url) as other:
        yield one, other
