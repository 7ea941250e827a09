# ruff: noqa: S608 - SOQL for a sandbox of our own
"""What the larger part of SOQL answers: sub-queries, TYPEOF, functions, sub-totals, letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import Org
from sfterritory.sandbox.schema import FieldDef
from sfterritory.sandbox.soql.compile import compile_query
from sfterritory.sandbox.soql.parse import parse
from sfterritory.sandbox.soql.run import row_numbers
from sfterritory.sandbox.soql.terms import Terms
from sfterritory.sandbox.state import SandboxState

SEMI_JOIN = "OwnerId IN (SELECT Id FROM User)"
PLACE = "DISTANCE(BillingAddress, GEOLOCATION(40, -75.5), '{}')"


@pytest.fixture
def state(state_file: Path) -> Iterator[SandboxState]:
    opened = SandboxState(state_file)
    yield opened
    opened.close()


def selected(state: SandboxState, soql: str, **terms: Any) -> int:
    """Return how many records a query selects."""
    now = datetime(2026, 9, 2, 12, tzinfo=UTC)
    compiled = compile_query(parse(soql), state.schema, Terms(now=now, **terms))
    with state.reading() as connection:
        return len(row_numbers(connection, compiled))


def test_children_hang_on_their_parent_in_the_order_and_number_asked(reading_org: Org) -> None:
    accounts = reading_org.soql(
        "SELECT Id, (SELECT LastName, Account.Name FROM Account.Contacts "
        "WHERE LastName != 'Nobody' ORDER BY LastName DESC LIMIT 2) FROM Account LIMIT 100"
    )
    contacts = reading_org.soql("SELECT AccountId, LastName FROM Contact")

    for account in accounts:
        names = [one["LastName"] for one in contacts if one["AccountId"] == account["Id"]]
        if not names:
            assert account["Contacts"] is None
            continue
        found = [one["LastName"] for one in account["Contacts"]["records"]]
        assert found == sorted(names, key=str.lower, reverse=True)[:2]
        assert account["Contacts"]["totalSize"] == len(found)
        assert account["Contacts"]["done"]
    assert any(account["Contacts"] for account in accounts)


def test_children_beyond_a_page_have_a_locator_of_their_own(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    with org.handle.state.writing() as connection:
        connection.execute("UPDATE Contact SET AccountId = ?", (account,))
        connection.execute(
            'INSERT INTO Contact (Id, IsDeleted, AccountId, LastName) SELECT "c" || Id, 0, ?, Name '
            "FROM Account",
            (account,),
        )
    total = len(org.ids("SELECT Id FROM Contact"))

    (record,) = org.get(
        "/query",
        params={"q": f"SELECT (SELECT LastName FROM Contacts) FROM Account WHERE Id = '{account}'"},
        headers={"Sforce-Query-Options": "batchSize=200"},
    ).json()["records"]
    first = record["Contacts"]
    rest = org.http.get(first["nextRecordsUrl"]).json()

    assert (first["totalSize"], first["done"], len(first["records"])) == (total, False, 200)
    assert rest["done"]
    assert len(rest["records"]) == total - 200
    assert rest["records"][0]["attributes"]["type"] == "Contact"


def test_typeof_answers_the_fields_of_what_the_lookup_refers_to(reading_org: Org) -> None:
    leads = reading_org.soql(
        "SELECT TYPEOF Owner WHEN User THEN Username, Profile.Name ELSE Name END FROM Lead"
    )

    owners = Counter(tuple(one["Owner"]) for one in leads)
    assert set(owners) == {("attributes", "Username", "Profile"), ("attributes", "Name")}
    assert {one["Owner"]["attributes"]["type"] for one in leads} == {"User", "Name"}


@pytest.mark.parametrize(("unit", "in_km"), [("km", 1.0), ("mi", 1.609344)])
def test_distance_filters_sorts_and_is_answered(reading_org: Org, unit: str, in_km: float) -> None:
    far = 500 / in_km
    place = PLACE.format(unit)

    near = reading_org.soql(f"SELECT {place} d FROM Account WHERE {place} < {far} ORDER BY {place}")

    distances = [one["d"] for one in near]
    assert distances == sorted(distances)
    assert 0 < distances[0] <= distances[-1] < far
    rest = reading_org.soql(f"SELECT Id FROM Account WHERE {place} > {far}")
    placed = reading_org.soql("SELECT Id FROM Account WHERE BillingLatitude != null")
    assert len(near) + len(rest) == len(placed)


def test_parts_of_dates_group_what_they_filter(reading_org: Org) -> None:
    groups = reading_org.soql(
        "SELECT CALENDAR_YEAR(CreatedDate) y, DAY_IN_WEEK(CreatedDate) d, count(Id) n "
        "FROM Account GROUP BY CALENDAR_YEAR(CreatedDate), DAY_IN_WEEK(CreatedDate)"
    )

    assert sum(one["n"] for one in groups) == 250
    one = groups[len(groups) // 2]
    rows = reading_org.soql(
        f"SELECT CreatedDate FROM Account WHERE CALENDAR_YEAR(CreatedDate) = {one['y']} "
        f"AND DAY_IN_WEEK(convertTimezone(CreatedDate)) = {one['d']}"
    )
    days = [datetime.fromisoformat(row["CreatedDate"]) for row in rows]
    assert len(days) == one["n"]
    assert {(day.year, day.isoweekday() % 7 + 1) for day in days} == {(one["y"], one["d"])}


def test_a_roll_up_adds_up_and_a_cube_does_so_both_ways(reading_org: Org) -> None:
    plain = "SELECT Rating, IsDeleted, count(Id) n, GROUPING(Rating) g FROM Account GROUP BY {}"

    rolled = reading_org.soql(plain.format("ROLLUP(Rating, IsDeleted)"))
    cubed = reading_org.soql(plain.format("CUBE(Rating, IsDeleted)"))

    assert sum(one["n"] for one in rolled) == 3 * 250
    assert [one["n"] for one in rolled if one["g"]] == [250]
    assert sum(one["n"] for one in cubed) == 4 * 250
    assert sum(one["n"] for one in cubed if one["g"]) == 2 * 250


def test_groups_and_filters_overlook_the_case_of_every_letter(org: Org) -> None:
    first, second, third = org.ids("SELECT Id FROM Account LIMIT 3")
    for record, name in ((first, "ÄRZTE Øst"), (second, "ärzte ØST"), (third, "Arzte Ost")):
        org.change("Account", {"id": record, "Name": name, "Site": name})

    for condition in (
        "Name = 'Ärzte øst'",
        "Name LIKE 'äRZTE%'",
        "Name IN ('x', 'ÄRZTE ØST')",
        "Name >= 'ÄRZTE' AND Name <= 'ärztf'",
    ):
        assert set(org.ids(f"SELECT Id FROM Account WHERE {condition}")) == {first, second}
    groups = org.soql("SELECT count(Id) n FROM Account WHERE Site != null GROUP BY Site")
    assert 2 in [one["n"] for one in groups]


def test_values_of_a_multi_select_picklist_are_found_one_by_one(state: SandboxState) -> None:
    field = FieldDef("Site", "Markets", "multipicklist", length=80)
    account = state.schema.objects["Account"]
    fields = tuple(field if one.name == "Site" else one for one in account.fields)
    state.schema = state.schema.adjusted(
        lambda one: replace(one, fields=fields) if one is account else one
    )
    with state.writing() as connection:
        connection.execute("UPDATE Account SET Site = NULL")
        for row, values in ((1, "EMEA;Süd"), (2, "EMEA"), (3, "APAC;süd;emea")):
            connection.execute("UPDATE Account SET Site = ? WHERE _row = ?", (values, row))

    def count(condition: str) -> int:
        return selected(state, f"SELECT Id FROM Account WHERE Site {condition}")

    assert count("INCLUDES ('emea')") == 3
    assert count("INCLUDES ('EMEA;SÜD', 'Nord')") == 2
    assert count("EXCLUDES ('Süd')") == 248


@pytest.mark.parametrize(
    ("literal", "expected"), [("THIS_FISCAL_YEAR", "2026-02-01"), ("THIS_YEAR", "2026-01-01")]
)
def test_the_fiscal_year_begins_where_the_org_says(
    state: SandboxState, literal: str, expected: str
) -> None:
    since = selected(state, f"SELECT Id FROM Account WHERE CreatedDate >= {expected}T00:00:00Z")

    assert since == selected(
        state, f"SELECT Id FROM Account WHERE CreatedDate >= {literal}", fiscal_start_month=2
    )


def test_a_scope_is_whose_records_they_are(org: Org) -> None:
    asked = "SELECT Id FROM Account USING SCOPE mine"
    assert org.ids(asked) == []
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")

    org.handle.edit("Account", account, {"OwnerId": org.handle.state.credentials().run_as_user_id})

    assert org.ids(asked) == [account]


def test_fields_stand_for_those_that_describe_lists(reading_org: Org) -> None:
    described = reading_org.get("/sobjects/Account/describe").json()["fields"]

    for group, wanted in (("ALL", {True, False}), ("STANDARD", {False}), ("CUSTOM", {True})):
        (record,) = reading_org.soql(f"SELECT FIELDS({group}) FROM Account LIMIT 1")
        names = [one["name"] for one in described if one["custom"] in wanted]
        assert [name for name in record if name != "attributes"] == names


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "LIMIT of at most 200"),
        ("SELECT Id, FIELDS(STANDARD) FROM User", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Name n FROM Account", "MALFORMED_QUERY", "Column:8\nonly aggregate"),
        ("SELECT Id FROM Account GROUP BY CreatedDate", "MALFORMED_QUERY", "can not be grouped"),
        ("SELECT sum(Name) FROM Account", "MALFORMED_QUERY", "aggregate operator SUM"),
        ("SELECT max(Name) FROM Account LIMIT 1", "MALFORMED_QUERY", "cannot also use LIMIT"),
        ("SELECT Id, (SELECT Id FROM Owners) FROM Account", "INVALID_TYPE", "'Owners'"),
        ("SELECT Id FROM Account USING SCOPE luck", "MALFORMED_QUERY", "scope 'luck'"),
        ("SELECT TYPEOF Owner WHEN User THEN Id END FROM Account", "MALFORMED_QUERY", "polymorph"),
        ("SELECT Id FROM Account WHERE BillingAddress = 'x'", "INVALID_FIELD", "using Distance"),
        ("SELECT Id FROM Account WHERE Type INCLUDES ('x')", "INVALID_QUERY_FILTER_OPERATOR", "on"),
        (
            "SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Contact)",
            "MALFORMED_QUERY",
            "Column:44\nSemi join sub-selects are not allowed with the 'OR' operator",
        ),
        (
            f"SELECT Id FROM Contact WHERE {' AND '.join([SEMI_JOIN] * 3)}",
            "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS",
            "Maximum 2",
        ),
        (
            "SELECT CreatedBy.Manager.Manager.Manager.Manager.Manager.Name FROM Account",
            "MALFORMED_QUERY",
            "more than 5 levels",
        ),
    ],
)  # fmt: skip
def test_what_the_platform_refuses_is_refused(
    reading_org: Org, query: str, code: str, message: str
) -> None:
    error = reading_org.refusal(query)

    assert error["errorCode"] == code
    assert message in error["message"]


def test_a_query_joins_55_parents_and_no_more(reading_org: Org) -> None:
    steps = ("CreatedBy", "LastModifiedBy", "Manager")
    users = [
        f"{first}.{second}.{third}.Name"
        for first in ("Owner", *steps[:2])
        for second in steps
        for third in steps
    ]
    # 3 parents, 9 above them, 27 above those.
    assert reading_org.soql(f"SELECT {', '.join(users)} FROM Account LIMIT 1")

    more = [f"Parent.{path}" for path in users]
    error = reading_org.refusal(f"SELECT {', '.join(users + more)} FROM Account LIMIT 1")

    assert error["errorCode"] == "QUERY_TOO_COMPLICATED"
