"""Reps yet to be hired: what they are called, where they start, and what they share with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import (
    VACANCY,
    AccountColumns,
    Column,
    FlagColumn,
    Flags,
    NumberColumn,
    RosterColumns,
    TextColumn,
    TimeColumn,
)
from sfterritory.model.sphere import lon_lat, unit_vectors
from sfterritory.model.what_if import AddedReps, FieldValue, lon_lat_of
from sfterritory.pipeline.what_if_lookup import Reps, holding, matching

Point = tuple[float, float]
"""Longitude and latitude, NaN where a rep has no home."""

_NOWHERE: Point = (np.nan, np.nan)
_SHORT = 1e-9  # the mean of points on opposite sides of the Earth has no direction


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one group of planned reps starts.

    Attributes:
        accounts: Those that they start among, None where `point` says it.
        shared: Values of attributes that they have.
    """

    name: str
    point: Point = _NOWHERE
    accounts: Flags | None = None
    shared: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Vacancy:
    """One planned rep."""

    id: str
    name: str
    point: Point
    capacity: float
    shared: Mapping[str, str]


def vacancies(
    added: Sequence[AddedReps],
    accounts: AccountColumns,
    roster: RosterColumns,
    usernames: Mapping[str, str],
    *,
    problems: list[str],
) -> tuple[Vacancy, ...]:
    """Return the planned reps, numbered from 1; what cannot be placed is added to the problems.

    Several in one place start in the middles of as many parts of its accounts.
    """
    found: list[Vacancy] = []
    for one in added:
        place = _place(one.near, accounts, roster, usernames, problems=problems)
        if place is None:
            continue
        label = f" ({place.name})" if place.name else ""
        for point in _points(place, accounts, count=one.count):
            number = len(found) + 1
            found.append(
                Vacancy(
                    id=f"{VACANCY}{number:03d}",
                    name=f"New rep {number}{label}",
                    point=point,
                    capacity=one.capacity,
                    shared=place.shared or {},
                )
            )
    return tuple(found)


def with_vacancies(roster: RosterColumns, planned: Sequence[Vacancy]) -> RosterColumns:
    """Return a roster with planned reps after its own: their ids come last in the order of ids."""
    if not planned:
        return roster
    return RosterColumns(
        ids=np.array([*roster.ids.tolist(), *(one.id for one in planned)], dtype="U18"),
        names=(*roster.names, *(one.name for one in planned)),
        lon_deg=np.append(roster.lon_deg, [one.point[0] for one in planned]),
        lat_deg=np.append(roster.lat_deg, [one.point[1] for one in planned]),
        capacity_share=np.append(roster.capacity_share, [one.capacity for one in planned]),
        attributes={
            name: _longer(column, [one.shared.get(name) for one in planned])
            for name, column in roster.attributes.items()
        },
    )


def _place(
    near: str,
    accounts: AccountColumns,
    roster: RosterColumns,
    usernames: Mapping[str, str],
    *,
    problems: list[str],
) -> _Place | None:
    point = lon_lat_of(near)
    if not near or point is not None:
        return _Place("", point or _NOWHERE)
    if "=" in near:
        return _region(FieldValue.model_validate(near), accounts, roster, problems=problems)
    unknown: list[str] = []
    reps = Reps(tuple(roster.ids.tolist()), roster.names, usernames)
    row = reps.row(near, unknown, where="add")
    if row is not None:
        shared = {
            name: value
            for name, column in roster.attributes.items()
            if isinstance(column, TextColumn) and (value := column.value(row)) is not None
        }
        home = (float(roster.lon_deg[row]), float(roster.lat_deg[row]))
        return _Place(roster.names[row], home, accounts.rep == row, shared)
    regions = holding(roster.attributes, near)
    if len(regions) == 1:
        return _region(regions[0], accounts, roster, problems=problems)
    if regions:
        ways = " or ".join(f"{one.field}={one.value}" for one in regions)
        problems.append(f"add: {near!r} is several things: write {ways}")
    else:
        problems += unknown
    return None


def _region(
    asked: FieldValue, accounts: AccountColumns, roster: RosterColumns, *, problems: list[str]
) -> _Place | None:
    reps = matching(roster.attributes, asked, problems, where="add", whose="reps")
    if reps is None:
        return None
    column = roster.attributes[asked.field]
    value = column.value(int(np.flatnonzero(reps)[0])) if isinstance(column, TextColumn) else None
    theirs = np.append(reps, False)[accounts.rep]
    return _Place(value or asked.value, accounts=theirs, shared={asked.field: value or asked.value})


def _points(place: _Place, accounts: AccountColumns, *, count: int) -> list[Point]:
    """Return a start for each: middles of parts of equal size, cut across the longest extent."""
    if place.accounts is None or not place.accounts.any():
        return [place.point] * count
    lon_deg, lat_deg = accounts.lon_deg[place.accounts], accounts.lat_deg[place.accounts]
    places = unit_vectors(lon_deg, lat_deg)
    axis = int(np.argmax(np.ptp(places, axis=0)))
    order = np.lexsort((np.arange(len(places)), places[:, axis]))
    means = [
        places[part].mean(axis=0) if len(part) else np.zeros(3)
        for part in np.array_split(order, count)
    ]
    known = np.array([bool(np.sqrt((mean * mean).sum()) > _SHORT) for mean in means])
    lon, lat = lon_lat(np.array(means))
    return [(float(lon[at]), float(lat[at])) if known[at] else _NOWHERE for at in range(len(means))]


def _longer(column: Column, values: Sequence[str | None]) -> Column:
    """Return a column with more rows; only text is known of those who are not hired yet."""
    more = len(values)
    if isinstance(column, TextColumn):
        return TextColumn.of([*column.values(), *values])
    if isinstance(column, FlagColumn):
        return FlagColumn(np.append(column.values, np.zeros(more, dtype=np.bool_)))
    if isinstance(column, NumberColumn):
        return NumberColumn(np.append(column.values, np.full(more, np.nan)))
    return TimeColumn(np.append(column.values, np.full(more, np.datetime64("NaT", "ms"))))
