"""What names in a query mean: fields, paths through parents, and the joins they need."""

from __future__ import annotations

from dataclasses import dataclass

from sfterritory.sandbox.org_schema import OrgSchema
from sfterritory.sandbox.schema import FieldDef, ObjectDef
from sfterritory.sandbox.soql.refusal import unknown_field, unknown_relationship
from sfterritory.sandbox.soql.tree import Path

MAX_PARENT_STEPS = 5


@dataclass(frozen=True, slots=True)
class Parent:
    """A record that the query can name: the selected one or a parent of it.

    Attributes:
        alias: Its table in the SQL.
        described: Its object; `Name` behind a polymorphic lookup.
        path: The relationship names that lead to it, as the schema spells them.
    """

    alias: str
    described: ObjectDef
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A field that a path led to; `sql` reads it."""

    sql: str
    field: FieldDef
    parent: Parent


class Scope:
    """Resolves paths for one SELECT and collects its joins."""

    def __init__(
        self,
        described: ObjectDef,
        text: str,
        *,
        schema: OrgSchema,
        prefix: str = "t",
        alias: str | None = None,
    ) -> None:
        self.schema = schema
        self.root = Parent(f"{prefix}0", described, ())
        self._text = text
        self._prefix = prefix
        self._own_names = {described.name.lower(), (alias or described.name).lower()}
        self._parents: dict[tuple[str, ...], Parent] = {(): self.root}
        self._joins: list[str] = []

    @property
    def from_sql(self) -> str:
        """The FROM clause with every join that the resolved paths need."""
        table = f'"{self.root.described.name}" AS {self.root.alias}'
        return " ".join((table, *self._joins))

    def column(self, path: Path) -> Column:
        """Return what a path means.

        Raises:
            SoqlError: INVALID_FIELD, with the place.
        """
        parts = path.parts
        if len(parts) > 1 and parts[0].lower() in self._own_names:
            # An object's or alias's own name may stand in front, unless a relationship has it.
            own = self.root.described
            if parts[0].lower() not in own.by_relationship:
                parts = parts[1:]
        parent = self.root
        for step in parts[:-1]:
            parent = self._parent(parent, step, path.at)
        return self._field(parent, parts[-1], path.at)

    def _field(self, parent: Parent, name: str, at: int) -> Column:
        field = parent.described.find(name)
        if field is not None:
            return Column(f'{parent.alias}."{field.name}"', field, parent)
        if name.lower() == "type" and parent.described.name == "User" and parent.path:
            # Owner.Type of an object that only users own: the lookup is still a "Name".
            kind = self.schema.name.by_lower_name["type"]
            return Column(
                f"CASE WHEN {parent.alias}.Id IS NULL THEN NULL ELSE 'User' END", kind, parent
            )
        raise unknown_field(self._text, at, name=name, entity=parent.described.name)

    def _parent(self, child: Parent, step: str, at: int) -> Parent:
        field = child.described.by_relationship.get(step.lower())
        if field is None or field.relationship_name is None:
            raise unknown_relationship(self._text, at, name=step)
        path = (*child.path, field.relationship_name)
        if len(path) > MAX_PARENT_STEPS:
            raise unknown_relationship(self._text, at, name=step)
        if path not in self._parents:
            alias = f"{self._prefix}{len(self._parents)}"
            described = self._target(field, step, at)
            table = "_Name" if field.polymorphic else f'"{described.name}"'
            self._joins.append(
                f'LEFT JOIN {table} AS {alias} ON {alias}.Id = {child.alias}."{field.name}"'
            )
            self._parents[path] = Parent(alias, described, path)
        return self._parents[path]

    def _target(self, field: FieldDef, step: str, at: int) -> ObjectDef:
        """Return what a lookup leads to; an object that the user cannot see is no path."""
        if field.polymorphic:
            return self.schema.name
        described = self.schema.find(field.reference_to[0])
        if described is None:
            raise unknown_relationship(self._text, at, name=step)
        return described
