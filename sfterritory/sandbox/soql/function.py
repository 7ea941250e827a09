"""Functions of one record: dates taken apart, distances, labels, currencies, formatted values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfterritory.sandbox.schema import NUMBER_TYPES, FieldDef
from sfterritory.sandbox.soql.function_sql import DISTANCE_KM, FORMAT
from sfterritory.sandbox.soql.refusal import invalid_field, malformed, unexpected
from sfterritory.sandbox.soql.scope import Column, Scope, as_function, part_sql
from sfterritory.sandbox.soql.tree import Argument, Call, Number, Path, Text

if TYPE_CHECKING:
    from sfterritory.sandbox.soql.terms import Terms

_KM_PER_MILE = 1.609344
_UNITS = {"km": 1.0, "mi": _KM_PER_MILE}
_FORMATTED_TYPES = NUMBER_TYPES | {"date", "datetime"}
_YEAR = "CAST(substr({0}, 1, 4) AS INTEGER)"
_MONTH = "CAST(substr({0}, 6, 2) AS INTEGER)"
_DAY = "CAST(substr({0}, 9, 2) AS INTEGER)"
_DAY_OF_YEAR = "CAST(strftime('%j', substr({0}, 1, 10)) AS INTEGER)"
# Months since the start of the fiscal year, which begins {1} months after January.
_FISCAL_MONTH = f"({_MONTH} + 11 - {{1}}) % 12"
# A fiscal year is called after the calendar year in which it ends.
_FISCAL_YEAR = f"({_YEAR} + ({{1}} > 0 AND {_MONTH} > {{1}}))"
_DATE_FUNCTIONS = {
    "calendar_month": _MONTH,
    "calendar_quarter": f"(({_MONTH} + 2) / 3)",
    "calendar_year": _YEAR,
    "day_in_month": _DAY,
    "day_in_week": "(CAST(strftime('%w', substr({0}, 1, 10)) AS INTEGER) + 1)",
    "day_in_year": _DAY_OF_YEAR,
    "day_only": "substr({0}, 1, 10)",
    "fiscal_month": f"({_FISCAL_MONTH} + 1)",
    "fiscal_quarter": f"({_FISCAL_MONTH} / 3 + 1)",
    "fiscal_year": _FISCAL_YEAR,
    "hour_in_day": "CAST(substr({0}, 12, 2) AS INTEGER)",
    "week_in_month": f"(({_DAY} + 6) / 7)",
    "week_in_year": f"(({_DAY_OF_YEAR} + 6) / 7)",
}
_WITH_TIME = frozenset({"day_only", "hour_in_day"})
_INT = FieldDef("", "", "int")
_DATE = FieldDef("", "", "date")
_DOUBLE = FieldDef("", "", "double")
_STRING = FieldDef("", "", "string", length=255)


def is_date_function(call: Call) -> bool:
    """Whether it takes a date apart; such functions group."""
    return call.name.lower() in _DATE_FUNCTIONS


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of one SELECT."""

    scope: Scope
    terms: Terms

    def filtered(self, call: Call) -> Column:
        """Return a function that WHERE may name.

        Raises:
            SoqlError: There is no such function here, or its arguments do not fit.
        """
        name = call.name.lower()
        if name == "distance":
            return self.distance(call)
        if name == "tolabel":
            return self._label(call)
        return self.date_part(call)

    def selected(self, call: Call) -> Column:
        """Return a function that an ungrouped select list may name.

        Raises:
            SoqlError: There is no such function here, or its arguments do not fit.
        """
        name = call.name.lower()
        if name == "format":
            return self.formatted(call, self._formattable(only_argument(call)))
        if name == "convertcurrency":
            return self.converted(call)
        if name == "tolabel":
            return self._label(call)
        if name == "distance":
            return self.distance(call)
        raise unexpected(call.name, call.at)

    def date_part(self, call: Call) -> Column:
        """Return a part of a date or dateTime.

        Raises:
            SoqlError: There is no such function, or its argument is of another type.
        """
        template = _DATE_FUNCTIONS.get(call.name.lower())
        if template is None:
            raise unexpected(call.name, call.at)
        column = self._date_argument(only_argument(call))
        wanted = {"datetime"} if call.name.lower() in _WITH_TIME else {"date", "datetime"}
        if column.field.type not in wanted:
            raise malformed(
                f"field {column.field.name} does not support {call.name.upper()}", call.at
            )
        sql = template.format(column.sql, self.terms.fiscal_start_month - 1)
        kind = _DATE if call.name.lower() == "day_only" else _INT
        return as_function(column, sql, str(call), kind=kind)

    def distance(self, call: Call) -> Column:
        """Return the distance between an address and a place.

        Raises:
            SoqlError: The arguments are not a place, a place and a unit.
        """
        arguments = call.arguments
        if len(arguments) != 3:
            raise malformed("DISTANCE takes two places and a unit", call.at)
        start, end, unit = arguments
        if not isinstance(unit, Text) or unit.raw.lower() not in _UNITS:
            raise malformed("DISTANCE takes the unit 'mi' or 'km'", call.at)
        sql = f"{DISTANCE_KM}({self._place(start, call)}, {self._place(end, call)})"
        column = Column(f"({sql} / {_UNITS[unit.raw.lower()]})", _DOUBLE, self.scope.root)
        return as_function(column, column.sql, str(call))

    def converted(self, call: Call) -> Column:
        """Return an amount in the user's currency; as it is where the org has one currency.

        Raises:
            SoqlError: The argument is no amount.
        """
        path = _path_argument(call)
        column = self.scope.column(path)
        if column.field.type != "currency":
            raise malformed(f"convertCurrency does not support field {path}", call.at)
        sql = self.in_corporate_currency(column)
        if sql is None:
            return column
        users = self.scope.schema.find("User")
        if users is None or not users.has("DefaultCurrencyIsoCode"):
            return as_function(column, sql, column.field.name)
        user_id = self.terms.user_id if self.terms.user_id.isalnum() else ""
        rate = (
            "(SELECT c.ConversionRate FROM CurrencyType AS c "  # noqa: S608 - an id, checked
            'JOIN "User" AS u ON u.DefaultCurrencyIsoCode = c.IsoCode '
            f"WHERE u.Id = '{user_id}')"
        )
        return as_function(column, f"({sql} * coalesce({rate}, 1))", column.field.name)

    def in_corporate_currency(self, column: Column) -> str | None:
        """Return SQL of an amount in the org's own currency; None where the org has only one."""
        kinds = self.scope.schema.find("CurrencyType")
        if kinds is None or not column.parent.described.has("CurrencyIsoCode"):
            return None
        rate = (
            "(SELECT c.ConversionRate FROM CurrencyType AS c "  # noqa: S608 - names of our own schema
            f"WHERE c.IsoCode = {column.parent.alias}.CurrencyIsoCode)"
        )
        return f"({column.sql} / coalesce({rate}, 1))"

    def formatted(self, call: Call, column: Column) -> Column:
        """Return a value as a person reads it.

        Raises:
            SoqlError: It is neither number nor date.
        """
        kind = column.field.type
        if kind not in _FORMATTED_TYPES:
            raise malformed(f"field {column.field.name} does not support FORMAT", call.at)
        sql = f"{FORMAT}('{kind}', {column.field.scale}, {column.sql})"
        return as_function(column, sql, column.field.name, kind=_STRING)

    def _formattable(self, argument: Argument) -> Column:
        if isinstance(argument, Path):
            return self.scope.column(argument)
        if isinstance(argument, Call) and argument.name.lower() == "convertcurrency":
            return self.converted(argument)
        raise unexpected(str(argument))

    def _label(self, call: Call) -> Column:
        path = _path_argument(call)
        column = self.scope.column(path)
        if column.field.type not in {"picklist", "multipicklist"} and (
            column.parent.described.name != "RecordType"
        ):
            raise malformed(f"toLabel does not support field {path}", call.at)
        return column  # the org has one language, whose labels are the values

    def _date_argument(self, argument: Argument) -> Column:
        if isinstance(argument, Call) and argument.name.lower() == "converttimezone":
            argument = only_argument(argument)  # the user's time zone is UTC
        if not isinstance(argument, Path):
            raise unexpected(str(argument))
        return self.scope.column(argument)

    def _place(self, argument: Argument, call: Call) -> str:
        """Return latitude and longitude as two arguments in SQL."""
        if isinstance(argument, Path):
            column = self.scope.column(argument)
            parts = dict(column.field.components)
            if not {"latitude", "longitude"} <= parts.keys():
                raise invalid_field(f"field '{argument}' is no place", argument.at)
            return ", ".join(part_sql(column, parts[one]) for one in ("latitude", "longitude"))
        if isinstance(argument, Call) and argument.name.lower() == "geolocation":
            lat_lon = [float(one.raw) for one in argument.arguments if isinstance(one, Number)]
            if len(lat_lon) == 2 == len(argument.arguments) and _on_earth(*lat_lon):
                return f"{lat_lon[0]!r}, {lat_lon[1]!r}"
        raise malformed(
            "DISTANCE takes address fields and GEOLOCATION(latitude, longitude)", call.at
        )


def only_argument(call: Call) -> Argument:
    """Return the argument of a function that takes one.

    Raises:
        SoqlError: It has none, or several.
    """
    if len(call.arguments) != 1:
        raise malformed(f"{call.name} takes one argument", call.at)
    return call.arguments[0]


def _path_argument(call: Call) -> Path:
    argument = only_argument(call)
    if not isinstance(argument, Path):
        raise unexpected(str(argument), call.at)
    return argument


def _on_earth(lat_deg: float, lon_deg: float) -> bool:
    finite = math.isfinite(lat_deg) and math.isfinite(lon_deg)
    return finite and abs(lat_deg) <= 90 and abs(lon_deg) <= 180
