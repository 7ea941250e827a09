"""Saving records: the one place that decides what an insert, update or delete may do.

Rows, collections and edits by hand all come through here, so they refuse the same things in the
same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.assignment import ruled_owner
from sfterritory.sandbox.clock import stored
from sfterritory.sandbox.history import record_changes, record_creation
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.objects import EVERYTHING
from sfterritory.sandbox.owner import check_owner
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.state import SandboxState, row_of, take_ids
from sfterritory.sandbox.values import derived, stored_value

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import datetime

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import FieldDef, ObjectDef
    from sfterritory.sandbox.switches import Switches

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Saver:
    """One transaction's way to write.

    Attributes:
        user_id: Who writes.
        schema: What that user sees of the org.
        now: The server's time.
        auto_assign: Whether the org's active assignment rules run (the platform's default).
    """

    connection: sqlite3.Connection
    user_id: str
    schema: OrgSchema
    now: datetime
    switches: Switches
    auto_assign: bool = True

    def update(self, described: ObjectDef, record_id: str, values: Mapping[str, Any]) -> None:
        """Change the named fields of a record.

        Raises:
            RefusedError: The platform would not do it; nothing is written.
        """
        if not described.updateable:
            raise RefusedError(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                f"entity type {described.name} does not support update",
            )
        before = self.living(described, record_id)
        if before.get("IsConverted"):
            raise RefusedError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        given = self._accepted(described, values, creating=False)
        self._check_references(described, given, before)
        self._write_update(described, before, given)

    def create(self, described: ObjectDef, values: Mapping[str, Any]) -> str:
        """Insert a record and return its id.

        Raises:
            RefusedError: The platform would not do it; nothing is written.
        """
        if not described.createable:
            raise RefusedError(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                f"entity type {described.name} does not support create",
            )
        whole = EVERYTHING.objects[described.name]  # what the user does not see is stored too
        row: Values = {field.name: field.default for field in whole.columns}
        if described.has("OwnerId"):
            row["OwnerId"] = self.user_id
        given = self._accepted(described, values, creating=True)
        row.update(given)
        self._check_required(described, row)
        self._check_references(described, given, {})
        return self._write_insert(described, row)

    def delete(self, described: ObjectDef, record_id: str) -> None:
        """Put a record into the recycle bin; an account takes its contacts and deals along.

        Raises:
            RefusedError: It does not exist, is deleted, or its object cannot be deleted.
        """
        if not described.deletable:
            raise RefusedError(
                "INSUFFICIENT_ACCESS_OR_READONLY",
                f"entity type {described.name} does not support delete",
            )
        row = self.living(described, record_id)
        if not described.has("IsDeleted"):
            self._execute(f'DELETE FROM "{described.name}" WHERE Id = ?', row["Id"])  # noqa: S608 - names of our own schema
            return
        self._bin(described.name, "Id", row["Id"])
        if described.name == "Account":
            for child in ("Contact", "Opportunity"):
                self._bin(child, "AccountId", row["Id"])

    def _bin(self, object_name: str, key: str, record_id: str) -> None:
        stamp = stored(self.now)
        sql = (
            f'UPDATE "{object_name}" SET IsDeleted = 1, LastModifiedDate = ?, '  # noqa: S608 - names of our own schema
            f'LastModifiedById = ?, SystemModstamp = ? WHERE "{key}" = ? AND IsDeleted = 0'
        )
        self._execute(sql, stamp, self.user_id, stamp, record_id)

    def living(self, described: ObjectDef, record_id: str) -> Values:
        """Return the stored values of a record that can be changed.

        Raises:
            RefusedError: The id is malformed, unknown, or its record is deleted.
        """
        full = normalised(record_id)
        if full is None or _name_of(self.schema.of_id(full)) != described.name:
            raise RefusedError(
                "MALFORMED_ID",
                f"{described.label} ID: id value of incorrect type: {record_id}",
                ("Id",),
            )
        row = row_of(self.connection, EVERYTHING.objects[described.name], full)
        if row is None:
            raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row.get("IsDeleted"):
            raise RefusedError("ENTITY_IS_DELETED", "entity is deleted")
        return row

    def _accepted(
        self, described: ObjectDef, values: Mapping[str, Any], *, creating: bool
    ) -> Values:
        """Return the values by canonical name, each as its column stores it."""
        accepted: Values = {}
        read_only: list[str] = []
        for name, value in values.items():
            field = described.find(name)
            if field is None:
                raise RefusedError(
                    "INVALID_FIELD",
                    f"No such column '{name}' on sobject of type {described.name}",
                )
            if not (field.createable if creating else field.updateable):
                read_only.append(field.name)
                continue
            accepted[field.name] = stored_value(field, value)
        if read_only:
            raise RefusedError(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {', '.join(read_only)}. Please check the "
                "security settings of this field and verify that it is read/write for your "
                "profile or permission set.",
                tuple(read_only),
            )
        if not creating:
            self._check_not_emptied(described, accepted)
        return accepted

    def _check_not_emptied(self, described: ObjectDef, accepted: Values) -> None:
        emptied = tuple(
            name
            for name, value in accepted.items()
            if value is None and not described.by_lower_name[name.lower()].nillable
        )
        if "OwnerId" in emptied:
            raise RefusedError("INVALID_EMPTY_KEY_OWNER", "owner cannot be blank", ("OwnerId",))
        if emptied:
            raise _missing(emptied)

    def _check_required(self, described: ObjectDef, row: Values) -> None:
        missing = tuple(
            field.name
            for field in described.columns
            if not field.nillable and field.createable and row[field.name] is None
        )
        if missing:
            raise _missing(missing)

    def _check_references(self, described: ObjectDef, given: Values, before: Values) -> None:
        for name, value in given.items():
            field = described.by_lower_name[name.lower()]
            if field.type != "reference" or value is None or value == before.get(name):
                continue
            if name == "OwnerId":
                check_owner(self, described, value)
            else:
                self._check_reference(field, value)

    def _check_reference(self, field: FieldDef, target_id: str) -> None:
        target = self.schema.of_id(target_id)
        if target is None or target.name not in field.reference_to:
            raise RefusedError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"{field.label}: id value of incorrect type: {target_id}",
                (field.name,),
            )
        row = row_of(self.connection, target, target_id)
        if row is None:
            raise RefusedError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row.get("IsDeleted"):
            raise RefusedError("ENTITY_IS_DELETED", "entity is deleted", (field.name,))

    def _write_update(self, described: ObjectDef, before: Values, given: Values) -> None:
        after = {**before, **given}
        if self.auto_assign and described.auto_assigned:
            after["OwnerId"] = ruled_owner(self.connection, described, after) or after["OwnerId"]
        after.update(derived(described, after, now=self.now))
        changed = {name: value for name, value in after.items() if value != before[name]}
        if not changed and not self.switches.same_value_touches:
            return
        stamps = self._stamps(described, creating=False)
        written = {**changed, **stamps}
        names = ", ".join(f'"{name}" = ?' for name in written)
        sql = f'UPDATE "{described.name}" SET {names} WHERE Id = ?'  # noqa: S608 - names of our own schema
        self._execute(sql, *written.values(), before["Id"])
        record_changes(self, described, before, after)

    def _write_insert(self, described: ObjectDef, row: Values) -> str:
        (record_id,) = take_ids(self.connection, described.sequence_prefix, 1)
        row["Id"] = record_id
        row.update(self._stamps(described, creating=True))
        if described.name == "Case":
            row["CaseNumber"] = f"{_next_case_number(self.connection):08d}"
        if self.auto_assign and described.auto_assigned:
            row["OwnerId"] = ruled_owner(self.connection, described, row) or row["OwnerId"]
        row.update(derived(described, row, now=self.now))
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        sql = f'INSERT INTO "{described.name}" ({names}) VALUES ({marks})'  # noqa: S608 - names of our own schema
        self._execute(sql, *row.values())
        record_creation(self, described, row)
        return record_id

    def _stamps(self, described: ObjectDef, *, creating: bool) -> Values:
        now = stored(self.now)
        stamps = {
            "LastModifiedDate": now,
            "LastModifiedById": self.user_id,
            "SystemModstamp": now,
        }
        if creating:
            stamps |= {"CreatedDate": now, "CreatedById": self.user_id}
        return {name: value for name, value in stamps.items() if described.has(name)}

    def _execute(self, sql: str, *params: object) -> None:
        self.connection.execute(sql, params)


def _next_case_number(connection: sqlite3.Connection) -> int:
    """Return the next case number."""
    row = connection.execute(
        "INSERT INTO _sequence VALUES ('case number', 1) "
        "ON CONFLICT (prefix) DO UPDATE SET next = next + 1 RETURNING next"
    ).fetchone()
    return 1_000_000 + int(row[0])


def execute_edit(
    state: SandboxState, object_name: str, record_id: str, values: Mapping[str, Any], *, by: str
) -> None:
    """Change a record as a person in the user interface would; assignment rules do not run.

    Raises:
        RefusedError: The platform would not do it.
        KeyError: There is no such object.
    """
    with state.writing() as connection:
        saver = Saver(
            connection,
            by,
            schema=state.schema,
            now=state.now(),
            switches=state.switches,
            auto_assign=False,
        )
        saver.update(state.schema.objects[object_name], record_id, values)


def _name_of(described: ObjectDef | None) -> str:
    return "" if described is None else described.name


def _missing(names: tuple[str, ...]) -> RefusedError:
    return RefusedError(
        "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names
    )
