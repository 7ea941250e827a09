"""Answers in place of the org's, and answers whose content is wrong."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from sandbox.client import DATA, Org

PAGED = {"Sforce-Query-Options": "batchSize=200"}
SOQL = "SELECT Id, Name, Industry FROM Account ORDER BY Id"


@pytest.fixture
def org(writing_org: Org) -> Iterator[Org]:
    yield writing_org
    writing_org.handle.clear_faults()


def error_of(answer: httpx.Response) -> str:
    (error,) = answer.json()
    return f"{answer.status_code} {error['errorCode']}"


def pages(org: Org) -> list[dict[str, Any]]:
    """Return the pages of a query, at most three."""
    found = [org.get("/query", params={"q": SOQL}, headers=PAGED).json()]
    while "nextRecordsUrl" in found[-1] and len(found) < 3:
        found.append(org.http.get(found[-1]["nextRecordsUrl"], headers=PAGED).json())
    return found


def bulk_pages(org: Org, *, most: int = 4) -> list[httpx.Response]:
    """Return the pages of a job's results, at most so many."""
    job = org.post("/jobs/query", json={"operation": "query", "query": SOQL}).json()["id"]
    while org.get(f"/jobs/query/{job}").json()["state"] != "JobComplete":
        pass
    found: list[httpx.Response] = []
    locator = ""
    while locator != "null" and len(found) < most:
        params = {"maxRecords": "100", **({"locator": locator} if locator else {})}
        found.append(org.get(f"/jobs/query/{job}/results", params=params))
        locator = found[-1].headers["Sforce-Locator"]
    return found


@pytest.mark.parametrize("status", [420, 500, 502, 503, 504])
def test_the_edge_answers_with_a_page_of_html(org: Org, status: int) -> None:
    org.handle.fault("server_error", status=status)

    answer = org.get("/limits")

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "retry-after" not in answer.headers


def test_retry_after_comes_in_seconds_and_as_a_date(org: Org) -> None:
    first = org.handle.fault("server_error", nth=1, retry_after_s=7)
    second = org.handle.fault("server_error", nth=2, retry_after_s=7, retry_after_as="date")

    seconds, date = org.get("/limits"), org.get("/limits")

    assert seconds.headers["retry-after"] == "7"
    until = parsedate_to_datetime(date.headers["retry-after"])
    assert until - parsedate_to_datetime(date.headers["date"]) == timedelta(seconds=7)
    assert [org.handle.fired(one) for one in (first, second)] == [1, 1]


@pytest.mark.parametrize(
    ("which", "says"),
    [
        ("daily", "403 REQUEST_LIMIT_EXCEEDED"),
        ("concurrent", "403 REQUEST_LIMIT_EXCEEDED"),
        ("too_many", "429 TOO_MANY_REQUESTS"),
    ],
)
def test_a_limit_is_reached(org: Org, which: str, says: str) -> None:
    org.handle.fault("limit", which=which)

    assert error_of(org.get("/limits")) == says


def test_an_allocation_that_is_used_up_says_so_in_the_header(org: Org) -> None:
    org.handle.fault("limit")

    used, _, allowed = org.get("/limits").headers["sforce-limit-info"].partition("/")

    assert used == f"api-usage={allowed}"


def test_any_refusal_can_be_asked_for(org: Org) -> None:
    org.handle.fault("refuse", on="query", code="QUERY_TIMEOUT", message="too long", times=1)

    first, second = (org.get("/query", params={"q": SOQL}) for _ in range(2))

    assert error_of(first) == "400 QUERY_TIMEOUT"
    assert second.status_code == 200


def test_a_sign_in_is_refused_with_and_without_a_description(org: Org) -> None:
    org.handle.fault("refuse_sign_in", nth=1)
    org.handle.fault("refuse_sign_in", nth=2, error="inactive_org", description=None)
    form = {
        "grant_type": "client_credentials",
        "client_id": org.handle.client_id,
        "client_secret": org.handle.client_secret,
    }

    refused = [org.http.post("/services/oauth2/token", data=form) for _ in range(3)]

    assert [one.status_code for one in refused] == [400, 400, 200]
    assert refused[0].json() == {
        "error": "invalid_grant",
        "error_description": "expired access/refresh token",
    }
    assert refused[1].json() == {"error": "inactive_org"}


def test_a_redirect_names_another_host(org: Org) -> None:
    org.handle.fault("redirect", to="http://127.0.0.1:9/elsewhere")

    answer = org.get("/limits")

    assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.1:9/elsewhere")


def test_a_write_is_committed_and_its_answer_lost(org: Org) -> None:
    account = org.ids("SELECT Id FROM Account LIMIT 1")[0]
    org.handle.fault("lost_answer", times=1)

    answer = org.patch(f"/sobjects/Account/{account}", json={"Phone": "+1 555 0199"})

    assert answer.status_code == 502
    assert org.get(f"/sobjects/Account/{account}").json()["Phone"] == "+1 555 0199"


def test_json_is_truncated_garbled_or_missing(org: Org) -> None:
    for number, how in enumerate(("truncated", "garbled", "empty"), start=1):
        org.handle.fault("broken_json", on="describe", how=how, nth=number)

    broken = [org.get("/sobjects/Account/describe") for _ in range(3)]

    assert [one.status_code for one in broken] == [200, 200, 200]
    assert [int(one.headers["content-length"]) for one in broken] == [
        len(one.content) for one in broken
    ]
    assert broken[2].content == b""
    for one in broken:
        with pytest.raises(json.JSONDecodeError):
            one.json()


def test_the_content_type_is_another_one(org: Org) -> None:
    org.handle.fault("wrong_type", content_type="text/plain", path="*/limits")

    assert org.get("/limits").headers["content-type"] == "text/plain"
    assert org.get("/sobjects").headers["content-type"].startswith("application/json")


def test_a_page_lacks_a_column_in_csv_and_in_json(org: Org) -> None:
    org.handle.fault("missing_column", column="Industry")

    (page, *_), (csv_page, *_) = pages(org), bulk_pages(org)

    assert set(page["records"][0]) == {"attributes", "Id", "Name"}
    rows = list(csv.reader(io.StringIO(csv_page.text)))
    assert rows[0] == ["Id", "Name"]
    assert {len(row) for row in rows} == {2}


def test_text_holds_nul_bytes_in_csv_and_in_json(org: Org) -> None:
    org.handle.fault("nul_bytes")

    (page, *_), (csv_page, *_) = pages(org), bulk_pages(org)

    assert all("\0" in one["Name"] for one in page["records"])
    assert csv_page.content.count(b"\0") == int(csv_page.headers["Sforce-NumberOfRecords"])


def test_a_page_repeats_the_rows_of_the_page_before(org: Org) -> None:
    org.handle.fault("duplicate_page", nth=2)
    first, second, *_ = pages(org)
    org.handle.clear_faults()
    org.handle.fault("duplicate_page", path="*/results", nth=3)
    one, two, three, *_ = bulk_pages(org)

    assert second["records"] == first["records"]
    assert one.content != two.content == three.content
    assert two.headers["Sforce-Locator"] != three.headers["Sforce-Locator"]


@pytest.mark.parametrize(("off_by", "said"), [(1, "101"), (-100, "0"), (None, None)])
def test_the_count_of_a_page_is_wrong_or_missing(
    org: Org, off_by: int | None, said: str | None
) -> None:
    org.handle.fault("wrong_count", path="*/results", off_by=off_by)

    page, *_ = bulk_pages(org, most=1)

    assert page.headers.get("Sforce-NumberOfRecords") == said
    assert len(page.text.splitlines()) == 101


def test_a_locator_leads_back_to_its_own_page(org: Org) -> None:
    org.handle.fault("repeated_locator")

    json_pages, csv_pages = pages(org), bulk_pages(org)

    assert json_pages[1]["records"] == json_pages[2]["records"]
    assert csv_pages[1].content == csv_pages[2].content == csv_pages[3].content


def test_a_job_is_stuck_and_has_no_results(org: Org) -> None:
    job = org.post("/jobs/query", json={"operation": "query", "query": SOQL}).json()["id"]
    org.handle.fault("job_stuck")

    states = {org.get(f"/jobs/query/{job}").json()["state"] for _ in range(5)}
    results = org.get(f"/jobs/query/{job}/results")

    assert states == {"InProgress"}
    assert error_of(results) == "400 API_ERROR"


def test_a_fault_strikes_by_chance_as_its_seed_says(org: Org) -> None:
    def statuses(seed: int) -> list[int]:
        org.handle.fault("server_error", probability=0.3, seed=seed)
        found = [org.get("/limits").status_code for _ in range(30)]
        org.handle.clear_faults()
        return found

    first, again, other = (statuses(seed) for seed in (1, 1, 2))

    assert first == again != other
    assert 2 <= first.count(503) <= 18


def test_a_fault_waits_for_rows_and_looks_at_the_object(org: Org) -> None:
    org.handle.fault("server_error", object="Account", after_rows=300)
    lead = {"q": "SELECT Id FROM Lead LIMIT 1"}

    statuses = [
        org.get("/query", params={"q": "SELECT Id FROM Account LIMIT 200"}).status_code
        for _ in range(3)
    ]

    assert statuses == [200, 200, 503]
    assert org.get("/query", params=lead).status_code == 200


def test_the_clock_jumps_and_stays_so_until_the_fault_is_cleared(org: Org) -> None:
    def server_time() -> datetime:
        return parsedate_to_datetime(org.http.get(DATA.rpartition("/")[0]).headers["date"])

    before = server_time()
    org.handle.fault("clock_skew", seconds=-86_400)

    assert before - server_time() == timedelta(days=1)
    account = org.ids("SELECT Id FROM Account LIMIT 1")[0]
    assert org.patch(f"/sobjects/Account/{account}", json={"Phone": "1"}).status_code == 204
    stamp = org.get(f"/sobjects/Account/{account}").json()["LastModifiedDate"]
    assert before - datetime.fromisoformat(stamp) == timedelta(days=1)
    org.handle.clear_faults()
    assert server_time() == before
