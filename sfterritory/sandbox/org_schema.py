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
    from collections.abc import Iterable, Mapping

    from sfterritory.sandbox.schema import ObjectDef


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
        return OrgSchema(
            (
                replace(one, fields=tuple(f for f in one.fields if _has(f.feature, features)))
                for one in self.objects.values()
                if _has(one.feature, features)
            ),
            name=self.name,
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
    return not feature or feature in features
