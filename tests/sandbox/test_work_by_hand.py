# ruff: noqa: S608 - SOQL for a sandbox of our own
"""What people do in the user interface: merge, convert, delete and take back, through the admin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner

from sandbox.client import Org
from sandbox.conftest import Ticking
from sfterritory.cli.sandbox.group import command


def act(org: Org, name: str, record_id: str, **facts: Any) -> httpx.Response:
    with httpx.Client(base_url=org.handle.url, trust_env=False) as http:
        return http.post("/sandbox/acts", json={"act": name, "id": record_id, **facts})


def deleted(org: Org, query: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = org.get("/queryAll", params={"q": query}).json()["records"]
    return records


def test_a_merge_leaves_a_trail_and_hands_the_children_over(org: Org, clock: Ticking) -> None:
    loser = org.soql("SELECT AccountId FROM Contact WHERE AccountId != null LIMIT 1")[0][
        "AccountId"
    ]
    (master,) = org.ids(f"SELECT Id FROM Account WHERE Id != '{loser}' LIMIT 1")
    children = org.ids(f"SELECT Id FROM Contact WHERE AccountId = '{loser}'")
    clock.advance(hours=1)

    answer = act(org, "merge", master, losers=[loser])

    (gone,) = deleted(org, f"SELECT IsDeleted, MasterRecordId FROM Account WHERE Id = '{loser}'")
    assert answer.json() == {"id": master}
    assert (gone["IsDeleted"], gone["MasterRecordId"]) == (True, master)
    moved = org.soql(
        f"SELECT Id, LastModifiedDate, SystemModstamp FROM Contact WHERE AccountId = '{master}'"
    )
    assert set(children) <= {one["Id"] for one in moved}
    assert all(
        one["SystemModstamp"] > one["LastModifiedDate"] for one in moved if one["Id"] in children
    )
    assert org.soql(
        f"SELECT Id FROM AccountHistory WHERE AccountId = '{master}' AND Field = 'accountMerged'"
    )
    refused = org.change("Account", {"id": loser, "Site": "x"})
    assert refused[0]["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
    assert act(org, "undelete", loser).json()["problem"].startswith("UNDELETE_FAILED")


def test_merging_teams_leaves_each_user_once(org: Org) -> None:
    (member,) = org.soql("SELECT AccountId, UserId FROM AccountTeamMember LIMIT 1")
    (master,) = org.ids(f"SELECT Id FROM Account WHERE Id != '{member['AccountId']}' LIMIT 1")
    body = {"AccountId": master, "UserId": member["UserId"]}
    present = org.post("/sobjects/AccountTeamMember", json=body).status_code
    twice = org.post("/sobjects/AccountTeamMember", json=body)

    act(org, "merge", master, losers=[member["AccountId"]])

    assert (present, twice.json()[0]["errorCode"]) == (201, "DUPLICATE_VALUE")
    users = [
        one["UserId"]
        for one in org.soql(f"SELECT UserId FROM AccountTeamMember WHERE AccountId = '{master}'")
    ]
    assert len(users) == len(set(users))


def test_a_converted_lead_names_what_it_became_and_can_be_changed_no_more(org: Org) -> None:
    (lead,) = org.soql(
        "SELECT Id, OwnerId, Company, LastName, City FROM Lead "
        "WHERE IsConverted = false AND Owner.Type = 'User' AND City != null LIMIT 1"
    )

    made = act(org, "convert", lead["Id"], opportunity="First order").json()

    (row,) = org.soql(
        "SELECT IsConverted, Status, ConvertedDate, ConvertedAccountId, ConvertedContactId, "
        f"ConvertedOpportunityId FROM Lead WHERE Id = '{lead['Id']}'"
    )
    (contact,) = org.soql(
        "SELECT LastName, Account.Name, Account.BillingCity, OwnerId FROM Contact "
        f"WHERE Id = '{made['contact']}'"
    )
    assert (row["IsConverted"], row["ConvertedDate"]) == (True, "2026-09-01")
    ids = [row[f"Converted{one}Id"] for one in ("Account", "Contact", "Opportunity")]
    assert ids == [made["account"], made["contact"], made["opportunity"]]
    assert contact["Account"]["Name"] == lead["Company"]
    assert contact["Account"]["BillingCity"] == lead["City"]
    assert (contact["LastName"], contact["OwnerId"]) == (lead["LastName"], lead["OwnerId"])
    assert org.soql(
        f"SELECT Id FROM LeadHistory WHERE LeadId = '{lead['Id']}' AND Field = 'leadConverted'"
    )
    (refused,) = org.change("Lead", {"id": lead["Id"], "Title": "x"})
    assert refused["errors"][0]["statusCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"
    again = act(org, "convert", lead["Id"])
    assert (again.status_code, "CANNOT_UPDATE" in again.json()["problem"]) == (400, True)


def test_undeleting_gives_back_what_went_along_and_nothing_else(org: Org) -> None:
    contacts = org.soql("SELECT Id, AccountId FROM Contact WHERE AccountId != null")
    account = next(
        one["AccountId"]
        for one in contacts
        if sum(other["AccountId"] == one["AccountId"] for other in contacts) > 1
    )
    earlier, *others = org.ids(f"SELECT Id FROM Contact WHERE AccountId = '{account}'")
    org.delete(f"/sobjects/Contact/{earlier}")

    org.delete(f"/sobjects/Account/{account}")
    without = org.ids(f"SELECT Id FROM Contact WHERE AccountId = '{account}'")
    act(org, "undelete", account)

    assert without == []
    assert org.ids(f"SELECT Id FROM Account WHERE Id = '{account}'") == [account]
    assert org.ids(f"SELECT Id FROM Contact WHERE AccountId = '{account}'") == others


def test_a_touch_moves_the_stamp_alone(org: Org, clock: Ticking) -> None:
    (before,) = org.soql("SELECT Id, LastModifiedDate FROM Account LIMIT 1")
    clock.advance(hours=1)

    act(org, "touch", before["Id"])

    (after,) = org.soql(
        f"SELECT LastModifiedDate, SystemModstamp FROM Account WHERE Id = '{before['Id']}'"
    )
    assert after["LastModifiedDate"] == before["LastModifiedDate"]
    assert after["SystemModstamp"] == "2026-09-01T13:00:00.000+0000"


def test_the_command_line_works_on_the_file_of_a_running_server(org: Org, state_file: Path) -> None:
    rep = org.reps()[0]
    (person,) = org.soql("SELECT Id, Username FROM User WHERE Title = 'Regional Sales Director'")
    (account,) = org.ids(f"SELECT Id FROM Account WHERE OwnerId != '{rep}' LIMIT 1")
    rule = {"kind": "approval", "record_id": account}

    def run(*words: str) -> Any:
        done = CliRunner().invoke(command, [*words, "--state", str(state_file), "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    edited = run("edit", account, f"OwnerId={rep}", "--by", person["Username"])
    (row,) = org.soql(f"SELECT OwnerId, LastModifiedById FROM Account WHERE Id = '{account}'")
    number = run("rule", "add", json.dumps(rule))["number"]
    (locked,) = org.change("Account", {"id": account, "Site": "x"})
    listed = run("rule", "list")
    removed = run("rule", "remove", str(number))
    (free,) = org.change("Account", {"id": account, "Site": "x"})
    over_http = run_by_url(org, "rule", "list")

    assert edited == {"id": account}
    assert (row["OwnerId"], row["LastModifiedById"]) == (rep, person["Id"])
    assert locked["errors"][0]["statusCode"] == "ENTITY_IS_LOCKED"
    assert listed == {"rules": [{"number": number, **rule}]}
    assert (removed, free["success"], over_http) == ({"removed": 1}, True, {"rules": []})


def run_by_url(org: Org, *words: str) -> Any:
    done = CliRunner().invoke(command, [*words, "--url", org.handle.url, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_a_rule_with_mistakes_is_refused_with_all_of_them(org: Org) -> None:
    rule = {
        "kind": "field_permission",
        "profile": "Nobody",
        "object": "Account",
        "field": "Colour",
    }
    with httpx.Client(base_url=org.handle.url, trust_env=False) as http:
        unknown = http.post("/sandbox/rules", json=rule)
        malformed = http.post("/sandbox/rules", json={"kind": "duplicate", "colour": 1})

    assert unknown.status_code == malformed.status_code == 400
    assert unknown.json()["problem"].splitlines() == [
        "there is no profile 'Nobody'",
        "Account has no field 'Colour'",
    ]
    assert len(malformed.json()["problem"].splitlines()) == 3
