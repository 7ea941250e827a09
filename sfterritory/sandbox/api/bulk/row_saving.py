"""Saving one uploaded row, through the same checks as every other way to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.bulk.header_plan import Column, FieldColumn, ParentColumn
from sfterritory.sandbox.api.external_key import matching_ids
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.values import stored_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfterritory.sandbox.save import Saver, Values
    from sfterritory.sandbox.schema import FieldDef, ObjectDef

NULL = "#N/A"
_TRUE = frozenset({"true", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "no", "n", "off", "0"})


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a row: its record, and whether the row made it."""

    record_id: str
    created: bool


@dataclass(frozen=True, slots=True)
class RowSaver:
    """Saves the rows of one job in one transaction.

    Attributes:
        columns: What each value of a row sets.
        external_id: By which an upsert finds its record; None for other operations.
    """

    saver: Saver
    described: ObjectDef
    operation: str
    columns: Sequence[Column]
    external_id: FieldDef | None

    def save(self, cells: Sequence[str]) -> Saved:
        """Do what the job's operation says with a row.

        Raises:
            RefusedError: The platform would not; the caller rolls back what was begun.
        """
        record_id, values = self._values(cells)
        if self.operation == "insert":
            return self._created(record_id, values)
        if self.operation == "upsert" and self.external_id is not None:
            return self._upserted(self.external_id, record_id, values)
        if not record_id:
            raise RefusedError("MISSING_ARGUMENT", f"Id not specified in an {self.operation} call")
        if self.operation == "update":
            return self._updated(record_id, values)
        return self._deleted(record_id)

    def _values(self, cells: Sequence[str]) -> tuple[str, Values]:
        """Return a row's id, or '', and the values that it sets: an empty cell sets none."""
        record_id = ""
        values: Values = {}
        for column, text in zip(self.columns, cells, strict=True):
            if not text:
                continue
            if column.field.type == "id":
                record_id = text
            elif text == NULL:
                values[column.field.name] = None
            elif isinstance(column, ParentColumn):
                values[column.field.name] = self._parent_id(column, text)
            else:
                values[column.field.name] = _value(column, text)
        return record_id, values

    def _created(self, record_id: str, values: Values) -> Saved:
        if record_id:
            raise RefusedError(
                "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",)
            )
        return Saved(self.saver.create(self.described, values), created=True)

    def _updated(self, record_id: str, values: Values) -> Saved:
        self.saver.update(self.described, record_id, values)
        return Saved(normalised(record_id) or record_id, created=False)

    def _upserted(self, key: FieldDef, record_id: str, values: Values) -> Saved:
        if key.type == "id":
            return self._updated(record_id, values) if record_id else self._created("", values)
        value = values.get(key.name)
        if value is None:
            raise RefusedError("MISSING_ARGUMENT", f"{key.name} not specified", (key.name,))
        found = self._ids_by(self.described, key, value)
        if len(found) > 1:
            raise RefusedError(
                "DUPLICATE_EXTERNAL_ID",
                f"{key.label}: more than one record found for external id field: "
                f"[{', '.join(found)}]",
                (key.name,),
            )
        if not found:
            return self._created(record_id, values)
        rest = {name: one for name, one in values.items() if name != key.name}
        return self._updated(found[0], rest)

    def _deleted(self, record_id: str) -> Saved:
        full = normalised(record_id) or record_id
        self.saver.delete(self.described, full)
        if self.operation == "hardDelete":
            self.saver.connection.execute(
                f'DELETE FROM "{self.described.name}" WHERE Id = ?',  # noqa: S608 - names of our own schema
                (full,),
            )
        return Saved(full, created=False)

    def _parent_id(self, column: ParentColumn, text: str) -> str:
        found = self._ids_by(column.target, column.key, text)
        if len(found) != 1:
            raise RefusedError(
                "DUPLICATE_EXTERNAL_ID" if found else "INVALID_FIELD",
                f"Foreign key external ID: {text} "
                + ("is not unique" if found else "not found")
                + f" for field {column.key.name} in entity {column.target.name}",
            )
        return found[0]

    def _ids_by(self, described: ObjectDef, key: FieldDef, value: object) -> list[str]:
        return matching_ids(self.saver.connection, described, key, value=value)

    def record_id(self, cells: Sequence[str]) -> str:
        """Return the id that a row names, or ''."""
        for column, text in zip(self.columns, cells, strict=True):
            if column.field.type == "id":
                return normalised(text) or text
        return ""


def _value(column: FieldColumn, text: str) -> str | bool:
    """Return a cell as a save takes it.

    Raises:
        RefusedError: It is not of the field's type; a CSV has no JSON to complain about.
    """
    field = column.field
    if field.type == "boolean":
        word = text.strip().lower()
        if word not in _TRUE | _FALSE:
            raise _wrong_type(field, text)
        return word in _TRUE
    try:
        stored_value(field, text)
    except RefusedError as error:
        if error.code == "JSON_PARSER_ERROR":
            raise _wrong_type(field, text) from error
        raise
    return text


def _wrong_type(field: FieldDef, text: str) -> RefusedError:
    return RefusedError(
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        f"{field.label}: value not of required type: {text[:80]}",
        (field.name,),
    )
