"""Date literals by name: TODAY, LAST_N_DAYS:30, THIS_QUARTER, as ranges of days.

The org's time zone is UTC and its week begins on Sunday.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from sfterritory.sandbox.soql.refusal import malformed

_NAMED = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)")
_COUNTED = re.compile(r"(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S")
_AGO = re.compile(r"N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO")
_NINETY = re.compile(r"(LAST|NEXT)_90_DAYS")
_SINGLE_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_STEPS = {"LAST": -1, "THIS": 0, "NEXT": 1}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def days_of(name: str, count: int | None, *, today: date) -> tuple[date, date]:
    """Return the first day of a named period and the day after its last.

    Raises:
        SoqlError: There is no such literal, or its number is missing or too many.
    """
    if count is None:
        return _plain(name, today)
    if found := _COUNTED.fullmatch(name):
        return _counted(found[1], found[2], count, today=today)
    if found := _AGO.fullmatch(name):
        return _start(found[1], -count, today), _start(found[1], 1 - count, today)
    raise malformed(f"unexpected token: '{name}:{count}'")


def _plain(name: str, today: date) -> tuple[date, date]:
    if name in _SINGLE_DAYS:
        step = _SINGLE_DAYS[name]
        return _start("DAY", step, today), _start("DAY", step + 1, today)
    if found := _NAMED.fullmatch(name):
        step = _STEPS[found[1]]
        return _start(found[2], step, today), _start(found[2], step + 1, today)
    if found := _NINETY.fullmatch(name):
        return _counted(found[1], "DAY", 90, today=today)
    raise malformed(f"unexpected token: '{name}'")


def _counted(direction: str, unit: str, count: int, *, today: date) -> tuple[date, date]:
    if direction == "NEXT":
        return _start(unit, 1, today), _start(unit, count + 1, today)
    # The last n days run up to now; the last n weeks, months ... end before the present one.
    end = _start(unit, 1 if unit == "DAY" else 0, today)
    return _start(unit, -count, today), end


def _start(unit: str, step: int, today: date) -> date:
    """Return the first day of the unit that lies `step` units from today's."""
    try:
        if unit == "DAY":
            return today + timedelta(days=step)
        if unit == "WEEK":
            sunday = today - timedelta(days=(today.weekday() + 1) % 7)
            return sunday + timedelta(weeks=step)
        months = _MONTHS[unit]
        index = (today.year * 12 + today.month - 1) // months * months + step * months
        return date(index // 12, index % 12 + 1, 1)
    except (OverflowError, ValueError) as error:
        raise malformed(f"date literal out of range: {step} {unit.lower()}s") from error
