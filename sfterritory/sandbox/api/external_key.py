"""Finding records by another field than their id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.rows import refused, unknown_key
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.values import stored_value

if TYPE_CHECKING:
    import sqlite3

    from sfterritory.sandbox.api.answer import Call
    from sfterritory.sandbox.schema import FieldDef, ObjectDef


def key_field(described: ObjectDef, name: str) -> FieldDef | None:
    """Return the field of that name if records can be found by it (`idLookup`), or None."""
    field = described.find(name)
    return field if field is not None and field.id_lookup else None


def named_key(described: ObjectDef, name: str) -> FieldDef:
    """Return the field of that name.

    Raises:
        ApiError: 404: records cannot be found by it.
    """
    field = key_field(described, name)
    if field is None:
        raise unknown_key(name)
    return field


def matching_ids(
    connection: sqlite3.Connection, described: ObjectDef, field: FieldDef, *, value: Any
) -> list[str]:
    """Return the ids of the living records with that value, in their order.

    Raises:
        RefusedError: The value does not fit the field.
    """
    stored = stored_value(field, value)
    if stored is None:
        return []
    living = " AND IsDeleted = 0" if described.has("IsDeleted") else ""
    found = connection.execute(
        f'SELECT Id FROM "{described.name}" WHERE "{field.name}" = ?{living} ORDER BY Id',  # noqa: S608 - names of our own schema
        (stored,),
    )
    return [str(row[0]) for row in found]


def ids_of_path(
    call: Call, connection: sqlite3.Connection, described: ObjectDef, *, field: FieldDef
) -> list[str]:
    """Return the ids of the records that the path's key leads to.

    Raises:
        ApiError: The value does not fit the field.
    """
    try:
        return matching_ids(connection, described, field, value=call.path["value"])
    except RefusedError as error:
        raise refused(error, call.state.switches) from error
