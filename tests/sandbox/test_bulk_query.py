# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Bulk API 2.0 query jobs."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from sandbox.client import Org
from sandbox.conftest import Ticking
from sfterritory.sandbox.rule import FieldPermission
from sfterritory.sandbox.state import store_token


def job(org: Org, soql: str, **options: str) -> str:
    answer = org.post("/jobs/query", json={"operation": "query", "query": soql, **options})
    assert answer.status_code == 200, answer.text
    job_id: str = answer.json()["id"]
    return job_id


def test_a_job_is_taken_then_complete_with_its_count(reading_org: Org) -> None:
    body = {"operation": "query", "query": "SELECT Id FROM Account", "contentType": "CSV"}
    created = reading_org.post("/jobs/query", json=body, headers={"Accept": "text/csv"}).json()

    done = reading_org.get(f"/jobs/query/{created['id']}").json()

    assert created["id"].startswith("750")
    assert len(created["id"]) == 18
    assert (created["state"], created["apiVersion"]) == ("UploadComplete", 62.0)
    assert done["state"] == "JobComplete"
    assert (done["numberRecordsProcessed"], done["jobType"]) == (250, "V2Query")
    assert done["id"] in {one["id"] for one in reading_org.get("/jobs/query/").json()["records"]}


def test_pages_hold_every_row_once_and_the_last_locator_says_null(reading_org: Org) -> None:
    job_id = job(reading_org, "SELECT Id FROM Account ORDER BY Name")
    rows: list[str] = []
    locator = ""
    pages = 0
    while locator != "null":
        page = reading_org.get(
            f"/jobs/query/{job_id}/results", params={"maxRecords": 100, "locator": locator}
        )
        header, *values = csv.reader(io.StringIO(page.text, newline=""))
        assert header == ["Id"]
        assert page.headers["sforce-numberofrecords"] == str(len(values))
        rows += [one for (one,) in values]
        locator = page.headers["sforce-locator"]
        pages += 1

    assert pages == 3
    assert rows == reading_org.ids("SELECT Id FROM Account ORDER BY Name")


def test_without_a_page_size_everything_comes_at_once_and_quoted(reading_org: Org) -> None:
    job_id = job(
        reading_org,
        "SELECT Id, Owner.Name, ParentId, IsDeleted, SystemModstamp, NumberOfEmployees "
        "FROM Account",
        columnDelimiter="SEMICOLON",
        lineEnding="CRLF",
    )

    page = reading_org.get(f"/jobs/query/{job_id}/results/")

    lines = page.text.split("\r\n")
    assert page.headers["content-type"] == "text/csv"
    assert page.headers["sforce-locator"] == "null"
    assert page.headers["sforce-numberofrecords"] == "250"
    assert lines[0] == (
        '"Id";"Owner.Name";"ParentId";"IsDeleted";"SystemModstamp";"NumberOfEmployees"'
    )
    assert len(lines) == 252
    cells = lines[1].split(";")
    assert cells[2:4] == ['""', '"false"']
    assert cells[4].endswith('.000Z"')
    assert cells[5].strip('"').isdigit()


def test_result_pages_lead_to_the_same_rows(reading_org: Org) -> None:
    job_id = job(reading_org, "SELECT Id FROM Lead")

    listed = reading_org.get(f"/jobs/query/{job_id}/resultPages", params={"maxRecords": 15}).json()
    following = reading_org.http.get(listed["nextRecordsUrl"]).json()
    urls = [one["resultUrl"] for one in listed["resultPages"] + following["resultPages"]]
    rows = [line for url in urls for line in reading_org.http.get(url).text.splitlines()[1:]]

    assert (len(listed["resultPages"]), listed["done"], following["done"]) == (5, False, True)
    assert listed["nextRecordUrl"] == listed["nextRecordsUrl"]  # the documentation has both
    assert [one.strip('"') for one in rows] == reading_org.ids("SELECT Id FROM Lead")


def test_values_with_quotes_and_line_breaks_survive(org: Org) -> None:
    text = 'first line\nsecond "quoted", with comma'
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    org.change("Account", {"id": account, "BillingStreet": text})

    job_id = job(org, f"SELECT BillingStreet FROM Account WHERE Id = '{account}'")

    page = org.get(f"/jobs/query/{job_id}/results").text
    assert list(csv.reader(io.StringIO(page, newline=""))) == [["BillingStreet"], [text]]


def test_an_aborted_job_has_no_results_and_a_deleted_one_is_gone(org: Org) -> None:
    path = f"/jobs/query/{job(org, 'SELECT Id FROM Account')}"

    aborted = org.patch(path, json={"state": "Aborted"})
    results = org.get(f"{path}/results")
    deleted = org.delete(path)

    assert (aborted.status_code, aborted.json()["state"]) == (200, "Aborted")
    assert results.status_code == 400
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert org.get(path).status_code == 404
    assert org.get(path).json()[0]["errorCode"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("SELECT count() FROM Account", "API_ERROR", "not supported in Bulk Query"),
        ("SELECT Rating, count(Id) FROM Account GROUP BY Rating", "API_ERROR", "GROUP BY"),
        ("SELECT Id FROM Account OFFSET 5", "API_ERROR", "OFFSET"),
        ("SELECT BillingAddress FROM Account", "API_ERROR", "Selecting compound data not"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR", "Aggregate Relation"),
        ("SELECT TYPEOF Owner WHEN User THEN Id END FROM Lead", "API_ERROR", "TYPEOF"),
        ("SELECT FIELDS( ALL ) FROM Account LIMIT 200", "API_ERROR", "FIELDS(ALL)"),
        ("SELECT Nope FROM Account", "INVALID_FIELD", "No such column 'Nope'"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "is not supported"),
        ("SELECT Id", "MALFORMED_QUERY", ""),
    ],
)
def test_what_bulk_cannot_do_is_refused(reading_org: Org, soql: str, code: str, words: str) -> None:
    answer = reading_org.post("/jobs/query", json={"operation": "query", "query": soql})

    (error,) = answer.json()
    assert (answer.status_code, error["errorCode"]) == (400, code)
    assert words in error["message"]


def test_words_in_a_text_are_no_clauses(reading_org: Org) -> None:
    job(reading_org, "SELECT Id FROM Account WHERE Name IN ('(SELECT', 'TYPEOF', 'it\\'s OFFSET')")


def test_results_are_bound_to_the_version_of_the_job(reading_org: Org) -> None:
    job_id = job(reading_org, "SELECT Id FROM Account")

    answer = reading_org.http.get(f"/services/data/v61.0/jobs/query/{job_id}/results")

    assert answer.status_code == 409


def test_a_job_waits_until_it_was_asked_often_enough(org: Org) -> None:
    org.handle.state.set_switches(replace(org.handle.state.switches, bulk_polls_before_complete=2))
    path = f"/jobs/query/{job(org, 'SELECT Id FROM Account')}"

    early = org.get(f"{path}/results")
    polls = [org.get(path).json() for _ in range(3)]

    assert (early.status_code, early.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert [one["state"] for one in polls] == ["InProgress", "InProgress", "JobComplete"]
    assert [one["numberRecordsProcessed"] for one in polls] == [0, 0, 250]
    assert org.get(f"{path}/results").status_code == 200


def test_a_running_job_can_be_aborted_and_must_be_before_it_is_deleted(org: Org) -> None:
    org.handle.state.set_switches(replace(org.handle.state.switches, bulk_polls_before_complete=9))
    path = f"/jobs/query/{job(org, 'SELECT Id FROM Account')}"
    org.get(path)

    running = org.delete(path)
    aborted = org.patch(path, json={"state": "Aborted"})

    assert (running.status_code, running.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert aborted.json()["state"] == org.get(path).json()["state"] == "Aborted"
    assert org.delete(path).status_code == 204


def test_a_query_that_can_no_longer_run_fails_its_job(org: Org) -> None:
    job_id = job(org, "SELECT Id, Rating FROM Account")
    user = org.handle.state.credentials().run_as_user_id
    (who,) = org.soql(f"SELECT ProfileId FROM User WHERE Id = '{user}'")
    org.handle.state.add_rule(
        FieldPermission(profile=who["ProfileId"], object="Account", field="Rating")
    )

    failed = org.get(f"/jobs/query/{job_id}").json()

    assert failed["state"] == "Failed"
    assert "Failed to process query: INVALID_FIELD" in failed["errorMessage"]


def test_values_come_out_exactly(org: Org) -> None:
    (account,) = org.ids("SELECT Id FROM Account LIMIT 1")
    sent = {"BillingLatitude": 0.1 + 0.2, "AnnualRevenue": 123456789012345.0, "Phone": "a\x00b"}
    assert org.change("Account", {"id": account, **sent})[0]["success"]

    job_id = job(org, f"SELECT {', '.join(sent)} FROM Account WHERE Id = '{account}'")

    page = org.get(f"/jobs/query/{job_id}/results").text
    latitude, revenue, phone = next(csv.reader(io.StringIO(page.split("\n", 1)[1])))
    assert (float(latitude), float(revenue)) == (0.1 + 0.2, 123456789012345.0)
    assert phone == "a\x00b"


def test_job_lists_are_paged_filtered_and_end_after_a_week(org: Org, clock: Ticking) -> None:
    org.handle.state.set_switches(
        replace(org.handle.state.switches, bulk_jobs_listed=2, session_minutes=60 * 24 * 30)
    )
    user = org.handle.state.credentials().run_as_user_id
    org.http.headers["Authorization"] = f"OAuth {store_token(org.handle.state, user)}"
    made = [job(org, "SELECT Id FROM Account") for _ in range(3)]

    first = org.get("/jobs/query?isPkChunkingEnabled=true&jobType=V2Query").json()
    second = org.http.get(first["nextRecordsUrl"]).json()

    assert [one["id"] for one in first["records"] + second["records"]] == made
    assert (first["done"], second["done"]) == (False, True)
    assert org.get("/jobs/query?concurrencyMode=serial").json()["records"] == []
    assert org.get("/jobs/query?isPkChunkingEnabled=perhaps").status_code == 400
    clock.advance(days=7, seconds=1)
    assert org.get("/jobs/query").json()["records"] == []
    assert org.get(f"/jobs/query/{made[0]}/results").status_code == 404


def test_the_day_has_so_many_query_jobs(org: Org, clock: Ticking) -> None:
    org.handle.state.set_switches(
        replace(org.handle.state.switches, daily_bulk_query_jobs=1, session_minutes=60 * 48)
    )
    deleted = org.delete(f"/jobs/query/{job(org, 'SELECT Id FROM Account')}")

    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    refused = org.post("/jobs/query", json=body)

    assert deleted.status_code == 204
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")
    assert org.get("/limits").json()["DailyBulkV2QueryJobs"] == {"Max": 1, "Remaining": 0}
    clock.advance(hours=24)
    assert org.post("/jobs/query", json=body).status_code == 200
