"""Clients of others, into a plain SQLite table: `python -m bench.million.peer NAME FILE`."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import requests
from aio_sf.api.auth import ClientCredentialsAuth
from aio_sf.api.client import SalesforceClient
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from bench.million.accounts import FIELDS, SOQL

PAGE_ROWS = 50_000
Rows = Iterable[Sequence[object]]


def simple_salesforce_query() -> Rows:
    """`query_all`: every record in memory, as it gives them."""
    records = _simple_salesforce().query_all(SOQL)["records"]
    return ([one[name] for name in FIELDS] for one in records)


def simple_salesforce_bulk2() -> Rows:
    """`bulk2.query`: a page in memory at a time."""
    pages = _simple_salesforce().bulk2.Account.query(SOQL, max_records=PAGE_ROWS, wait=0.1)
    return (row for page in pages for row in _rows(page))


def aio_sf_bulk() -> Rows:
    """`bulk_v2`: pages one after the other, kept until the loop has ended."""

    async def pages() -> list[str]:
        auth = ClientCredentialsAuth(
            os.environ["SFTERRITORY_INSTANCE_URL"],
            os.environ["SFTERRITORY_CLIENT_ID"],
            os.environ["SFTERRITORY_CLIENT_SECRET"],
        )
        found: list[str] = []
        async with SalesforceClient(auth, version="v62.0", timeout=600) as client:
            job = await client.bulk_v2.create_job(SOQL)
            await client.bulk_v2.wait_for_job_completion(job["id"], poll_interval=1)
            locator = None
            while locator or not found:
                text, locator = await client.bulk_v2.get_job_results(
                    job["id"], locator=locator, max_records=PAGE_ROWS
                )
                found.append(text)
        return found

    return (row for text in asyncio.run(pages()) for row in _rows(text))


def _simple_salesforce() -> Any:
    url = os.environ["SFTERRITORY_INSTANCE_URL"]

    class Loopback(HTTPAdapter):
        """The library speaks https only; the org on this machine does not."""

        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            request.url = url + request.path_url
            return super().send(request, *args, **kwargs)

    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Loopback())
    return Salesforce(
        consumer_key=os.environ["SFTERRITORY_CLIENT_ID"],
        consumer_secret=os.environ["SFTERRITORY_CLIENT_SECRET"],
        domain="acme.my",
        session=session,
    )


def _rows(page: str) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(page, newline=""))
    next(rows)
    yield from rows


def stored(path: Path, rows: Rows) -> int:
    """Insert rows into a new table with a key and no other index; return how many."""
    path.unlink(missing_ok=True)
    names = ", ".join(f"{name} PRIMARY KEY" if name == "Id" else name for name in FIELDS)
    marks = ", ".join("?" * len(FIELDS))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"CREATE TABLE account ({names})")
        cursor = connection.executemany(f"INSERT INTO account VALUES ({marks})", rows)  # noqa: S608 - our own names
        connection.commit()
    path.unlink()
    return cursor.rowcount


CLIENTS: dict[str, Callable[[], Rows]] = {
    "simple-salesforce-query": simple_salesforce_query,
    "simple-salesforce-bulk2": simple_salesforce_bulk2,
    "aio-sf-bulk": aio_sf_bulk,
}

if __name__ == "__main__":
    print(json.dumps({"rows": stored(Path(sys.argv[2]), CLIENTS[sys.argv[1]]())}))
