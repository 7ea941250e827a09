"""Faults in saving single records, through whichever resource they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.faults.document import RowFault
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.values import stored_value

if TYPE_CHECKING:
    from random import Random

    from sfterritory.sandbox.save import Saver
    from sfterritory.sandbox.schema import ObjectDef
    from sfterritory.sandbox.state import SandboxState


class LockRows(RowFault):
    """Another transaction holds a share of the records: UNABLE_TO_LOCK_ROW."""

    kind: Literal["lock_rows"] = "lock_rows"

    def refusal(self, record_id: str) -> RefusedError:
        """Return why the record is not saved."""
        return RefusedError(
            "UNABLE_TO_LOCK_ROW",
            f"unable to obtain exclusive access to this record or 1 records: {record_id}",
        )


class FailRows(RowFault):
    """A share of the records is refused with any code: a validation rule, say, or a trigger."""

    kind: Literal["fail_rows"] = "fail_rows"
    code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    message: str = "The record is not complete"
    field: str | None = None

    def refusal(self, record_id: str) -> RefusedError:  # noqa: ARG002 - the same for every record
        """Return why the record is not saved."""
        return RefusedError(self.code, self.message, (self.field,) if self.field else ())


class RewriteRows(RowFault):
    """Automation writes after the save: the owner, or any field, ends up as somebody else's."""

    kind: Literal["rewrite_rows"] = "rewrite_rows"
    field: str = "OwnerId"
    value: str | None = None

    def check(self, state: SandboxState) -> None:
        """Refuse a field or a value that the org does not take.

        Raises:
            SandboxError: Names it.
        """
        if self.object is not None:
            check_value(state, self.object, self.field, self.value)

    def apply(self, saver: Saver, described: ObjectDef, record_id: str) -> None:
        """Write the value; for an owner that is not named, that of another active user."""
        value = self.value
        if value is None and self.field == "OwnerId":
            value = other_owner(saver, described, record_id, dice=self.dice(record_id))
        saver.update(described, record_id, {self.field: value})


def other_owner(saver: Saver, described: ObjectDef, record_id: str, *, dice: Random) -> str:
    """Return an active standard user who does not own the record."""
    rows = saver.connection.execute(
        "SELECT Id FROM \"User\" WHERE IsActive = 1 AND UserType = 'Standard' AND Id != "  # noqa: S608 - names of our own schema
        f'(SELECT OwnerId FROM "{described.name}" WHERE Id = ?) ORDER BY Id',
        (record_id,),
    ).fetchall()
    return str(dice.choice(rows)[0])


def check_value(state: SandboxState, object_name: str, field_name: str, value: object) -> None:
    """Refuse a field or a value that an object does not take.

    Raises:
        SandboxError: Names it.
    """
    described = state.schema.find(object_name)
    field = described.find(field_name) if described else None
    if field is None or not field.updateable:
        raise SandboxError(
            f"field: {object_name} has no {field_name} that can be written",
            remedy="name one that describe shows as updateable",
        )
    try:
        stored_value(field, value)
    except RefusedError as error:
        raise SandboxError(f"value: {error.message}", remedy="name one that fits") from error
