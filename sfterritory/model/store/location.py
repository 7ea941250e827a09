"""The room of locations: where records are, and what could not be understood about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from sqlalchemy import delete, func, select

from sfterritory.model.columns import Ids, NumberColumn, Places, TextColumn, TimeColumn
from sfterritory.model.store.bulk import insert_rows
from sfterritory.model.store.column_codec import (
    fetch_columns,
    nothing_yet,
    number_cells,
    stored,
    text_cells,
)
from sfterritory.model.store.database import Database
from sfterritory.model.store.loader import live
from sfterritory.model.store.mirror_registry import mirror_of
from sfterritory.model.store.result_table import LocationRow, NormalisedRow, RejectRow
from sfterritory.model.store.tables import table_of

_LOCATION = table_of(LocationRow)
_NORMALISED = table_of(NormalisedRow)
_REJECT = table_of(RejectRow)
_NUMBERS = ("lon_deg", "lat_deg", "accuracy")
_COLUMNS = (
    "object_name",
    "record_id",
    *_NUMBERS,
    "source",
    "country_code",
    "subdivision_code",
    "postal_code",
    "city",
    "cause",
    "modstamp",
    "locator_version",
)


@dataclass(frozen=True, slots=True)
class Locations:
    """Where the records of one object are, in ascending order of id; all columns of length n.

    Attributes:
        object_name: `Account`.
        ids: 18-character ids, shape (n,).
        places: Coordinates and accuracy.
        source: What located the record (`postal_code`, `salesforce`).
        country_code: ISO 3166-1 alpha-2.
        subdivision_code: ISO 3166-2 without the country.
        postal_code: As normalised.
        city: As normalised.
        cause: Why a record is not located; missing where it is.
        modstamp: Of the record that the location was worked out from.
        locator_version: Of the code and data that worked it out.
    """

    object_name: str
    ids: Ids
    places: Places
    source: TextColumn
    country_code: TextColumn
    subdivision_code: TextColumn
    postal_code: TextColumn
    city: TextColumn
    cause: TextColumn
    modstamp: TimeColumn
    locator_version: TextColumn

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Normalised:
    """A value as delivered and as understood."""

    record_id: str
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Reject:
    """A value that could not be understood, and why."""

    record_id: str
    field: str
    value: str | None
    cause: str


class LocationRoom:
    """Locations, normalised values and rejects of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self, locations: Locations, *, normalised: Iterable[Normalised], rejects: Iterable[Reject]
    ) -> None:
        """Replace everything that is known about where one object's records are."""
        name = locations.object_name
        with self._database.write() as connection:
            for table in (_LOCATION, _NORMALISED, _REJECT):
                connection.execute(delete(table).where(table.c.object_name == name))
            insert_rows(connection, _LOCATION, _COLUMNS, _rows(locations))
            insert_rows(
                connection,
                _NORMALISED,
                ("object_name", "record_id", "field", "before", "after"),
                ((name, n.record_id, n.field, n.before, n.after) for n in normalised),
            )
            insert_rows(
                connection,
                _REJECT,
                ("object_name", "record_id", "field", "value", "cause"),
                ((name, r.record_id, r.field, r.value, r.cause) for r in rejects),
            )

    def of(self, object_name: str) -> Locations:
        """Return the saved locations of an object's live records."""
        mirror = mirror_of(object_name)
        wanted = [stored(_LOCATION.c[n], dialect=self._database.dialect) for n in _COLUMNS[2:]]
        alive = select(mirror.table.c.id).where(*live(mirror))
        query = nothing_yet(_LOCATION).where(
            _LOCATION.c.object_name == object_name, _LOCATION.c.record_id.in_(alive)
        )
        with self._database.read() as connection:
            ids, found = fetch_columns(connection, query, key=_LOCATION.c.record_id, wanted=wanted)
        columns = cast("dict[str, Any]", dict(found))
        numbers = {n: cast("NumberColumn", columns.pop(n)).values for n in _NUMBERS}
        places = Places(numbers["lon_deg"], numbers["lat_deg"], numbers["accuracy"].astype(np.int8))
        return Locations(object_name, ids, places, **columns)

    def normalised(self, object_name: str) -> tuple[Normalised, ...]:
        """Return the values that were changed to be understood, by record and field."""
        query = (
            select(_NORMALISED)
            .where(_NORMALISED.c.object_name == object_name)
            .order_by(_NORMALISED.c.record_id, _NORMALISED.c.field)
        )
        with self._database.read() as connection:
            return tuple(
                Normalised(row.record_id, row.field, row.before, row.after)
                for row in connection.execute(query)
            )

    def rejects(self, object_name: str) -> tuple[Reject, ...]:
        """Return the values that could not be understood, by record and field."""
        query = (
            select(_REJECT)
            .where(_REJECT.c.object_name == object_name)
            .order_by(_REJECT.c.record_id, _REJECT.c.field)
        )
        with self._database.read() as connection:
            return tuple(
                Reject(row.record_id, row.field, row.value, row.cause)
                for row in connection.execute(query)
            )

    def unlocated_counts(self, object_name: str) -> Mapping[str, int]:
        """Return how many records are not located, by cause in ascending order."""
        cause = _LOCATION.c.cause
        query = (
            select(cause, func.count().label("records"))
            .where(_LOCATION.c.object_name == object_name, cause.is_not(None))
            .group_by(cause)
            .order_by(cause)
        )
        with self._database.read() as connection:
            return {row.cause: row.records for row in connection.execute(query)}


def _rows(locations: Locations) -> Iterable[tuple[Any, ...]]:
    """Return the rows of the location table in the order of its columns."""
    places = locations.places
    return zip(
        [locations.object_name] * len(locations),
        locations.ids.tolist(),
        number_cells(places.lon_deg),
        number_cells(places.lat_deg),
        places.accuracy.tolist(),
        *(text_cells(getattr(locations, name)) for name in _COLUMNS[2 + len(_NUMBERS) :]),
        strict=True,
    )
