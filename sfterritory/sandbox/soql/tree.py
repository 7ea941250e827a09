"""The syntax tree of a SOQL query.

Places (`at`, an offset into the text) serve error messages; two trees that differ only in them
are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Path:
    """`Owner.Name`: relationship names, then the field."""

    parts: tuple[str, ...]
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted string, still with its escapes: LIKE reads them otherwise than `=` does."""

    raw: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    raw: str


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency as written: `USD5000`."""

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


Value = Text | Number | Money | Moment | Day | Boolean | Null | Period


@dataclass(frozen=True, slots=True)
class Call:
    """`count(Id)`, `FORMAT(MIN(CloseDate))`, `DISTANCE(Address, GEOLOCATION(1, 2), 'km')`."""

    name: str
    arguments: tuple[Argument, ...] = ()
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(str(one) for one in self.arguments)})"


Operand = Path | Call
Argument = Path | Call | Text | Number


@dataclass(frozen=True, slots=True)
class Selected:
    """An operand in a select list, with its alias."""

    operand: Operand
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Children:
    """A sub-query in a select list; its object is named by the child relationship."""

    query: Query


@dataclass(frozen=True, slots=True)
class TypeOf:
    """`TYPEOF What WHEN Account THEN Name, Phone ELSE Name END`; `otherwise` may be empty."""

    relationship: Path
    cases: tuple[tuple[str, tuple[Path, ...]], ...]
    otherwise: tuple[Path, ...]


Item = Selected | Children | TypeOf


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
class Includes:
    """`left INCLUDES ('a;b', 'c')`, or EXCLUDES where it is negated."""

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


Leaf = Compare | Within | Includes | WithinQuery
Condition = Leaf | All | AnyOf | Not


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """The sub-select of IN."""

    selected: Path
    object_name: str
    alias: str | None
    where: Condition | None
    object_at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Grouping:
    """GROUP BY; a roll-up adds sub-totals from the right, a cube those of every combination."""

    operands: tuple[Operand, ...]
    kind: Literal["plain", "rollup", "cube"] = "plain"


@dataclass(frozen=True, slots=True)
class Ordering:
    """One item of ORDER BY; `nulls_last` is None where the query does not say."""

    operand: Operand
    descending: bool
    nulls_last: bool | None


@dataclass(frozen=True, slots=True)
class Source:
    """`Account a` behind FROM; behind a comma a parent with a name of its own: `c.Account a`."""

    path: Path
    alias: str | None


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query, or a sub-query of its select list.

    Attributes:
        sources: What is selected from; then parents that the query gives names.
        scope: The word behind USING SCOPE.
        access: The word behind WITH.
        purposes: The words behind FOR.
        text: What the client wrote; a sub-query has the text of the whole.
    """

    items: tuple[Item, ...]
    sources: tuple[Source, ...]
    scope: str | None = None
    where: Condition | None = None
    access: str | None = None
    group_by: Grouping | None = None
    having: Condition | None = None
    order_by: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0
    purposes: tuple[str, ...] = ()
    text: str = field(default="", compare=False, repr=False)

    @property
    def object_path(self) -> Path:
        """The name behind FROM."""
        return self.sources[0].path


def first_place(condition: Condition) -> int:
    """Return where a condition's first name stands."""
    while isinstance(condition, All | AnyOf | Not):
        condition = condition.condition if isinstance(condition, Not) else condition.conditions[0]
    return condition.left.at
