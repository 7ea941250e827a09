"""What the columns of an upload set: fields, ids, and parents by a key of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfterritory.sandbox.api.bulk.upload import UploadError
from sfterritory.sandbox.api.external_key import key_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import FieldDef, ObjectDef


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """A column that sets a field of the record."""

    field: FieldDef


@dataclass(frozen=True, slots=True)
class ParentColumn:
    """A column that sets a lookup by a key of the parent: `Owner.Username`."""

    field: FieldDef
    target: ObjectDef
    key: FieldDef


Column = FieldColumn | ParentColumn


def plan_header(
    names: Sequence[str],
    described: ObjectDef,
    schema: OrgSchema,
    *,
    operation: str,
    polymorphic: bool,
) -> tuple[Column, ...]:
    """Return what each column sets; `polymorphic` ones may name their parent's object.

    Raises:
        UploadError: A column means nothing, or two mean the same.
    """
    if operation in {"delete", "hardDelete"} and [one.lower() for one in names] != ["id"]:
        raise UploadError(f"InvalidBatch : The '{operation}' batch must contain only ids.")
    columns: list[Column] = []
    seen: set[str] = set()
    for name in names:
        column = _column(name, described, schema) if polymorphic or ":" not in name else None
        if column is None:
            raise UploadError(f"InvalidBatch : Field name not found : {name}")
        if column.field.name in seen:
            raise UploadError(f"InvalidBatch : Duplicate field name : {name}")
        seen.add(column.field.name)
        columns.append(column)
    return tuple(columns)


def _column(name: str, described: ObjectDef, schema: OrgSchema) -> Column | None:
    relationship, dot, key_name = name.partition(".")
    if not dot:
        field = described.find(name)
        return None if field is None or not field.stored else FieldColumn(field)
    kind, colon, relationship_name = relationship.rpartition(":")
    field = described.by_relationship.get(relationship_name.lower())
    if field is None:
        return None
    for target in _targets(field, schema, kind=kind if colon else ""):
        key = key_field(target, key_name)
        if key is not None:
            return ParentColumn(field, target, key)
    return None


def _targets(field: FieldDef, schema: OrgSchema, *, kind: str) -> list[ObjectDef]:
    """Return the objects that a lookup may refer to, one of them if its name stands before it."""
    found = [schema.find(name) for name in field.reference_to]
    return [one for one in found if one and (not kind or one.name.lower() == kind.lower())]
