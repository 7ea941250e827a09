"""Travel times that an engine gave earlier: a file of its own beside the store, safe to delete.

Not a table of the store: it is no part of what was pulled or decided, it grows much larger, and two
projects may share it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sfterritory.errors import StoreError
from sfterritory.model.columns import Floats

FORMAT = 1
_APPLICATION = 0x53465452
_BUSY_SECONDS = 30.0
_IN_MEMORY = ":memory:"
_TABLES = """
CREATE TABLE graph (
  id INTEGER PRIMARY KEY, provider TEXT NOT NULL, version TEXT NOT NULL, profile TEXT NOT NULL,
  UNIQUE (provider, version, profile)
);
CREATE TABLE leg (
  graph INTEGER NOT NULL REFERENCES graph, origin INTEGER NOT NULL, destination INTEGER NOT NULL,
  minutes REAL, km REAL, answered_at INTEGER NOT NULL,
  PRIMARY KEY (graph, origin, destination)
) WITHOUT ROWID;
"""

_ORIGINS_AT_A_TIME = 2_000  # rows become columns early: tuples take ten times the memory

Keys = NDArray[np.int64]
_Row = tuple[int, int, float | None, float | None]


@dataclass(frozen=True, slots=True)
class CachedLegs:
    """Legs by the numbers of their places, all of length n; infinite is no way."""

    origin: Keys
    destination: Keys
    minutes: Floats
    km: Floats

    def __len__(self) -> int:
        return len(self.origin)


class TravelCache:
    """An open cache; close it, or use it as a context manager. One thread at a time.

    Args:
        path: Its file, made with its folder where there is none; None keeps answers in memory
            until it is closed.
        now: The moment of this run: answers carry it, and missing ways are aged by it.
        unreachable_for: How long a missing way is believed: roads get built, ferries start.

    Raises:
        StoreError: The file is no cache, is damaged, or cannot be written.
    """

    def __init__(self, path: Path | None, *, now: datetime, unreachable_for: timedelta) -> None:
        self._path = path or _IN_MEMORY
        self._now = int(now.timestamp())
        self._oldest = int((now - unreachable_for).timestamp())
        with self._explained():
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, check_same_thread=False
            )
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def graph(self, provider: str, version: str, profile: str) -> int:
        """Return the number under which one road graph's answers are kept."""
        key = (provider, version, profile)
        with self._explained(), self._connection:
            self._connection.execute(
                "INSERT OR IGNORE INTO graph (provider, version, profile) VALUES (?, ?, ?)", key
            )
            found = self._connection.execute(
                "SELECT id FROM graph WHERE provider = ? AND version = ? AND profile = ?", key
            ).fetchone()
        return int(found[0])

    def legs_from(self, graph: int, origins: Keys) -> CachedLegs:
        """Return everything known from these origins, by origin and destination."""
        each = np.unique(origins)
        with self._explained():
            found = [
                self._legs(graph, each[start : start + _ORIGINS_AT_A_TIME].tolist())
                for start in range(0, len(each), _ORIGINS_AT_A_TIME)
            ]
        if not found:
            found = [_columns([])]
        return CachedLegs(
            np.concatenate([one.origin for one in found]),
            np.concatenate([one.destination for one in found]),
            np.concatenate([one.minutes for one in found]),
            np.concatenate([one.km for one in found]),
        )

    def _legs(self, graph: int, origins: list[int]) -> CachedLegs:
        rows: list[_Row] = []
        for origin in origins:
            rows += self._connection.execute(
                "SELECT origin, destination, minutes, km FROM leg WHERE graph = ? AND origin = ? "
                "AND (minutes IS NOT NULL OR answered_at >= ?) ORDER BY destination",
                (graph, origin, self._oldest),
            )
        return _columns(rows)

    def keep(self, graph: int, legs: CachedLegs) -> None:
        """Store answers, at once and for good: a run that is cut off later keeps them."""
        rows = zip(
            legs.origin.tolist(),
            legs.destination.tolist(),
            _finite_or_none(legs.minutes),
            _finite_or_none(legs.km),
            strict=True,
        )
        with self._explained(), self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO leg (graph, origin, destination, minutes, km, answered_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                ((graph, *row, self._now) for row in rows),
            )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _prepare(self) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            (application,) = self._connection.execute("PRAGMA application_id").fetchone()
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if tables == application == 0:
                for statement in filter(str.strip, _TABLES.split(";")):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")
            elif (application, version) != (_APPLICATION, FORMAT):
                raise StoreError(
                    f"{self._path} is no cache of travel times, or of another version",
                    remedy="name another file as travel.cache, or delete it if it was one",
                )
        # Only now: the mode is written into the file, and another program's file is not ours.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"the cache of travel times {self._path} failed: {error}",
                remedy="check the disk and the rights on it; or delete the file: it only saves "
                "asking the engine again",
            ) from error


def _columns(rows: list[_Row]) -> CachedLegs:
    return CachedLegs(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([np.inf if row[2] is None else row[2] for row in rows], dtype=np.float64),
        np.array([np.inf if row[3] is None else row[3] for row in rows], dtype=np.float64),
    )


def _finite_or_none(values: Floats) -> list[float | None]:
    return [value if value != np.inf else None for value in values.tolist()]
