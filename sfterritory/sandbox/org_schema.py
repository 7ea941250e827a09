"""The objects and fields that the org shows: one value, asked instead of the declarations.

What an org has depends on its switches (person accounts, territories, currencies), on what its
admin changed since, and on what a user's profile may see.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sfterritory.sandbox.schema import FieldDef, ObjectDef


class OrgSchema:
    """An immutable view of objects and fields; names are found in any case.

    Attributes:
        objects: By the name that describe shows.
        name: The pseudo-object that a path through a polymorphic lookup reads.
    """

    def __init__(self, objects: Iterable[ObjectDef], *, name: ObjectDef) -> None:
        self.objects: Mapping[str, ObjectDef] = MappingProxyType({one.name: one for one in objects})
        self.name = name

    def find(self, name: str) -> ObjectDef | None:
        """Return the object of that name in any case, or None."""
        return self._by_lower_name.get(name.lower())

    def of_id(self, record_id: str) -> ObjectDef | None:
        """Return the object that an id's first three characters stand for, or None."""
        return self._by_prefix.get(record_id[:3])

    def history_of(self, name: str) -> ObjectDef | None:
        """Return the history object of an object, or None where it keeps none."""
        return self._histories.get(name)

    def with_features(self, features: frozenset[str]) -> OrgSchema:
        """Return the view of an org that has these features and no others."""
        return self.adjusted(
            lambda one: (
                _with_fields(one, [f for f in one.fields if _has(f.feature, features)])
                if _has(one.feature, features)
                else None
            )
        )

    def adjusted(self, change: Callable[[ObjectDef], ObjectDef | None]) -> OrgSchema:
        """Return the view in which every object is as `change` makes it; None leaves it out."""
        changed = (change(one) for one in self.objects.values())
        return OrgSchema((one for one in changed if one is not None), name=self.name)

    def without_field(self, object_name: str, field_name: str) -> OrgSchema:
        """Return the view in which a field is not there, nor a part of its address."""
        return self.adjusted(
            lambda one: (
                _with_fields(one, [f for f in one.fields if f.name != field_name])
                if one.name == object_name
                else one
            )
        )

    def with_field_read_only(self, object_name: str, field_name: str) -> OrgSchema:
        """Return the view in which a field cannot be written."""
        return self.adjusted(
            lambda one: (
                replace(
                    one,
                    fields=tuple(
                        replace(f, createable=False, updateable=False)
                        if f.name == field_name
                        else f
                        for f in one.fields
                    ),
                )
                if one.name == object_name
                else one
            )
        )

    def without_object(self, object_name: str) -> OrgSchema:
        """Return the view in which an object is not there."""
        return self.adjusted(lambda one: None if one.name == object_name else one)

    def with_object_read_only(self, object_name: str) -> OrgSchema:
        """Return the view in which an object's records cannot be written."""
        return self.adjusted(
            lambda one: (
                replace(one, createable=False, updateable=False, deletable=False)
                if one.name == object_name
                else one
            )
        )

    @cached_property
    def _by_lower_name(self) -> Mapping[str, ObjectDef]:
        return {name.lower(): one for name, one in self.objects.items()}

    @cached_property
    def _by_prefix(self) -> Mapping[str, ObjectDef]:
        return {one.sequence_prefix: one for one in self.objects.values()}

    @cached_property
    def _histories(self) -> Mapping[str, ObjectDef]:
        return {one.history_of: one for one in self.objects.values() if one.history_of}


def _has(feature: str, features: frozenset[str]) -> bool:
    return not feature or set(feature.split("+")) <= features


def _with_fields(described: ObjectDef, fields: list[FieldDef]) -> ObjectDef:
    """Return the object with these fields; addresses lose the parts that are gone."""
    names = {one.name for one in fields}
    return replace(
        described,
        fields=tuple(
            replace(
                one,
                components=tuple((part, name) for part, name in one.components if name in names),
            )
            if one.components
            else one
            for one in fields
        ),
    )
