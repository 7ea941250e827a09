"""Unassigned: accounts in no territory or in one without a rep, and records without a person.

Every record of the list has one cause for each of the two questions: which territory it is in, and
who owns it after routing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

import numpy as np

from sfterritory.geography.location import Unlocated
from sfterritory.model.columns import VACANCY
from sfterritory.model.document import Document
from sfterritory.model.store.route import RouteDecisions
from sfterritory.model.store.store import Store
from sfterritory.pipeline.override import override_cause, standing_overrides
from sfterritory.pipeline.people import TERRITORIES_FILE, People, load_people, load_roster
from sfterritory.pipeline.records import PlacedRecords, latest_snapshot, load_placed
from sfterritory.pipeline.routing_facts import NOWHERE, Territories, load_territories
from sfterritory.routing.table import DestinationKind
from sfterritory.settings.project import Settings

_OBJECTS = ("Account", "Lead")
_NOT_ROUTED = (
    "these territories were not routed yet: run `sfterritory route` to see who would own them"
)
_FALLBACK, _NOT_ELIGIBLE = "fallback", "not eligible"  # as `RoutingTable.rule_name` calls them
_KEEP = DestinationKind.KEEP_OWNER.name.lower()
_QUEUE = DestinationKind.QUEUE.name.lower()


class Question(StrEnum):
    """What a record has no answer to."""

    TERRITORY = "territory"
    OWNER = "owner"


class UnassignedCause(StrEnum):
    """Why a record has no territory with a rep, or no person."""

    NOT_LOCATED = "not_located"
    OUTSIDE_SCOPE = "outside_scope"
    OVERRIDE = "override"
    LEFT_OUT = "left_out"
    NEW = "new"
    VACANT = "vacant"
    REP_GONE = "rep_gone"
    NO_OWNER = "no_owner"
    OWNER_GONE = "owner_gone"
    QUEUE = "queue"
    FALLBACK = "fallback"


class UnassignedRecord(Document):
    """One record and what it lacks.

    Attributes:
        owner: Today's, '' where there is none.
        words: The cause, for this record.
    """

    question: Question
    object_name: str
    record_id: str
    name: str
    owner_id: str
    owner: str
    cause: UnassignedCause
    words: str


class CauseCount(Document):
    """How many records have a cause."""

    question: Question
    object_name: str
    cause: UnassignedCause
    records: int


class UnassignedReport(Document):
    """Who falls through.

    Attributes:
        counts: Of everything, whatever part is listed.
        records: The part that was asked for.
        total: How many records the part was cut from.
        notes: Questions that cannot be answered yet, each with the missing step.
    """

    counts: tuple[CauseCount, ...]
    records: tuple[UnassignedRecord, ...]
    total: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the list is wanted.

    Attributes:
        causes: Only these; all where empty.
        start: How many records to pass over.
        limit: How many to list, None for all.
    """

    causes: frozenset[UnassignedCause] = frozenset()
    start: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    question: Question
    object_name: str
    row: int
    cause: UnassignedCause
    words: str


def unassigned(
    settings: Settings, store: Store, *, now: datetime, part: Part | None = None
) -> UnassignedReport:
    """Return the records without a territory, a rep or a person, by question, object and id.

    Raises:
        StepMissingError: Nothing was pulled, or no territories were built from the last pull.
        ConfigError: A condition of mappings/territories.yaml is wrong.
    """
    part = part or Part()
    snapshot = latest_snapshot(store)
    territories = load_territories(store, snapshot_id=snapshot.id, as_of=now)
    people = load_people(settings, store)
    scope = settings.territories.scope
    asked = ("Name", "OwnerId", *sorted(scope.fields - {"Id"} if scope else ()))
    placed = {
        "Account": load_placed(store, "Account", asked),
        "Lead": load_placed(store, "Lead", ("Name", "OwnerId")),
    }
    found = [*_without_territory(settings, store, placed["Account"], territories, people, now=now)]
    routed, notes = _routed(store, territories)
    for decisions in routed:
        found += _without_person(decisions, placed[decisions.object_name], people)
    counts = Counter((one.question, one.object_name, one.cause) for one in found)
    wanted = [one for one in found if not part.causes or one.cause in part.causes]
    stop = None if part.limit is None else part.start + part.limit
    return UnassignedReport(
        counts=tuple(
            CauseCount(question=question, object_name=name, cause=cause, records=counts[key])
            for question in Question
            for name in _OBJECTS
            for cause in UnassignedCause
            if (key := (question, name, cause)) in counts
        ),
        records=tuple(
            _record(one, placed[one.object_name], people)
            for one in islice(wanted, part.start, stop)
        ),
        total=len(wanted),
        notes=notes,
    )


def _without_territory(
    settings: Settings,
    store: Store,
    placed: PlacedRecords,
    territories: Territories,
    people: People,
    *,
    now: datetime,
) -> Iterator[_Found]:
    rows = territories.of_accounts(placed.records.ids)
    located, scope = placed.places.located, settings.territories.scope
    inside = (
        np.ones(len(rows), dtype=np.bool_)
        if scope is None
        else placed.matching(scope, settings=settings, where=("scope",), file=TERRITORIES_FILE)
    )
    why_not = dict(
        zip(
            territories.alignment.account_ids.tolist(),
            territories.alignment.reason.values(),
            strict=True,
        )
    )
    away = _overrides_off_roster(settings, store, people, now=now)
    places = store.locations.of("Account").cause
    states = [_rep_state(one.rep_id, one.name, people) for one in territories.rows]
    lacking = np.array([state is not None for state in states], dtype=np.bool_)
    open_rows = np.flatnonzero((rows == NOWHERE) | np.append(lacking, True)[rows])
    for row in open_rows.tolist():
        account_id = str(placed.records.ids[row])
        state = states[rows[row]] if rows[row] != NOWHERE else None
        if state is not None:
            cause, words = state
        elif not located[row]:
            cause, words = UnassignedCause.NOT_LOCATED, _unlocated_words(places.value(row))
        elif not inside[row]:
            cause, words = UnassignedCause.OUTSIDE_SCOPE, "`scope` leaves it out"
        elif account_id in away:
            cause, words = UnassignedCause.OVERRIDE, away[account_id]
        elif why_not.get(account_id):
            cause, words = UnassignedCause.LEFT_OUT, why_not[account_id] or ""
        else:
            cause, words = UnassignedCause.NEW, "it was not part of the last build: build again"
        yield _Found(Question.TERRITORY, "Account", row, cause, words)


def _overrides_off_roster(
    settings: Settings, store: Store, people: People, *, now: datetime
) -> dict[str, str]:
    """Return the words for each account that an override gives to somebody off the roster."""
    standing = [one for one in standing_overrides(store, now=now) if one.counts]
    if not standing:
        return {}
    on_roster = {*load_roster(settings, store, people).ids.tolist()}
    names = people.names
    return {
        one.account_id: f"{override_cause(one.override)}; "
        f"{names.get(one.override.rep_id, one.override.rep_id)} is not on the roster"
        for one in standing
        if one.override.rep_id not in on_roster
    }


def _rep_state(
    rep_id: str | None, territory: str, people: People
) -> tuple[UnassignedCause, str] | None:
    """Return why a territory has nobody who can own records, None where it has."""
    if rep_id is None or rep_id.startswith(VACANCY):
        return UnassignedCause.VACANT, f"{territory} has no rep yet"
    person = people.directory.people.get(rep_id)
    if person is None:
        return UnassignedCause.REP_GONE, f"the rep of {territory}, {rep_id}, is no user any more"
    if not person.is_assignable:
        return UnassignedCause.REP_GONE, f"{person.name}, the rep of {territory}, is inactive"
    return None


def _routed(
    store: Store, territories: Territories
) -> tuple[tuple[RouteDecisions, ...], tuple[str, ...]]:
    """Return what routing decided on these territories, or a note that it has not yet."""
    version = store.routes.latest()
    if version is None or version.territory_version != territories.version.id:
        return (), (_NOT_ROUTED,)
    return tuple(store.routes.decisions(version.id, name) for name in _OBJECTS), ()


def _without_person(
    decisions: RouteDecisions, placed: PlacedRecords, people: People
) -> Iterator[_Found]:
    """Yield the records that routing gave to no active person, or that no rule answered for."""
    rows = np.searchsorted(placed.records.ids, decisions.ids)
    able = {one.id for one in people.directory.people.values() if one.is_assignable}
    names = people.names
    table = zip(
        rows.tolist(),
        decisions.owner_id.values(),
        decisions.rule.values(),
        decisions.destination.values(),
        decisions.reason.values(),
        strict=True,
    )
    today = placed.text("OwnerId")
    for row, owner_id, rule, destination, reason in table:
        if rule == _NOT_ELIGIBLE:
            continue
        after = owner_id or today.value(row)
        if after is None:
            cause, words = UnassignedCause.NO_OWNER, "there is no owner to keep"
        elif destination == _QUEUE:
            words = f"{names.get(after, after)} has it, a queue: {reason}"
            cause = UnassignedCause.QUEUE
        elif destination == _KEEP and after not in able:
            words = f"it stays with {names.get(after, after)}, who cannot own records any more"
            cause = UnassignedCause.OWNER_GONE
        elif rule == _FALLBACK:
            cause, words = UnassignedCause.FALLBACK, reason or ""
        else:
            continue
        yield _Found(Question.OWNER, decisions.object_name, row, cause, words)


def _record(one: _Found, placed: PlacedRecords, people: People) -> UnassignedRecord:
    owner_id = placed.text("OwnerId").value(one.row) or ""
    return UnassignedRecord(
        question=one.question,
        object_name=one.object_name,
        record_id=str(placed.records.ids[one.row]),
        name=placed.text("Name").value(one.row) or "",
        owner_id=owner_id,
        owner=people.names.get(owner_id, owner_id),
        cause=one.cause,
        words=one.words,
    )


def _unlocated_words(cause: str | None) -> str:
    if cause in set(Unlocated):
        return Unlocated(cause).words
    return cause or ""
