"""Families of accounts: whose ultimate parent is the same, and what keeping them together costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import MISSING_CODE, Flags, Floats, Ids, Ints, TextColumn
from sfterritory.model.sphere import Vectors, group_medians, km_between, totals, unit_vectors
from sfterritory.optimize.params import WorkloadParams
from sfterritory.optimize.tree import spreads_km
from sfterritory.optimize.unit import Longs, numbered, standing_alone
from sfterritory.optimize.workload import Calls, nearest_km, travel_share


@dataclass(frozen=True, slots=True)
class Families:
    """Who belongs together, rows as the accounts were given.

    Attributes:
        family: Number of each account's family, 0 and up; who has no relative is alone, shape (n,).
        root: Row of the ultimate parent, -1 where that is none of the accounts, shape (n,).
        orphans: Rows whose parent is none of the accounts. Such siblings still are a family.
        cycles: Rows that are their own ancestors, each circle ascending; its first row is the root.
    """

    family: Ints
    root: Ints
    orphans: Longs
    cycles: tuple[Longs, ...]


@dataclass(frozen=True, slots=True)
class FamilyLimits:
    """What a family may be before it is named: above 0, infinite for no limit."""

    most_accounts: float = np.inf
    most_km: float = np.inf
    most_hours: float = np.inf


@dataclass(frozen=True, slots=True)
class WideFamily:
    """A family beyond a limit, and what it costs to serve it from one place.

    Attributes:
        unit: Its number.
        rows: Its accounts, ascending.
        spread_km: Between the two that lie farthest apart.
        hours: Workload, each account served from the start nearest to it.
        extra_leg_km: How much farther an account is on the mean from the one start that is nearest
            to the middle of the family than from its own nearest start.
        extra_travel_hours: What a year of driving costs more from that one start; legs beyond
            `overnight_from_km` cost no more than that.
    """

    unit: int
    rows: Longs
    spread_km: float
    hours: float
    extra_leg_km: float
    extra_travel_hours: float

    def message(self, ids: Ids) -> str:
        """Return the family in words, named by its first account."""
        return (
            f"the family of account {ids[self.rows[0]]} has {len(self.rows):,} accounts up to "
            f"{self.spread_km:,.0f} km apart and needs {self.hours:,.0f} hours a year; one owner "
            f"for all of them is {self.extra_leg_km:,.0f} km farther away on the mean and drives "
            f"{self.extra_travel_hours:,.0f} hours more"
        )


def families(
    ids: Ids, parent_ids: TextColumn, *, merged: Mapping[str, str] | None = None
) -> Families:
    """Return the families of accounts with ascending ids, by the parents that they name.

    `merged` leads from ids that were merged away to those that they live on in. Give every account
    of the pull, not only those in scope: a parent outside the scope still joins its children.
    """
    n = len(ids)
    parent, missing = _parents(ids, parent_ids, merged or {})
    whole = len(parent)
    cycles = _cycles(parent)
    for rows in cycles:
        parent[rows] = rows[0]
    for _ in range(max(1, whole.bit_length())):
        parent = parent[parent]
    orphans = np.flatnonzero(missing)
    top = parent[:n]
    return Families(
        family=numbered(top, np.zeros(n, dtype=np.bool_)),
        root=np.where(top < n, top, -1).astype(np.int32),
        orphans=orphans,
        cycles=cycles,
    )


def family_units(found: Families, *, apart: Flags | None = None) -> Ints:
    """Return families as units, shape (n,); accounts of `apart` stand alone, the others stay."""
    return found.family if apart is None else standing_alone(found.family, apart)


def wide_families(
    calls: Calls,
    units: Ints,
    *,
    starts: tuple[Floats, Floats],
    limits: FamilyLimits,
    params: WorkloadParams,
) -> tuple[WideFamily, ...]:
    """Return the units of several accounts beyond a limit, by what keeping them together costs.

    `starts` are longitude and latitude of where reps start. Use `standing_alone` to let such a
    family go.
    """
    k = int(units.max(initial=-1)) + 1
    size = np.bincount(units, minlength=k)
    several = np.where(size[units] > 1, units, -1) if k else units
    spread_km = spreads_km(calls.vectors, several, n_groups=k)
    homes = unit_vectors(*starts)
    homes = homes[~np.isnan(homes[:, 0])]
    near_km = nearest_km(calls.vectors, homes)
    travel = np.add(*travel_share(calls, leg_km=near_km, params=params))
    hours = totals(units, calls.service_hours + travel, n_groups=k)
    beyond = (
        (size > limits.most_accounts) | (spread_km > limits.most_km) | (hours > limits.most_hours)
    )
    found = []
    for unit in np.flatnonzero(beyond & (size > 1)).tolist():
        rows = np.flatnonzero(units == unit)
        family = calls.taken(rows)
        far_km = _one_start_km(family, homes) if len(homes) else near_km[rows]
        far = np.add(*travel_share(family, leg_km=far_km, params=params))
        found.append(
            WideFamily(
                unit,
                rows,
                float(spread_km[unit]),
                float(hours[unit]),
                float((far_km - near_km[rows]).mean()),
                float((far - travel[rows]).sum()),
            )
        )
    return tuple(
        sorted(found, key=lambda one: (-one.extra_travel_hours, -one.extra_leg_km, one.unit))
    )


def _parents(ids: Ids, parent_ids: TextColumn, merged: Mapping[str, str]) -> tuple[Longs, Flags]:
    """Return the row of each account's parent, its own where it has none, and who names a ghost.

    Parents that are none of the accounts get rows after all others, as parents of themselves.
    """
    n = len(ids)
    names = [_living(name, merged) for name in parent_ids.vocabulary]
    row_of = {name: row for row, name in enumerate(ids.tolist())} if names else {}
    ghosts: dict[str, int] = {}
    seats = [
        row_of[name] if name in row_of else ghosts.setdefault(name, n + len(ghosts))
        for name in names
    ]
    table = np.array([*seats, MISSING_CODE], dtype=np.int64)
    named = table[parent_ids.codes]
    parent = np.where(named == MISSING_CODE, np.arange(n), named)
    return np.concatenate((parent, np.arange(n, n + len(ghosts)))), parent >= n


def _living(name: str, merged: Mapping[str, str]) -> str:
    seen = {name}
    while name in merged and merged[name] not in seen:
        name = merged[name]
        seen.add(name)
    return name


def _cycles(parent: Longs) -> tuple[Longs, ...]:
    """Return the circles among parents; who is the parent of itself is none."""
    end = parent
    for _ in range(max(1, len(parent).bit_length())):
        end = end[end]
    inside = np.unique(end[parent[end] != end])
    found, seen = [], set[int]()
    for row in inside.tolist():
        circle = []
        while row not in seen:
            seen.add(row)
            circle.append(row)
            row = int(parent[row])  # noqa: PLW2901 - walks on from where the loop stands
        if circle:
            found.append(np.array(sorted(circle), dtype=np.int64))
    return tuple(sorted(found, key=lambda rows: int(rows[0])))


def _one_start_km(family: Calls, homes: Vectors) -> Floats:
    together = np.zeros(len(family), dtype=np.int32)
    middle = group_medians(family.vectors, family.service_hours, groups=together, n_groups=1)
    home = homes[int(np.argmin(km_between(homes, middle)))]
    return km_between(family.vectors, home[None, :])
