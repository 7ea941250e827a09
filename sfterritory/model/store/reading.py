"""Mirrored records as columns, and single ones as a mapping."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, Double, cast, func, select

from sfterritory.errors import StepMissingError
from sfterritory.model.columns import RecordColumns
from sfterritory.model.document import Scalar
from sfterritory.model.store import pull_state
from sfterritory.model.store.column_codec import Wanted, fetch_columns, nothing_yet, stored
from sfterritory.model.store.column_type import SQLITE, Kind, instant_text
from sfterritory.model.store.loader import live
from sfterritory.model.store.mirror_registry import Mirror, mirror_of

_PATTERNS = (
    (Kind.FLAG, re.compile(r"(true|false)\Z")),
    # A leading zero makes a code, not a number.
    (Kind.NUMBER, re.compile(r"-?(0|[1-9]\d*)(\.\d+)?\Z")),
    (Kind.INSTANT, re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|\+0000)\Z")),
    (Kind.DAY, re.compile(r"\d{4}-\d\d-\d\d\Z")),
)


def read_columns(
    connection: Connection, object_name: str, fields: Sequence[str], *, kinds: Mapping[str, Kind]
) -> RecordColumns:
    """Return an object's live records; see `MirrorRoom.columns`."""
    mirror = mirror_of(object_name)
    others = [name for name in fields if name not in mirror.columns]
    known = {**_pulled_kinds(connection, object_name), **kinds}
    _check_pulled(connection, object_name, others)
    wanted = [
        replace(stored(mirror.columns[name], dialect=connection.dialect.name), name=name)
        if name in mirror.columns
        else _extra(connection, mirror, name, known.get(name))
        for name in fields
    ]
    query = nothing_yet(mirror.table).where(*live(mirror))
    ids, found = fetch_columns(connection, query, key=mirror.table.c.id, wanted=wanted)
    return RecordColumns(object_name, ids, found)


def read_record(
    connection: Connection, object_name: str, record_id: str
) -> Mapping[str, Scalar] | None:
    """Return one record by Salesforce field name; see `MirrorRoom.record`."""
    mirror = mirror_of(object_name)
    query = select(mirror.table).where(mirror.table.c.id == record_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    extra: dict[str, Scalar] = json.loads(row["extra"]) if row["extra"] else {}
    return {**{field: _scalar(row[c.name]) for field, c in mirror.columns.items()}, **extra}


def _scalar(value: Any) -> Scalar:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value  # type: ignore[no-any-return] # text, number, bool or None: what columns hold


def _pulled_kinds(connection: Connection, object_name: str) -> Mapping[str, Kind]:
    pulled = pull_state.read_pulled(connection).get(object_name)
    return pulled.extra_kinds if pulled else {}


def _check_pulled(connection: Connection, object_name: str, others: Sequence[str]) -> None:
    if not others:
        return
    absent = sorted(set(others) - pull_state.loaded_fields(connection, object_name))
    if absent:
        raise StepMissingError(
            f"the store has no {', '.join(f'{object_name}.{name}' for name in absent)}: "
            "the last pull did not bring it",
            remedy="pull again; if it is still missing, the org has no such field or you may not "
            "read it: `sfterritory doctor` tells, and mappings/ have to name another",
        )


def _extra(connection: Connection, mirror: Mirror, name: str, kind: Kind | None) -> Wanted:
    """Return how to read a field that is kept in `extra`."""
    value = _extra_value(connection, mirror, name)
    kind = kind or _inferred(connection, mirror, value)
    return Wanted(name, cast(value, Double) if kind is Kind.NUMBER else value, kind)


def _extra_value(connection: Connection, mirror: Mirror, name: str) -> ColumnElement[Any]:
    extra = mirror.table.c.extra
    if connection.dialect.name == SQLITE:
        return func.json_extract(extra, f'$."{name}"')
    return func.json_extract_path_text(cast(extra, JSON), name)


def _inferred(connection: Connection, mirror: Mirror, value: ColumnElement[Any]) -> Kind:
    """Return the narrowest kind that every value of a field fits; text where there is none."""
    query = select(value).where(*live(mirror), value.is_not(None)).distinct()
    texts = [str(text) for text in connection.execute(query).scalars()]
    for kind, pattern in _PATTERNS:
        if texts and all(pattern.match(text) for text in texts):
            return kind
    return Kind.TEXT
