"""Saving records: the one place that decides what an insert, update or delete may do.

Rows, collections and edits by hand all come through here, so they refuse the same things in the
same words. The order is the platform's: types, references, locks, triggers, validation and
duplicate rules, assignment rules, the write, and then what follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.accept import (
    accepted,
    check_not_emptied,
    check_references,
    check_required,
    check_unique,
)
from sfterritory.sandbox.assignment import RULED, ruled_owner
from sfterritory.sandbox.bin import put_into_bin
from sfterritory.sandbox.consequence import after_creation, after_update, server_values
from sfterritory.sandbox.country import in_step
from sfterritory.sandbox.declared import check_declared, check_unlocked
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.objects.making import PERSONS, PLACES, TERRITORIES
from sfterritory.sandbox.owner import check_owner_active
from sfterritory.sandbox.person import check_person_contact, person_values
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.row_store import change_row, insert_row
from sfterritory.sandbox.state import row_of
from sfterritory.sandbox.territory_check import check_deletion, check_territory
from sfterritory.sandbox.transaction import Transaction
from sfterritory.sandbox.values import derived

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from sfterritory.sandbox.faults.book import FaultBook
    from sfterritory.sandbox.schema import ObjectDef

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Saver(Transaction):
    """One transaction's way to write.

    Attributes:
        auto_assign: Whether the org's active assignment rules run (the platform's default).
        assignment_rule_id: The rule that new records go through instead of the active one.
        allow_duplicates: Duplicates that a rule only warns of are saved.
        faults: What is to go wrong with single records.
    """

    auto_assign: bool = True
    assignment_rule_id: str | None = None
    allow_duplicates: bool = False
    faults: FaultBook | None = None

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
        if described.name == "Contact":
            check_person_contact(self, before)
        empty_is_null = self.switches.empty_text_is_null
        given = accepted(described, values, creating=False, empty_is_null=empty_is_null)
        check_not_emptied(described, given)
        check_references(self, described, given, before)
        check_owner_active(self, before, given)
        after = {**before, **self._columns(described, given, before)}
        after.update(derived(EVERYTHING.objects[described.name], after, now=self.now))
        self._check(described, before, after)
        self._strike(described, "update", before["Id"])
        self._write_update(described, before, after)
        self._saved(described, "update", before["Id"])

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
        empty_is_null = self.switches.empty_text_is_null
        given = accepted(described, values, creating=True, empty_is_null=empty_is_null)
        row.update(self._columns(described, given, {}))
        check_required(described, row)
        check_references(self, described, given, {})
        row.update(server_values(self, whole, row))
        row.update(derived(whole, row, now=self.now))
        self._check(described, {}, row)
        self._strike(described, "create", "")
        record_id = self._write_insert(whole, row)
        self._saved(described, "create", record_id)
        return record_id

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
        check_unlocked(self, EVERYTHING.objects[described.name], row)
        check_deletion(self, described.name, row)
        self._strike(described, "delete", row["Id"])
        put_into_bin(self, EVERYTHING.objects[described.name], row["Id"])

    def living(self, described: ObjectDef, record_id: str) -> Values:
        """Return the stored values of a record that can be changed.

        Raises:
            RefusedError: The id is malformed, unknown, or its record is deleted.
        """
        row = self.stored(described, record_id)
        if row.get("IsDeleted"):
            raise RefusedError("ENTITY_IS_DELETED", "entity is deleted")
        return row

    def stored(self, described: ObjectDef, record_id: str) -> Values:
        """Return the stored values of a record, living or deleted.

        Raises:
            RefusedError: The id is malformed or unknown.
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
        return row

    def _columns(
        self, described: ObjectDef, given: Mapping[str, Any], before: Mapping[str, Any]
    ) -> Values:
        """Return what is written, by column: the given values and those that follow from them."""
        written = dict(given)
        if described.name == "Account" and self.has_feature(PERSONS):
            written |= person_values(self, given, before)
        if self.has_feature(PLACES):
            written |= in_step(described, given, before, creating=not before)
        columns = {one.name: one.column_name for one in described.columns}
        return {columns.get(name, name): value for name, value in written.items()}

    def _check(
        self, described: ObjectDef, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        whole = EVERYTHING.objects[described.name]
        check_unlocked(self, whole, after)
        check_declared(self, whole, before, after, allow_duplicates=self.allow_duplicates)
        if self.has_feature(TERRITORIES):
            check_territory(self, described.name, before, after)
        check_unique(self, whole, after)

    def _strike(self, described: ObjectDef, operation: str, record_id: str) -> None:
        if self.faults is not None:
            refusal = self.faults.row_refusal(described, operation, record_id)
            if refusal is not None:
                raise refusal

    def _saved(self, described: ObjectDef, operation: str, record_id: str) -> None:
        """Let automation write after the save, where a fault says so."""
        if self.faults is not None:
            self.faults.count_rows(1)
            for fault in self.faults.rewrites(described, operation, record_id):
                fault.apply(replace(self, auto_assign=False, faults=None), described, record_id)

    def _write_update(self, described: ObjectDef, before: Values, after: Values) -> None:
        whole = EVERYTHING.objects[described.name]
        # A rule that the header names is for new records alone.
        rules_run = self.auto_assign and self.assignment_rule_id is None
        ruled = None
        if rules_run and described.name in RULED:
            ruled = ruled_owner(self.connection, described, after)
        if ruled is not None:
            after["OwnerId"] = ruled
        after.update(server_values(self, whole, after))
        after.update(derived(whole, after, now=self.now))
        after.update(_model_dates(self, whole, before, after))
        changed = {name: value for name, value in after.items() if value != before[name]}
        if not changed and not self.switches.same_value_touches:
            return
        written = change_row(self, whole, before, changed, owner_by_rule=ruled is not None)
        after_update(self, whole, before, written, rules_run=rules_run)

    def _write_insert(self, whole: ObjectDef, row: Values) -> str:
        if whole.name == "Case":
            row["CaseNumber"] = f"{_next_case_number(self.connection):08d}"
        if self.auto_assign and whole.name in RULED:
            ruled = ruled_owner(self.connection, whole, row, rule_id=self.assignment_rule_id)
            row["OwnerId"] = ruled or row["OwnerId"]
        record_id = insert_row(self, whole, row)
        after_creation(self, whole, {**row, "Id": record_id}, rules_run=self.auto_assign)
        return record_id


def _model_dates(
    tx: Transaction, described: ObjectDef, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Values:
    """Return when a territory model was activated or archived, if this save does it."""
    if described.name != "Territory2Model" or before["State"] == after["State"]:
        return {}
    field = "ActivatedDate" if after["State"] == "Active" else "DeactivatedDate"
    return {field: tx.stamp}


def _next_case_number(connection: sqlite3.Connection) -> int:
    """Return the next case number."""
    row = connection.execute(
        "INSERT INTO _sequence VALUES ('case number', 1) "
        "ON CONFLICT (prefix) DO UPDATE SET next = next + 1 RETURNING next"
    ).fetchone()
    return 1_000_000 + int(row[0])


def _name_of(described: ObjectDef | None) -> str:
    return "" if described is None else described.name
