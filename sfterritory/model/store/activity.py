"""The activity log: one line for everything that a person or a job did with the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Connection, insert, select

from sfterritory.model.document import canonical_json
from sfterritory.model.store.database import Database
from sfterritory.model.store.journal_table import ActivityRow
from sfterritory.model.store.tables import table_of

_ACTIVITY = table_of(ActivityRow)


@dataclass(frozen=True, slots=True)
class Activity:
    """One line: what kind of thing, when, by whom, with which facts."""

    kind: str
    at: datetime
    by: str
    facts: Mapping[str, JsonValue]


class ActivityRoom:
    """The activity log of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, *, at: datetime, by: str, facts: Mapping[str, JsonValue]) -> None:
        """Append one line."""
        with self._database.write() as connection:
            insert_activity(connection, Activity(kind, at, by, facts))

    def list(self) -> tuple[Activity, ...]:
        """Return every line, the latest first."""
        query = select(_ACTIVITY).order_by(_ACTIVITY.c.number.desc())
        with self._database.read() as connection:
            return tuple(
                Activity(row.kind, row.at, row.by, json.loads(row.facts))
                for row in connection.execute(query)
            )


def insert_activity(connection: Connection, line: Activity) -> None:
    """Append one line, in a transaction of the caller's."""
    values = {
        "kind": line.kind,
        "at": line.at,
        "by": line.by,
        "facts": canonical_json(dict(line.facts)),
    }
    connection.execute(insert(_ACTIVITY).values(**values))
