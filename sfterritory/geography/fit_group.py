"""Groups of accounts for which the same reps fit, from barriers and from restricted areas.

Construction weighs what a rep costs more for a group of accounts. Which leg crosses a barrier
depends on both its ends, so accounts that see every home alike are made one group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sfterritory.geography.barrier import Barriers
from sfterritory.geography.grid import cell_of
from sfterritory.geography.leg import crossed_lines, unit_vectors
from sfterritory.model.columns import Floats, Ints
from sfterritory.model.travel import Points

# Each cell is asked once for each home. Cells start at 10 km, what a town is wide, and grow until
# no more legs than this are asked for: some seconds of work.
MAX_LEGS = 500_000
NARROWEST_KM = 10.0
_MOST_SPLITS = 24
_NAMED_CAUSES = 3


@dataclass(frozen=True, slots=True)
class FitGroups:
    """Who may have which accounts.

    Attributes:
        group: Row of `extra_km` for each account, shape (n,).
        extra_km: What a rep costs more for a group, infinite where it may never have it, (g, k).
        cause: Of each group, what made it; '' where every rep fits.
        width_km: How far apart accounts of one group may be while one of them speaks for all.
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
    width_km, cell = _cells(places, len(known))
    speaker_of, speakers = _speakers(places, cell, barriers)
    extra, crossed = _prices(
        places.taken(speakers),
        Points(homes[0][known], homes[1][known]),
        barriers,
        crossing_km=crossing_km,
    )
    priced = np.zeros((len(speakers), len(homes[0])))
    priced[:, known] = extra
    rows, group_of = np.unique(priced, axis=0, return_inverse=True)
    group_of = group_of.reshape(-1)
    causes = [
        _cause(np.flatnonzero(crossed[group_of == group].any(axis=0)), barriers)
        for group in range(len(rows))
    ]
    group = group_of[speaker_of][place_of.reshape(-1)].astype(np.int32)
    return FitGroups(group, rows, tuple(causes), width_km)


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


def _cells(places: Points, homes: int) -> tuple[float, NDArray[np.int64]]:
    """Return the narrowest cells that can be asked for each home, and each place's cell."""
    width_km = NARROWEST_KM
    while True:
        keys = cell_of(places.lon_deg, places.lat_deg, width_km=width_km)
        cells, cell = np.unique(keys, return_inverse=True)
        if len(cells) * homes <= MAX_LEGS or len(cells) <= 12:
            return width_km, cell.reshape(-1)
        width_km *= math.sqrt(2)


def _speakers(
    places: Points, cell: NDArray[np.int64], barriers: Barriers
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which place speaks for each place, by number, and the places that speak."""
    vectors = unit_vectors(places)
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
    speakers: Points, homes: Points, barriers: Barriers, *, crossing_km: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return what each home costs each speaker more, and the barriers on the way to any home."""
    extra = np.zeros((len(speakers), len(homes)))
    crossed = np.zeros((len(speakers), len(barriers)), dtype=np.bool_)
    every, home = (one.reshape(-1) for one in np.indices((len(speakers), len(homes))))
    leg, barrier = crossed_lines(barriers.lines, speakers.taken(every), homes.taken(home))
    np.add.at(extra, (every[leg], home[leg]), crossing_km[barrier])
    crossed[every[leg], barrier] = True
    return extra, crossed


def _cause(rows: NDArray[np.int64], barriers: Barriers) -> str:
    names = [barriers.names[row] for row in rows.tolist()]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED_CAUSES} more" if len(names) > _NAMED_CAUSES else ""
    return f"beyond {', '.join(names[:_NAMED_CAUSES])}{more}"


def nearest_home(accounts: Points, homes: Points) -> Ints:
    """Return the row of the home that is nearest to each account as the crow flies."""
    tree = KDTree(unit_vectors(homes))
    return np.asarray(tree.query(unit_vectors(accounts))[1], dtype=np.int32)
