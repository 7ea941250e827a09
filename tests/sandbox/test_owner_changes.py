# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Owner changes: who may own, what follows, which rules run, what history says."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.client import Org
from sandbox.conftest import Ticking
from sandbox.switching import switch
from sfterritory.sandbox.rule_book import rule_of

OFF = {"Sforce-Auto-Assign": "FALSE"}


def _family(org: Org) -> tuple[str, str]:
    """Return an account whose owner owns a contact and an open deal of it, and another owner."""
    deals = org.soql(
        "SELECT AccountId, OwnerId, Account.OwnerId FROM Opportunity WHERE IsClosed = false"
    )
    own = {one["AccountId"] for one in deals if one["OwnerId"] == one["Account"]["OwnerId"]}
    contacts = org.soql("SELECT AccountId, OwnerId, Account.OwnerId FROM Contact")
    account = next(
        one
        for one in contacts
        if one["AccountId"] in own and one["OwnerId"] == one["Account"]["OwnerId"]
    )
    new = next(one for one in org.reps() if one != account["OwnerId"])
    return account["AccountId"], new


def test_children_of_the_old_owner_follow_where_the_org_moves_them(org: Org) -> None:
    account, new = _family(org)
    switch(org, owner_change_moves_children=True)
    which = f"FROM {{}} WHERE AccountId = '{account}' AND OwnerId = '{new}'"
    (row,) = org.soql(f"SELECT OwnerId FROM Account WHERE Id = '{account}'")
    others = org.soql(
        f"SELECT Id, OwnerId FROM Opportunity WHERE AccountId = '{account}' "
        f"AND (IsClosed = true OR OwnerId != '{row['OwnerId']}') ORDER BY Id"
    )

    org.change("Account", {"id": account, "OwnerId": new})

    assert org.ids(f"SELECT Id {which.format('Contact')}")
    moved = org.ids(f"SELECT Id {which.format('Opportunity')} AND IsClosed = false")
    assert moved
    assert org.soql(
        f"SELECT Id FROM OpportunityFieldHistory WHERE OpportunityId = '{moved[0]}' "
        "AND Field = 'Owner'"
    )
    stayed = [one["Id"] for one in others]
    still = org.soql(
        f"SELECT Id, OwnerId FROM Opportunity WHERE AccountId = '{account}' ORDER BY Id"
    )
    assert [one["OwnerId"] for one in still if one["Id"] in stayed] == [
        one["OwnerId"] for one in others
    ]


@pytest.mark.parametrize("deletes", [False, True])
def test_the_team_goes_only_where_the_org_deletes_it(org: Org, *, deletes: bool) -> None:
    switch(org, owner_change_deletes_team=deletes)
    (member,) = org.soql("SELECT AccountId, Account.OwnerId FROM AccountTeamMember LIMIT 1")
    new = next(one for one in org.reps() if one != member["Account"]["OwnerId"])

    org.change("Account", {"id": member["AccountId"], "OwnerId": new})

    left = org.ids(f"SELECT Id FROM AccountTeamMember WHERE AccountId = '{member['AccountId']}'")
    assert (left == []) is deletes


def test_a_case_is_routed_by_the_active_rule_or_by_the_one_that_the_header_names(org: Org) -> None:
    rules = {
        one["SobjectType"]: one["Id"]
        for one in org.soql("SELECT Id, SobjectType FROM AssignmentRule WHERE Active = true")
    }
    (queue,) = org.ids("SELECT Id FROM Group WHERE Name = 'Unassigned Leads'")
    urgent = {"Subject": "Down", "Priority": "High"}

    def owner_with(headers: dict[str, str]) -> str:
        record_id = org.post("/sobjects/Case", json=urgent, headers=headers).json()["id"]
        (row,) = org.soql(f"SELECT OwnerId FROM Case WHERE Id = '{record_id}'")
        return str(row["OwnerId"])

    me = org.handle.state.credentials().run_as_user_id
    wrong = org.post(
        "/sobjects/Case", json=urgent, headers={"Sforce-Auto-Assign": rules["Lead"]}
    ).json()

    assert owner_with({}) == queue
    assert owner_with({"Sforce-Auto-Assign": rules["Case"][:15]}) == queue
    assert owner_with(OFF) == me
    assert wrong[0]["errorCode"] == "INVALID_ASSIGNMENT_RULE"


def test_an_org_that_ignores_the_header_takes_the_case_back(org: Org) -> None:
    (case,) = org.ids("SELECT Id FROM Case WHERE Priority = 'High' LIMIT 1")
    (queue,) = org.ids("SELECT Id FROM Group WHERE Name = 'Unassigned Leads'")
    switch(org, auto_assign_header_ignored=True)

    (result,) = org.change("Case", {"id": case, "OwnerId": org.reps()[0]})

    assert result["success"]
    assert org.soql(f"SELECT OwnerId FROM Case WHERE Id = '{case}'")[0]["OwnerId"] == queue


def test_case_history_says_how_the_owner_came(org: Org) -> None:
    me = org.handle.state.credentials().run_as_user_id
    body = {"Subject": "Down", "Priority": "Low"}
    case = org.post("/sobjects/Case", json=body, headers=OFF).json()["id"]
    rep = org.reps()[0]

    org.change("Case", {"id": case, "OwnerId": rep})
    org.patch(f"/sobjects/Case/{case}", json={"Priority": "High"})
    org.change("Case", {"id": case, "OwnerId": me})

    rows = org.soql(
        f"SELECT Field, NewValue FROM CaseHistory WHERE CaseId = '{case}' "
        "AND DataType = 'EntityId' ORDER BY Id"
    )
    created = org.soql(f"SELECT Id FROM CaseHistory WHERE CaseId = '{case}' AND Field = 'created'")
    assert [one["Field"] for one in rows] == ["Owner", "ownerAssignment", "ownerAccepted"]
    assert len(created) == 1


def test_history_is_silent_about_a_field_that_is_not_tracked(org: Org, clock: Ticking) -> None:
    org.handle.state.add_rule(
        rule_of({"kind": "tracking", "object": "Account", "field": "OwnerId", "tracked": False})
    )
    (account,) = org.soql("SELECT Id, OwnerId, Type FROM Account WHERE Type = 'Prospect' LIMIT 1")
    clock.advance(hours=1)
    rep = next(one for one in org.reps() if one != account["OwnerId"])

    org.change("Account", {"id": account["Id"], "OwnerId": rep, "Type": "Partner"})

    rows = org.soql(
        f"SELECT Field FROM AccountHistory WHERE AccountId = '{account['Id']}' "
        "AND CreatedDate >= 2026-09-01T13:00:00Z"
    )
    assert [one["Field"] for one in rows] == ["Type"]


def test_frozen_users_stay_owners_and_automated_ones_do_not_become_any(org: Org) -> None:
    rep = org.reps()[0]
    (account,) = org.ids(f"SELECT Id FROM Account WHERE OwnerId != '{rep}' LIMIT 1")
    (login,) = org.ids(f"SELECT Id FROM UserLogin WHERE UserId = '{rep}'")
    (robot,) = org.ids("SELECT Id FROM User WHERE UserType = 'AutomatedProcess'")
    assert org.patch(f"/sobjects/UserLogin/{login}", json={"IsFrozen": True}).status_code == 204

    (frozen,) = org.change("Account", {"id": account, "OwnerId": rep})
    (automated,) = org.change("Account", {"id": account, "OwnerId": robot})
    switch(org, frozen_owner_refused=True, non_standard_owner_refused=False)
    (other,) = org.ids(f"SELECT Id FROM Account WHERE OwnerId != '{rep}' LIMIT 1")
    turned = org.change("Account", {"id": other, "OwnerId": rep}, {"id": other, "OwnerId": robot})

    assert frozen["success"]
    assert automated["errors"][0]["statusCode"] == "TRANSFER_REQUIRES_READ"
    assert turned[0]["errors"][0]["statusCode"] == "INACTIVE_OWNER_OR_USER"
    assert turned[1]["success"]


def test_a_done_task_moves_the_stamp_of_its_account_and_not_its_last_change(
    org: Org, clock: Ticking
) -> None:
    (account,) = org.soql(
        "SELECT Id, LastModifiedDate FROM Account WHERE LastActivityDate = null LIMIT 1"
    )
    clock.advance(hours=1)

    def task(status: str) -> dict[str, Any]:
        body = {"Subject": "Call", "WhatId": account["Id"], "ActivityDate": "2026-08-30"}
        record_id = org.post("/sobjects/Task", json={**body, "Status": status}).json()["id"]
        fields = "AccountId, IsClosed, What.Name, What.Type"
        return org.soql(f"SELECT {fields} FROM Task WHERE Id = '{record_id}'")[0]

    planned, quiet = task("Not Started"), _dates(org, account["Id"])
    done, noted = task("Completed"), _dates(org, account["Id"])

    assert (planned["IsClosed"], done["IsClosed"]) == (False, True)
    assert done["AccountId"] == account["Id"]
    assert done["What"]["Type"] == "Account"
    assert quiet["LastActivityDate"] is None
    assert noted["LastActivityDate"] == "2026-08-30"
    assert noted["SystemModstamp"] == "2026-09-01T13:00:00.000+0000"
    assert noted["LastModifiedDate"] == account["LastModifiedDate"]


def _dates(org: Org, account_id: str) -> dict[str, Any]:
    fields = "LastActivityDate, LastModifiedDate, SystemModstamp"
    return org.soql(f"SELECT {fields} FROM Account WHERE Id = '{account_id}'")[0]
