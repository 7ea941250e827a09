# ruff: noqa: S608 - SOQL for a sandbox of our own
"""Bulk API 2.0 query jobs."""

from __future__ import annotations

import csv
import io

import pytest

from sandbox.client import Org


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
    "soql",
    [
        "SELECT count() FROM Account",
        "SELECT Rating, count(Id) FROM Account GROUP BY Rating",
        "SELECT Id FROM Account OFFSET 5",
        "SELECT BillingAddress FROM Account",
    ],
)
def test_what_bulk_cannot_do_is_refused(reading_org: Org, soql: str) -> None:
    answer = reading_org.post("/jobs/query", json={"operation": "query", "query": soql})

    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "API_ERROR"


def test_results_are_bound_to_the_version_of_the_job(reading_org: Org) -> None:
    job_id = job(reading_org, "SELECT Id FROM Account")

    answer = reading_org.http.get(f"/services/data/v61.0/jobs/query/{job_id}/results")

    assert answer.status_code == 409
