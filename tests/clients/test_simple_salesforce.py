"""simple-salesforce, unmodified but for the way to a loopback port: it speaks only https."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlparse

import pytest
import requests
from requests.adapters import HTTPAdapter
from sandbox.client import Org
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest


class LoopbackHTTP(HTTPAdapter):
    """Sends what the client would send by TLS to a plain loopback address."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self.origin = origin

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        parts = urlparse(request.url or "")
        query = f"?{parts.query}" if parts.query else ""
        request.url = f"{self.origin}{parts.path!s}{query!s}"
        return super().send(request, *args, **kwargs)


@pytest.fixture
def salesforce(org: Org) -> Iterator[Any]:
    with requests.Session() as session:
        session.trust_env = False
        adapter = LoopbackHTTP(org.handle.url)
        session.mount(org.handle.url.replace("http:", "https:"), adapter)
        session.mount("https://acme.my.salesforce.com", adapter)
        yield Salesforce(
            consumer_key=org.handle.client_id,
            consumer_secret=org.handle.client_secret,
            domain="acme.my",
            session=session,
        )


def test_simple_salesforce_signs_in_pages_and_describes(salesforce: Any) -> None:
    rows = list(salesforce.query_all_iter(
        "SELECT Id, Owner.Name FROM Account", headers={"Sforce-Query-Options": "batchSize=200"}
    ))  # fmt: skip
    described = salesforce.Account.describe()

    assert len(rows) == 250
    assert described["keyPrefix"] == "001"
    assert salesforce.describe()["maxBatchSize"] == 200
    assert salesforce.api_usage["api-usage"].used > 0
    assert salesforce.limits()["DailyApiRequests"]["Remaining"] > 0


def test_simple_salesforce_writes_rows_and_collections(salesforce: Any, org: Org) -> None:
    first, second = org.ids("SELECT Id FROM Account LIMIT 2")
    rep = org.reps()[0]

    assert salesforce.Account.update(first, {"OwnerId": rep}) == 204
    answer = salesforce.restful(
        "composite/sobjects",
        method="PATCH",
        json={"records": [{"attributes": {"type": "Account"}, "id": second, "OwnerId": rep}]},
        headers={"Sforce-Auto-Assign": "FALSE"},
    )
    created = salesforce.Lead.create({"LastName": "Okafor", "Company": "Ash Labs"})

    assert answer[0]["success"]
    assert created["success"]
    assert salesforce.Account.get(second)["OwnerId"] == rep
    assert salesforce.Lead.delete(created["id"]) == 204


def test_simple_salesforce_reads_bulk_results_page_by_page(salesforce: Any) -> None:
    pages = list(
        salesforce.bulk2.Account.query("SELECT Id, Name FROM Account", max_records=100, wait=0.01)
    )

    rows = [row for page in pages for row in csv.DictReader(io.StringIO(page, newline=""))]
    assert len(pages) == 3
    assert len({row["Id"] for row in rows}) == 250


def test_simple_salesforce_loads_in_bulk_and_gets_the_failed_row_back(
    salesforce: Any, org: Org, inactive_owner: str
) -> None:
    first, second = org.ids("SELECT Id FROM Account ORDER BY Id LIMIT 2")

    (counts,) = salesforce.bulk2.Account.update(
        records=[
            {"Id": first, "Description": 'two\nlines, "quoted"', "OwnerId": org.reps()[0]},
            {"Id": second, "Description": "never", "OwnerId": inactive_owner},
        ],
        wait=0.01,
    )
    failed = salesforce.bulk2.Account.get_failed_records(counts["job_id"])
    successful = salesforce.bulk2.Account.get_successful_records(counts["job_id"])
    left = salesforce.bulk2.Account.get_unprocessed_records(counts["job_id"])

    assert (counts["numberRecordsProcessed"], counts["numberRecordsFailed"]) == (2, 1)
    (row,) = csv.DictReader(io.StringIO(failed, newline=""))
    assert (row["Id"], row["Description"]) == (second, "never")
    assert row["sf__Error"].startswith("INACTIVE_OWNER_OR_USER")
    assert [one["sf__Id"] for one in csv.DictReader(io.StringIO(successful))] == [first]
    assert list(csv.DictReader(io.StringIO(left))) == []
    assert salesforce.Account.get(first)["Description"] == 'two\nlines, "quoted"'


def test_simple_salesforce_asks_what_changed_and_what_is_gone(salesforce: Any, org: Org) -> None:
    created = salesforce.Lead.create({"LastName": "Ito", "Company": "Ash Labs"})
    salesforce.Lead.delete(created["id"])
    end = org.handle.state.now() + timedelta(minutes=2)

    changed = salesforce.Account.updated(end - timedelta(days=20), end)
    gone = salesforce.Lead.deleted(end - timedelta(days=1), end)

    assert set(changed) == {"ids", "latestDateCovered"}
    assert created["id"] in {one["id"] for one in gone["deletedRecords"]}


def test_simple_salesforce_understands_the_errors(salesforce: Any, org: Org) -> None:
    with pytest.raises(SalesforceMalformedRequest) as malformed:
        salesforce.query("SELECT Nothing FROM Account")
    with requests.Session() as session:
        session.trust_env = False
        session.mount(org.handle.url.replace("http:", "https:"), LoopbackHTTP(org.handle.url))
        expired = Salesforce(instance_url=org.handle.url, session_id="00Dx!old", session=session)
        with pytest.raises((SalesforceExpiredSession, RuntimeError)):
            expired.query("SELECT Id FROM Account")

    content: Any = malformed.value.content
    assert content[0]["errorCode"] == "INVALID_FIELD"
