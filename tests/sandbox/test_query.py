# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Queries over HTTP: what they select, how they page, how they are refused."""

from __future__ import annotations

import pytest

from sandbox.client import DATA, Org
from sandbox.conftest import Ticking
from sfterritory.sandbox.state import store_token


def test_names_are_found_in_any_case_and_answered_as_the_schema_spells_them(
    reading_org: Org,
) -> None:
    (record,) = reading_org.soql("select id, OWNER.name, parentid from ACCOUNT limit 1")

    assert list(record) == ["attributes", "Id", "Owner", "ParentId"]
    assert record["ParentId"] is None
    assert record["Owner"]["attributes"]["type"] == "User"
    assert record["attributes"]["url"] == f"{DATA}/sobjects/Account/{record['Id']}"


def test_a_lead_of_a_queue_names_the_queue_as_its_owner(reading_org: Org) -> None:
    records = reading_org.soql("SELECT Owner.Name FROM Lead WHERE Owner.Type = 'Queue'")

    assert {one["Owner"]["Name"] for one in records} == {"Unassigned Leads", "International Leads"}
    assert all("/Group/00G" in one["Owner"]["attributes"]["url"] for one in records)


def test_an_empty_lookup_answers_null_in_place_of_its_record(reading_org: Org) -> None:
    (record,) = reading_org.soql("SELECT Parent.Name, Parent.Owner.Name FROM Account LIMIT 1")

    assert record["Parent"] is None


def test_a_page_ends_with_a_path_to_the_next_until_all_rows_are_read(reading_org: Org) -> None:
    answer = reading_org.get(
        "/query/", params={"q": "SELECT Id FROM Account ORDER BY Name DESC"},
        headers={"Sforce-Query-Options": "batchSize=200"},
    ).json()  # fmt: skip

    rest = reading_org.http.get(
        answer["nextRecordsUrl"], headers={"Sforce-Query-Options": "batchSize=200"}
    ).json()

    assert answer["nextRecordsUrl"].startswith(f"{DATA}/query/0r8")
    assert answer["nextRecordsUrl"].endswith("-200")
    assert (answer["totalSize"], answer["done"], len(answer["records"])) == (250, False, 200)
    assert (rest["totalSize"], rest["done"], len(rest["records"])) == (250, True, 50)
    assert "nextRecordsUrl" not in rest
    seen = [one["Id"] for one in answer["records"] + rest["records"]]
    assert sorted(seen) == sorted(set(seen)) == reading_org_ids(reading_org)


def reading_org_ids(org: Org) -> list[str]:
    return sorted(org.ids("SELECT Id FROM Account"))


def test_pages_stay_the_same_when_rows_are_deleted_meanwhile(org: Org) -> None:
    first = org.get(
        "/query", params={"q": "SELECT Id FROM Account ORDER BY Id"},
        headers={"Sforce-Query-Options": "batchSize=200"},
    ).json()  # fmt: skip
    expected = org.ids("SELECT Id FROM Account ORDER BY Id")[200:]

    org.delete(f"/sobjects/Account/{first['records'][0]['Id']}")
    rest = org.http.get(first["nextRecordsUrl"]).json()

    assert [one["Id"] for one in rest["records"]] == expected


@pytest.mark.parametrize("locator", ["0r8Sb0000009999AAA-2000", "-", "0r8", "x-\u00b2", "'"])
def test_a_locator_that_never_was_is_refused(reading_org: Org, locator: str) -> None:
    answer = reading_org.get(f"/query/{locator}")

    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_a_locator_lives_two_days_for_the_user_who_asked_and_under_any_version(
    org: Org, clock: Ticking
) -> None:
    first = org.get(
        "/query", params={"q": "SELECT Id FROM Account"},
        headers={"Sforce-Query-Options": "batchSize=1"},
    ).json()  # fmt: skip
    path = first["nextRecordsUrl"]
    assert len(first["records"]) == 200  # the least page
    colleague = {"Authorization": f"Bearer {store_token(org.handle.state, org.reps()[0])}"}

    theirs = org.http.get(path, headers=colleague)
    old = org.http.get(path.replace("v62.0", "v51.0")).json()
    clock.advance(hours=47)
    org.http.headers["Authorization"] = f"Bearer {store_token(org.handle.state, org_user(org))}"
    alive = org.http.get(path)
    clock.advance(hours=1)
    dead = org.http.get(path)

    assert theirs.status_code == 400
    assert "/v51.0/" in old["records"][0]["attributes"]["url"]
    assert alive.status_code == 200
    assert dead.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def org_user(org: Org) -> str:
    return org.handle.state.credentials().run_as_user_id


def test_a_long_text_makes_pages_of_1000(org: Org) -> None:
    with org.handle.state.writing() as connection:
        connection.execute(
            'INSERT INTO Account (Id, IsDeleted, Name) SELECT a.Id || b._row, 0, "x" '
            "FROM Account a, Account b WHERE b._row <= 4"
        )

    short = org.soql("SELECT Id FROM Account")
    long = org.soql("SELECT Id, Description FROM Account")

    assert (len(short), len(long)) == (1250, 1000)


def test_deleted_rows_are_seen_by_query_all_alone(org: Org) -> None:
    (account,) = org.ids(
        "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact) LIMIT 1"
    )
    asked = (
        f"SELECT IsDeleted, (SELECT IsDeleted FROM Contacts) FROM Account WHERE Id = '{account}'"
    )

    org.delete(f"/sobjects/Account/{account}")

    (found,) = org.get("/queryAll", params={"q": asked}).json()["records"]
    assert org.soql(asked) == []
    assert found["IsDeleted"]
    assert all(one["IsDeleted"] for one in found["Contacts"]["records"])


def test_xml_alone_is_not_spoken(reading_org: Org) -> None:
    def status(accept: str) -> int:
        asked = {"q": "SELECT Id FROM Account LIMIT 1"}
        return reading_org.get("/query", params=asked, headers={"Accept": accept}).status_code

    assert status("application/xml") == 406
    assert status("application/xml, */*;q=0.1") == 200
    assert status("text/csv") == 200


def test_more_than_2000_groups_cannot_be_answered(org: Org) -> None:
    with org.handle.state.writing() as connection:
        connection.execute(
            "INSERT INTO Account (Id, IsDeleted, Name) SELECT a.Id || b._row, 0, a.Id || b._row "
            "FROM Account a, Account b WHERE b._row <= 8"
        )

    error = org.refusal("SELECT Name, count(Id) FROM Account GROUP BY Name")

    assert "does not support queryMore()" in error["message"]
    assert len(org.soql("SELECT Name, count(Id) FROM Account GROUP BY Name LIMIT 2000")) == 2000


@pytest.mark.parametrize(
    ("condition", "opposite"),
    [
        pytest.param("Rating = 'hot'", "Rating != 'hot'", id="text without case, null is unequal"),
        pytest.param("Rating IN ('Hot', 'WARM')", "Rating NOT IN ('Hot', 'WARM')", id="list"),
        pytest.param("Rating = null", "Rating != null", id="null"),
        pytest.param("Name LIKE '%er%'", "NOT Name LIKE '%er%'", id="like"),
        pytest.param("Calls_Per_Year__c > 5", "NOT Calls_Per_Year__c > 5", id="unknown number"),
        pytest.param("Territory_Locked__c = true", "Territory_Locked__c = false", id="boolean"),
        pytest.param(
            "CreatedDate >= LAST_N_YEARS:2", "CreatedDate < LAST_N_YEARS:2", id="date literal"
        ),
        pytest.param(
            "Id IN (SELECT AccountId FROM Contact WHERE Title = 'Owner')",
            "Id NOT IN (SELECT AccountId FROM Contact WHERE Title = 'Owner')",
            id="semi-join",
        ),
        pytest.param(
            "(Rating = 'Hot' OR BillingState = null) AND Owner.IsActive = true",
            "NOT ((Rating = 'Hot' OR BillingState = null) AND Owner.IsActive = true)",
            id="brackets",
        ),
    ],
)
def test_a_condition_and_its_opposite_share_out_every_row(
    reading_org: Org, condition: str, opposite: str
) -> None:
    chosen = set(reading_org.ids(f"SELECT Id FROM Account WHERE {condition}"))
    others = set(reading_org.ids(f"SELECT Id FROM Account WHERE {opposite}"))

    assert chosen
    assert others
    assert not chosen & others
    assert chosen | others == set(reading_org.ids("SELECT Id FROM Account"))


def test_ids_of_15_characters_are_accepted_and_case_tells_them_apart(reading_org: Org) -> None:
    record_id = "001Sb000000000AIAQ"

    assert reading_org.ids(f"SELECT Id FROM Account WHERE Id = '{record_id[:15]}'") == [record_id]
    assert reading_org.ids("SELECT Id FROM Account WHERE Id = '001Sb000000000a'") != [record_id]


def test_nulls_come_first_unless_asked_otherwise(reading_org: Org) -> None:
    first = reading_org.soql("SELECT Rating FROM Account ORDER BY Rating LIMIT 1")
    last = reading_org.soql("SELECT Rating FROM Account ORDER BY Rating DESC NULLS LAST LIMIT 1")

    assert first[0]["Rating"] is None
    assert last[0]["Rating"] == "Warm"


def test_counts_and_groups_agree(reading_org: Org) -> None:
    total = reading_org.get("/query", params={"q": "SELECT count() FROM Account"}).json()
    groups = reading_org.soql(
        "SELECT Rating, count(Id), avg(AnnualRevenue) mean FROM Account GROUP BY Rating"
    )

    assert total == {"totalSize": 250, "done": True, "records": []}
    few = reading_org.get("/query", params={"q": "SELECT count() FROM Account LIMIT 7"}).json()
    assert few["totalSize"] == 7
    assert sum(one["expr0"] for one in groups) == 250
    assert groups[0]["attributes"] == {"type": "AggregateResult"}
    assert all(one["mean"] > 0 for one in groups)


def test_an_address_is_one_object_of_its_parts(reading_org: Org) -> None:
    records = reading_org.soql("SELECT BillingAddress, BillingCity FROM Account")

    assert any(one["BillingAddress"] is None for one in records)
    for one in records:
        if one["BillingAddress"]:
            assert one["BillingAddress"]["city"] == one["BillingCity"]
            assert len(one["BillingAddress"]) == 8


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("SELECT Id, Fax__c FROM Account", "INVALID_FIELD", "No such column 'Fax__c' on entity"),
        ("SELECT Boss.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Id FROM Acount", "INVALID_TYPE", "sObject type 'Acount' is not supported"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "of type string and should be"),
        (
            "SELECT Id FROM Account WHERE CreatedDate > 2026-01-01",
            "INVALID_FIELD",
            "of type dateTime and should not be enclosed",
        ),
        (
            "SELECT Id FROM AccountHistory WHERE NewValue = 'x'",
            "INVALID_FIELD",
            "'NewValue' can not be filtered",
        ),
        ("SELECT Id FROM Account WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "ID field: x"),
        ("SELECT Name, count(Id) FROM Account", "MALFORMED_QUERY", "must be grouped"),
        ("SELECT count() FROM Account GROUP BY Rating", "MALFORMED_QUERY", "count()"),
        ("SELECT Id FROM Account ORDER BY count(Id)", "MALFORMED_QUERY", "'count'"),
        ("SELECT Id FROM Account ORDER BY Description", "MALFORMED_QUERY", "can not be sorted"),
        (f"SELECT Id FROM Account LIMIT {'9' * 30}", "MALFORMED_QUERY", "whole number"),
        (
            f"SELECT Id FROM Account WHERE {'NOT ' * 80}Name = 'x'",
            "QUERY_TOO_COMPLICATED",
            "too complicated",
        ),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
    ],
)
def test_a_query_is_refused_in_the_platforms_words(
    reading_org: Org, query: str, code: str, message: str
) -> None:
    error = reading_org.refusal(query)

    assert error["errorCode"] == code
    assert message in error["message"]


def test_a_long_list_of_alternatives_is_answered(reading_org: Org) -> None:
    many = " OR ".join(f"NumberOfEmployees = {number}" for number in range(3000))
    soql = f"SELECT Id FROM Account WHERE {many} LIMIT 1"

    answer = reading_org.post("/jobs/query", json={"operation": "query", "query": soql})

    job = reading_org.get(f"/jobs/query/{answer.json()['id']}").json()
    assert job["numberRecordsProcessed"] == 1


def test_an_address_longer_than_16_kib_is_refused(reading_org: Org) -> None:
    listed = ", ".join(["'001Sb000000000AIAQ'"] * 800)

    answer = reading_org.get(
        "/query", params={"q": f"SELECT Id FROM Account WHERE Id IN ({listed})"}
    )

    assert answer.status_code == 414
