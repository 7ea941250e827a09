# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Records by an external id, and the paths that hang on a record."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.client import Org

ADA = "ada.marsh+x/y@example.org"
PATH = "/sobjects/Contact/Email/ada.marsh%2Bx%2Fy@example.org"


def contacts(org: Org) -> list[dict[str, Any]]:
    return org.soql(f"SELECT Id, LastName, Title FROM Contact WHERE Email = '{ADA}'")


def test_an_upsert_creates_then_changes_then_asks_which(org: Org) -> None:
    absent = org.patch(PATH, json={"LastName": "M"}, params={"updateOnly": "true"})
    first = org.patch(PATH, json={"LastName": "Marsh"})
    second = org.patch(PATH, json={"Title": "Head"}, headers={"If-Unmodified-Since": "nonsense"})
    (row,) = contacts(org)
    org.post("/sobjects/Contact", json={"LastName": "Double", "Email": ADA})
    third = org.patch(PATH, json={"Title": "Neck"})

    record_id = first.json()["id"]
    assert absent.status_code == 404
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert first.headers["location"].endswith(f"/sobjects/Contact/{record_id}")
    assert (second.status_code, second.json()) == (
        200, {"id": record_id, "success": True, "errors": [], "created": False},
    )  # fmt: skip
    assert (row["Id"], row["LastName"], row["Title"]) == (record_id, "Marsh", "Head")
    assert third.status_code == 300
    assert third.json() == [
        f"/services/data/v62.0/sobjects/Contact/{one['Id']}"
        for one in sorted(contacts(org), key=lambda one: one["Id"])
    ]
    assert org.get(PATH).status_code == 300


def test_a_record_is_read_and_deleted_by_its_external_id(org: Org) -> None:
    org.patch(PATH, json={"LastName": "Marsh"})

    read = org.get(PATH, params={"fields": "LastName"})
    gone = org.delete(PATH)

    assert read.json()["LastName"] == "Marsh"
    assert (gone.status_code, org.get(PATH).status_code) == (204, 404)


def test_an_upsert_by_id_only_updates(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")

    done = org.patch(
        f"/sobjects/Account/Id/{account}", json={"Site": "x"}, params={"updateOnly": "true"}
    )
    unknown = org.patch("/sobjects/Account/Id/001000000000001AAA", json={"Site": "x"})

    assert (done.status_code, done.json()["created"]) == (200, False)
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (PATH, {"Id": "003000000000001AAA"}, 400, "INVALID_FIELD"),
        (PATH, {"email": "b@example.org"}, 400, "INVALID_FIELD"),
        ("/sobjects/Contact/Title/Head", {}, 404, "NOT_FOUND"),
        ("/sobjects/Contact/Nothing/Head", {}, 404, "NOT_FOUND"),
        ("/sobjects/Contact/Id/nothing", {}, 400, "MALFORMED_ID"),
        (PATH, {}, 400, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_an_upsert_that_cannot_be_says_why(
    org: Org, path: str, body: dict[str, str], status: int, code: str
) -> None:
    answer = org.patch(path, json=body)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_a_collection_upserts_each_by_its_key(org: Org) -> None:
    org.post("/sobjects/Contact", json={"LastName": "Known", "Email": "known@example.org"})
    for _ in range(2):
        org.post("/sobjects/Contact", json={"LastName": "Double", "Email": "two@example.org"})
    kind = {"attributes": {"type": "contact"}}
    records = [
        {"Email": "known@example.org", "Title": "a", **kind},
        {**kind, "email": "new@example.org", "LastName": "New"},
        {**kind, "Email": "two@example.org", "Title": "b"},
        {**kind, "Title": "c"},
        {"attributes": {"type": "Lead"}, "Email": "known@example.org"},
    ]

    answer = org.patch("/composite/sobjects/Contact/Email", json={"records": records})

    known, new, *refused = answer.json()
    assert (known["success"], known["created"]) == (True, False)
    assert (new["success"], new["created"]) == (True, True)
    assert [one["errors"][0]["statusCode"] for one in refused] == [
        "DUPLICATE_EXTERNAL_ID", "MISSING_ARGUMENT", "INVALID_TYPE",
    ]  # fmt: skip


def test_parents_and_children_hang_on_a_record(org: Org) -> None:
    row = org.soql("SELECT Id, AccountId FROM Contact WHERE AccountId != null LIMIT 1")[0]
    contact, account = row["Id"], row["AccountId"]

    parent = org.get(f"/sobjects/Contact/{contact}/account", params={"fields": "Name"})
    children = org.get(f"/sobjects/Account/{account}/Contacts", params={"fields": "LastName"})
    nothing = org.get(f"/sobjects/Account/{account}/Spoons")

    assert parent.json()["Id"] == account
    assert parent.json()["attributes"]["type"] == "Account"
    assert contact in [one["Id"] for one in children.json()["records"]]
    assert children.json()["totalSize"] == len(children.json()["records"])
    assert (nothing.status_code, nothing.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_a_custom_external_id_is_a_key_in_paths_and_collections_and_bulk_headers(org: Org) -> None:
    path = "/sobjects/Account/External_Id__c/erp-7"
    made = org.patch(path, json={"Name": "Ash Works"})
    record = {"attributes": {"type": "Account"}, "External_Id__c": "ERP-7", "Site": "North"}
    changed = org.patch("/composite/sobjects/Account/External_Id__c", json={"records": [record]})
    described = {one["name"]: one for one in org.get("/sobjects/Account/describe").json()["fields"]}

    assert (made.status_code, made.json()["created"]) == (201, True)
    assert [one["created"] for one in changed.json()] == [False]
    assert org.get(path).json()["Site"] == "North"
    assert described["External_Id__c"]["externalId"]
    assert described["External_Id__c"]["idLookup"]
    assert not described["Site"]["idLookup"]
