"""What an object and a field are; `objects/` declares the org's own.

One declaration serves the tables, describe, SOQL and the checks on save.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

FieldType = Literal[
    "id",
    "reference",
    "string",
    "textarea",
    "picklist",
    "multipicklist",
    "phone",
    "email",
    "url",
    "boolean",
    "int",
    "double",
    "currency",
    "date",
    "datetime",
    "address",
]

TEXT_TYPES: frozenset[str] = frozenset(
    {"string", "textarea", "picklist", "multipicklist", "phone", "email", "url"},
)
NUMBER_TYPES: frozenset[str] = frozenset({"int", "double", "currency"})


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field.

    Attributes:
        length: Most characters of a text; 0 for other types.
        tracked: A change writes history rows.
        name_in_history: What history calls it, where that is not `name`.
        components: For an address: its part (`city`) and the field that holds it.
        feature: The org features that bring it, joined by `+`; '' where every org has it.
        external_id: The org's admin marked it as the key of another system.
        unique: No two records have the same value.
        names_table: What a path through a polymorphic lookup reads.
        controller: The picklist field on which this one's values depend.
        stored_as: The column that holds it, where its name was changed since.
    """

    name: str
    label: str
    type: FieldType
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    filterable: bool = True
    tracked: bool = False
    name_in_history: str = ""
    default: str | int | None = None
    components: tuple[tuple[str, str], ...] = ()
    external_id: bool = False
    feature: str = ""
    unique: bool = False
    names_table: str = "_Name"
    controller: str = ""
    stored_as: str = ""

    @property
    def id_lookup(self) -> bool:
        """Whether records can be found by it, to be read or upserted."""
        return self.type == "id" or self.external_id or self.name in {"Email", "Username"}

    @property
    def custom(self) -> bool:
        """Whether the org's admin made it."""
        return self.name.endswith("__c")

    @property
    def stored(self) -> bool:
        """Whether a column holds it; compound fields are put together from others."""
        return self.type != "address"

    @property
    def column_name(self) -> str:
        """The column that holds it."""
        return self.stored_as or self.name

    @property
    def polymorphic(self) -> bool:
        """Whether it may refer to records of several objects."""
        return len(self.reference_to) > 1

    @property
    def column_type(self) -> str:
        """The SQLite type: text compares without case, ids and moments exactly."""
        if self.type in TEXT_TYPES:
            return "TEXT COLLATE NOCASE"
        if self.type in {"boolean", "int"}:
            return "INTEGER"
        if self.type in {"double", "currency"}:
            return "REAL"
        return "TEXT"


@dataclass(frozen=True)
class ObjectDef:
    """One object.

    Attributes:
        key_prefix: First three characters of its ids; describe shows None for history.
        id_prefix: The same for objects whose describe hides it.
        history_of: The tracked object, for a history object.
        history_parent: The field of a history object that names the changed record.
        feature: The org feature that brings it; '' where every org has it.
        unique_together: Fields whose values no two living records share as a whole.
        replicateable: getUpdated and getDeleted serve it.
        undeletable: The recycle bin gives its records back.
    """

    name: str
    label: str
    label_plural: str
    key_prefix: str | None
    fields: tuple[FieldDef, ...]
    id_prefix: str = ""
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    history_of: str | None = None
    history_parent: str | None = None
    queue_owners: bool = False
    auto_assigned: bool = False
    feature: str = ""
    unique_together: tuple[str, ...] = ()
    replicateable: bool = True
    undeletable: bool = True
    by_lower_name: dict[str, FieldDef] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lookup = {one.name.lower(): one for one in self.fields}
        object.__setattr__(self, "by_lower_name", lookup)

    @cached_property
    def columns(self) -> tuple[FieldDef, ...]:
        """The fields that a column holds, in the order of declaration."""
        return tuple(one for one in self.fields if one.stored)

    @cached_property
    def by_relationship(self) -> dict[str, FieldDef]:
        """Reference fields by relationship name in lower case."""
        return {one.relationship_name.lower(): one for one in self.fields if one.relationship_name}

    @cached_property
    def tracked(self) -> tuple[FieldDef, ...]:
        """The fields whose changes history records."""
        return tuple(one for one in self.fields if one.tracked)

    @cached_property
    def unique_keys(self) -> tuple[tuple[str, ...], ...]:
        """The sets of fields whose values belong to one living record alone."""
        single = tuple((one.name,) for one in self.fields if one.unique)
        return (*single, self.unique_together) if self.unique_together else single

    @property
    def sequence_prefix(self) -> str:
        """The three characters that its ids begin with."""
        return self.key_prefix or self.id_prefix

    def find(self, name: str) -> FieldDef | None:
        """Return the field of that name in any case, or None."""
        return self.by_lower_name.get(name.lower())

    def has(self, name: str) -> bool:
        """Whether the object has the field."""
        return name.lower() in self.by_lower_name
