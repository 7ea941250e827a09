# ruff: noqa: S608 - SOQL for a sandbox of our own
"""What saving does: owners, history, assignment rules, refusals."""

from __future__ import annotations

import pytest

from sandbox.client import Org
from sandbox.conftest import Ticking


def test_an_owner_change_leaves_a_pair_of_history_rows_and_new_stamps(
    org: Org, clock: Ticking
) -> None:
    rep = org.reps()[0]
    (before,) = org.soql(
        f"SELECT Id, OwnerId, Owner.Name, LastModifiedDate FROM Account WHERE OwnerId != '{rep}' "
        "AND Id NOT IN (SELECT AccountId FROM AccountHistory) LIMIT 1"
    )
    clock.advance(hours=1)

    (result,) = org.change("Account", {"Id": before["Id"][:15], "OwnerId": rep})

    (after,) = org.soql(
        "SELECT OwnerId, Owner.Name, LastModifiedDate, SystemModstamp, LastModifiedById "
        f"FROM Account WHERE Id = '{before['Id']}'"
    )
    history = org.soql(
        "SELECT Field, DataType, OldValue, NewValue, CreatedDate FROM AccountHistory "
        f"WHERE AccountId = '{before['Id']}' ORDER BY DataType"
    )
    assert result == {"id": before["Id"], "success": True, "errors": []}
    assert after["OwnerId"] == rep
    assert after["LastModifiedDate"] == after["SystemModstamp"] == "2026-09-01T13:00:00.000+0000"
    assert after["LastModifiedById"] == org.handle.state.credentials().run_as_user_id
    values = [(one["DataType"], one["OldValue"], one["NewValue"]) for one in history]
    assert values == [
        ("EntityId", before["OwnerId"], rep),
        ("Text", before["Owner"]["Name"], after["Owner"]["Name"]),
    ]
    assert {(one["Field"], one["CreatedDate"]) for one in history} == {
        ("Owner", "2026-09-01T13:00:00.000+0000")
    }


def test_an_owner_change_leaves_contacts_and_deals_with_their_owners(org: Org) -> None:
    (account_id,) = org.ids(
        "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact) "
        "AND Id IN (SELECT AccountId FROM Opportunity WHERE IsClosed = false) LIMIT 1"
    )
    children = (
        f"SELECT Id, OwnerId, SystemModstamp FROM {{}} WHERE AccountId = '{account_id}' ORDER BY Id"
    )
    before = [org.soql(children.format(one)) for one in ("Contact", "Opportunity")]

    for rep in org.reps()[:2]:
        org.change("Account", {"id": account_id, "OwnerId": rep})

    assert [org.soql(children.format(one)) for one in ("Contact", "Opportunity")] == before


@pytest.mark.parametrize("header", [None, "TRUE"])
def test_the_orgs_rule_takes_a_lead_back_unless_the_header_forbids(
    org: Org, header: str | None
) -> None:
    (lead,) = org.ids("SELECT Id FROM Lead WHERE Country IN ('Germany', 'DE') LIMIT 1")
    (queue,) = org.ids("SELECT Id FROM Group WHERE Name = 'International Leads'")
    rep = org.reps()[0]
    owner = f"SELECT OwnerId FROM Lead WHERE Id = '{lead}'"

    org.patch(
        f"/sobjects/Lead/{lead}", json={"OwnerId": rep}, headers={"Sforce-Auto-Assign": "false"}
    )
    kept = org.soql(owner)
    answer = org.patch(
        f"/sobjects/Lead/{lead}",
        json={"OwnerId": rep},
        headers={"Sforce-Auto-Assign": header} if header else {},
    )

    assert answer.status_code == 204
    assert kept[0]["OwnerId"] == rep
    assert org.soql(owner)[0]["OwnerId"] == queue


def test_owners_that_cannot_own_are_refused(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    former = org.ids("SELECT Id FROM User WHERE IsActive = false LIMIT 1")[0]
    queue = org.ids("SELECT Id FROM Group WHERE Type = 'Queue' LIMIT 1")[0]
    owners = (former, queue, "005000000000001AAA", None, "nobody")

    results = org.change("Account", *({"id": account, "OwnerId": one} for one in owners))

    codes = [one["errors"][0]["statusCode"] for one in results]
    assert codes == [
        "INACTIVE_OWNER_OR_USER",
        "INVALID_CROSS_REFERENCE_KEY",
        "INVALID_CROSS_REFERENCE_KEY",
        "INVALID_EMPTY_KEY_OWNER",
        "MALFORMED_ID",
    ]
    assert "Owner ID: id value of incorrect type" in results[1]["errors"][0]["message"]
    assert not any("id" in one for one in results)


def test_a_queue_takes_only_records_of_its_objects(org: Org) -> None:
    (lead,) = org.ids("SELECT Id FROM Lead WHERE IsConverted = false LIMIT 1")
    queue = org.ids("SELECT Id FROM Group WHERE Type = 'Queue' LIMIT 1")[0]

    (taken,) = org.change("Lead", {"id": lead, "OwnerId": queue})
    for row in org.ids(
        f"SELECT Id FROM QueueSobject WHERE QueueId = '{queue}' AND SobjectType = 'Case'"
    ):
        assert org.delete(f"/sobjects/QueueSobject/{row}").status_code == 204
    (case,) = org.ids(f"SELECT Id FROM Case WHERE OwnerId != '{queue}' LIMIT 1")
    (refused,) = org.change("Case", {"id": case, "OwnerId": queue})

    assert taken["success"]
    assert refused["errors"][0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"


def test_records_that_cannot_change_are_refused_each_with_its_code(org: Org) -> None:
    converted = org.ids("SELECT Id FROM Lead WHERE IsConverted = true LIMIT 1")[0]
    lead, deleted = org.ids("SELECT Id FROM Lead WHERE IsConverted = false LIMIT 2")
    assert org.delete(f"/sobjects/Lead/{deleted}").status_code == 204

    results = org.change(
        "Lead",
        {"id": converted, "Title": "x"},
        {"id": deleted, "Title": "x"},
        {"id": "00Q000000000001EAA", "Title": "x"},
        {"id": "001000000000001AAA", "Title": "x"},
        {"id": lead, "SystemModstamp": "2026-01-01T00:00:00Z"},
        {"id": lead, "Shoe_Size__c": 44},
        {"id": lead, "Title": "x" * 129},
        {"id": lead, "NumberOfEmployees": "many"},
        {"id": lead, "LastName": None},
        {"id": lead, "GeocodeAccuracy": "Roughly"},
        {"Title": "x"},
    )

    assert [one["errors"][0]["statusCode"] for one in results] == [
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_FIELD",
        "STRING_TOO_LONG",
        "JSON_PARSER_ERROR",
        "REQUIRED_FIELD_MISSING",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "MISSING_ARGUMENT",
    ]


def test_all_or_none_takes_every_change_back(org: Org) -> None:
    account, other = org.ids("SELECT Id FROM Account LIMIT 2")
    before = org.soql(f"SELECT Site, SystemModstamp FROM Account WHERE Id = '{account}'")
    good, bad = {"id": account, "Site": "new"}, {"id": other, "OwnerId": None}

    together = org.change("Account", good, bad, allOrNone=True)
    unchanged = org.soql(f"SELECT Site, SystemModstamp FROM Account WHERE Id = '{account}'")
    apart = org.change("Account", good, bad, allOrNone=None)

    codes = [one["errors"][0]["statusCode"] for one in together]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_EMPTY_KEY_OWNER"]
    assert unchanged == before
    assert [one["success"] for one in apart] == [True, False]
    assert org.soql(f"SELECT Site FROM Account WHERE Id = '{account}'")[0]["Site"] == "new"


def test_a_record_is_created_read_changed_and_put_into_the_bin(org: Org) -> None:
    created = org.post("/sobjects/Contact/", json={"FirstName": "Ada", "LastName": "Marsh"})
    record_id = created.json()["id"]
    path = f"/sobjects/Contact/{record_id}"
    changed = org.patch(path, json={"LastName": "Farrow", "Title": ""})
    read = org.get(path, params={"fields": "name,Title"})
    gone = org.delete(path)

    assert created.status_code == 201
    assert created.json() == {"id": record_id, "success": True, "errors": []}
    assert created.headers["location"].endswith(path)
    assert (changed.status_code, changed.content) == (204, b"")
    assert (read.json()["Name"], read.json()["Title"]) == ("Ada Farrow", None)
    assert gone.status_code == 204
    assert org.get(path).json()[0]["errorCode"] == "ENTITY_IS_DELETED"
    assert org.ids(f"SELECT Id FROM Contact WHERE Id = '{record_id}'") == []
    kept = org.get(
        "/queryAll", params={"q": f"SELECT IsDeleted FROM Contact WHERE Id = '{record_id}'"}
    ).json()
    assert kept["records"][0]["IsDeleted"] is True


def test_an_edit_by_hand_looks_like_that_persons_work(org: Org, clock: Ticking) -> None:
    person, other = org.reps()[:2]
    (account,) = org.ids(f"SELECT Id FROM Account WHERE OwnerId != '{other}' LIMIT 1")
    clock.advance(minutes=5)

    org.handle.edit("Account", account, {"OwnerId": other}, by=person)

    (row,) = org.soql(f"SELECT OwnerId, LastModifiedById FROM Account WHERE Id = '{account}'")
    assert (row["OwnerId"], row["LastModifiedById"]) == (other, person)


def test_more_records_than_a_collection_takes_are_refused_whole(org: Org) -> None:
    records = [{"attributes": {"type": "Account"}, "id": "001000000000001AAA"}] * 201

    answer = org.patch("/composite/sobjects", json={"records": records})

    assert answer.status_code == 400
    assert isinstance(answer.json(), list)


def test_a_collection_read_answers_in_order_and_null_for_the_unknown(org: Org) -> None:
    first, second = org.ids("SELECT Id FROM Account LIMIT 2")
    body = {"ids": [second, "001000000000001AAA", first], "fields": ["name", "OwnerId"]}

    answer = org.post("/composite/sobjects/Account", json=body).json()

    assert [one and one["Id"] for one in answer] == [second, None, first]
    assert set(answer[0]) == {"attributes", "Id", "Name", "OwnerId"}
