"""Fields that vanish, records that are merged, small objects in one table, and CSV as it came."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.errors import ConnectorError
from sfterritory.model.store.mirror_registry import MIRRORS
from sfterritory.model.store.page_sql import PageLoad
from sfterritory.model.store.pull_state import Pulled
from sfterritory.model.store.store import Store

from .records import ACCOUNT_FIELDS, MODSTAMP, NOW, ORG, account, bookmark, record_id

LATER = datetime(2026, 5, 3, tzinfo=UTC)
WIDE = (*ACCOUNT_FIELDS, "Area__c", "Tier__c", "Zone__c")


def wide(number: int, *, tier: str) -> tuple[str, ...]:
    return (*account(number), "North", tier, "")


def extra_of(store: Store, number: int) -> object:
    record = store.mirror.record("Account", record_id("001", number)) or {}
    return record["Tier__c"]


def text_of_extra(store: Store, number: int) -> str:
    query = f"SELECT extra FROM account WHERE id = '{record_id('001', number)}'"  # noqa: S608 - ours
    with store._database.read() as connection:
        return str(connection.exec_driver_sql(query).scalar_one())


def without(header: Sequence[str], row: Sequence[str], *names: str) -> tuple[str, ...]:
    return tuple(cell for name, cell in zip(header, row, strict=True) if name not in names)


@pytest.mark.parametrize("name", ["Tier__c", "Name"], ids=["in extra", "with a column"])
def test_a_field_that_can_no_longer_be_read_keeps_its_values(store: Store, name: str) -> None:
    rows = [wide(1, tier="Gold"), wide(2, tier="Silver")]
    store.mirror.load_page("Account", WIDE, rows, bookmark=bookmark())
    before = text_of_extra(store, 1)
    header = without(WIDE, WIDE, name)
    narrow = [without(WIDE, row, name) for row in (*rows, wide(3, tier=""))]

    load = PageLoad(kept=frozenset([name]))
    seen = store.mirror.load_page("Account", header, narrow, bookmark=bookmark(), load=load)
    again = store.mirror.load_page("Account", header, narrow, bookmark=bookmark(), load=load)

    assert (seen.changed, again.changed) == (1, 0)
    record = store.mirror.record("Account", record_id("001", 1)) or {}
    assert (record["Tier__c"], record["Name"]) == ("Gold", "Acme")
    assert text_of_extra(store, 1) == before
    assert extra_of(store, 3) is None


def test_a_date_time_without_a_column_is_stored_in_one_form_too(store: Store) -> None:
    header, load = (*ACCOUNT_FIELDS, "Met__c"), PageLoad(instants=frozenset(["Met__c"]))
    forms = ("2026-05-01T07:25:37.000+0000", "2026-05-01T07:25:37.000Z")

    changed = [
        store.mirror.load_page(
            "Account", header, [(*account(1), form)], bookmark=bookmark(), load=load
        ).changed
        for form in forms
    ]

    assert changed == [1, 0]
    assert (store.mirror.record("Account", record_id("001", 1)) or {})["Met__c"] == forms[1]


def test_a_first_load_takes_the_newest_of_a_record_that_came_twice(store: Store) -> None:
    old = account(1, name="Older", modstamp="2026-04-01T00:00:00.000Z")
    rows = [account(1, name="Newer"), old, account(2)]

    loaded = store.mirror.load_page(
        "Account", ACCOUNT_FIELDS, rows, bookmark=bookmark(), load=PageLoad(first=True)
    )

    assert loaded.rows == 3
    assert (store.mirror.record("Account", record_id("001", 1)) or {})["Name"] == "Newer"


def test_a_field_that_nobody_wants_any_more_leaves_the_store(store: Store) -> None:
    store.mirror.load_page("Account", WIDE, [wide(1, tier="Gold")], bookmark=bookmark())

    header = without(WIDE, WIDE, "Tier__c")
    row = without(WIDE, wide(1, tier="Gold"), "Tier__c")
    store.mirror.load_page("Account", header, [row], bookmark=bookmark())

    assert "Tier__c" not in (store.mirror.record("Account", record_id("001", 1)) or {})


@pytest.mark.parametrize(
    ("fields", "kept", "changes_are_enough"),
    [
        pytest.param("AB", "", True, id="the same"),
        pytest.param("A", "B", True, id="newly hidden"),
        pytest.param("A", "", False, id="no longer wanted"),
        pytest.param("ABC", "", False, id="another field"),
        pytest.param("ABH", "", False, id="seen again"),
        pytest.param("AB", "H", True, id="still hidden"),
    ],
)
def test_changes_are_enough_unless_a_field_has_values_that_no_change_shows(
    fields: str, kept: str, *, changes_are_enough: bool
) -> None:
    hidden = {"H": NOW} if "H" in fields + kept else {}
    pulled = Pulled(NOW, ("A", "B", *hidden), kept=hidden)

    assert pulled.covers(tuple(fields), tuple(kept)) is changes_are_enough


def test_what_is_known_of_a_pull_comes_back_from_the_store(store: Store) -> None:
    pulled = Pulled(NOW, ("Id", "Tier__c"), kept={"Tier__c": NOW}, field_types={"Id": "id"})

    store.mirror.finish("Account", pulled)

    assert store.mirror.pulled()["Account"] == pulled


def merged(number: int, *, into: int) -> tuple[str, ...]:
    return (*account(number, deleted="true"), record_id("001", into))


MERGE_HEADER = (*ACCOUNT_FIELDS, "MasterRecordId")


def test_references_to_a_merged_account_name_the_last_winner(store: Store) -> None:
    rows = [merged(1, into=2), merged(2, into=3), (*account(3), ""), merged(8, into=9)]
    store.mirror.load_page("Account", MERGE_HEADER, [*rows, merged(9, into=8)], bookmark=bookmark())
    header = ("Id", "AccountId", "SystemModstamp")
    for name, prefix in (("Contact", "003"), ("Opportunity", "006")):
        children = [
            (record_id(prefix, n), record_id("001", parent), MODSTAMP)
            for n, parent in enumerate((1, 2, 3, 5))
        ]
        store.mirror.load_page(name, header, children, bookmark=bookmark())
    winner = record_id("001", 3)

    assert store.mirror.masters("Account") == {record_id("001", n): winner for n in (1, 2)}
    assert store.mirror.follow_merges() == 4
    assert store.mirror.follow_merges() == 0
    for name, prefix in (("Contact", "003"), ("Opportunity", "006")):
        found = [store.mirror.record(name, record_id(prefix, n)) or {} for n in range(4)]
        assert [row["AccountId"] for row in found] == [winner, winner, winner, record_id("001", 5)]


def test_small_objects_share_a_table_and_are_told_apart(store: Store) -> None:
    member = ("Id", "GroupId", "UserOrGroupId", "SystemModstamp")
    rows = [
        (record_id("011", n), record_id("00G", 1), record_id("005", n), MODSTAMP) for n in (1, 2)
    ]
    store.mirror.load_page("GroupMember", member, rows, bookmark=bookmark())
    flow = ("DurableId", "Label", "ApiName", "IsActive")
    store.mirror.load_page(
        "FlowDefinitionView", flow, [("300x", "Route leads", "Route", "true")], bookmark=bookmark()
    )

    gone = store.mirror.reconcile("GroupMember", [record_id("011", 1)])

    assert gone == 1
    assert store.mirror.columns("GroupMember", ["UserOrGroupId"]).ids.tolist() == [
        record_id("011", 1)
    ]
    assert store.mirror.live_count("FlowDefinitionView") == 1
    assert (store.mirror.record("FlowDefinitionView", "300x") or {})["Label"] == "Route leads"


def test_small_objects_do_not_make_another_snapshot(store: Store) -> None:
    before = store.snapshots.take(NOW, org_id=ORG).id
    row = (record_id("00E", 1), "Sales", MODSTAMP)

    store.mirror.load_page("UserRole", ("Id", "Name", "SystemModstamp"), [row], bookmark=bookmark())

    assert store.snapshots.take(NOW, org_id=ORG).id == before


def test_the_last_activity_is_a_completed_task_or_a_past_event(store: Store) -> None:
    def task(number: int, *, due: str, done: str, closed: str) -> tuple[str, ...]:
        return (record_id("00T", number), record_id("001", number), due, done, closed, MODSTAMP)

    header = ("Id", "AccountId", "ActivityDate", "CompletedDateTime", "IsClosed", "SystemModstamp")
    tasks = [
        task(1, due="2026-04-01", done="2026-04-03T10:00:00.000Z", closed="true"),
        task(2, due="2026-04-09", done="", closed="false"),
        task(3, due="2026-03-01", done="", closed="true"),
    ]
    store.mirror.load_page("Task", header, tasks, bookmark=bookmark())
    events = [
        (record_id("00U", n), record_id("001", 2), day, MODSTAMP)
        for n, day in enumerate(("2026-02-01", "2026-02-09", "2026-12-31"))
    ]
    fields = ("Id", "AccountId", "ActivityDate", "SystemModstamp")
    store.mirror.load_page("Event", fields, events, bookmark=bookmark())

    assert store.mirror.last_activities(date(2026, 5, 1)) == {
        record_id("001", 1): date(2026, 4, 3),
        record_id("001", 2): date(2026, 2, 9),
        record_id("001", 3): date(2026, 3, 1),
    }


def test_activities_of_the_present_owner_are_counted_and_those_of_others_are_not(
    store: Store,
) -> None:
    first, second, third = (record_id("001", n) for n in (1, 2, 3))
    rows = [account(1, owner=1), account(2, owner=2), account(3, owner=1)]
    store.mirror.load_page("Account", ACCOUNT_FIELDS, rows, bookmark=bookmark())
    ann, ben = record_id("005", 1), record_id("005", 2)
    header = ("Id", "AccountId", "OwnerId", "IsClosed", "IsDeleted", "SystemModstamp")
    tasks = [
        (first, ann, "true", "false"),
        (first, ben, "true", "false"),
        (first, ann, "false", "false"),
        (second, ben, "true", "true"),
        (third, ben, "true", "false"),
    ]
    lines = [(record_id("00T", n), *task, MODSTAMP) for n, task in enumerate(tasks)]
    store.mirror.load_page("Task", header, lines, bookmark=bookmark())
    event = (record_id("00U", 1), first, ann, MODSTAMP)
    fields = ("Id", "AccountId", "OwnerId", "SystemModstamp")
    store.mirror.load_page("Event", fields, [event], bookmark=bookmark())

    assert store.mirror.owner_activities() == {first: 2}


def test_every_small_object_can_be_told_by_its_table_and_its_name() -> None:
    shared = [one for one in MIRRORS.values() if one.table.name == "related_record"]

    assert all(one.constants == {"object_name": one.object_name} for one in shared)
    assert all(one.read_whole for one in shared if "IsDeleted" not in one.columns)


@dataclass
class Csv:
    """A page as CSV, of `rows` rows as announced."""

    header: Sequence[str]
    cells: Sequence[Sequence[str]]
    rows: int

    def __iter__(self) -> Iterator[Sequence[str]]:
        yield from self.cells
        self.confirm(len(self.cells))

    def csv_chunks(self) -> Iterator[bytes] | None:
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
            [self.header, *self.cells]
        )
        body = text.getvalue().encode()
        return iter([body[:7], body[7:]])

    def confirm(self, rows: int) -> None:
        if rows != self.rows:
            raise ConnectorError("the page is short", remedy="fetch it again")


def test_a_page_of_csv_is_counted_where_it_is_loaded(store: Store) -> None:
    whole, short = (Csv(ACCOUNT_FIELDS, [account(n) for n in (1, 2)], rows) for rows in (2, 3))

    with pytest.raises(ConnectorError, match="short"):
        store.mirror.load_page("Account", ACCOUNT_FIELDS, short, bookmark=bookmark())
    assert store.mirror.counts()["Account"] == 0

    assert store.mirror.load_page("Account", ACCOUNT_FIELDS, whole, bookmark=bookmark()).rows == 2


cells = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9
) | st.sampled_from(["\n\\.\n", "\\.", '"', "a\r\nb", ","])


@settings(max_examples=15, deadline=None)
@given(names=st.lists(cells, min_size=1, max_size=5))
def test_csv_and_rows_load_alike(
    names: list[str], request: pytest.FixtureRequest, csv_store: Store
) -> None:
    rows = [account(n, name=name) for n, name in enumerate(names)]
    page = Csv(ACCOUNT_FIELDS, rows, len(rows))
    csv_store.mirror.load_page("Account", ACCOUNT_FIELDS, page, bookmark=bookmark())

    again = csv_store.mirror.load_page("Account", ACCOUNT_FIELDS, rows, bookmark=bookmark())

    assert again.changed == 0
    assert [csv_store.mirror.record("Account", row[0]) for row in rows] == [
        {**(csv_store.mirror.record("Account", row[0]) or {}), "Name": name or None}
        for row, name in zip(rows, names, strict=True)
    ]


@pytest.fixture(scope="module")
def csv_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    from sfterritory.model.store.store import open_store  # noqa: PLC0415 - takes two seconds

    template = request.getfixturevalue("postgresql_template")
    with open_store(request.getfixturevalue("new_postgresql")(template)) as store:
        yield store
