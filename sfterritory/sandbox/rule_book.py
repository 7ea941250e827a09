"""The org's declared rules: kept in the state file, found by what they are about."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.rule import (
    KINDS,
    FieldPermission,
    ObjectPermission,
    Rule,
    Tracking,
    parsed_rule,
    rule_from_text,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import FieldDef, ObjectDef

_VERSION = "rules_version"
_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules of an org at one moment.

    Attributes:
        rules: By number, in the order in which they were added.
        refused_attempts: How often each row lock refused, since the server started.
    """

    version: int = 0
    rules: tuple[tuple[int, Rule], ...] = ()
    refused_attempts: Counter[int] = field(default_factory=Counter)

    def of(self, kind: type[_One]) -> Iterator[_One]:
        """Yield the rules of one kind."""
        return (rule for _, rule in self.rules if isinstance(rule, kind))

    def tracked(self, described: ObjectDef) -> tuple[FieldDef, ...]:
        """Return the fields of an object whose changes history keeps; the last word counts."""
        said = {one.field: one.tracked for one in self.of(Tracking) if one.object == described.name}
        return tuple(one for one in described.fields if said.get(one.name, one.tracked))

    def seen_by(self, schema: OrgSchema, profile: frozenset[str]) -> OrgSchema:
        """Return what of the org a profile's users see; `profile` holds its id and name."""
        for one in self.of(FieldPermission):
            if one.profile in profile:
                narrow = (
                    schema.without_field if one.access == "hidden" else schema.with_field_read_only
                )
                schema = narrow(one.object, one.field)
        for right in self.of(ObjectPermission):
            if right.profile in profile:
                hide = (
                    schema.without_object
                    if right.access == "hidden"
                    else schema.with_object_read_only
                )
                schema = hide(right.object)
        return schema

    def hidden_from(self, object_name: str, profile: frozenset[str]) -> bool:
        """Whether a profile's users cannot read an object at all."""
        return any(
            one.object == object_name and one.access == "hidden" and one.profile in profile
            for one in self.of(ObjectPermission)
        )


NO_RULES = RuleBook()


def read_version(connection: sqlite3.Connection) -> int:
    """Return how often the rules were changed."""
    row = connection.execute("SELECT value FROM _meta WHERE key = ?", (_VERSION,)).fetchone()
    return 0 if row is None else int(row[0])


def read_book(connection: sqlite3.Connection, attempts: Counter[int]) -> RuleBook:
    """Return the rules that the state file keeps."""
    found = connection.execute("SELECT id, rule FROM _rule ORDER BY id").fetchall()
    rules = tuple((number, rule_from_text(text)) for number, text in found)
    return RuleBook(read_version(connection), rules, attempts)


def store_rule(connection: sqlite3.Connection, rule: Rule) -> int:
    """Keep a rule and return its number.

    Raises:
        SandboxError: It names objects, fields, profiles or records that do not exist.
    """
    problems = list(_problems(connection, rule))
    if problems:
        raise SandboxError(
            "\n".join(problems), remedy="correct the names: describe tells what the org has"
        )
    done = connection.execute("INSERT INTO _rule (rule) VALUES (?)", (rule.model_dump_json(),))
    _count_change(connection)
    return int(done.lastrowid or 0)


def drop_rules(connection: sqlite3.Connection, number: int | None) -> int:
    """Forget one rule, or all of them; return how many.

    Raises:
        SandboxError: There is none of that number.
    """
    if number is None:
        gone = connection.execute("DELETE FROM _rule").rowcount
    else:
        gone = connection.execute("DELETE FROM _rule WHERE id = ?", (number,)).rowcount
        if not gone:
            raise SandboxError(
                f"there is no rule {number}",
                remedy="`sfterritory sandbox rule list` has them",
            )
    _count_change(connection)
    return gone


def rule_of(value: Any) -> Rule:
    """Return a rule from JSON that somebody wrote.

    Raises:
        SandboxError: Every mistake in it.
    """
    try:
        return parsed_rule(value)
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in one['loc']) or 'rule'}: {one['msg']}"
            for one in error.errors()
        ]
        raise SandboxError(
            "\n".join(lines), remedy=f"write one of the kinds {', '.join(KINDS)}"
        ) from error


def rule_of_text(text: str) -> Rule:
    """Return a rule from JSON text that somebody wrote.

    Raises:
        SandboxError: It is no JSON, or every mistake in it.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise SandboxError(
            f"the rule is no JSON: {error}",
            remedy='write e.g. {"kind": "approval", "record_id": "001..."}',
        ) from error
    return rule_of(value)


def _count_change(connection: sqlite3.Connection) -> None:
    version = read_version(connection) + 1
    connection.execute("INSERT OR REPLACE INTO _meta VALUES (?, ?)", (_VERSION, str(version)))


def _problems(connection: sqlite3.Connection, rule: Rule) -> Iterator[str]:
    facts = rule.model_dump()
    record_id = facts.get("record_id")
    if record_id is not None and normalised(record_id) != record_id:
        yield f"record_id {record_id!r} is no id of 18 characters"
    profile = facts.get("profile")
    if profile is not None and profile not in _profiles(connection):
        yield f"there is no profile {profile!r}"
    if "object" not in facts:
        return
    described = EVERYTHING.objects.get(facts["object"])
    if described is None:
        yield f"there is no object {facts['object']!r}"
        return
    named = [facts.get("field"), facts.get("error_field"), *facts.get("fields", ())]
    named += [one["field"] for one in facts.get("conditions", ())]
    if rule.kind == "duplicate" and not described.has("IsDeleted"):
        yield f"{described.name} takes no duplicate rules"
    names = {one.name for one in described.columns}
    yield from (
        f"{described.name} has no field {one!r}"
        for one in dict.fromkeys(named)
        if one is not None and one not in names
    )


def _profiles(connection: sqlite3.Connection) -> set[str]:
    found = connection.execute("SELECT Id, Name FROM Profile").fetchall()
    return {part for row in found for part in row}
