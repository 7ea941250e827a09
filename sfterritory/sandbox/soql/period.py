"""Date literals by name: TODAY, LAST_N_DAYS:30, THIS_FISCAL_QUARTER, as ranges of days.

The org's time zone is UTC and its week begins on Sunday.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from sfterritory.sandbox.soql.refusal import malformed, unexpected

_UNIT = "DAY|WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR"
_NAMED = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)")
_COUNTED = re.compile(rf"(LAST|NEXT)_N_({_UNIT})S")
_AGO = re.compile(rf"N_({_UNIT})S_AGO")
_NINETY = re.compile(r"(LAST|NEXT)_90_DAYS")
_SINGLE_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_STEPS = {"LAST": -1, "THIS": 0, "NEXT": 1}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def days_of(
    name: str, count: int | None, *, today: date, fiscal_start_month: int = 1
) -> tuple[date, date]:
    """Return the first day of a named period and the day after its last.

    Args:
        name: The literal in capitals.
        count: The number behind its colon.
        today: The day it is told from.
        fiscal_start_month: The month that the org's fiscal year begins with, 1 to 12.

    Raises:
        SoqlError: There is no such literal, or its number is missing or too many.
    """
    calendar = _Calendar(today, fiscal_start_month)
    if count is None:
        return _plain(name, calendar)
    if found := _COUNTED.fullmatch(name):
        return _counted(found[1], found[2], count, calendar=calendar)
    if found := _AGO.fullmatch(name):
        return calendar.start(found[1], -count), calendar.start(found[1], 1 - count)
    raise unexpected(f"{name}:{count}")


def _plain(name: str, calendar: _Calendar) -> tuple[date, date]:
    if name in _SINGLE_DAYS:
        step = _SINGLE_DAYS[name]
        return calendar.start("DAY", step), calendar.start("DAY", step + 1)
    if found := _NAMED.fullmatch(name):
        step = _STEPS[found[1]]
        return calendar.start(found[2], step), calendar.start(found[2], step + 1)
    if found := _NINETY.fullmatch(name):
        return _counted(found[1], "DAY", 90, calendar=calendar)
    raise unexpected(name)


def _counted(direction: str, unit: str, count: int, *, calendar: _Calendar) -> tuple[date, date]:
    if direction == "NEXT":
        return calendar.start(unit, 1), calendar.start(unit, count + 1)
    # The last n days run up to now; the last n weeks, months ... end before the present one.
    return calendar.start(unit, -count), calendar.start(unit, 1 if unit == "DAY" else 0)


@dataclass(frozen=True, slots=True)
class _Calendar:
    """Where units of time begin, counted from a day."""

    today: date
    fiscal_start_month: int

    def start(self, unit: str, step: int) -> date:
        """Return the first day of the unit that lies `step` units from today's."""
        try:
            if unit == "DAY":
                return self.today + timedelta(days=step)
            if unit == "WEEK":
                sunday = self.today - timedelta(days=(self.today.weekday() + 1) % 7)
                return sunday + timedelta(weeks=step)
            shift = self.fiscal_start_month - 1 if unit.startswith("FISCAL_") else 0
            months = _MONTHS[unit.removeprefix("FISCAL_")]
            index = self.today.year * 12 + self.today.month - 1 - shift
            index = index // months * months + step * months + shift
            return date(index // 12, index % 12 + 1, 1)
        except (OverflowError, ValueError) as error:
            raise malformed(f"date literal out of range: {step} {unit.lower()}s") from error
