# ruff: noqa: S608 - SOQL for a sandbox of our own
"""What an administrator declares: rules that refuse, locks, permissions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sandbox.client import Org
from sandbox.switching import switch
from sfterritory.sandbox.rule_book import rule_of


@pytest.fixture
def org(writing_org: Org) -> Iterator[Org]:
    yield writing_org
    writing_org.handle.state.drop_rules()


def declare(org: Org, **rule: Any) -> int:
    return org.handle.state.add_rule(rule_of(rule))


def code_of(result: dict[str, Any]) -> str:
    return str(result["errors"][0]["statusCode"])


def test_a_validation_rule_refuses_with_its_text_and_field(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account WHERE Site = null LIMIT 1")
    declare(
        org,
        kind="validation",
        object="Account",
        conditions=[
            {"field": "OwnerId", "operator": "changed"},
            {"field": "Site", "operator": "empty"},
        ],
        message="An owner change needs a site.",
        error_field="Site",
    )
    new_owner = _other_owner(org, account)

    refused = org.patch(f"/sobjects/Account/{account}", json={"OwnerId": new_owner})
    (taken,) = org.change("Account", {"id": account, "OwnerId": new_owner, "Site": "North"})

    assert refused.status_code == 400
    assert refused.json() == [
        {
            "message": "An owner change needs a site.",
            "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "fields": ["Site"],
        }
    ]
    assert taken["success"]


@pytest.mark.parametrize(
    ("operator", "value", "refuses"),
    [
        pytest.param("equals", "HOT", True, id="text is compared without case"),
        pytest.param("not_equals", "Hot", False, id="another"),
        pytest.param("contains", "o", True, id="a part"),
        pytest.param("filled", None, True, id="filled"),
    ],
)
def test_conditions_compare_as_they_say(
    org: Org, operator: str, value: str | None, *, refuses: bool
) -> None:
    condition = {"field": "Rating", "operator": operator, "value": value}
    declare(org, kind="validation", object="Account", conditions=[condition], message="No.")

    answer = org.post("/sobjects/Account", json={"Name": "Tested", "Rating": "Hot"})

    assert (answer.status_code == 400) is refuses


def test_numbers_are_compared_as_numbers(org: Org) -> None:
    less = {"field": "NumberOfEmployees", "operator": "less", "value": 10}
    declare(org, kind="validation", object="Account", conditions=[less], message="Too small.")

    results = [
        org.post("/sobjects/Account", json={"Name": "Tested", "NumberOfEmployees": one}).status_code
        for one in (9, 10, 100)
    ]

    assert results == [400, 201, 201]


def test_a_trigger_that_throws_names_itself_and_may_wrap_a_lock(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    declare(
        org,
        kind="trigger",
        object="Account",
        name="Rollup",
        message="System.DmlException: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access",
    )

    (refused,) = org.change("Account", {"id": account, "Site": "x"})

    assert code_of(refused) == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert refused["errors"][0]["message"].startswith("Rollup: execution of BeforeUpdate")
    assert "UNABLE_TO_LOCK_ROW" in refused["errors"][0]["message"]


@pytest.mark.parametrize("action", ["alert", "block"])
def test_only_a_duplicate_alert_yields_to_the_header(org: Org, action: str) -> None:
    (known,) = org.soql("SELECT Id, Email FROM Contact WHERE Email != null LIMIT 1")
    declare(
        org,
        kind="duplicate",
        object="Contact",
        name="Contacts_DR",
        fields=["Email"],
        action=action,
    )
    body = {"LastName": "Twice", "Email": known["Email"].upper()}

    plain = org.post("/sobjects/Contact", json=body)
    insisted = org.post(
        "/sobjects/Contact",
        json=body,
        headers={"Sforce-Duplicate-Rule-Header": "allowSave=true; runAsCurrentUser=true"},
    )

    (error,) = plain.json()
    found = error["duplicateResut"]
    assert (plain.status_code, error["errorCode"]) == (400, "DUPLICATES_DETECTED")
    assert (found["allowSave"], found["duplicateRule"]) == (action == "alert", "Contacts_DR")
    (match,) = found["matchResults"][0]["matchRecords"]
    assert match["record"]["Id"] == known["Id"]
    assert insisted.status_code == (201 if action == "alert" else 400)
    if insisted.status_code == 201:
        org.delete(f"/sobjects/Contact/{insisted.json()['id']}")


def test_a_duplicate_rule_does_not_look_at_updates_that_touch_no_field_of_it(org: Org) -> None:
    first, second = org.soql("SELECT Id, Phone FROM Account WHERE Phone != null LIMIT 2")
    org.change("Account", {"id": second["Id"], "Phone": first["Phone"]})
    declare(org, kind="duplicate", object="Account", fields=["Phone"])
    switch(org, duplicate_result_key="duplicateResult")

    (owner_only,) = org.change("Account", {"id": second["Id"], "Site": "y"})
    (other,) = org.ids(f"SELECT Id FROM Account WHERE Phone != '{first['Phone']}' LIMIT 1")
    (refused,) = org.change("Account", {"id": other, "Phone": first["Phone"]})

    assert owner_only["success"]
    assert code_of(refused) == "DUPLICATES_DETECTED"
    assert refused["errors"][0]["duplicateResult"]["matchResults"][0]["size"] == 2
    switch(org, duplicate_result_key="duplicateResut")


def test_a_locked_parent_refuses_its_children_so_many_times(org: Org) -> None:
    (contact,) = org.soql("SELECT Id, AccountId FROM Contact WHERE AccountId != null LIMIT 1")
    (free,) = org.ids(f"SELECT Id FROM Contact WHERE AccountId != '{contact['AccountId']}' LIMIT 1")
    declare(org, kind="row_lock", record_id=contact["AccountId"], attempts=2)

    def try_both() -> list[bool]:
        changes = ({"id": one, "Title": "x"} for one in (contact["Id"], free))
        return [one["success"] for one in org.change("Contact", *changes)]

    first = org.change("Contact", {"id": contact["Id"], "Title": "x"})

    assert code_of(first[0]) == "UNABLE_TO_LOCK_ROW"
    assert first[0]["errors"][0]["message"] == (
        "unable to obtain exclusive access to this record or 1 records: " + contact["AccountId"]
    )
    assert [try_both(), try_both()] == [[False, True], [True, True]]


def test_a_lock_with_an_end_ends_by_the_servers_clock(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    now = org.handle.state.now()
    results = []
    for minutes in (1, 0):
        number = declare(
            org,
            kind="row_lock",
            record_id=account,
            until=(now + timedelta(minutes=minutes)).isoformat(),
        )
        results += org.change("Account", {"id": account, "Site": "z"})
        org.handle.state.drop_rules(number)

    assert [one["success"] for one in results] == [False, True]


def test_a_record_in_approval_is_locked_for_changes_and_deletion(org: Org) -> None:
    (deal,) = org.ids("SELECT Id FROM Opportunity LIMIT 1")
    declare(org, kind="approval", record_id=deal)

    (changed,) = org.change("Opportunity", {"id": deal, "Amount": 1})
    gone = org.delete(f"/sobjects/Opportunity/{deal}")

    assert code_of(changed) == gone.json()[0]["errorCode"] == "ENTITY_IS_LOCKED"


def test_a_hidden_field_is_nowhere_for_that_profile(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    declare(
        org,
        kind="field_permission",
        profile="Integration User",
        object="Account",
        field="BillingCity",
    )

    described = org.get("/sobjects/Account/describe").json()
    row = org.get(f"/sobjects/Account/{account}").json()
    (written,) = org.change("Account", {"id": account, "BillingCity": "Ulm"})

    assert "BillingCity" not in {one["name"] for one in described["fields"]}
    assert org.refusal("SELECT BillingCity FROM Account")["errorCode"] == "INVALID_FIELD"
    assert "BillingCity" not in row
    assert "city" not in (row["BillingAddress"] or {})
    assert code_of(written) == "INVALID_FIELD"


def test_a_read_only_field_is_shown_and_not_written(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    declare(
        org,
        kind="field_permission",
        profile="Integration User",
        object="Account",
        field="Site",
        access="read_only",
    )

    described = org.get("/sobjects/Account/describe").json()
    (site,) = (one for one in described["fields"] if one["name"] == "Site")
    (written,) = org.change("Account", {"id": account, "Site": "w"})

    assert (site["createable"], site["updateable"]) == (False, False)
    assert code_of(written) == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert org.soql(f"SELECT Site FROM Account WHERE Id = '{account}'")


def test_a_hidden_object_is_no_object_and_the_other_profile_sees_it(org: Org) -> None:
    for profile in ("Integration User", "Sales User"):
        declare(org, kind="object_permission", profile=profile, object="Case")
        if profile == "Integration User":
            code = org.refusal("SELECT Id FROM Case")["errorCode"]
            listed = {one["name"] for one in org.get("/sobjects").json()["sobjects"]}
            org.handle.state.drop_rules()

    assert code == "INVALID_TYPE"
    assert "Case" not in listed
    assert org.soql("SELECT Id FROM Case LIMIT 1")


def test_an_owner_who_cannot_read_the_object_is_refused(org: Org) -> None:
    (deal,) = org.ids("SELECT Id FROM Opportunity LIMIT 1")
    declare(org, kind="object_permission", profile="Sales User", object="Opportunity")

    (refused,) = org.change(
        "Opportunity", {"id": deal, "OwnerId": _other_owner(org, deal, "Opportunity")}
    )

    assert code_of(refused) == "TRANSFER_REQUIRES_READ"


def _other_owner(org: Org, record_id: str, name: str = "Account") -> str:
    (row,) = org.soql(f"SELECT OwnerId FROM {name} WHERE Id = '{record_id}'")
    return next(one for one in org.reps() if one != row["OwnerId"])
