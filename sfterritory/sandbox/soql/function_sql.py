"""Functions that SQLite lacks: every connection gets them, the compiler's SQL calls them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_EARTH_RADIUS_KM = 6371.0088
FOLD = "soql_fold"
DISTANCE_KM = "soql_distance_km"
FORMAT = "soql_format"


def register(connection: sqlite3.Connection) -> None:
    """Make the functions known to a connection."""
    for name, arguments, function in (
        (FOLD, 1, folded),
        (DISTANCE_KM, 4, distance_km),
        (FORMAT, 3, formatted),
    ):
        connection.create_function(name, arguments, function, deterministic=True)


def folded(text: str | None) -> str | None:
    """Return the form in which texts that differ in case are equal; SQLite knows A to Z alone."""
    return text and text.lower()


def distance_km(
    lat1_deg: float | None, lon1_deg: float | None, lat2_deg: float | None, lon2_deg: float | None
) -> float | None:
    """Return the great-circle distance, None where a place is unknown."""
    if lat1_deg is None or lon1_deg is None or lat2_deg is None or lon2_deg is None:
        return None
    lat1, lat2 = math.radians(lat1_deg), math.radians(lat2_deg)
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(lon2_deg - lon1_deg) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(half, 1.0)))


def formatted(kind: str, scale: int, value: str | float | None) -> str | None:
    """Return a value as a user of the locale en_US reads it.

    Args:
        kind: `currency`, `date`, `datetime`, or anything else for a number.
        scale: Decimal places of a number.
        value: As stored.
    """
    if value is None:
        return None
    if kind == "date":
        day = datetime.fromisoformat(str(value))
        return f"{day.month}/{day.day}/{day.year}"
    if kind == "datetime":
        moment = datetime.fromisoformat(str(value))
        half = "AM" if moment.hour < 12 else "PM"
        clock = f"{(moment.hour - 1) % 12 + 1}:{moment.minute:02d} {half}"
        return f"{moment.month}/{moment.day}/{moment.year}, {clock}"
    number = float(value)
    if kind == "currency":
        sign = "-" if number < 0 else ""
        return f"{sign}${abs(number):,.{max(scale, 2)}f}"
    return f"{number:,.{scale}f}"
