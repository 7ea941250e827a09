"""Which territories an account may join: the arcs of the flow and the moves of the polish."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.sphere import Vectors, chord_km, km_between

_CHUNK_ROWS = 20_000
_REVERSE_FACTOR = 2.5  # each centre reaches for 2.5 times its fair number of accounts


@dataclass(frozen=True, slots=True)
class Reach:
    """How many territories rows may join, and what those pay for it: far ones become worth an arc.

    Attributes:
        neighbours: How many of the best territories each row gets an arc to.
        hours_price: km-equivalents of an hour in each territory, shape (k,).
        value_price: km-equivalent hours of a dollar in each territory, shape (k,).
        value_per_hour: Value of each row over its hours, shape (n,).
    """

    neighbours: int
    hours_price: Floats
    value_price: Floats
    value_per_hour: Floats

    def of_rows(self, start: int, stop: int) -> Reach:
        """Return the same for some rows."""
        return replace(self, value_per_hour=self.value_per_hour[start:stop])


@dataclass(frozen=True, slots=True)
class Arcs:
    """Pairs (row, territory), sorted by row and then territory, none twice.

    Attributes:
        row: Row of the account or cell, shape (m,).
        territory: Territory that may own it, shape (m,).
        km: Great-circle distance to the centre of the territory, shape (m,).
    """

    row: Ints
    territory: Ints
    km: Floats

    def __len__(self) -> int:
        return len(self.row)

    def of_rows(self, rows: Flags) -> tuple[Arcs, Ints]:
        """Return the arcs of some rows, renumbered from 0, and where each stood before."""
        kept = np.flatnonzero(rows[self.row])
        number = (np.cumsum(rows) - 1).astype(np.int32)
        arcs = Arcs(number[self.row[kept]], self.territory[kept], self.km[kept])
        return arcs, kept.astype(np.int32)

    def cheapest(self, cost: Floats) -> Ints:
        """Return the arc of each row that costs least; of equal ones that of the lowest territory.

        Every row has an arc; the answer has one entry per row.
        """
        order = np.lexsort((self.territory, cost, self.row))
        _, first = np.unique(self.row[order], return_index=True)
        return order[first].astype(np.int32)


def candidate_arcs(
    vectors: Vectors,
    centres: Vectors,
    *,
    rep: Ints,
    reach: Reach,
    executor: Executor | None = None,
) -> Arcs:
    """Return the best territories of each row, today's rep, and the nearest rows of each centre.

    Half of the best are the nearest ones, half the cheapest by price among three times as many. The
    last kind keeps a home in a dense city from starving: nobody counts it among his nearest. Up to
    twice `neighbours` territories each row gets every one.

    Chunks go through `executor` where there is one; a chunk is a function of its rows alone, so the
    answer is the same for any number of workers.
    """
    n, k = len(vectors), len(centres)
    if k <= 2 * reach.neighbours:
        row = np.repeat(np.arange(n, dtype=np.int64), k)
        territory = np.tile(np.arange(k, dtype=np.int64), n)
        return _with_km(row, territory, vectors, centres)
    starts = range(0, n, _CHUNK_ROWS)
    chunks = [vectors[start : start + _CHUNK_ROWS] for start in starts]
    priced = [reach.of_rows(start, start + _CHUNK_ROWS) for start in starts]
    jobs = (chunks, [centres] * len(chunks), priced)
    found = map(_best_centres, *jobs) if executor is None else executor.map(_best_centres, *jobs)
    best = np.concatenate(list(found))
    best_keys = (np.arange(n, dtype=np.int64)[:, None] * k + best).ravel()
    own = np.flatnonzero(rep >= 0).astype(np.int64)
    own_keys = own * k + rep[own]
    keys = np.unique(np.concatenate((best_keys, own_keys, _reverse_keys(vectors, centres))))
    return _with_km(keys // k, keys % k, vectors, centres)


def _best_centres(vectors: Vectors, centres: Vectors, reach: Reach) -> Ints:
    """Return nearest and cheapest centres of each row, shape (n, neighbours); some may repeat."""
    count = min(len(centres), 3 * reach.neighbours)
    chord, index = cKDTree(centres).query(vectors, k=np.arange(1, count + 1))
    by_distance = np.asarray(index, dtype=np.int32)
    half = reach.neighbours // 2
    cost = chord_km(np.asarray(chord)) - reach.hours_price[by_distance]
    cost -= reach.value_price[by_distance] * reach.value_per_hour[:, None]
    order = np.argsort(cost, axis=1, kind="stable")[:, : reach.neighbours - half]
    cheapest = np.take_along_axis(by_distance, order, axis=1)
    return np.concatenate((by_distance[:, :half], cheapest), axis=1)


def _reverse_keys(vectors: Vectors, centres: Vectors) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    n, k = len(vectors), len(centres)
    count = max(1, min(n, round(_REVERSE_FACTOR * n / k)))
    _, index = cKDTree(vectors).query(centres, k=count)
    rows = index.reshape(k, count).astype(np.int64)
    keys: np.ndarray[tuple[int], np.dtype[np.int64]]
    keys = (rows * k + np.arange(k, dtype=np.int64)[:, None]).ravel()
    return keys


def _with_km(
    row: np.ndarray[tuple[int], np.dtype[np.int64]],
    territory: np.ndarray[tuple[int], np.dtype[np.int64]],
    vectors: Vectors,
    centres: Vectors,
) -> Arcs:
    # whole metres: the last digits of sines differ between machines
    km = np.round(km_between(vectors[row], centres[territory]), 3)
    return Arcs(row.astype(np.int32), territory.astype(np.int32), km)
