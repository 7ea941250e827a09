"""How far each object has been pulled: the bookmark of an unfinished pull, and the watermark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from sfterritory.model.document import canonical_json, content_hash
from sfterritory.model.store.bulk import put
from sfterritory.model.store.column_type import Kind, instant_text
from sfterritory.model.store.mirror_table import PullCursor, PullWatermark
from sfterritory.model.store.tables import table_of

_CURSOR = table_of(PullCursor)
_WATERMARK = table_of(PullWatermark)


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where an unfinished pull of one object goes on.

    Attributes:
        job_id: The Bulk job that the pages come from.
        locator: Of the next page; None before the first page and after the last.
        since: The watermark that the job was asked from, None for a full pull.
        started_at: Salesforce's time when the job was made.
        rows: Rows of this job that are in the store; the store counts them.
        pages: Pages of this job that are in the store; the store counts them.
    """

    job_id: str
    locator: str | None
    since: datetime | None
    started_at: datetime
    rows: int = 0
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a completed pull left.

    Attributes:
        watermark: From where the next pull asks.
        fields: What the store holds: what was asked for, and what is kept.
        kept: Fields that can no longer be read, each with the time up to which its values are
            known; they stay as they are.
        field_types: Salesforce's own type of every field that was asked for, where that is known.
        extra_kinds: What fields without a column of their own hold, where that is known.
        text_lengths: How many characters text fields may have, where that is known.
    """

    watermark: datetime
    fields: tuple[str, ...]
    kept: Mapping[str, datetime] = field(default_factory=dict)
    field_types: Mapping[str, str] = field(default_factory=dict)
    extra_kinds: Mapping[str, Kind] = field(default_factory=dict)
    text_lengths: Mapping[str, int] = field(default_factory=dict)

    def covers(self, fields: Sequence[str], kept: Sequence[str]) -> bool:
        """Tell whether changes alone bring these fields up to date, beside those to keep.

        A field that is asked for anew, or can be read again, has values that no change shows; and
        one that nobody wants any more has to leave `extra`.
        """
        asked = set(fields)
        return asked | set(kept) == set(self.fields) and asked.isdisjoint(self.kept)


def fields_hash(fields: Sequence[str]) -> str:
    """Return the name of a field list; the order does not matter."""
    return content_hash([*sorted(set(fields))])


def read_bookmark(connection: Connection, object_name: str) -> tuple[Bookmark, str] | None:
    """Return the bookmark and the hash of the field list it belongs to."""
    query = select(_CURSOR).where(_CURSOR.c.object_name == object_name)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    bookmark = Bookmark(
        row.job_id, row.locator, row.since, row.started_at, row.rows_loaded, row.pages_loaded
    )
    return bookmark, row.fields_hash


def write_bookmark(
    connection: Connection, object_name: str, *, fields: Sequence[str], bookmark: Bookmark
) -> None:
    """Replace an object's bookmark."""
    values: dict[str, Any] = {
        "object_name": object_name,
        "fields": canonical_json(list(fields)),
        "fields_hash": fields_hash(fields),
        "job_id": bookmark.job_id,
        "locator": bookmark.locator,
        "since": bookmark.since,
        "started_at": bookmark.started_at,
        "rows_loaded": bookmark.rows,
        "pages_loaded": bookmark.pages,
    }
    put(connection, _CURSOR, values)


def clear_bookmark(connection: Connection, object_name: str) -> None:
    """Forget an object's unfinished pull."""
    connection.execute(delete(_CURSOR).where(_CURSOR.c.object_name == object_name))


def read_pulled(connection: Connection) -> dict[str, Pulled]:
    """Return what completed pulls left, by object name in ascending order."""
    query = select(_WATERMARK).order_by(_WATERMARK.c.object_name)
    return {
        row.object_name: Pulled(
            watermark=row.watermark,
            fields=tuple(json.loads(row.fields)),
            kept={
                name: datetime.fromisoformat(text) for name, text in json.loads(row.kept).items()
            },
            field_types=json.loads(row.field_types),
            extra_kinds={name: Kind(kind) for name, kind in json.loads(row.extra_kinds).items()},
            text_lengths=json.loads(row.text_lengths),
        )
        for row in connection.execute(query)
    }


def write_pulled(connection: Connection, object_name: str, pulled: Pulled) -> None:
    """Replace what is known of an object's completed pull."""
    values: dict[str, Any] = {
        "object_name": object_name,
        "watermark": pulled.watermark,
        "fields": canonical_json(list(pulled.fields)),
        "kept": canonical_json({name: instant_text(at) for name, at in pulled.kept.items()}),
        "field_types": canonical_json(dict(pulled.field_types)),
        "extra_kinds": canonical_json({k: str(v) for k, v in pulled.extra_kinds.items()}),
        "text_lengths": canonical_json(dict(pulled.text_lengths)),
    }
    put(connection, _WATERMARK, values)


def loaded_fields(connection: Connection, object_name: str) -> frozenset[str]:
    """Return every field that the completed or the unfinished pull of an object asked for."""
    found: set[str] = set()
    for table in (_CURSOR, _WATERMARK):
        query = select(table.c.fields).where(table.c.object_name == object_name)
        for text in connection.execute(query).scalars():
            found.update(json.loads(text))
    return frozenset(found)
