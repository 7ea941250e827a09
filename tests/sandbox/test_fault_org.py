"""Faults in saving records, and the org changing under its clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import DATA, Org
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.running import running_sandbox
from sfterritory.sandbox.switches import Switches


@pytest.fixture
def org(writing_org: Org) -> Iterator[Org]:
    yield writing_org
    writing_org.handle.clear_faults()


def move(org: Org, accounts: list[str], owner: str) -> list[Any]:
    return org.change("Account", *({"Id": one, "OwnerId": owner} for one in accounts))


def owners(org: Org, accounts: list[str]) -> dict[str, str]:
    listed = ", ".join(f"'{one}'" for one in accounts)
    rows = org.soql(f"SELECT Id, OwnerId FROM Account WHERE Id IN ({listed})")  # noqa: S608 - ids of this org
    return {row["Id"]: row["OwnerId"] for row in rows}


def accounts(org: Org, count: int) -> list[str]:
    return org.ids(f"SELECT Id FROM Account ORDER BY Id LIMIT {count}")  # noqa: S608 - ids of this org


def test_a_share_of_rows_is_locked_for_some_attempts(org: Org) -> None:
    number = org.handle.fault("lock_rows", share=0.3, attempts=2)
    chosen, owner = accounts(org, 100), org.reps()[0]

    tries = [move(org, chosen, owner) for _ in range(3)]

    locked = [[one["success"] for one in results].count(False) for results in tries]
    assert 15 <= locked[0] == locked[1] <= 45
    assert locked[2] == 0
    assert tries[0] == tries[1]
    (error,) = next(one["errors"] for one in tries[0] if not one["success"])
    assert error["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert org.handle.fired(number) == 2 * locked[0]
    assert set(owners(org, chosen).values()) == {owner}


def test_a_locked_row_fails_a_single_request_too(org: Org) -> None:
    org.handle.fault("lock_rows", object="Account", operation="update")
    account = accounts(org, 1)[0]

    answer = org.patch(f"/sobjects/Account/{account}", json={"Phone": "1"})

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")


def test_the_nth_row_is_refused_and_its_siblings_are_saved(org: Org) -> None:
    org.handle.fault("fail_rows", nth=2, code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="No")

    results = move(org, accounts(org, 3), org.reps()[1])

    assert [one["success"] for one in results] == [True, False, True]
    assert results[1]["errors"][0]["message"] == "No"


def test_automation_gives_a_record_to_another_owner_after_the_save(org: Org) -> None:
    org.handle.fault("rewrite_rows", share=0.5, object="Account")
    chosen, owner = accounts(org, 40), org.reps()[2]

    results = move(org, chosen, owner)

    others = [one for one in owners(org, chosen).values() if one != owner]
    assert all(one["success"] for one in results)
    assert 8 <= len(others) <= 32


def test_somebody_edits_a_record_right_before_the_nth_write(org: Org) -> None:
    account, owner = accounts(org, 1)[0], org.reps()[0]
    number = org.handle.fault("edit", nth=2, field="Phone", value="changed by hand")
    others = accounts(org, 20)[10:]

    move(org, others, owner)
    untouched = org.get(f"/sobjects/Account/{account}").json()["Phone"]
    move(org, [account], owner)

    assert untouched != "changed by hand"
    assert org.get(f"/sobjects/Account/{account}").json()["Phone"] == "changed by hand"
    assert org.handle.fired(number) == 1


def test_an_edit_during_apply_takes_an_owner_that_is_neither_old_nor_new(org: Org) -> None:
    account = org.ids("SELECT Id FROM Account ORDER BY Id LIMIT 1 OFFSET 60")[0]
    before = owners(org, [account])[account]
    org.handle.fault("edit", on="query")

    org.handle.fault("edit", on="read", id=account)
    org.soql("SELECT Id FROM Account LIMIT 1")

    assert owners(org, [account])[account] != before


@pytest.mark.parametrize("kind", ["delete_record", "merge_record"])
def test_a_record_is_gone_when_it_is_to_be_written(org: Org, kind: str) -> None:
    account = org.ids("SELECT Id FROM Account ORDER BY Id DESC LIMIT 1")[0]
    org.handle.fault(kind)

    (result,) = move(org, [account], org.reps()[0])

    assert result["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
    where = f"SELECT Id, IsDeleted, MasterRecordId FROM Account WHERE Id = '{account}'"  # noqa: S608 - ids of this org
    (row,) = org.get("/queryAll", params={"q": where}).json()["records"]
    assert row["IsDeleted"]
    assert (row["MasterRecordId"] is not None) is (kind == "merge_record")


def test_a_deleted_record_comes_back(org: Org) -> None:
    account = org.ids("SELECT Id FROM Account ORDER BY Id DESC LIMIT 1 OFFSET 5")[0]
    assert org.delete(f"/sobjects/Account/{account}").status_code == 204
    org.handle.fault("delete_record", on="query", id=account, undelete=True)

    assert org.ids(f"SELECT Id FROM Account WHERE Id = '{account}'") == [account]  # noqa: S608 - ids of this org


def test_the_new_owner_leaves_right_before_the_write(org: Org) -> None:
    leaver = org.reps()[-1]
    org.handle.fault("deactivate_user")

    (result,) = move(org, accounts(org, 1), leaver)

    assert result["errors"][0]["statusCode"] == "INACTIVE_OWNER_OR_USER"
    assert leaver not in org.reps()


def test_a_queue_is_deleted_right_before_the_write(org: Org) -> None:
    queues = "SELECT Id FROM Group WHERE Type = 'Queue' ORDER BY Id"
    queue = org.ids(queues)[0]
    lead = org.ids(f"SELECT Id FROM Lead WHERE IsConverted = false AND OwnerId != '{queue}'")[0]  # noqa: S608 - ids of this org
    org.handle.fault("delete_queue")

    (result,) = org.change("Lead", {"Id": lead, "OwnerId": queue})

    assert not result["success"]
    assert queue not in org.ids(queues)


def test_sessions_end_at_a_request_and_a_new_sign_in_helps(org: Org) -> None:
    org.handle.fault("end_sessions", nth=2)
    form = {
        "grant_type": "client_credentials",
        "client_id": org.handle.client_id,
        "client_secret": org.handle.client_secret,
    }

    first, second = org.get("/limits"), org.get("/limits")
    token = org.http.post("/services/oauth2/token", data=form).json()["access_token"]
    org.http.headers["Authorization"] = f"Bearer {token}"

    assert first.status_code == 200
    assert (second.status_code, second.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert org.get("/limits").status_code == 200


def test_a_job_is_aborted_while_a_client_waits_for_it(org: Org) -> None:
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    job = org.post("/jobs/query", json=body).json()["id"]
    org.handle.fault("job_ended")

    assert org.get(f"/jobs/query/{job}").json()["state"] == "Aborted"
    assert org.get(f"/jobs/query/{job}/results").status_code == 400


def ingested(org: Org, rows: list[str]) -> tuple[str, dict[str, Any]]:
    """Update accounts in bulk, and return the job's id and its last description."""
    body = {"object": "Account", "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
    job = org.post("/jobs/ingest", json=body).json()["id"]
    text = "\n".join(["Id,Phone", *rows]) + "\n"
    headers = {"Content-Type": "text/csv"}
    org.http.put(f"{DATA}/jobs/ingest/{job}/batches", content=text, headers=headers)
    org.patch(f"/jobs/ingest/{job}", json={"state": "UploadComplete"})
    for _ in range(20):
        told = org.get(f"/jobs/ingest/{job}").json()
        if told["state"] in {"JobComplete", "Failed", "Aborted"}:
            break
    return job, told


def lines_of(org: Org, job: str, file: str) -> int:
    return len(org.get(f"/jobs/ingest/{job}/{file}").text.splitlines()) - 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "fail_rows", "code": "TRANSFER_REQUIRES_READ"}, "TRANSFER_REQUIRES_READ"),
        ({"kind": "lock_rows"}, "UNABLE_TO_LOCK_ROW"),
    ],
    ids=["failed", "locked"],
)
def test_rows_of_a_bulk_job_fail_and_their_siblings_are_saved(
    org: Org, fault: dict[str, str], code: str
) -> None:
    org.handle.fault(**fault, share=0.3)

    job, told = ingested(org, [f"{one},5" for one in accounts(org, 60)])

    failed = lines_of(org, job, "failedResults")
    assert told["state"] == "JobComplete"
    assert 6 <= failed == told["numberRecordsFailed"] <= 32
    assert lines_of(org, job, "successfulResults") == 60 - failed
    assert org.get(f"/jobs/ingest/{job}/failedResults").text.count(code) == failed


def test_a_bulk_job_that_an_admin_aborts_leaves_rows_unprocessed(org: Org) -> None:
    slow = replace(Switches(), bulk_rows_per_poll=10, bulk_jobs_go_on_alone=False)
    org.handle.state.set_switches(slow)
    org.handle.fault("job_ended", state="Failed", nth=2)

    job, told = ingested(org, [f"{one},6" for one in accounts(org, 60)])
    org.handle.state.set_switches(Switches())

    files = ("successfulResults", "failedResults", "unprocessedrecords")
    saved, failed, unprocessed = (lines_of(org, job, one) for one in files)
    assert told["state"] == "Failed"
    assert told["errorMessage"]
    assert (saved + failed + unprocessed, failed) == (60, 0)
    assert unprocessed > 0


def test_a_field_is_gone_from_describe_soql_and_saves_until_the_fault_is_cleared(org: Org) -> None:
    account = accounts(org, 1)[0]
    seen = org.get("/sobjects/Account/describe").headers["Last-Modified"]
    org.handle.fault("field_gone", field="Industry")

    since = org.get("/sobjects/Account/describe", headers={"If-Modified-Since": seen})
    fields = [one["name"] for one in org.get("/sobjects/Account/describe").json()["fields"]]
    refusal = org.refusal("SELECT Industry FROM Account")
    (result,) = org.change("Account", {"Id": account, "Industry": "Energy"})
    org.handle.clear_faults()

    assert "Industry" not in fields
    assert since.status_code == 200
    assert refusal["errorCode"] == "INVALID_FIELD"
    assert not result["success"]
    assert org.soql("SELECT Industry FROM Account LIMIT 1")


def test_a_renamed_field_keeps_its_values_and_takes_new_ones(org: Org) -> None:
    account = org.ids("SELECT Id FROM Account WHERE Industry != null ORDER BY Id LIMIT 1")[0]
    where = f"FROM Account WHERE Id = '{account}'"
    ((value,),) = [[row["Industry"]] for row in org.soql(f"SELECT Industry {where}")]
    org.handle.fault("field_renamed", field="Industry", to="Sector__c")

    ((kept,),) = [[row["Sector__c"]] for row in org.soql(f"SELECT Sector__c {where}")]
    (result,) = org.change("Account", {"Id": account, "Sector__c": "Energy"})
    created = org.post("/sobjects/Account", json={"Name": "New", "Sector__c": "Energy"}).json()
    gone = org.refusal(f"SELECT Industry {where}")
    org.handle.clear_faults()

    assert kept == value
    assert result["success"]
    assert gone["errorCode"] == "INVALID_FIELD"
    listed = f"SELECT Industry FROM Account WHERE Id IN ('{account}', '{created['id']}')"  # noqa: S608 - ids of this org
    assert [row["Industry"] for row in org.soql(listed)] == ["Energy", "Energy"]


def test_a_type_a_picklist_and_the_access_to_an_object_change(org: Org) -> None:
    org.handle.fault("field_type", field="Phone", to="textarea")
    org.handle.fault("picklist_value", field="Industry", value="Spaceflight")
    org.handle.fault("object_gone", object="Lead")

    described = org.get("/sobjects/Account/describe").json()["fields"]
    fields = {one["name"]: one for one in described}

    assert fields["Phone"]["type"] == "textarea"
    assert "Spaceflight" in [one["value"] for one in fields["Industry"]["picklistValues"]]
    assert org.get("/sobjects/Lead/describe").status_code == 404
    assert org.refusal("SELECT Id FROM Lead")["errorCode"] == "INVALID_TYPE"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"kind": "flood"}, "there is no fault 'flood'"),
        ({"kind": "cut", "at_bite": 3}, "at_bite"),
        ({"kind": "cut", "at_byte": -1}, "greater than or equal to 0, not -1"),
        ({"kind": "field_gone", "field": "Nothing"}, "Account has no field Nothing"),
        ({"kind": "edit", "object": "Nothing"}, "no object Nothing"),
        ({"kind": "edit", "field": "Nothing"}, "Account has no Nothing"),
        ({"kind": "edit", "field": "OwnerId", "value": "x"}, "id value of incorrect type: x"),
        ({"kind": "delete_record", "id": "001000000000000"}, "Account has no record 001"),
        ({"kind": "merge_record", "object": "Opportunity"}, "cannot be merged"),
        ({"kind": "field_renamed", "field": "Phone", "to": 'a" --'}, "to: "),
    ],
    ids=lambda one: one["kind"] if isinstance(one, dict) else "",
)
def test_a_fault_that_cannot_happen_is_refused(org: Org, fault: dict[str, Any], says: str) -> None:
    with pytest.raises(SandboxError, match=says):
        org.handle.fault(**fault)


def test_a_server_that_starts_later_has_the_faults_of_the_state_file(state_file: Path) -> None:
    faults: list[dict[str, Any]] = [
        {"kind": "field_gone", "field": "Industry"},
        {"kind": "limit", "after": 1},
    ]
    with running_sandbox(state_file, faults=faults):
        pass

    with running_sandbox(state_file) as handle, Org(handle) as org:
        refusal = org.refusal("SELECT Industry FROM Account")
        limited = org.get("/limits")

    assert refusal["errorCode"] == "INVALID_FIELD"
    assert limited.status_code == 403
