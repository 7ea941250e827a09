"""Schema drift: what an org's admin changes while clients hold on to what they knew."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.faults.world import Moment, WorldFault
from sfterritory.sandbox.org_schema import OrgSchema
from sfterritory.sandbox.schema import NUMBER_TYPES, TEXT_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfterritory.sandbox.schema import FieldDef, FieldType, ObjectDef
    from sfterritory.sandbox.state import SandboxState


class Drift(WorldFault):
    """The schema changes, and describe, SOQL and saves with it, until the fault is cleared."""

    object_is_asked: ClassVar[bool] = False

    object: str | None = "Account"

    def check(self, state: SandboxState) -> None:
        """Refuse what could not be changed so.

        Raises:
            SandboxError: The org has no such object or field.
        """
        self.applied(state.schema)

    def happen(self, moment: Moment) -> None:
        """Change the schema.

        Raises:
            SandboxError: The org has no such object or field any more.
        """
        self.applied(moment.state.schema)
        moment.state.faults.drifts.append(self)
        moment.state.apply_drift()

    def applied(self, schema: OrgSchema) -> OrgSchema:
        """Return the schema after the change.

        Raises:
            SandboxError: It has no such object or field.
        """
        described = schema.find(self.object or "")
        if described is None:
            raise SandboxError(f"the org has no object {self.object}", remedy="name another")
        others = [one for one in schema.objects.values() if one is not described]
        changed = self.drifted(described)
        return OrgSchema([*others, *([changed] if changed else [])], name=schema.name)

    @abstractmethod
    def drifted(self, described: ObjectDef) -> ObjectDef | None:
        """Return the object after the change; None where it is gone."""


class FieldGone(Drift):
    """A field is deleted, or hidden from the profile."""

    kind: Literal["field_gone"] = "field_gone"
    field: str

    def drifted(self, described: ObjectDef) -> ObjectDef:
        """Return the object without the field."""
        gone = _field(described, self.field)
        return replace(described, fields=tuple(one for one in described.fields if one is not gone))


class FieldRenamed(Drift):
    """A field has another API name; its values stay."""

    kind: Literal["field_renamed"] = "field_renamed"
    field: str
    to: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=80)

    def happen(self, moment: Moment) -> None:
        """Rename the field; a column that reads the old one stands behind the new name.

        Raises:
            SandboxError: The org has no such object or field any more.
        """
        super().happen(moment)
        described = moment.state.schema.find(self.object or "")
        field = described.find(self.to) if described else None
        if described is None or field is None:
            return
        with moment.state.writing() as connection:
            columns = connection.execute(f'PRAGMA table_xinfo("{described.name}")').fetchall()
            if self.to.lower() not in {column[1].lower() for column in columns}:
                connection.execute(
                    f'ALTER TABLE "{described.name}" ADD COLUMN "{self.to}" {field.column_type} '
                    f'GENERATED ALWAYS AS ("{field.stored_as}") VIRTUAL'
                )

    def drifted(self, described: ObjectDef) -> ObjectDef:
        """Return the object with the field under its new name."""
        if described.has(self.to):
            raise SandboxError(f"{described.name}.{self.to} exists", remedy="name another")
        old = _field(described, self.field)
        new = replace(old, name=self.to, stored_as=old.stored_as or old.name, feature="")
        return replace(described, fields=tuple(_swapped(described.fields, old, new)))


class FieldTypeChanged(Drift):
    """A field has another type; its values stay as far as the type shows them."""

    kind: Literal["field_type"] = "field_type"
    field: str
    to: Literal["string", "textarea", "picklist", "email", "url", "phone", "double", "int"]

    def drifted(self, described: ObjectDef) -> ObjectDef:
        """Return the object with the field's other type."""
        old = _field(described, self.field)
        kind: FieldType = self.to
        if not ({old.type, kind} <= TEXT_TYPES or {old.type, kind} <= NUMBER_TYPES):
            raise SandboxError(
                f"{described.name}.{old.name} is {old.type} and cannot become {kind}",
                remedy="change text to another text, or a number to another number",
            )
        return replace(
            described, fields=tuple(_swapped(described.fields, old, replace(old, type=kind)))
        )


class PicklistValue(Drift):
    """A picklist has a new value that no client knows."""

    kind: Literal["picklist_value"] = "picklist_value"
    field: str = "Industry"
    value: str = "Something new"

    def drifted(self, described: ObjectDef) -> ObjectDef:
        """Return the object with the value added."""
        old = _field(described, self.field)
        new = replace(old, picklist=(*old.picklist, self.value))
        return replace(described, fields=tuple(_swapped(described.fields, old, new)))


class ObjectGone(Drift):
    """The profile has lost its access to an object."""

    kind: Literal["object_gone"] = "object_gone"

    def drifted(self, described: ObjectDef) -> None:  # noqa: ARG002 - whatever it was
        """Return that nothing is left."""
        return


def _field(described: ObjectDef, name: str) -> FieldDef:
    found = described.find(name)
    if found is None:
        raise SandboxError(
            f"{described.name} has no field {name}",
            remedy="name one that describe shows; another fault may have taken it",
        )
    return found


def _swapped(fields: Iterable[FieldDef], old: FieldDef, new: FieldDef) -> Iterable[FieldDef]:
    return (new if one is old else one for one in fields)
