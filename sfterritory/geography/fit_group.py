"""Groups of accounts for which the same reps fit, from barriers and from restricted areas.

Construction weighs what a rep costs more for a group of accounts. Which leg crosses a barrier
depends on both its ends, so accounts that see every home alike are made one group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sfterritory.geography.barrier import Barriers
from sfterritory.geography.grid import cell_of
from sfterritory.geography.leg import crossed_lines
from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import EARTH_RADIUS_KM, unit_vectors
from sfterritory.model.travel import Points

# Each cell is asked once for each home. Cells start at 10 km, what a town is wide, and grow until
# no more legs than this are asked for: some seconds of work. Since far homes need not be judged as
# finely as near ones, half of the legs are for those within NEAR_KM, with cells of their own.
MAX_LEGS = 500_000
NARROWEST_KM = 10.0
NEAR_KM = 300.0
_NEAR_CHORD = 2 * math.sin(NEAR_KM / EARTH_RADIUS_KM / 2)
_MOST_SPLITS = 24
_NAMED_CAUSES = 3


@dataclass(frozen=True, slots=True)
class FitGroups:
    """Who may have which accounts.

    Attributes:
        group: Row of `extra_km` for each account, shape (n,).
        extra_km: What a rep costs more for a group, infinite where it may never have it, (g, k).
        cause: Of each group, what made it; '' where every rep fits.
        width_km: Width of the cells in which one account speaks for all, for homes within
            `NEAR_KM`; 0 where nobody speaks for others.
    """

    group: Ints
    extra_km: Floats
    cause: tuple[str, ...]
    width_km: float = 0.0


def barrier_groups(
    accounts: Points, homes: tuple[Floats, Floats], barriers: Barriers, *, crossing_km: Floats
) -> FitGroups:
    """Return groups of accounts by the barriers between them and each home.

    Accounts of one cell between which no barrier lies are judged by the one nearest to their
    middle. A group pays `crossing_km` for each barrier on the straight way to a home.

    Args:
        accounts: Where accounts are, n of them.
        homes: Longitude and latitude of each rep's home, NaN where there is none: no rep without
            a home is kept from anything; shape (k,).
        barriers: What stands in the way.
        crossing_km: Price of each barrier, infinite where it may not be crossed, shape (b,).
    """
    stacked = np.stack([accounts.lon_deg, accounts.lat_deg], axis=1)
    distinct, place_of = np.unique(np.round(stacked, 6), axis=0, return_inverse=True)
    places = Points(distinct[:, 0], distinct[:, 1])
    known = np.flatnonzero(~(np.isnan(homes[0]) | np.isnan(homes[1])))
    seats = Points(homes[0][known], homes[1][known])
    near_km, far_km = _widths(places, seats)
    speaker_of, speakers = _speakers(places, _cell(places, near_km), barriers)
    far_of, far = (
        _speakers(places, _cell(places, far_km), barriers)
        if far_km > near_km
        else (speaker_of, speakers)
    )
    every = _pairs(len(far), len(seats))
    extra, crossed = _prices(places.taken(far), seats, every, barriers, crossing_km=crossing_km)
    if far_km > near_km:
        at, home = _near(places.taken(speakers), seats)
        close, near_crossed = _prices(
            places.taken(speakers), seats, (at, home), barriers, crossing_km=crossing_km
        )
        extra, crossed = extra[far_of[speakers]], crossed[far_of[speakers]] | near_crossed
        extra[at, home] = close[at, home]
    priced = np.zeros((len(speakers), len(homes[0])))
    priced[:, known] = extra
    rows, group_of = np.unique(priced, axis=0, return_inverse=True)
    group_of = group_of.reshape(-1)
    causes = [
        _cause(np.flatnonzero(crossed[group_of == group].any(axis=0)), barriers)
        for group in range(len(rows))
    ]
    group = group_of[speaker_of][place_of.reshape(-1)].astype(np.int32)
    return FitGroups(group, rows, tuple(causes), near_km)


def restricted_groups(
    area: Ints, allowed: NDArray[np.bool_], *, names: tuple[str, ...]
) -> FitGroups:
    """Return groups of accounts by the restricted area that they lie in.

    Args:
        area: Row of the area of each account, -1 outside of all, shape (n,).
        allowed: Which reps may work in which area, shape (areas, k).
        names: Of the areas.
    """
    free = np.zeros((1, allowed.shape[1]))
    extra = np.concatenate([free, np.where(allowed, 0.0, np.inf)])
    cause = ("", *(f"restricted area {name}" for name in names))
    return FitGroups((area + 1).astype(np.int32), extra, cause)


def folded(first: FitGroups, second: FitGroups) -> FitGroups:
    """Return groups that hold both: what a rep costs more is added up."""
    pairs, group = np.unique(
        np.stack([first.group, second.group], axis=1), axis=0, return_inverse=True
    )
    cause = tuple(
        "; ".join(filter(None, (first.cause[a], second.cause[b]))) for a, b in pairs.tolist()
    )
    return FitGroups(
        group.reshape(-1).astype(np.int32),
        first.extra_km[pairs[:, 0]] + second.extra_km[pairs[:, 1]],
        cause,
        max(first.width_km, second.width_km),
    )


Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def _widths(places: Points, homes: Points) -> tuple[float, float]:
    """Return the narrowest cells that can be asked for near homes, and those for all homes."""
    near_km = far_km = 0.0
    width_km = NARROWEST_KM
    while not far_km:
        first = np.unique(_cell(places, width_km), return_index=True)[1]
        few = len(first) <= 12
        if not near_km and (few or _near_count(places.taken(first), homes) <= MAX_LEGS // 2):
            near_km = width_km
        if few or len(first) * len(homes) <= MAX_LEGS // 2:
            far_km = width_km
        width_km *= math.sqrt(2)
    return near_km, far_km


def _cell(places: Points, width_km: float) -> NDArray[np.int64]:
    return cell_of(places.lon_deg, places.lat_deg, width_km=width_km)


def _near_count(places: Points, homes: Points) -> int:
    if not len(homes):
        return 0
    tree = KDTree(unit_vectors(homes.lon_deg, homes.lat_deg))
    return int(
        tree.query_ball_point(
            unit_vectors(places.lon_deg, places.lat_deg), _NEAR_CHORD, return_length=True
        ).sum()
    )


def _near(places: Points, homes: Points) -> Pairs:
    """Return the pairs of places and homes within `NEAR_KM`."""
    tree = KDTree(unit_vectors(homes.lon_deg, homes.lat_deg))
    found = cast(
        "list[list[int]]",
        tree.query_ball_point(
            unit_vectors(places.lon_deg, places.lat_deg), _NEAR_CHORD, return_sorted=True
        ),
    )
    counts = np.array([len(some) for some in found], dtype=np.int64)
    home = [one for some in found for one in some]
    return np.repeat(np.arange(len(places)), counts), np.array(home, dtype=np.int64)


def _pairs(places: int, homes: int) -> Pairs:
    at, home = np.indices((places, homes))
    return at.reshape(-1), home.reshape(-1)


def _speakers(
    places: Points, cell: NDArray[np.int64], barriers: Barriers
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which place speaks for each place, by number, and the places that speak."""
    vectors = unit_vectors(places.lon_deg, places.lat_deg)
    speaker_of = np.empty(len(places), dtype=np.int64)
    speakers: list[NDArray[np.int64]] = []
    todo, count = np.arange(len(places)), 0
    for _ in range(_MOST_SPLITS):
        if not len(todo):
            break
        label = np.unique(cell[todo], return_inverse=True)[1].reshape(-1)
        chosen = todo[_middles(vectors[todo], label)]
        apart = np.zeros(len(todo), dtype=np.bool_)
        rows, _barrier = crossed_lines(
            barriers.lines, places.taken(todo), places.taken(chosen[label])
        )
        apart[rows] = True
        # The one who speaks lies nowhere but with itself, even on the barrier.
        apart[np.isin(todo, chosen)] = False
        speaker_of[todo[~apart]] = count + label[~apart]
        speakers.append(chosen)
        count += len(chosen)
        todo = todo[apart]
    speaker_of[todo] = count + np.arange(len(todo))
    speakers.append(todo)
    return speaker_of, np.concatenate(speakers)


def _middles(vectors: Floats, label: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row of each label that is nearest to the middle of its rows."""
    sums = np.stack([np.bincount(label, vectors[:, axis]) for axis in range(3)], axis=1)
    middle = sums / np.maximum(np.linalg.norm(sums, axis=1), 1e-12)[:, None]
    away = np.round(np.linalg.norm(vectors - middle[label], axis=1), 12)
    order = np.lexsort((np.arange(len(label)), away, label))
    first: NDArray[np.int64] = order[np.unique(label[order], return_index=True)[1]]
    return first


def _prices(
    speakers: Points, homes: Points, pairs: Pairs, barriers: Barriers, *, crossing_km: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return what each home costs each speaker more, and the barriers on the way to any home."""
    extra = np.zeros((len(speakers), len(homes)))
    crossed = np.zeros((len(speakers), len(barriers)), dtype=np.bool_)
    at, home = pairs
    leg, barrier = crossed_lines(barriers.lines, speakers.taken(at), homes.taken(home))
    np.add.at(extra, (at[leg], home[leg]), crossing_km[barrier])
    crossed[at[leg], barrier] = True
    return extra, crossed


def _cause(rows: NDArray[np.int64], barriers: Barriers) -> str:
    names = [barriers.names[row] for row in rows.tolist()]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED_CAUSES} more" if len(names) > _NAMED_CAUSES else ""
    return f"beyond {', '.join(names[:_NAMED_CAUSES])}{more}"
