"""Literals as the values that a column is compared with."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sfterritory.sandbox.clock import stored_precisely
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.schema import NUMBER_TYPES, TEXT_TYPES
from sfterritory.sandbox.soql.literal import meaning
from sfterritory.sandbox.soql.period import days_of
from sfterritory.sandbox.soql.refusal import SoqlError, invalid_field, malformed
from sfterritory.sandbox.soql.tree import Boolean, Day, Moment, Null, Number, Period, Text, Value

if TYPE_CHECKING:
    from sfterritory.sandbox.schema import FieldDef
    from sfterritory.sandbox.soql.terms import Terms

SqlValue = str | int | float


def bound(field: FieldDef, value: Value) -> SqlValue | None:
    """Return what to compare the column with; None for null and for the empty text.

    Raises:
        SoqlError: The literal's type does not fit the field.
    """
    if isinstance(value, Null):
        return None
    if isinstance(value, Text):
        return _text(field, value)
    if field.type in {"id", "reference"} or field.type in TEXT_TYPES:
        raise _wrong_type(field)
    if isinstance(value, Number) and field.type in NUMBER_TYPES:
        return _number(value.raw)
    if isinstance(value, Boolean) and field.type == "boolean":
        return int(value.value)
    if isinstance(value, Moment) and field.type == "datetime":
        return stored_precisely(_moment(value.raw))
    if isinstance(value, Day) and field.type == "date":
        return _day(value.raw).isoformat()
    raise _wrong_type(field)


def period_bounds(field: FieldDef, period: Period, *, terms: Terms) -> tuple[str, str]:
    """Return the first value inside a period and the first one after it.

    Raises:
        SoqlError: The field is neither a date nor a dateTime, or there is no such literal.
    """
    if field.type not in {"date", "datetime"}:
        raise _wrong_type(field)
    start, end = days_of(
        period.name,
        period.count,
        today=terms.now.astimezone(UTC).date(),
        fiscal_start_month=terms.fiscal_start_month,
    )
    if field.type == "date":
        return start.isoformat(), end.isoformat()
    return f"{start.isoformat()}T00:00:00.000Z", f"{end.isoformat()}T00:00:00.000Z"


def _text(field: FieldDef, value: Text) -> str | None:
    text = meaning(value.raw)
    if field.type in TEXT_TYPES:
        return text or None
    if field.type not in {"id", "reference"}:
        raise _wrong_type(field)
    if not text:
        return None
    record_id = normalised(text)
    if record_id is None:
        raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return record_id


def _number(raw: str) -> float:
    number = float(raw)
    if not math.isfinite(number):
        raise malformed(f"numeric value out of range: {raw:.40}")
    return number


def _moment(raw: str) -> datetime:
    try:
        moment = datetime.fromisoformat(raw.upper())
    except ValueError as error:
        raise malformed(f"invalid dateTime: {raw}") from error
    if moment.year in {1, 9999}:  # a time zone could carry it out of the calendar
        raise malformed(f"invalid dateTime: {raw}")
    return moment


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError as error:
        raise malformed(f"invalid date: {raw}") from error


def _wrong_type(field: FieldDef) -> SoqlError:
    quoted = field.type in TEXT_TYPES or field.type in {"id", "reference"}
    spoken = {"datetime": "dateTime", "textarea": "string", "id": "ID", "reference": "reference"}
    kind = spoken.get(field.type, "string" if field.type in TEXT_TYPES else field.type)
    how = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
    return invalid_field(
        f"value of filter criterion for field '{field.name}' must be of type {kind} and {how}",
    )
