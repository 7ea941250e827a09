"""What names in a query mean: fields, paths through parents, and the joins they need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfterritory.sandbox.schema import TEXT_TYPES
from sfterritory.sandbox.soql.refusal import (
    malformed,
    too_complicated,
    unknown_field,
    unknown_object,
    unknown_relationship,
)
from sfterritory.sandbox.soql.tree import Path

if TYPE_CHECKING:
    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import FieldDef, ObjectDef

MAX_PARENT_STEPS = 5
MAX_RELATIONSHIPS = 55


@dataclass(frozen=True, slots=True)
class Parent:
    """A record that the query can name: the selected one or a parent of it.

    Attributes:
        alias: Its table in the SQL.
        described: Its object; `Name` behind a polymorphic lookup.
        path: The relationship names that lead to it, as the schema spells them; a lookup that
            TYPEOF narrows to one object ends in a colon and that object.
    """

    alias: str
    described: ObjectDef
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A field that a path led to, or a function of one; `sql` reads it."""

    sql: str
    field: FieldDef
    parent: Parent


class Scope:
    """Resolves paths for one SELECT and collects its joins."""

    def __init__(
        self,
        described: ObjectDef,
        *,
        schema: OrgSchema,
        prefix: str = "t",
        alias: str | None = None,
    ) -> None:
        self.schema = schema
        self.root = Parent(f"{prefix}0", described, ())
        self._prefix = prefix
        self._named = {described.name.lower(): self.root}
        if alias is not None:
            self._named[alias.lower()] = self.root
        self._parents: dict[tuple[str, ...], Parent] = {(): self.root}
        self._joins: list[str] = []

    @property
    def from_sql(self) -> str:
        """The FROM clause with every join that the resolved paths need."""
        table = f'"{self.root.described.name}" AS {self.root.alias}'
        return " ".join((table, *self._joins))

    def name_parent(self, path: Path, alias: str | None) -> None:
        """Let an alias stand for a parent: `FROM Contact c, c.Account a`.

        Raises:
            SoqlError: The path leads nowhere.
        """
        parent = self.parent(path)
        self._named[(alias or path.parts[-1]).lower()] = parent

    def column(self, path: Path, *, start: Parent | None = None) -> Column:
        """Return what a path means, told from the selected record or from `start`.

        Raises:
            SoqlError: INVALID_FIELD, with the place.
        """
        *steps, name = path.parts
        parent = self._walked(steps, path.at, start=start)
        field = parent.described.find(name)
        if field is not None:
            sql = f'{parent.alias}."{field.column_name}"'
            if parent.described is self.schema.name and field.type in TEXT_TYPES:
                sql += " COLLATE NOCASE"  # a view's columns have no collation of their own
            return Column(sql, field, parent)
        if name.lower() == "type" and parent.described.name == "User" and parent.path:
            # Owner.Type of an object that only users own: the lookup is still a "Name".
            kind = self.schema.name.by_lower_name["type"]
            sql = f"CASE WHEN {parent.alias}.Id IS NULL THEN NULL ELSE 'User' END COLLATE NOCASE"
            return Column(sql, kind, parent)
        raise unknown_field(name, path.at, entity=parent.described.name)

    def parent(self, path: Path) -> Parent:
        """Return the record that a path of relationship names leads to.

        Raises:
            SoqlError: INVALID_FIELD, with the place.
        """
        return self._walked(list(path.parts), path.at, start=None)

    def parent_at(self, path: tuple[str, ...]) -> Parent:
        """Return a record that a path was resolved through before."""
        return self._parents[path]

    def narrowed(self, relationship: Path, object_name: str) -> Parent:
        """Return what a polymorphic lookup refers to where it is a record of one object.

        Raises:
            SoqlError: The lookup is not polymorphic, or cannot refer to that object.
        """
        *steps, name = relationship.parts
        child = self._walked(steps, relationship.at, start=None)
        field = child.described.by_relationship.get(name.lower())
        if field is None:
            raise unknown_relationship(name, relationship.at)
        if not field.polymorphic:
            raise malformed(
                f"TYPEOF is not allowed on '{name}', which is not polymorphic", relationship.at
            )
        target = self.schema.find(object_name)
        if target is None:
            raise unknown_object(object_name, relationship.at)
        if target.name not in field.reference_to:
            raise malformed(
                f"'{object_name}' is not a type that '{name}' can refer to", relationship.at
            )
        path = (*child.path, f"{field.relationship_name}:{target.name}")
        return self._joined(
            path, f'"{target.name}"', target, child, field=field, at=relationship.at
        )

    def _walked(self, steps: list[str], at: int, *, start: Parent | None) -> Parent:
        parent = start or self.root
        if start is None and steps and steps[0].lower() in self._named:
            # An object's or alias's own name may stand in front, unless a relationship has it.
            named = self._named[steps[0].lower()]
            if named is not self.root or steps[0].lower() not in parent.described.by_relationship:
                parent, steps = named, steps[1:]
        for step in steps:
            parent = self._above(parent, step, at)
        return parent

    def _above(self, child: Parent, step: str, at: int) -> Parent:
        field = child.described.by_relationship.get(step.lower())
        if field is None or field.relationship_name is None:
            raise unknown_relationship(step, at)
        path = (*child.path, field.relationship_name)
        if len(path) > MAX_PARENT_STEPS:
            raise malformed(
                f"Relationship field reference '{'.'.join(path)}' is more than {MAX_PARENT_STEPS} "
                "levels deep",
                at,
            )
        if path in self._parents:
            return self._parents[path]
        described = self._target(field, step, at)
        table = field.names_table if field.polymorphic else f'"{described.name}"'
        return self._joined(path, table, described, child, field=field, at=at)

    def _joined(
        self,
        path: tuple[str, ...],
        table: str,
        described: ObjectDef,
        child: Parent,
        *,
        field: FieldDef,
        at: int,
    ) -> Parent:
        if path not in self._parents:
            if len(self._parents) > MAX_RELATIONSHIPS:
                raise too_complicated(at)
            alias = f"{self._prefix}{len(self._parents)}"
            key = f'{child.alias}."{field.column_name}"'
            self._joins.append(f"LEFT JOIN {table} AS {alias} ON {alias}.Id = {key}")
            self._parents[path] = Parent(alias, described, path)
        return self._parents[path]

    def _target(self, field: FieldDef, step: str, at: int) -> ObjectDef:
        """Return what a lookup leads to; an object that the user cannot see is no path."""
        if field.polymorphic:
            return self.schema.name
        described = self.schema.find(field.reference_to[0])
        if described is None:
            raise unknown_relationship(step, at)
        return described


def part_sql(column: Column, name: str) -> str:
    """Return SQL of the field that holds a part of an address."""
    field = column.parent.described.by_lower_name[name.lower()]
    return f'{column.parent.alias}."{field.column_name}"'


def as_function(column: Column, sql: str, name: str, *, kind: FieldDef | None = None) -> Column:
    """Return a function of a column, with a field of the function's name and type."""
    field = replace(kind or column.field, name=name, filterable=True)
    return Column(sql, field, column.parent)
