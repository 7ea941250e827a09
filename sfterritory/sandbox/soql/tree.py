"""The syntax tree of a SOQL query."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    """`Owner.Name`, with the place in the query for error messages.

    Attributes:
        parts: Relationship names, then the field.
        at: Offset of the first character.
    """

    parts: tuple[str, ...]
    at: int

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """`count(Id)`; `path` is None for `count()`."""

    name: str
    path: Path | None
    alias: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted string, still with its escapes: LIKE reads them otherwise than `=` does."""

    raw: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    raw: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A dateTime literal as written."""

    raw: str


@dataclass(frozen=True, slots=True)
class Day:
    """A date literal as written."""

    raw: str


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Null:
    """`null`."""


@dataclass(frozen=True, slots=True)
class Period:
    """A date literal by name: `TODAY`, `LAST_N_DAYS:30`; `count` is None without a number."""

    name: str
    count: int | None


Value = Text | Number | Moment | Day | Boolean | Null | Period
Operand = Path | Call


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op value`; op is one of = != < <= > >= LIKE."""

    left: Operand
    op: str
    value: Value


@dataclass(frozen=True, slots=True)
class Within:
    """`left [NOT] IN (values)`."""

    left: Operand
    values: tuple[Value, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class WithinQuery:
    """`left [NOT] IN (SELECT ... FROM ...)`."""

    left: Operand
    query: SemiJoin
    negated: bool


@dataclass(frozen=True, slots=True)
class All:
    """Every condition holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one condition holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    condition: Condition


Condition = Compare | Within | WithinQuery | All | AnyOf | Not


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """The sub-select of IN."""

    field: Path
    object_name: str
    object_at: int
    where: Condition | None


@dataclass(frozen=True, slots=True)
class Ordering:
    """One item of ORDER BY."""

    operand: Operand
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query; `text` is what the client wrote."""

    text: str
    items: tuple[Operand, ...]
    object_name: str
    object_at: int
    alias: str | None
    where: Condition | None
    group_by: tuple[Operand, ...]
    having: Condition | None
    order_by: tuple[Ordering, ...]
    limit: int | None
    offset: int
