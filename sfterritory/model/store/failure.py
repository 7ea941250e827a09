"""The one place where a database's errors become ours."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from sfterritory.errors import StoreError

# Parts of what SQLite says, in the order they are looked for, and what a user can do about it.
_REMEDIES = (
    ("file is not a database", "name another file, or restore the store from a backup beside it"),
    ("malformed", "restore the store from a backup beside it, or delete it and pull again"),
    ("disk is full", "free space on the disk and run the same command again: it resumes"),
    ("disk I/O error", "check the disk's space and health, then run the same command again"),
    ("readonly database", "allow this user to write to the file and to its folder"),
    ("unable to open", "create the folder and allow this user to write to it"),
    ("locked", "wait until the other program has finished with the store, then run again"),
    (
        "user-defined function",
        "check the date-times of the page: ISO 8601 with an offset is needed",
    ),
    ("cannot store", "check that the field has the type that the store expects, then pull again"),
    ("connection", "check that PostgreSQL runs, and the host, port, user and password of the URL"),
    ("authentication", "check the user and the password of the store's URL"),
    ("does not exist", "create the PostgreSQL database that the store's URL names"),
    ("No space left", "free space on the database server and run the same command again"),
)
_OTHERWISE = "run `sfterritory doctor`; if the store is damaged, restore a backup or pull again"


def _text(error: BaseException) -> str:
    """Return what the database said, without the rows it said it about."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return _text(error.orig)
    if isinstance(error, _postgresql_errors()) and error.diag.message_primary:
        return str(error.diag.message_primary)
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _postgresql_errors() -> tuple[Any, ...]:
    """Return the driver's errors, if a PostgreSQL store loaded it: it takes 15 MB."""
    driver = sys.modules.get("psycopg")
    return () if driver is None else (driver.Error,)


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn every database error of the block into a StoreError that names the store.

    Raises:
        StoreError: The database refused; the original is its cause.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error, *_postgresql_errors()) as error:
        text = _text(error)
        remedy = next((remedy for part, remedy in _REMEDIES if part in text), _OTHERWISE)
        raise StoreError(f"the store {place} failed: {text}", remedy=remedy) from error
    except UnicodeDecodeError as error:  # SQLite quotes damaged names in its message
        raise StoreError(
            f"the store {place} is damaged: it holds text that is not UTF-8",
            remedy="restore the store from a backup beside it, or delete it and pull again",
        ) from error
