"""Child relationships: how a record's children are called in describe and in sub-queries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import FieldDef, ObjectDef

# Where the rule below does not give the platform's name; None where the children have no name.
_STANDARD: dict[tuple[str, str], str | None] = {
    ("Account", "ParentId"): "ChildAccounts",
    ("User", "ManagerId"): "ManagedUsers",
    ("QueueSobject", "QueueId"): "QueueSobjects",
    ("Task", "WhatId"): "Tasks",
    ("Task", "WhoId"): "Tasks",
    ("Task", "AccountId"): None,
    ("Event", "WhatId"): "Events",
    ("Event", "WhoId"): "Events",
    ("Event", "AccountId"): None,
}


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """A lookup seen from the record that it refers to.

    Attributes:
        name: What a sub-query calls it; None where it cannot be asked so.
        child: The object that has the lookup.
        field: The lookup.
    """

    name: str | None
    child: ObjectDef
    field: FieldDef


def child_relationships(schema: OrgSchema, parent: ObjectDef) -> tuple[ChildRelationship, ...]:
    """Return every lookup to an object; a name stands for one lookup only."""
    taken: set[str] = set()
    found: list[ChildRelationship] = []
    for child in schema.objects.values():
        for field in child.fields:
            if parent.name not in field.reference_to:
                continue
            one = ChildRelationship(_name(child, field, parent), child, field)
            if one.name is not None and one.name.lower() in taken:
                one = replace(one, name=None)
            if one.name is not None:
                taken.add(one.name.lower())
            found.append(one)
    return tuple(found)


def find_child(schema: OrgSchema, parent: ObjectDef, name: str) -> ChildRelationship | None:
    """Return the child relationship of that name in any case, or None."""
    wanted = name.lower()
    for one in child_relationships(schema, parent):
        if one.name is not None and one.name.lower() == wanted:
            return one
    return None


def _name(child: ObjectDef, field: FieldDef, parent: ObjectDef) -> str | None:
    """Return the plural of the children where the lookup is named after its parent."""
    if (child.name, field.name) in _STANDARD:
        return _STANDARD[child.name, field.name]
    if child.history_parent == field.name:
        return "Histories"
    plural = child.label_plural.replace(" ", "")
    if not plural.endswith("s"):
        plural += "s"
    if field.custom:
        return f"{plural}__r"
    return plural if parent.name != "User" and field.name == f"{parent.name}Id" else None
