"""A Salesforce client that we did not write, unmodified but for the way to a loopback port."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlparse

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest

from sandbox.client import Org


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
