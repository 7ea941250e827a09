"""What the sources of `people.yaml` say, put beside the users of the last pull."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from sfterritory.model.columns import Column, NumberColumn, RecordColumns, TextColumn, TimeColumn
from sfterritory.model.store.people import UserRecord
from sfterritory.quality.people_join import AttributeType, Joined, OrgPerson, join_people
from sfterritory.settings.people import PeopleSettings


def joined_people(
    people: PeopleSettings,
    users: Sequence[UserRecord],
    columns: RecordColumns,
    *,
    reps: Sequence[str] = (),
) -> Joined:
    """Return what each source says of each user, and every conflict.

    Args:
        people: The sources.
        users: Everybody in the org.
        columns: The fields of users that rows are joined and compared by.
        reps: Ids of those whom every complete source should know.
    """
    texts = {
        name: column.values()
        for name, column in columns.fields.items()
        if isinstance(column, TextColumn)
    }
    fields = {
        record_id: {"Id": record_id, **{name: cells[row] or "" for name, cells in texts.items()}}
        for row, record_id in enumerate(columns.ids.tolist())
    }
    persons = [OrgPerson(one.id, one.name, one.is_active, fields[one.id]) for one in users]
    return join_people(persons, people.sources, reps=reps)


def with_attributes(
    columns: RecordColumns, joined: Joined, types: Mapping[str, AttributeType]
) -> RecordColumns:
    """Return the columns with one more for each attribute; it is missing where nobody gave one."""
    added: dict[str, Column] = {
        name: _column(columns.ids.tolist(), joined, name, kind=kind) for name, kind in types.items()
    }
    return replace(columns, fields={**columns.fields, **added})


def _column(ids: Sequence[str], joined: Joined, name: str, *, kind: AttributeType) -> Column:
    found = [joined.attributes.get(one, {}).get(name) for one in ids]
    if kind is AttributeType.NUMBER:
        return NumberColumn(np.array([np.nan if one is None else one.value for one in found]))
    texts = [None if one is None else str(one.value) for one in found]
    if kind is AttributeType.DATE:
        return TimeColumn(np.array([one or "NaT" for one in texts], dtype="datetime64[ms]"))
    return TextColumn.of(texts)
