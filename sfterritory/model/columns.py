"""Bulk data: frozen sets of NumPy columns, declared once with dtype, unit and missing value.

All arrays of one set have the same length, and rows are in ascending order of id unless a
docstring says otherwise, so that the order in which rows arrived never changes an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Flags = NDArray[np.bool_]
Ids = NDArray[np.str_]

MISSING_CODE = -1
VACANCY = "NEW-"  # begins the id of a rep who is planned and not yet a user


class Accuracy(IntEnum):
    """How exactly a record is located; a higher number is closer to the door."""

    NONE = 0
    CITY = 1
    POSTAL_CODE = 2
    STREET = 3
    ADDRESS = 4


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Strings as codes into a vocabulary; code -1 is a missing value, and so is empty text."""

    codes: Ints
    vocabulary: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str | None]) -> TextColumn:
        """Encode values; the vocabulary is sorted, so equal content gives equal codes."""
        rows = [value or None for value in values]
        vocabulary = tuple(sorted({value for value in rows if value is not None}))
        code_of: dict[str | None, int] = {text: code for code, text in enumerate(vocabulary)}
        code_of[None] = MISSING_CODE
        codes = np.fromiter((code_of[value] for value in rows), dtype=np.int32, count=len(rows))
        return cls(codes, vocabulary)

    def value(self, row: int) -> str | None:
        """Return the text of one row, None where it is missing."""
        code = int(self.codes[row])
        return None if code == MISSING_CODE else self.vocabulary[code]

    def values(self) -> list[str | None]:
        """Return every row's text."""
        lookup: list[str | None] = [*self.vocabulary, None]
        return [lookup[code] for code in self.codes.tolist()]


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """Numbers as float64; NaN is a missing value."""

    values: Floats


@dataclass(frozen=True, slots=True)
class FlagColumn:
    """Booleans; Salesforce check boxes are never missing."""

    values: Flags


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """Instants as UTC milliseconds since 1970 (`datetime64[ms]`); NaT is a missing value."""

    values: NDArray[np.datetime64]


Column = TextColumn | NumberColumn | FlagColumn | TimeColumn


def taken(column: Column, rows: NDArray[np.integer]) -> Column:
    """Return some rows of a column, in the order asked for."""
    if isinstance(column, TextColumn):
        return TextColumn(column.codes[rows], column.vocabulary)
    return replace(column, values=column.values[rows])


@dataclass(frozen=True, slots=True)
class RecordColumns:
    """Live (not deleted) records of one Salesforce object, in ascending order of id.

    Attributes:
        object_name: `Account`, `Lead`.
        ids: 18-character ids, shape (n,).
        fields: Columns of length n by Salesforce field name (`BillingCountry`); what this tool
            worked out itself is in lower case (`country_code`, `subdivision_code`, `postal_code`,
            `city`, `territory`).
    """

    object_name: str
    ids: Ids
    fields: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Places:
    """Where records are. Unlocated rows hold NaN and `Accuracy.NONE`.

    Attributes:
        lon_deg: Longitude, WGS 84, -180 to 180, shape (n,).
        lat_deg: Latitude, WGS 84, -90 to 90, shape (n,).
        accuracy: Values of `Accuracy`, int8, shape (n,).
    """

    lon_deg: Floats
    lat_deg: Floats
    accuracy: NDArray[np.int8]

    @property
    def located(self) -> Flags:
        """Return which rows have a coordinate."""
        return self.accuracy > Accuracy.NONE


@dataclass(frozen=True, slots=True)
class AccountColumns:
    """What construction knows of each located account, in ascending order of id.

    Attributes:
        ids: 18-character ids, shape (n,).
        lon_deg: Longitude, never NaN.
        lat_deg: Latitude, never NaN.
        value_usd: Worth of the account, 0 where unknown, never negative.
        calls_per_year: Planned calls, 0 or more, NaN where the record has none.
        visit_minutes: Length of one call, 0 or more, NaN where the record has none.
        rep: Row of today's owner in the roster, -1 where the owner is not in it.
        locked: The account has to stay with its owner; only where `rep` is 0 or more.
    """

    ids: Ids
    lon_deg: Floats
    lat_deg: Floats
    value_usd: Floats
    calls_per_year: Floats
    visit_minutes: Floats
    rep: Ints
    locked: Flags

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class RosterColumns:
    """The reps who each get one territory, in ascending order of user id.

    Attributes:
        ids: 18-character user ids, shape (k,).
        names: Names as Salesforce shows them.
        lon_deg: Home longitude, NaN where the home is not located.
        lat_deg: Home latitude, NaN where the home is not located.
        capacity_share: Relative size of the territory wanted, 1.0 for a full rep, above 0.
        attributes: What conditions and levels ask for (`region`, `skill`), by name, each (k,).
    """

    ids: Ids
    names: tuple[str, ...]
    lon_deg: Floats
    lat_deg: Floats
    capacity_share: Floats
    attributes: Mapping[str, Column] = field(default_factory=dict)

    @property
    def vacant(self) -> Flags:
        """Return which rows stand for people yet to be hired: territories without an owner."""
        hired: Flags = np.char.startswith(self.ids, VACANCY)
        return hired

    def __len__(self) -> int:
        return len(self.ids)
