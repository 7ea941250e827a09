"""Locators: which rows the rest of an answer has, for two days and for the user who asked.

A locator is an id and, behind a `-`, the offset of the next row. It keeps row numbers, eight bytes
a row, so that pages stay the same whatever is written meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from sfterritory.sandbox.api.answer import ApiError, is_number
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.state import take_ids

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray

    from sfterritory.sandbox.api.answer import Call

LIFETIME = timedelta(days=2)
_PREFIX = "0r8"
_NUMBER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Cursor:
    """A kept answer.

    Attributes:
        place: The numbers of the sub-queries that lead to the children it is about; () for the
            query itself.
        offset: The first row that was not answered yet.
        size: How many rows there are.
        numbers: The row numbers of the next page.
    """

    id: str
    soql: str
    deleted_too: bool
    place: tuple[int, ...]
    offset: int
    size: int
    numbers: NDArray[np.int64]


def keep(
    call: Call,
    soql: str,
    numbers: NDArray[np.int64],
    *,
    deleted_too: bool,
    place: tuple[int, ...] = (),
) -> str:
    """Store a query's rows and return the locator's id; dead locators go."""
    now = call.state.now()
    with call.state.writing() as connection:
        connection.execute("DELETE FROM _cursor WHERE created <= ?", (stored(now - LIFETIME),))
        (cursor_id,) = take_ids(connection, _PREFIX, 1)
        connection.execute(
            "INSERT INTO _cursor VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                cursor_id,
                call.user_id,
                soql,
                int(deleted_too),
                ".".join(map(str, place)),
                stored(now),
                numbers.tobytes(),
            ),
        )
    return cursor_id


def find(call: Call, connection: sqlite3.Connection, locator: str, *, most: int) -> Cursor:
    """Return a kept answer with the row numbers of its next page.

    Raises:
        ApiError: INVALID_QUERY_LOCATOR: there is none, it has died, or another user's it is.
    """
    cursor_id, _, offset = locator.partition("-")
    row = connection.execute(
        "SELECT rowid, soql, deleted_too, place FROM _cursor "
        "WHERE id = ? AND user_id = ? AND created > ?",
        (cursor_id, call.user_id, stored(call.state.now() - LIFETIME)),
    ).fetchone()
    if row is None or not is_number(offset):
        raise _dead(call)
    # A page of the blob, not all of it: a million rows are eight megabytes.
    with connection.blobopen("_cursor", "row_numbers", row[0], readonly=True) as blob:
        size = len(blob) // _NUMBER_BYTES
        start = int(offset)
        if start > size:
            raise _dead(call)
        blob.seek(start * _NUMBER_BYTES)
        numbers = np.frombuffer(blob.read(most * _NUMBER_BYTES), dtype=np.int64)
    return Cursor(
        id=cursor_id,
        soql=row[1],
        deleted_too=bool(row[2]),
        place=tuple(map(int, filter(None, row[3].split(".")))),
        offset=start,
        size=size,
        numbers=numbers,
    )


def _dead(call: Call) -> ApiError:
    status = call.state.switches.dead_locator_status
    return ApiError(status, "INVALID_QUERY_LOCATOR", "invalid query locator")
