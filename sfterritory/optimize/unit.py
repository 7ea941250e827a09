"""Basic units: what is never cut in two. Accounts with the same number stay together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sfterritory.model.columns import MISSING_CODE, Flags, Ints, TextColumn

Longs = NDArray[np.int64]


class UnitKind(StrEnum):
    """What one basic unit is."""

    ACCOUNT = "account"
    POSTAL_CODE = "postal_code"
    COUNTY = "county"
    CELL = "cell"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class UnitKeys:
    """What accounts are told apart by, each (n,); only what the kind of unit asks for is read.

    Attributes:
        country: Two-letter codes; postal codes and counties are told apart by it.
        postal_code: As the country writes it.
        county: Name or code, unique within the country.
        cell: Number of the cell, below 0 for none.
        area: Row of the area that the account lies in, -1 for none.
    """

    country: TextColumn | None = None
    postal_code: TextColumn | None = None
    county: TextColumn | None = None
    cell: Longs | None = None
    area: Ints | None = None


def unit_codes(kind: UnitKind, *, n: int, keys: UnitKeys) -> Ints:
    """Return the unit of each of n accounts, 0 and up by first appearance, shape (n,).

    An account without the key is a unit of its own.

    Raises:
        ValueError: The column that the kind of unit needs was not given, or has another length.
    """
    if kind is UnitKind.ACCOUNT:
        return np.arange(n, dtype=np.int32)
    column = getattr(keys, kind.value)
    if column is None:
        raise ValueError(f"units by {kind.value} need the {kind.value} of each account")
    number = (column.codes if isinstance(column, TextColumn) else column).astype(np.int64)
    if len(number) != n:
        raise ValueError(f"{kind.value} of {len(number)} accounts is given, not of {n}")
    missing = number < 0
    if isinstance(column, TextColumn) and keys.country is not None:
        of_country = keys.country.codes.astype(np.int64) - MISSING_CODE
        number = number * (len(keys.country.vocabulary) + 1) + of_country
    return numbered(number, missing)


def joined_units(*units: Ints) -> Ints:
    """Return units that keep together whatever one of the given units keeps together, shape (n,).

    Two accounts are in one unit where a chain of shared units leads from one to the other.
    """
    n = len(units[0])
    account, place, first = [], [], n
    for unit in units:
        dense = numbered(unit.astype(np.int64), np.zeros(n, dtype=np.bool_))
        account.append(np.arange(n))
        place.append(first + dense.astype(np.int64))
        first += int(dense.max(initial=-1)) + 1
    row, column = np.concatenate(account), np.concatenate(place)
    graph = coo_array((np.ones(len(row), np.int8), (row, column)), shape=(first, first)).tocsr()
    _, piece = connected_components(graph, directed=False)
    return numbered(piece[:n].astype(np.int64), np.zeros(n, dtype=np.bool_))


def standing_alone(units: Ints, alone: Flags) -> Ints:
    """Return units from which some accounts are taken out, each to be a unit of its own."""
    return numbered(units.astype(np.int64), alone)


def numbered(keys: Longs, alone: Flags) -> Ints:
    """Return 0 and up in order of first appearance; rows of `alone` get a number of their own."""
    n = len(keys)
    distinct, key = np.unique(keys, return_inverse=True)
    key = np.where(alone, len(distinct) + np.arange(n), key)
    _, first, seat = np.unique(key, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    numbers: Ints = rank[seat]
    return numbers
