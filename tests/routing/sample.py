"""A small org for routing tests, and strategies that make up records and rules for it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from factories import lead_id, user_id
from hypothesis import strategies as st

from sfterritory.model.columns import (
    Column,
    FlagColumn,
    Ids,
    NumberColumn,
    RecordColumns,
    TextColumn,
    TimeColumn,
)
from sfterritory.model.document import Scalar
from sfterritory.model.ids import to_18
from sfterritory.routing.conditions import Record
from sfterritory.routing.directory import Directory, Person, QueueEntry
from sfterritory.routing.field_kind import FieldKind
from sfterritory.routing.rules import Condition, RuleBook
from sfterritory.routing.table import RoutingTable, resolve_rules

ANN, BEN, CAT, DAN, EVE = (user_id(number) for number in range(1, 6))
REVIEW = to_18("00G000000000001")

PEOPLE = (
    Person(ANN, "Ann Abel", "ann@example.com", is_active=True, is_standard=True),
    Person(BEN, "Ben Bold", "ben@example.com", is_active=True, is_standard=True),
    Person(CAT, "Sam Same", "cat@example.com", is_active=True, is_standard=True),
    Person(DAN, "Sam Same", "dan@example.com", is_active=False, is_standard=True),
    Person(EVE, "Eve Guest", "eve@example.com", is_active=True, is_standard=False),
)
DIRECTORY = Directory.of(
    PEOPLE, [QueueEntry(REVIEW, "Inbound Review", "Inbound_Review", frozenset({"Lead"}))]
)
LISTS = {"strategic.csv": frozenset({"acme", "005000000000001", "Straße"})}
KINDS = {
    "Country": FieldKind.TEXT,
    "OwnerId": FieldKind.TEXT,
    "Employees": FieldKind.NUMBER,
    "IsHot": FieldKind.FLAG,
    "SeenAt": FieldKind.TIME,
}


def condition(data: Mapping[str, Any]) -> Condition:
    return Condition.model_validate(data)


def book(**lead: Any) -> RuleBook:
    """Return a book of lead rules; the fallback is the review queue unless it is given."""
    pools = lead.pop("pools", {})
    rules = {"fallback": {"queue": "Inbound_Review"}, **lead}
    return RuleBook.model_validate({"version": 1, "pools": pools, "objects": {"Lead": rules}})


def rule(to: Mapping[str, Any], *, when: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    return {"name": name or f"{when} to {to}"[:80], "when": when, "to": to}


def table(rules: RuleBook, users: Mapping[str, Record] | None = None) -> RoutingTable:
    return resolve_rules(rules, "Lead", directory=DIRECTORY, users=users or {}, lists=LISTS)


def leads(rows: Sequence[Mapping[str, Scalar]]) -> RecordColumns:
    """Return the rows as columns, with ids in their order; what a row leaves out is missing."""
    columns: dict[str, Column] = {}
    for name, kind in KINDS.items():
        values = [row.get(name) for row in rows]
        columns[name] = _column(kind, values)
    ids = np.array([lead_id(number) for number in range(len(rows))], dtype="U18")
    return RecordColumns("Lead", ids, columns)


def _column(kind: FieldKind, values: Sequence[Scalar]) -> Column:
    if kind is FieldKind.TEXT:
        return TextColumn.of(None if value is None else str(value) for value in values)
    if kind is FieldKind.NUMBER:
        return NumberColumn(np.array([np.nan if v is None else v for v in values], np.float64))
    if kind is FieldKind.FLAG:
        return FlagColumn(np.array([bool(value) for value in values], np.bool_))
    instants = ["NaT" if v is None else _naive_utc(str(v)) for v in values]
    return TimeColumn(np.array(instants, dtype="datetime64[ms]"))


def _naive_utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None).isoformat()


def owners(names: Sequence[str]) -> Ids:
    return np.array(names, dtype="U18")


# Few and similar values, so that conditions often hold: near misses in case, blanks and accents.
SPELLINGS = (
    "US",
    "us ",
    "U",
    "DE",
    "Acme",
    "ACME Ltd",
    "Strasse",
    "café",
    "cafe\u0301",
    "2026-01-02",
    ANN,
)
_QUANTITIES = (0, 1, 1.5, 500, 1_000_000, -3)
WORDS = st.sampled_from(SPELLINGS)
NUMBERS = st.sampled_from(_QUANTITIES)
INSTANTS = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001  # hypothesis wants naive bounds
    max_value=datetime(2026, 1, 3),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(datetime.isoformat)
RECORDS = st.fixed_dictionaries(
    {
        "Country": st.none() | WORDS | st.just("  "),
        "OwnerId": st.sampled_from([ANN, BEN, CAT, REVIEW]),
        "Employees": st.none() | NUMBERS,
        "IsHot": st.booleans(),
        "SeenAt": st.none() | INSTANTS,
    }
)

# Every spelling and quantity once, so that one example of a condition meets them all.
EVERY_VALUE: tuple[dict[str, Scalar], ...] = tuple(
    {
        "Country": word,
        "OwnerId": BEN,
        "Employees": number,
        "IsHot": number == 1,
        "SeenAt": f"2026-01-0{1 + at % 3}T00:00:00+00:00",
    }
    for at, (word, number) in enumerate(
        itertools.zip_longest((*SPELLINGS, None, " "), (*_QUANTITIES, None))
    )
)

_VALUES = WORDS | NUMBERS | st.booleans()
_MANY = st.lists(_VALUES, min_size=1, max_size=3)
_TEXTS = WORDS | st.lists(WORDS, min_size=1, max_size=3)
_MOMENTS = INSTANTS | st.just("2026-01-02")
_OPERATIONS: tuple[tuple[str, st.SearchStrategy[Any]], ...] = (
    *((word, _VALUES) for word in ("is", "is_not")),
    *((word, _MANY) for word in ("in", "not_in")),
    *((word, _TEXTS) for word in ("starts_with", "contains")),
    *((word, NUMBERS) for word in ("at_least", "above", "at_most", "below")),
    ("between", st.tuples(NUMBERS, NUMBERS).map(sorted)),
    *((word, _MOMENTS) for word in ("before", "since")),
    ("is_empty", st.booleans()),
    ("in_list", st.just("strategic.csv")),
)
# Every operator meets every kind of field: one that does not fit has to answer no on both sides.
_LEAVES = st.one_of(
    [
        st.fixed_dictionaries({"field": st.sampled_from(sorted(set(KINDS) - {"SeenAt"})), word: of})
        for word, of in _OPERATIONS
    ]
    + [
        st.fixed_dictionaries({"field": st.just("SeenAt"), word: of})
        for word, of in _OPERATIONS
        if word in ("before", "since", "is_empty", "at_least")
    ]
    + [st.just({"always": True})]
)
CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)
_DESTINATIONS: tuple[dict[str, Any], ...] = (
    {"user": "Ann Abel"},
    {"queue": "Inbound_Review"},
    {"territory_owner": True},
    {"pool": "inbound"},
    {"pool": "named"},
    {"keep_owner": True},
)
POOLS = {
    "inbound": {"members": ["ben@example.com", "ann@example.com", "cat@example.com"]},
    "named": {"members": ["cat@example.com", "dan@example.com"]},
}


@st.composite
def rule_books(draw: st.DrawFn) -> RuleBook:
    pairs = draw(st.lists(st.tuples(CONDITIONS, st.sampled_from(_DESTINATIONS)), max_size=5))
    rules = [rule(to, when=when, name=f"rule {at}") for at, (when, to) in enumerate(pairs)]
    eligible = draw(st.none() | CONDITIONS)
    fallback = draw(st.sampled_from([to for to in _DESTINATIONS if "territory_owner" not in to]))
    return book(pools=POOLS, eligible=eligible, rules=rules, fallback=fallback)
