# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Sales Territories: create and delete only, one active model, and rules that run on save."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.client import Org
from sandbox.switching import switch

OFF = {"Sforce-Auto-Assign": "FALSE"}
TIES = "/sobjects/ObjectTerritory2Association"


@pytest.fixture(scope="module")
def org(writing_org: Org) -> Org:
    switch(writing_org, territories=True)
    return writing_org


def leaf(org: Org) -> tuple[str, str]:
    """Return a territory and its state."""
    (row,) = org.soql(
        "SELECT Id, DeveloperName FROM Territory2 WHERE ParentTerritory2Id != null "
        "ORDER BY DeveloperName LIMIT 1"
    )
    return row["Id"], row["DeveloperName"][-2:]


def ties(org: Org, account_id: str) -> list[tuple[str, str]]:
    rows = org.soql(
        "SELECT Territory2Id, AssociationCause FROM ObjectTerritory2Association "
        f"WHERE ObjectId = '{account_id}'"
    )
    return sorted((one["Territory2Id"], one["AssociationCause"]) for one in rows)


def account_in(org: Org, state: str | None, **more: Any) -> str:
    body = {"Name": "Placed", "BillingState": state, "BillingCountry": "US", **more}
    return str(org.post("/sobjects/Account", json=body).json()["id"])


def test_the_seeded_model_has_six_territories_with_reps_and_accounts(org: Org) -> None:
    (model,) = org.soql("SELECT Id, State FROM Territory2Model")
    territories = org.soql("SELECT Id, Name, ParentTerritory2.DeveloperName FROM Territory2")
    members = org.soql("SELECT UserId, IsActive FROM UserTerritory2Association")
    causes = {
        one["AssociationCause"]
        for one in org.soql("SELECT AssociationCause FROM ObjectTerritory2Association")
    }

    assert model["State"] == "Active"
    assert len(territories) <= 6
    assert {one["UserId"] for one in members} <= set(org.reps())
    assert causes == {"Territory2Manual", "Territory2AssignmentRule"}


def test_rules_run_on_create_and_on_edit_unless_the_header_or_the_account_forbids(org: Org) -> None:
    territory, state = leaf(org)
    ruled = [(territory, "Territory2AssignmentRule")]

    inside = account_in(org, state)
    excluded = account_in(org, state, IsExcludedFromRealign=True)
    outside = account_in(org, "ZZ")
    org.patch(f"/sobjects/Account/{outside}", json={"BillingState": state}, headers=OFF)
    kept_out = ties(org, outside)
    org.patch(f"/sobjects/Account/{outside}", json={"Site": "x"})
    came_in = ties(org, outside)
    (owner_before,) = org.soql(f"SELECT OwnerId FROM Account WHERE Id = '{inside}'")
    org.patch(f"/sobjects/Account/{inside}", json={"BillingState": "ZZ"})

    assert (kept_out, came_in) == ([], ruled)
    assert ties(org, excluded) == []
    assert ties(org, inside) == []
    assert org.soql(f"SELECT OwnerId FROM Account WHERE Id = '{inside}'") == [owner_before]


def test_an_excluded_account_stays_out_of_the_one_territory(org: Org) -> None:
    territory, state = leaf(org)
    account = account_in(org, state)
    body = {"ObjectId": account, "Territory2Id": territory, "Note": "key account"}

    made = org.post("/sobjects/Territory2ObjectExclusion", json=body)
    org.patch(f"/sobjects/Account/{account}", json={"Site": "x"})

    assert made.status_code == 201
    assert ties(org, account) == []


def test_an_association_is_made_once_never_changed_and_deleted_for_good(org: Org) -> None:
    territory, _ = leaf(org)
    account = account_in(org, "ZZ")
    body = {
        "ObjectId": account,
        "Territory2Id": territory,
        "AssociationCause": "Territory2Manual",
    }

    made = org.post(TIES, json=body)
    twice = org.post(TIES, json=body)
    changed = org.patch(f"{TIES}/{made.json()['id']}", json={"Territory2Id": territory})
    ruled = org.post(TIES, json={**body, "AssociationCause": "Territory2AssignmentRule"})
    org.patch(f"/sobjects/Account/{account}", json={"Site": "rules leave it alone"})
    kept = ties(org, account)
    gone = org.delete(f"{TIES}/{made.json()['id']}")

    assert made.status_code == 201
    assert twice.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    assert changed.json()[0]["errorCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert ruled.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert kept == [(territory, "Territory2Manual")]
    assert (gone.status_code, ties(org, account)) == (204, [])
    assert org.post(TIES, json=body).status_code == 201


def test_one_model_is_active_and_models_go_forward_only(org: Org) -> None:
    path = "/sobjects/Territory2Model"
    born_active = org.post(
        path, json={"Name": "Next", "DeveloperName": "Next_A", "State": "Active"}
    )
    model = org.post(path, json={"Name": "Next", "DeveloperName": "Next"}).json()["id"]
    second = org.patch(f"{path}/{model}", json={"State": "Active"})
    (active,) = org.ids("SELECT Id FROM Territory2Model WHERE State = 'Active'")

    assert born_active.status_code == 400
    assert "another territory model is active" in second.json()[0]["message"]
    assert org.delete(f"{path}/{active}").json()[0]["errorCode"] == "DELETE_FAILED"
    assert org.delete(f"{path}/{model}").status_code == 204


def test_verbs_are_those_of_the_reference(org: Org) -> None:
    flags = {one["name"]: one for one in org.get("/sobjects").json()["sobjects"]}

    def verbs(name: str) -> str:
        words = ("createable", "updateable", "deletable")
        return "".join(word[0] for word in words if flags[name][word])

    assert verbs("UserTerritory2Association") == "cd"
    assert verbs("ObjectTerritory2Association") == "cd"
    assert verbs("RuleTerritory2Association") == ""
    assert verbs("Territory2") == verbs("Territory2ObjectExclusion") == "cud"
    assert not flags["Territory2"]["replicateable"]


def test_conditions_of_a_rule_with_filter_logic_are_fixed_and_the_logic_decides(org: Org) -> None:
    territory, state = leaf(org)
    (item,) = org.soql(
        f"SELECT Id, RuleId FROM ObjectTerritory2AssignmentRuleItem WHERE Value LIKE '{state},%'"
    )
    items, rule = "/sobjects/ObjectTerritory2AssignmentRuleItem", item["RuleId"]
    more = {"RuleId": rule, "Field": "Account.Site", "Operation": "equals", "Value": "Hub"}
    second = org.post(items, json={**more, "SortOrder": 2}).json()["id"]
    rule_path = f"/sobjects/ObjectTerritory2AssignmentRule/{rule}"

    bad = org.patch(rule_path, json={"BooleanFilter": "1 OR OR 2"})
    org.patch(rule_path, json={"BooleanFilter": "1 OR 2"})
    fixed = org.delete(f"{items}/{second}")
    hub = account_in(org, "ZZ", Site="Hub")
    org.patch(rule_path, json={"BooleanFilter": None})

    assert bad.json()[0]["errorCode"] == fixed.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert ties(org, hub) == [(territory, "Territory2AssignmentRule")]
    assert org.delete(f"{items}/{second}").status_code == 204


def test_a_deals_territory_is_one_of_its_accounts(org: Org) -> None:
    territory, state = leaf(org)
    account = account_in(org, state)
    body = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-01"}
    deal = org.post("/sobjects/Opportunity", json={**body, "AccountId": account}).json()["id"]
    (other,) = org.ids("SELECT Id FROM Territory2 WHERE ParentTerritory2Id = null")

    (refused,) = org.change("Opportunity", {"id": deal, "Territory2Id": other})
    (taken,) = org.change("Opportunity", {"id": deal, "Territory2Id": territory})

    assert refused["errors"][0]["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert taken["success"]
