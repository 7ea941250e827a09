"""The loader against the limit: an `executemany` that only binds values which are ready.

Both sides load the same 80,000 accounts of 25 fields into the same schema, in one process and in
turn. The limit gets what it binds as tuples with blanks already None and keeps both secondary
indexes up; the loader gets text as Salesforce delivers it and builds the indexes at the end of a
first load, so the limit with that change is shown too.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sfterritory.model.ids import to_18
from sfterritory.model.store.mirror_registry import MIRRORS
from sfterritory.model.store.pull_state import Bookmark, Pulled
from sfterritory.model.store.store import Store, open_store

ROWS = 80_000
PAGE_ROWS = 50_000
REPEATS = 5
LIMIT_RATIO = 0.8
NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
NUMBERS = {"AnnualRevenue", "NumberOfEmployees", "BillingLatitude", "BillingLongitude"}
STAMPS = {"CreatedDate", "LastModifiedDate", "SystemModstamp"}
FIELDS = tuple(f for f in MIRRORS["Account"].columns if f != "MasterRecordId")

ORG = to_18("00D000000000001")
INDEXED = ("owner_id", "system_modstamp")
DROP = "".join(f"DROP INDEX ix_account_{name};" for name in INDEXED)
CREATE = "".join(f"CREATE INDEX ix_account_{name} ON account ({name});" for name in INDEXED)

Row = tuple[str, ...]


def made_rows(count: int, *, seed: int = 1) -> list[Row]:
    """Return accounts in no order of id, a fifth of the texts and a third of the numbers blank."""
    rng = random.Random(seed)  # noqa: S311 - test data

    def cell(field: str, number: int) -> str:
        if field == "Id":
            return to_18(f"001{number:012d}")
        if field in {"OwnerId", "LastModifiedById"}:
            return to_18(f"005{rng.randrange(300):012d}")
        if field == "IsDeleted":
            return "false"
        if field in STAMPS:
            return f"2026-05-01T07:{rng.randrange(60):02d}:37.000Z"
        if field in NUMBERS:
            return "" if rng.random() < 0.3 else f"{rng.random() * 1e6:.2f}"
        return "" if rng.random() < 0.2 else f"Some text {rng.randrange(10_000)}"

    numbers = list(range(count))
    rng.shuffle(numbers)
    return [tuple(cell(field, number) for field in FIELDS) for number in numbers]


def bound(rows: list[Row]) -> list[tuple[str | int | None, ...]]:
    """Return the rows as the limit binds them."""
    flag = FIELDS.index("IsDeleted")
    return [
        tuple(0 if place == flag else cell or None for place, cell in enumerate(row))
        for row in rows
    ]


def bind_only(
    folder: Path, rows: list[tuple[str | int | None, ...]], *, before: str = "", after: str = ""
) -> float:
    """Return the CPU seconds of inserting ready values into the mirror's own table.

    `before` and `after` are statements to run, in the time, around the rows.
    """
    path = folder / f"limit{len(before)}.db"
    open_store(f"sqlite:///{path}").close()
    names = ", ".join(MIRRORS["Account"].columns[field].name for field in FIELDS)
    statement = f"INSERT INTO account ({names}) VALUES ({', '.join('?' * len(FIELDS))})"  # noqa: S608 - our own names
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-65536")
        started = time.process_time()
        connection.executescript(before)
        for start in range(0, len(rows), PAGE_ROWS):
            connection.execute("BEGIN")
            connection.executemany(statement, rows[start : start + PAGE_ROWS])
            connection.execute("COMMIT")
        connection.executescript(after)
        return time.process_time() - started


def load(store: Store, rows: list[Row]) -> float:
    """Return the CPU seconds of pulling the rows page by page, indexes and watermark included."""
    started = time.process_time()
    for start in range(0, len(rows), PAGE_ROWS):
        bookmark = Bookmark("750A", str(start), None, NOW)
        store.mirror.load_page(
            "Account", FIELDS, rows[start : start + PAGE_ROWS], bookmark=bookmark
        )
    store.mirror.finish("Account", Pulled(NOW, FIELDS))
    return time.process_time() - started


def read(store: Store) -> float:
    """Return the CPU seconds of reading 20 fields of every account as columns."""
    fields = [field for field in FIELDS if field not in {"Id", "IsDeleted"}][:20]
    started = time.process_time()
    store.mirror.columns("Account", fields)
    return time.process_time() - started


def measured(repeats: int = REPEATS, *, count: int = ROWS) -> dict[str, float]:
    """Return medians in CPU seconds: by what was measured.

    limit: bind only, indexes kept up; deferred: bind only, indexes built at the end; load: the
    loader; unchanged: the same rows once more; read: 20 columns; snapshot: naming the content.
    """
    rows = made_rows(count)
    ready = bound(rows)
    seconds: dict[str, list[float]] = {}

    def note(name: str, taken: float) -> None:
        seconds.setdefault(name, []).append(taken)

    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            note("limit", bind_only(folder, ready))
            note("deferred", bind_only(folder, ready, before=DROP, after=CREATE))
            with open_store(f"sqlite:///{folder / 'store.db'}") as store:
                note("load", load(store, rows))
                note("unchanged", load(store, rows))
                note("read", read(store))
                note("snapshot", timed(lambda store=store: store.snapshots.take(NOW, org_id=ORG)))  # type: ignore[misc] # the default binds the loop's store
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def timed(job: Callable[[], object]) -> float:
    """Return the CPU seconds of a job."""
    started = time.process_time()
    job()
    return time.process_time() - started


def main() -> int:
    """Print the medians and the ratio to the limit; return 1 where it misses the goal."""
    medians = measured()
    for name, taken in medians.items():
        print(f"{name:10s} {taken:6.2f} s CPU  {taken / ROWS * 1e6:6.2f} us/row")
    ratio = medians["limit"] / medians["load"]
    print(f"loader at {ratio:.2f} of the bind-only limit (goal {LIMIT_RATIO})")
    print(f"and at {medians['deferred'] / medians['load']:.2f} of it with indexes built at the end")
    return 0 if ratio >= LIMIT_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main())
