"""JSON values as columns store them, and the fields that the server fills from others."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.clock import stored, stored_precisely
from sfterritory.sandbox.ids import normalised
from sfterritory.sandbox.refusal import RefusedError
from sfterritory.sandbox.schema import NUMBER_TYPES, TEXT_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfterritory.sandbox.schema import FieldDef, ObjectDef

_TASK_DONE = "Completed"
_WON_PROBABILITY = {"Closed Won": 100.0, "Closed Lost": 0.0}


def stored_value(field: FieldDef, value: Any) -> str | int | float | None:
    """Return a JSON value as the column holds it; the empty text is null.

    Raises:
        RefusedError: Its type, length or form does not fit the field.
    """
    if value is None or value == "":
        return 0 if field.type == "boolean" else None
    if field.type in TEXT_TYPES:
        return _text(field, value)
    if field.type == "boolean":
        return _boolean(field, value)
    if field.type in NUMBER_TYPES:
        return _number(field, value)
    if not isinstance(value, str):
        raise _undeserializable(field, value)
    if field.type in {"id", "reference"}:
        return _id(field, value)
    return _day(field, value) if field.type == "date" else _moment(field, value)


def derived(described: ObjectDef, row: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return the computed fields of a row: full names, and whether a deal or case is closed."""
    if described.name == "Account":
        person = {"Name": full_name(row["FirstName"], row["LastName"])}
        return person if row["IsPersonAccount"] else {}
    if described.name == "Task":
        closed = row["Status"] == _TASK_DONE
        done_at = (row["CompletedDateTime"] or stored(now)) if closed else None
        return {"IsClosed": int(closed), "CompletedDateTime": done_at}
    if described.has("FirstName") and described.has("LastName"):
        return {"Name": full_name(row["FirstName"], row["LastName"])}
    if described.name == "Opportunity":
        closed = row["StageName"] in _WON_PROBABILITY
        probability = _WON_PROBABILITY.get(row["StageName"], row["Probability"])
        won = row["StageName"] == "Closed Won"
        return {"IsClosed": int(closed), "IsWon": int(won), "Probability": probability}
    if described.name == "Case":
        closed = row["Status"] == "Closed"
        closed_at = (row["ClosedDate"] or stored(now)) if closed else None
        return {"IsClosed": int(closed), "ClosedDate": closed_at}
    return {}


def full_name(first: str | None, last: str | None) -> str:
    """Return the parts of a person's name that are there."""
    return " ".join(part for part in (first, last) if part)


def _text(field: FieldDef, value: Any) -> str | None:
    if isinstance(value, bool | int | float):
        value = str(value).lower() if isinstance(value, bool) else str(value)
    if not isinstance(value, str):
        raise _undeserializable(field, value)
    if any("\ud800" <= letter <= "\udfff" for letter in value):  # half a character
        raise _undeserializable(field, ascii(value))
    text = value.strip() or None
    if text is not None and len(text) > field.length:
        raise RefusedError(
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {text[:80]} (max length={field.length})",
            (field.name,),
        )
    if text is not None and field.restricted and text not in field.picklist:
        raise RefusedError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.label}: bad value for restricted picklist field: {text}",
            (field.name,),
        )
    return text


def _boolean(field: FieldDef, value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return int(value.lower() == "true")
    raise _undeserializable(field, value)


def _number(field: FieldDef, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _undeserializable(field, value)
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise _undeserializable(field, value) from error
    if not math.isfinite(number):
        raise _undeserializable(field, value)
    if field.type == "int" and number != int(number):
        raise _undeserializable(field, value)
    if abs(number) >= _limit(field):
        raise RefusedError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label}: value outside of valid range on numeric field: {value}",
            (field.name,),
        )
    return int(number) if field.type == "int" else number


def _limit(field: FieldDef) -> float:
    if field.name.endswith("Latitude"):
        return math.nextafter(90.0, math.inf)
    if field.name.endswith("Longitude"):
        return math.nextafter(180.0, math.inf)
    return float(10 ** (field.precision - field.scale))


def _id(field: FieldDef, value: str) -> str:
    record_id = normalised(value)
    if record_id is None:
        raise RefusedError(
            "MALFORMED_ID",
            f"{field.label}: id value of incorrect type: {value}",
            (field.name,),
        )
    return record_id


def _day(field: FieldDef, value: str) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError as error:
        raise _undeserializable(field, value) from error


def _moment(field: FieldDef, value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return stored_precisely(zoned)
    except (ValueError, OverflowError) as error:
        raise _undeserializable(field, value) from error


def _undeserializable(field: FieldDef, value: Any) -> RefusedError:
    kind = {str: "VALUE_STRING", bool: "VALUE_BOOLEAN", int: "VALUE_NUMBER_INT"}.get(
        type(value), "START_OBJECT" if isinstance(value, dict) else "VALUE_NUMBER_FLOAT"
    )
    return RefusedError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {field.type} from {kind} value {value!s:.80} or request "
        "may be missing a required field",
        (field.name,),
    )
