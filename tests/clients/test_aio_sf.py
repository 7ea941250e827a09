"""aio-sf, unmodified, over plain HTTP."""

from __future__ import annotations

import asyncio
import csv
import gc
import io
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from aio_sf.api.auth import ClientCredentialsAuth, SalesforceAuthError, StaticTokenAuth
from aio_sf.api.client import SalesforceClient
from sandbox.client import Org

T = Any


pytestmark = [
    # The client leaves connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collect what the client left while its warnings are still taken."""
    yield
    gc.collect()


def with_client(org: Org, work: Callable[[Any], Awaitable[T]], *, secret: str = "") -> T:
    """Run work with a signed-in client."""

    async def run() -> T:
        handle = org.handle
        auth = ClientCredentialsAuth(handle.url, handle.client_id, secret or handle.client_secret)
        async with SalesforceClient(auth, version="v62.0") as client:
            return await work(client)

    return asyncio.run(run())


def test_aio_sf_signs_in_by_client_credentials_and_introspects_its_token(org: Org) -> None:
    async def work(client: Any) -> Any:
        await client.ensure_authenticated()
        return client.auth_strategy

    auth = with_client(org, work)

    assert auth.access_token.startswith(org.handle.org_id[:15])
    assert not auth.is_token_expired()


def test_aio_sf_is_refused_with_a_wrong_secret(org: Org) -> None:
    async def work(client: Any) -> None:
        await client.ensure_authenticated()

    with pytest.raises(SalesforceAuthError):
        with_client(org, work, secret="wrong")


def test_aio_sf_pages_through_a_query_and_describes(org: Org) -> None:
    async def work(client: Any) -> Any:
        found = await client.query.soql("SELECT Id, Owner.Name FROM Account")
        described = await client.describe.sobject("Account")
        listed = await client.describe.list_sobjects()
        return await found.collect_all(), described, listed

    rows, described, listed = with_client(org, work)

    assert len(rows) == 250
    assert described["keyPrefix"] == "001"
    assert "Lead" in {one["name"] for one in listed}


def test_aio_sf_fetches_a_bulk_result_page_by_page(org: Org) -> None:
    async def work(client: Any) -> list[str]:
        job = await client.bulk_v2.create_job("SELECT Id, Name FROM Account ORDER BY Id")
        await client.bulk_v2.wait_for_job_completion(job["id"], poll_interval=0.05)
        pages, locator = [], None
        while True:
            text, locator = await client.bulk_v2.get_job_results(
                job["id"], locator=locator, max_records=100
            )
            pages.append(text)
            if not locator:
                return pages

    pages = with_client(org, work)
    ids = [row["Id"] for page in pages for row in csv.DictReader(io.StringIO(page, newline=""))]

    assert len(pages) == 3
    assert ids == sorted(set(ids))
    assert len(ids) == 250


def test_aio_sf_writes_collections_and_gets_each_refusal(org: Org, inactive_owner: str) -> None:
    first, second = org.ids("SELECT Id FROM Account ORDER BY Id LIMIT 2")
    rep = org.reps()[0]

    async def work(client: Any) -> Any:
        made = await client.collections.insert(
            [{"LastName": "Aio", "Company": "Aio Ltd"}], "Lead", all_or_none=False
        )
        changed = await client.collections.update(
            [{"Id": first, "OwnerId": rep}, {"Id": second, "OwnerId": inactive_owner}],
            "Account",
            all_or_none=False,
        )
        gone = await client.collections.delete([made[0]["id"]], all_or_none=False)
        return made, changed, gone

    made, changed, gone = with_client(org, work)

    assert made[0]["success"]
    assert gone[0]["success"]
    assert [one["success"] for one in changed] == [True, False]
    assert changed[1]["errors"][0]["statusCode"] == "INACTIVE_OWNER_OR_USER"


def test_aio_sf_with_a_dead_token_gets_401(org: Org) -> None:
    async def run() -> None:
        auth = StaticTokenAuth(org.handle.url, "00Dx!dead")
        async with SalesforceClient(auth, version="v62.0") as client:
            await client.query.soql("SELECT Id FROM Account")

    with pytest.raises((httpx.HTTPStatusError, SalesforceAuthError)):
        asyncio.run(run())
