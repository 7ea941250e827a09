"""The column types: one text form per kind of value, the same answer from both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    REAL,
    TIMESTAMP,
    Boolean,
    Column,
    Date,
    Dialect,
    Double,
    Integer,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

POSTGRESQL = "postgresql"
SQLITE = "sqlite"


class Kind(StrEnum):
    """What a Salesforce field holds, as far as storing and reading it goes."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    INSTANT = "instant"
    DAY = "day"


def instant_text(at: datetime) -> str:
    """Return the one text form of an instant: `2026-05-01T07:25:37.000Z`, cut to milliseconds.

    Raises:
        ValueError: The instant has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError(
            f"{at.isoformat()} has no time zone; every instant that is stored needs one"
        )
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def any_instant_text(text: str) -> str:
    """Return the one text form of an instant written in any ISO 8601 form with an offset.

    Raises:
        ValueError: Not such a text.
    """
    return instant_text(datetime.fromisoformat(text))


def any_day_text(text: str) -> str:
    """Return a day as `2026-05-01`.

    Raises:
        ValueError: Not a day in an ISO 8601 form.
    """
    return date.fromisoformat(text).isoformat()


class Words(TypeDecorator[str]):
    """Text, ordered by code point on both databases."""

    impl = Text
    cache_ok = True
    kind = Kind.TEXT

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL would order by the locale of the server it was made on."""
        return Text(collation="C") if dialect.name == POSTGRESQL else Text()


class Number(TypeDecorator[float]):
    """A 64-bit float."""

    impl = Double
    cache_ok = True
    kind = Kind.NUMBER

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """STRICT tables of SQLite know 64-bit floats as REAL, which PostgreSQL takes for 32."""
        return Double() if dialect.name == POSTGRESQL else REAL()


class Flag(TypeDecorator[bool]):
    """A boolean: 0 or 1 on SQLite."""

    impl = Boolean
    cache_ok = True
    kind = Kind.FLAG

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """STRICT tables of SQLite have no BOOLEAN."""
        return Boolean() if dialect.name == POSTGRESQL else Integer()

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return a bool where SQLite gives 0 or 1."""
        return None if value is None else bool(value)


class TZDateTime(TypeDecorator[datetime]):
    """An instant with its zone, to the millisecond: text on SQLite, timestamptz on PostgreSQL."""

    impl = Text
    cache_ok = True
    kind = Kind.INSTANT

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the database's own type."""
        return TIMESTAMP(timezone=True) if dialect.name == POSTGRESQL else Text()

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Cut to milliseconds, so that both databases give back the same instant."""
        if value is None:
            return None
        text = instant_text(value)
        return datetime.fromisoformat(text) if dialect.name == POSTGRESQL else text

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the instant in UTC."""
        if value is None:
            return None
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return at.astimezone(UTC)


class Day(TypeDecorator[date]):
    """A date without a time: text on SQLite, date on PostgreSQL."""

    impl = Text
    cache_ok = True
    kind = Kind.DAY

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the database's own type."""
        return Date() if dialect.name == POSTGRESQL else Text()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return a date where SQLite gives text."""
        return date.fromisoformat(value) if isinstance(value, str) else value


def kind_of(column: Column[Any]) -> Kind:
    """Return what a column of one of the types above holds."""
    return cast("Words | Number | Flag | TZDateTime | Day", column.type).kind
