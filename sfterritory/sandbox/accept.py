"""What a client may send: names, types, references, and what must not be empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.owner import check_owner
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.schema import TEXT_TYPES
from sfterritory.sandbox.state import row_of
from sfterritory.sandbox.values import stored_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfterritory.sandbox.schema import FieldDef, ObjectDef
    from sfterritory.sandbox.transaction import Transaction

Values = dict[str, Any]


def accepted(
    described: ObjectDef, values: Mapping[str, Any], *, creating: bool, empty_is_null: bool
) -> Values:
    """Return the values by field name, each as its column stores it.

    An empty text is null, or else stays one where the field is a text that may be empty.

    Raises:
        RefusedError: An unknown or read-only field, or a value that does not fit.
    """
    given: Values = {}
    read_only: list[str] = []
    for name, value in values.items():
        field = described.find(name)
        if field is None:
            raise RefusedError(
                "INVALID_FIELD", f"No such column '{name}' on sobject of type {described.name}"
            )
        if not (field.createable if creating else field.updateable):
            read_only.append(field.name)
            continue
        empty = value == "" and not empty_is_null and field.type in TEXT_TYPES and field.nillable
        given[field.name] = "" if empty else stored_value(field, value)
    if read_only:
        raise RefusedError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(read_only)}. Please check the "
            "security settings of this field and verify that it is read/write for your "
            "profile or permission set.",
            tuple(read_only),
        )
    return given


def check_not_emptied(described: ObjectDef, given: Values) -> None:
    """Refuse an update that clears what must be filled.

    Raises:
        RefusedError: REQUIRED_FIELD_MISSING, or INVALID_EMPTY_KEY_OWNER.
    """
    emptied = tuple(
        name
        for name, value in given.items()
        if value is None and not described.by_lower_name[name.lower()].nillable
    )
    if "OwnerId" in emptied:
        raise RefusedError("INVALID_EMPTY_KEY_OWNER", "owner cannot be blank", ("OwnerId",))
    if emptied:
        raise _missing(emptied)


def check_required(described: ObjectDef, row: Mapping[str, Any]) -> None:
    """Refuse a new record that lacks what must be filled.

    Raises:
        RefusedError: REQUIRED_FIELD_MISSING.
    """
    missing = tuple(
        field.name
        for field in described.columns
        if not field.nillable and field.createable and row[field.column_name] is None
    )
    if missing:
        raise _missing(missing)


def check_references(
    tx: Transaction, described: ObjectDef, given: Values, before: Mapping[str, Any]
) -> None:
    """Refuse references to what does not exist or cannot be referred to.

    Raises:
        RefusedError: With the platform's code for the reference.
    """
    for name, value in given.items():
        field = described.by_lower_name[name.lower()]
        if field.type != "reference" or value is None or value == before.get(field.column_name):
            continue
        if name == "OwnerId":
            check_owner(tx, described, value)
        else:
            _check_reference(tx, field, value)


def _check_reference(tx: Transaction, field: FieldDef, target_id: str) -> None:
    target = tx.schema.of_id(target_id)
    if target is None or target.name not in field.reference_to:
        raise RefusedError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"{field.label}: id value of incorrect type: {target_id}",
            (field.name,),
        )
    row = row_of(tx.connection, target, target_id)
    if row is None:
        raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row.get("IsDeleted"):
        raise RefusedError("ENTITY_IS_DELETED", "entity is deleted", (field.name,))


def check_unique(tx: Transaction, described: ObjectDef, row: Mapping[str, Any]) -> None:
    """Refuse a record whose unique values another living one has.

    Raises:
        RefusedError: DUPLICATE_VALUE.
    """
    living = " AND IsDeleted = 0" if described.has("IsDeleted") else ""
    for key in described.unique_keys:
        compared = " AND ".join(f'"{name}" = ?' for name in key)
        found = tx.connection.execute(
            f'SELECT Id FROM "{described.name}" WHERE {compared} AND Id != ?{living}',  # noqa: S608 - names of our own schema
            (*(row[name] for name in key), row.get("Id") or ""),
        ).fetchone()
        if found is not None:
            code = "DUPLICATE_VALUE"
            if described.unique_together == key:
                code = tx.switches.duplicate_association_code
            raise RefusedError(
                code,
                f"duplicate value found: {', '.join(key)} duplicates value on record with id: "
                f"{found[0]}",
                key,
            )


def _missing(names: tuple[str, ...]) -> RefusedError:
    return RefusedError(
        "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names
    )
