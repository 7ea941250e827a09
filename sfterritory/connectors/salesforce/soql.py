"""SOQL text: the only place where values and names become part of a query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sfterritory.model.ids import to_18

MAX_QUERY_CHARS = 100_000  # Salesforce answers MALFORMED_QUERY above

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*\Z", re.ASCII)
_OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">=", "LIKE"})
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
)

Value = str | int | float | bool | Decimal | datetime | date | None


def literal(value: Value) -> str:  # noqa: PLR0911 - one line per type
    """Return a value as SOQL writes it: text quoted and escaped, dates bare, times in UTC.

    Raises:
        ValueError: A time without a zone, or a number that is not finite.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value.translate(_ESCAPES)}'"
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"{value.isoformat()} has no time zone")
            # whole seconds, as Salesforce keeps them; Z needs no escape in a URL, + does
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case int():
            return str(value)
    number = Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite():
        raise ValueError(f"{value} is not a number that SOQL knows")
    return format(number, "f")


def name(text: str) -> str:
    """Return a field, object or parent path unchanged, if it can be nothing else.

    Raises:
        ValueError: Not a name like `OwnerId` or `Owner.Name`.
    """
    if not _NAME.match(text):
        raise ValueError(f"{text!r} is not the name of a field or object")
    return text


def condition(field: str, operator: str, value: Value) -> str:
    """Return one comparison, as in `SystemModstamp >= 2026-05-01T00:00:00Z`."""
    if operator not in _OPERATORS:
        raise ValueError(f"{operator!r} is not one of {', '.join(sorted(_OPERATORS))}")
    return f"{name(field)} {operator} {literal(value)}"


def among(field: str, values: Sequence[Value]) -> str:
    """Return `field IN (...)`; an empty list has no SOQL and is refused."""
    if not values:
        raise ValueError(f"{field} IN () is not SOQL; an empty list needs no query")
    return f"{name(field)} IN ({','.join(literal(value) for value in values)})"


def among_ids(field: str, record_ids: Sequence[str]) -> str:
    """Return `field IN (...)` for record ids, each checked and in its 18-character form."""
    return among(field, [to_18(record_id) for record_id in record_ids])


def every(conditions: Sequence[str]) -> str:
    """Return the conditions joined by AND; '' for none."""
    if len(conditions) < 2:
        return "".join(conditions)
    return " AND ".join(f"({one})" for one in conditions)


def either(conditions: Sequence[str]) -> str:
    """Return the conditions joined by OR; '' for none."""
    if len(conditions) < 2:
        return "".join(conditions)
    return " OR ".join(f"({one})" for one in conditions)


@dataclass(frozen=True, slots=True)
class Query:
    """A `SELECT` over one object; `str()` of it is the SOQL.

    Attributes:
        where: A condition made by this module; '' for every row.
        order_by: Fields, ascending.
    """

    object_name: str
    fields: tuple[str, ...]
    where: str = ""
    order_by: tuple[str, ...] = ()
    limit: int | None = None

    def __str__(self) -> str:
        return self._text(", ".join(self.fields))

    def counting(self) -> str:
        """Return the SOQL that counts the rows of this query instead of fetching them."""
        return self._text("count()")

    def _filter(self) -> str:
        return f" WHERE {self.where}" if self.where else ""

    def _text(self, columns: str) -> str:
        order = f" ORDER BY {', '.join(self.order_by)}" if self.order_by else ""
        limit = "" if self.limit is None else f" LIMIT {self.limit}"
        # names were checked by select(), and values become text in literal() only
        text = f"SELECT {columns} FROM {self.object_name}{self._filter()}{order}{limit}"  # noqa: S608
        if len(text) > MAX_QUERY_CHARS:
            raise ValueError(
                f"a query of {len(text):,} characters passes the {MAX_QUERY_CHARS:,} allowed"
            )
        return text


def select(
    object_name: str,
    fields: Sequence[str],
    *,
    where: str = "",
    order_by: Sequence[str] = (),
    limit: int | None = None,
) -> Query:
    """Return a query whose names are checked.

    Raises:
        ValueError: A name that is none, a field asked twice, or no field at all.
    """
    if not fields:
        raise ValueError(f"a query of {object_name} needs at least one field")
    lowered = [field.casefold() for field in fields]
    twice = sorted({field for field in lowered if lowered.count(field) > 1})
    if twice:
        raise ValueError(f"a query of {object_name} asks twice for {', '.join(twice)}")
    return Query(
        object_name=name(object_name),
        fields=tuple(name(field) for field in fields),
        where=where,
        order_by=tuple(name(field) for field in order_by),
        limit=limit,
    )
