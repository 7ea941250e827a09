"""Whose profile a user has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


def profile_of(connection: sqlite3.Connection, user_id: str) -> frozenset[str]:
    """Return id and name of a user's profile; empty where the user has none."""
    row = connection.execute(
        'SELECT p.Id, p.Name FROM "User" u JOIN Profile p ON p.Id = u.ProfileId WHERE u.Id = ?',
        (user_id,),
    ).fetchone()
    return frozenset(row or ())
