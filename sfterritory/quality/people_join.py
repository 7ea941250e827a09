"""Joining what HR and regional systems say about people to the users of the org.

Nothing is guessed: a row that leads to nobody, to several users, or to different users by different
keys is a conflict and gives no attribute. Where two sources give the same attribute, the one named
first wins and the other is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class AttributeType(StrEnum):
    """What an attribute holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


class ConflictKind(StrEnum):
    """Why something of a source cannot simply be believed."""

    NOBODY = "nobody"
    SEVERAL = "several"
    KEYS_DISAGREE = "keys_disagree"
    TWICE = "twice"
    SOURCES_DIFFER = "sources_differ"
    ORG_DIFFERS = "org_differs"
    NOT_IN_SOURCE = "not_in_source"
    BAD_VALUE = "bad_value"


@dataclass(frozen=True, slots=True)
class OrgPerson:
    """A user as far as joining needs one; `fields` are Salesforce's, '' where empty."""

    id: str
    name: str
    active: bool
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a source.

    Attributes:
        keys: User field to what the row says, without empty ones.
        attributes: Attribute name to text, without empty ones.
        compared: User field to what the row says, without empty ones.
    """

    line: int
    keys: Mapping[str, str]
    attributes: Mapping[str, str]
    compared: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PeopleSource:
    """One file: what its rows say, and whether it should know every rep."""

    name: str
    file: str
    types: Mapping[str, AttributeType]
    rows: Sequence[SourceRow]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Given:
    """An attribute's value, and where it comes from."""

    value: str | float
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that a person has to look at.

    Attributes:
        line: In the source's file; None where it is about an absent row.
        user_id: The user concerned; None where it is unknown.
        field: The key, attribute or field.
        found: What the source says.
        other: What it is held against: a user, a value, another source's value.
    """

    kind: ConflictKind
    source: str
    line: int | None = None
    user_id: str | None = None
    user_name: str = ""
    field: str = ""
    found: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """What is known of each user beside Salesforce, and what was found on the way.

    Attributes:
        attributes: By user id, then by attribute name.
        rows: Rows of each source that lead to a user, by user id, then source name: their line.
    """

    attributes: Mapping[str, Mapping[str, Given]]
    rows: Mapping[str, Mapping[str, int]]
    conflicts: tuple[Conflict, ...]


def join_people(
    users: Sequence[OrgPerson], sources: Sequence[PeopleSource], *, reps: Sequence[str] = ()
) -> Joined:
    """Return what the sources say of each user; the first source wins where two say the same.

    Args:
        users: Everybody in the org.
        sources: In order of trust.
        reps: Ids of those whom every complete source should know.
    """
    joiner = _Joiner(users)
    for source in sources:
        joiner.add(source)
        joiner.find_missing(source, reps)
    return Joined(joiner.attributes, joiner.rows, tuple(joiner.conflicts))


@dataclass(slots=True)
class _Joiner:
    users: Sequence[OrgPerson]
    attributes: dict[str, dict[str, Given]] = field(default_factory=dict)
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    _by_key: dict[str, dict[str, list[OrgPerson]]] = field(default_factory=dict)

    def add(self, source: PeopleSource) -> None:
        for row in source.rows:
            person = self._person(source, row)
            if person is None:
                continue
            lines = self.rows.setdefault(person.id, {})
            if source.name in lines:
                self._note(
                    ConflictKind.TWICE, source, row, person, other=f"line {lines[source.name]}"
                )
                continue
            lines[source.name] = row.line
            self._take(source, row, person)
            self._compare(source, row, person)

    def find_missing(self, source: PeopleSource, reps: Sequence[str]) -> None:
        if not source.complete:
            return
        names = {one.id: one.name for one in self.users}
        self.conflicts += [
            Conflict(
                ConflictKind.NOT_IN_SOURCE, source.name, user_id=rep_id, user_name=names[rep_id]
            )
            for rep_id in reps
            if source.name not in self.rows.get(rep_id, {})
        ]

    def _person(self, source: PeopleSource, row: SourceRow) -> OrgPerson | None:
        """Return whom a row is about: the one user that every key which finds somebody allows."""
        found = {key: self._candidates(key, text) for key, text in row.keys.items()}
        finding = {key: people for key, people in found.items() if people}
        if not finding:
            said = ", ".join(f"{key} {text}" for key, text in row.keys.items())
            self._note(ConflictKind.NOBODY, source, row, found=said or "no key is filled")
            return None
        shared = set.intersection(*({one.id for one in people} for people in finding.values()))
        everybody = {one.id: one for people in finding.values() for one in people}
        named = [everybody[user_id] for user_id in sorted(shared or everybody)]
        if len(named) == 1:
            return named[0]
        kind = ConflictKind.SEVERAL if shared else ConflictKind.KEYS_DISAGREE
        self._note(
            kind,
            source,
            row,
            field=", ".join(finding),
            found=", ".join(row.keys[key] for key in finding),
            other=", ".join(f"{one.name} ({one.id})" for one in named),
        )
        return None

    def _candidates(self, key: str, text: str) -> list[OrgPerson]:
        """Return the users with that value; of people with several users, the active one."""
        index = self._by_key.get(key)
        if index is None:
            index = self._by_key[key] = {}
            for one in self.users:
                if value := one.fields.get(key, ""):
                    index.setdefault(_folded(key, value), []).append(one)
        people = index.get(_folded(key, text), [])
        active = [one for one in people if one.active]
        return active if len(active) == 1 else people

    def _take(self, source: PeopleSource, row: SourceRow, person: OrgPerson) -> None:
        mine = self.attributes.setdefault(person.id, {})
        for name, text in row.attributes.items():
            value = typed(text, source.types[name])
            if value is None:
                self._note(
                    ConflictKind.BAD_VALUE,
                    source,
                    row,
                    person,
                    field=name,
                    found=text,
                    other=f"not a {source.types[name]}",
                )
            elif name not in mine:
                mine[name] = Given(value, source.name, row.line)
            elif mine[name].value != value:
                first = mine[name]
                self._note(
                    ConflictKind.SOURCES_DIFFER,
                    source,
                    row,
                    person,
                    field=name,
                    found=str(value),
                    other=f"{first.value} ({first.source})",
                )

    def _compare(self, source: PeopleSource, row: SourceRow, person: OrgPerson) -> None:
        for name, text in row.compared.items():
            known = person.fields.get(name, "")
            if _folded(name, known) != _folded(name, text):
                self._note(
                    ConflictKind.ORG_DIFFERS,
                    source,
                    row,
                    person,
                    field=name,
                    found=text,
                    other=known or "empty in Salesforce",
                )

    def _note(  # noqa: PLR0913 - the parts of one conflict
        self,
        kind: ConflictKind,
        source: PeopleSource,
        row: SourceRow,
        person: OrgPerson | None = None,
        *,
        field: str = "",
        found: str = "",
        other: str = "",
    ) -> None:
        self.conflicts.append(
            Conflict(
                kind,
                source.name,
                row.line,
                person.id if person else None,
                person.name if person else "",
                field,
                found,
                other,
            )
        )


def typed(text: str, kind: AttributeType) -> str | float | None:
    """Return a cell as its type, None where it is none; `80%` is the number 0.8."""
    if kind is AttributeType.TEXT:
        return text
    try:
        if kind is AttributeType.DATE:
            return date.fromisoformat(text[:10]).isoformat()
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None  # also refuses NaN and infinities


def _folded(name: str, text: str) -> str:
    """Return a text as keys compare it: without case and outer blanks; ids by 15 characters."""
    clean = text.strip()
    return clean[:15] if name == "Id" else clean.casefold()
