"""Facts that no document settles: each switch turns the answer the other way."""

from __future__ import annotations

import pytest

from sandbox.client import DATA, Org
from sandbox.switching import switch
from sfterritory.sandbox.rule_book import rule_of

DEAD = {"Authorization": "Bearer dead"}


def test_bulk_may_answer_a_dead_token_as_its_first_version_did(org: Org) -> None:
    assert org.get("/jobs/query", headers=DEAD).status_code == 401

    switch(org, bulk_dead_token_as_bulk_1=True)

    answer = org.get("/jobs/query", headers=DEAD)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "InvalidSessionId")
    assert org.get("/limits", headers=DEAD).status_code == 401


def test_userinfo_may_refuse_a_dead_token_in_other_words(org: Org) -> None:
    switch(org, bad_token_text="<fault/>")

    assert org.http.get("/services/oauth2/userinfo", headers=DEAD).text == "<fault/>"


def test_a_used_up_allocation_may_be_told_in_other_words(org: Org) -> None:
    switch(org, daily_api_requests=0, daily_limit_message="No more today.")

    assert org.get("/limits").json()[0]["message"] == "No more today."


def test_limits_may_name_the_app(org: Org) -> None:
    assert set(org.get("/limits").json()["DailyApiRequests"]) == {"Max", "Remaining"}

    switch(org, limits_name_app=True, per_app_api_requests=250)

    told = org.get("/limits").json()["DailyApiRequests"]
    assert told["sfterritory"]["Max"] == 250


@pytest.mark.parametrize(("most", "limit", "status"), [(0, "", 200), (3, "LIMIT 4", 400)])
def test_fields_of_every_kind_may_need_no_limit_or_a_lower_one(
    org: Org, most: int, limit: str, status: int
) -> None:
    switch(org, fields_all_most_rows=most)

    asked = {"q": f"SELECT FIELDS(ALL) FROM UserRole {limit}"}  # noqa: S608 - SOQL
    assert org.get("/query", params=asked).status_code == status


def test_a_window_may_be_refused_with_another_status(org: Org) -> None:
    switch(org, replication_refusal_status=403)

    answer = org.get("/sobjects/Account/updated", params={"start": "x", "end": "y"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "INVALID_REPLICATION_DATE")


def test_a_lock_may_be_told_with_another_status(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    org.handle.state.add_rule(rule_of({"kind": "row_lock", "record_id": account}))

    switch(org, row_lock_status=409)

    assert org.patch(f"/sobjects/Account/{account}", json={"Site": "x"}).status_code == 409


def test_a_deleted_job_may_be_answered_with_200(org: Org) -> None:
    switch(org, bulk_deletion_status=200)
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    job = org.post("/jobs/query", json=body).json()["id"]
    assert org.get(f"/jobs/query/{job}").json()["state"] == "JobComplete"

    assert org.delete(f"/jobs/query/{job}").status_code == 200


def test_bulk_results_may_come_by_id_whatever_was_asked(org: Org) -> None:
    switch(org, bulk_results_by_id=True)
    soql = "SELECT Id FROM Account ORDER BY Id DESC"
    job = org.post("/jobs/query", json={"operation": "query", "query": soql}).json()["id"]
    assert org.get(f"/jobs/query/{job}").json()["state"] == "JobComplete"

    rows = org.get(f"/jobs/query/{job}/results").text.splitlines()[1:]

    assert len(rows) > 2
    assert rows == sorted(rows)


@pytest.mark.parametrize(("taken", "state"), [(True, "JobComplete"), (False, "Failed")])
def test_a_bulk_column_may_name_its_parents_object(org: Org, *, taken: bool, state: str) -> None:
    switch(org, bulk_polymorphic_headers=taken)
    (lead,) = org.ids("SELECT Id FROM Lead WHERE IsConverted = false LIMIT 1")
    body = {"object": "Lead", "operation": "update"}
    job = org.post("/jobs/ingest", json=body).json()["id"]
    org.http.put(
        f"{DATA}/jobs/ingest/{job}/batches",
        content=f"Id,User:Owner.Username\n{lead},nobody\n".encode(),
        headers={"Content-Type": "text/csv"},
    )

    org.patch(f"/jobs/ingest/{job}", json={"state": "UploadComplete"})

    assert org.get(f"/jobs/ingest/{job}").json()["state"] == state


def test_collections_may_have_no_reading_by_post(org: Org) -> None:
    switch(org, collections_read_by_post=False)

    answer = org.post("/composite/sobjects/Account", json={"ids": ["x"], "fields": ["Id"]})

    assert (answer.status_code, answer.headers["Allow"]) == (405, "HEAD,GET")


@pytest.mark.parametrize("heard", [True, False])
def test_collections_may_not_hear_that_rules_are_off(org: Org, *, heard: bool) -> None:
    switch(org, collections_hear_auto_assign=heard)
    mine = org.handle.state.credentials().run_as_user_id
    lead = {"LastName": "Weiß", "Company": "Weiß GmbH", "Country": "Germany", "OwnerId": mine}

    (made,) = org.post(
        "/composite/sobjects",
        json={"records": [{"attributes": {"type": "Lead"}, **lead}]},
        headers={"Sforce-Auto-Assign": "FALSE"},
    ).json()

    (found,) = org.soql(f"SELECT OwnerId FROM Lead WHERE Id = '{made['id']}'")  # noqa: S608 - SOQL
    assert (found["OwnerId"] == mine) is heard


@pytest.mark.parametrize(("heard", "status"), [(True, 412), (False, 204)])
def test_parts_of_a_composite_may_not_hear_conditions(
    org: Org, *, heard: bool, status: int
) -> None:
    switch(org, composite_conditions=heard)
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    part = {
        "method": "PATCH",
        "url": f"{DATA}/sobjects/Account/{account}",
        "referenceId": "a",
        "httpHeaders": {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:01 GMT"},
        "body": {"Site": "x"},
    }

    answer = org.post("/composite", json={"compositeRequest": [part]}).json()

    assert answer["compositeResponse"][0]["httpStatusCode"] == status


@pytest.mark.parametrize(("null", "stored"), [(True, None), (False, "")])
def test_an_empty_text_is_null_or_stays_one(org: Org, *, null: bool, stored: str | None) -> None:
    switch(org, empty_text_is_null=null)
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")

    org.patch(f"/sobjects/Account/{account}", json={"Site": ""})

    assert org.get(f"/sobjects/Account/{account}").json()["Site"] == stored


def test_a_record_of_an_inactive_owner_may_take_no_change_but_that_of_its_owner(org: Org) -> None:
    first, second = org.reps()[:2]
    soql = f"SELECT Id FROM Account WHERE OwnerId = '{first}' LIMIT 1"  # noqa: S608 - SOQL
    (account,) = org.ids(soql)
    org.patch(f"/sobjects/User/{first}", json={"IsActive": False})
    assert org.patch(f"/sobjects/Account/{account}", json={"Site": "x"}).status_code == 204

    switch(org, inactive_owner_locks_record=True)

    refused = org.patch(f"/sobjects/Account/{account}", json={"Site": "y"})
    assert refused.json()[0]["errorCode"] == "INACTIVE_OWNER_OR_USER"
    assert org.patch(f"/sobjects/Account/{account}", json={"OwnerId": second}).status_code == 204
