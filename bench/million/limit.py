"""The limits, on the pages that were served: `python -m bench.million.limit KIND FOLDER`."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.loader import CREATE, DROP, FIELDS
from bench.million.accounts import SOQL
from bench.million.postgresql import postgresql
from sfterritory.connectors import http
from sfterritory.model.store.mirror_registry import MIRRORS
from sfterritory.model.store.pull_state import Bookmark, Pulled
from sfterritory.model.store.store import open_store

PAGE_ROWS = 50_000
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
_JOBS = "/services/data/v62.0/jobs/query"


def download(folder: Path) -> dict[str, Any]:
    """Keep the pages of a bulk result as files; tell how fast they came."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with http.open_client(os.environ["SFTERRITORY_INSTANCE_URL"]) as client:
        given = {
            "grant_type": "client_credentials",
            "client_id": os.environ["SFTERRITORY_CLIENT_ID"],
            "client_secret": os.environ["SFTERRITORY_CLIENT_SECRET"],
        }
        token = client.post("/services/oauth2/token", data=given).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        job = client.post(_JOBS, json={"operation": "query", "query": SOQL}).json()["id"]
        while client.get(f"{_JOBS}/{job}").json()["state"] != "JobComplete":
            time.sleep(0.1)
        started, locator, rows, number = time.monotonic(), "", 0, 0
        while locator != "null":
            asked = f"maxRecords={PAGE_ROWS}" + (f"&locator={locator}" if locator else "")
            with (
                client.stream("GET", f"{_JOBS}/{job}/results?{asked}") as page,
                (folder / f"{number:04d}.csv").open("wb") as file,
            ):
                file.writelines(page.iter_bytes())
                locator = page.headers["Sforce-Locator"]
                rows += int(page.headers["Sforce-NumberOfRecords"])
            number += 1
        return {"rows": rows, "rows_per_s": rows / (time.monotonic() - started)}


def sqlite(folder: Path) -> dict[str, Any]:
    """Load the pages, and bind their ready values, page by page in turn in one process."""
    limit_file, store_file = folder / "limit.db", folder / "store.db"
    for path in (limit_file, store_file):
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
    open_store(f"sqlite:///{limit_file}").close()
    names = ", ".join(MIRRORS["Account"].columns[field].name for field in FIELDS)
    statement = f"INSERT INTO account ({names}) VALUES ({', '.join('?' * len(FIELDS))})"  # noqa: S608 - our own names
    taken = dict.fromkeys(("limit", "first", "again"), 0.0)
    count = 0

    def timed(name: str, job: Callable[[], object]) -> None:
        started = time.process_time()
        job()
        taken[name] += time.process_time() - started

    with (
        open_store(f"sqlite:///{store_file}") as store,
        closing(sqlite3.connect(limit_file, isolation_level=None)) as limit,
    ):

        def load(turn: str, number: int, rows: Sequence[Sequence[str]]) -> None:
            bookmark = Bookmark(f"750{turn}", str(number), None, NOW)
            store.mirror.load_page("Account", FIELDS, rows, bookmark=bookmark)

        def bind(rows: Sequence[Sequence[object]]) -> None:
            limit.execute("BEGIN")
            limit.executemany(statement, rows)
            limit.execute("COMMIT")

        limit.execute("PRAGMA synchronous=NORMAL")
        limit.execute("PRAGMA cache_size=-65536")
        timed("limit", lambda: limit.executescript(DROP))
        for number, rows in enumerate(pages(folder)):
            timed("first", lambda n=number, r=rows: load("A", n, r))  # type: ignore[misc] # bound at once
            ready = _ready(rows)
            timed("limit", lambda r=ready: bind(r))  # type: ignore[misc] # the same
            count += len(rows)
        timed("first", lambda: store.mirror.finish("Account", Pulled(NOW, FIELDS)))
        timed("limit", lambda: limit.executescript(CREATE))
        for number, rows in enumerate(pages(folder)):
            timed("again", lambda n=number, r=rows: load("B", n, r))  # type: ignore[misc] # the same
        timed("again", lambda: store.mirror.finish("Account", Pulled(NOW, FIELDS)))
    return {
        "rows": count,
        "ratio": taken["limit"] / taken["first"],
        "load_us": taken["first"] / count * 1e6,
        "unchanged_us": taken["again"] / count * 1e6,
    }


def pages(folder: Path) -> Iterator[list[tuple[str, ...]]]:
    """Yield each page's rows with the mirror's own fields."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            header = next(rows)
            spots = [header.index(field) for field in FIELDS]
            yield [tuple(row[spot] for spot in spots) for row in rows]


def _ready(rows: Sequence[Sequence[str]]) -> list[list[object]]:
    flag = FIELDS.index("IsDeleted")
    return [[0 if at == flag else cell or None for at, cell in enumerate(row)] for row in rows]


KINDS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "download": download,
    "sqlite": sqlite,
    "postgresql": postgresql,
}

if __name__ == "__main__":
    print(json.dumps(KINDS[sys.argv[1]](Path(sys.argv[2]))))
