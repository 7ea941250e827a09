"""One view of who covers what: users of the org, what other sources say of them, what they own."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sfterritory.model.document import Document
from sfterritory.model.store.store import Store
from sfterritory.pipeline.people import load_people, load_roster
from sfterritory.pipeline.people_sources import joined_people
from sfterritory.quality.people_join import Conflict, ConflictKind
from sfterritory.settings.project import Settings

_OWNED = ("Account", "Lead")

_WORDS = {
    ConflictKind.NOBODY: "leads to no user: {found}",
    ConflictKind.SEVERAL: "leads to several users by {field} {found}: {other}",
    ConflictKind.KEYS_DISAGREE: "its keys lead to different users: {field} {found} to {other}",
    ConflictKind.TWICE: "is a second row for the same user, beside {other}; the first one counts",
    ConflictKind.SOURCES_DIFFER: "{field} is {found} here and {other} before; that one counts",
    ConflictKind.ORG_DIFFERS: "{field} is {found} here and {other} in Salesforce",
    ConflictKind.NOT_IN_SOURCE: "is on the roster and not in this source",
    ConflictKind.BAD_VALUE: "{field} is {found}: {other}; it is left out",
}


class GivenAttribute(Document):
    """What a source says of a person."""

    value: str | float
    source: str
    line: int


class RosterEntry(Document):
    """One person.

    Attributes:
        on_roster: Gets a territory.
        capacity_share: Size of that territory; None for those who get none.
        territory: Its name after the last build, '' before it.
        owned: Live records by object.
        sources: Where each source has the person, by line.
    """

    user_id: str
    name: str
    username: str
    active: bool
    on_roster: bool
    capacity_share: float | None
    territory: str
    owned: dict[str, int]
    attributes: dict[str, GivenAttribute]
    sources: dict[str, int]


class RosterConflict(Document):
    """Something between the sources that a person has to look at."""

    kind: ConflictKind
    source: str
    line: int | None
    user_id: str | None
    name: str
    field: str
    found: str
    other: str
    words: str


class RosterReport(Document):
    """Everybody who covers something, and what does not fit together."""

    people: tuple[RosterEntry, ...]
    conflicts: tuple[RosterConflict, ...]


def roster_report(settings: Settings, store: Store, *, now: datetime | None = None) -> RosterReport:
    """Return everybody who is on the roster, owns records, or stands in a source.

    Raises:
        StepMissingError: Nothing was pulled yet.
        ConfigError: The condition of the roster is wrong, or nobody answers to it.
    """
    people = load_people(settings, store)
    roster = load_roster(settings, store, people)
    share = dict(zip(roster.ids.tolist(), roster.capacity_share.tolist(), strict=True))
    joined = joined_people(settings.people, people.users, people.columns, reps=roster.ids.tolist())
    owned = {name: _owners(store, name) for name in _OWNED}
    territory_of = _territories(store, now)
    entries = [
        RosterEntry(
            user_id=one.id,
            name=one.name,
            username=one.username,
            active=one.is_active,
            on_roster=one.id in share,
            capacity_share=share.get(one.id),
            territory=territory_of.get(one.id, ""),
            owned={name: counts[one.id] for name, counts in owned.items()},
            attributes={
                name: GivenAttribute(value=given.value, source=given.source, line=given.line)
                for name, given in sorted(joined.attributes.get(one.id, {}).items())
            },
            sources=dict(joined.rows.get(one.id, {})),
        )
        for one in people.users
        if one.id in share
        or one.id in joined.rows
        or any(counts[one.id] for counts in owned.values())
    ]
    return RosterReport(
        people=tuple(sorted(entries, key=lambda one: (not one.on_roster, one.name, one.user_id))),
        conflicts=tuple(_conflict(one) for one in joined.conflicts),
    )


def _conflict(one: Conflict) -> RosterConflict:
    return RosterConflict(
        kind=one.kind,
        source=one.source,
        line=one.line,
        user_id=one.user_id,
        name=one.user_name,
        field=one.field,
        found=one.found,
        other=one.other,
        words=_WORDS[one.kind].format(field=one.field, found=one.found, other=one.other),
    )


def _owners(store: Store, object_name: str) -> Counter[str]:
    column = store.mirror.columns(object_name, ("OwnerId",)).fields["OwnerId"]
    return Counter(owner for owner in column.values() if owner)  # type: ignore[operator]  # ids are text


def _territories(store: Store, now: datetime | None) -> dict[str, str]:
    version = store.territories.latest(as_of=now)
    if version is None:
        return {}
    found = store.territories.territories(version.id)
    return {one.rep_id: one.name for one in found if one.rep_id}
