"""Accounts as the basic units that construction moves as one, and answers back on accounts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import Vectors, totals, unit_vectors

Longs = NDArray[np.int64]
_OPPOSITE = 1e-9
PILE = 1_000  # accounts on one point that differ in nothing but what they hold

CELLS_PER_REP = 400
CELLS_PER_BAND = 8  # of the width of the narrowest
"""How finely what moves as one divides a territory and a band, where accounts are very many."""


@dataclass(frozen=True, slots=True)
class Book:
    """What is divided: units in the order of their first account, which are sorted by id.

    Attributes:
        unit: Unit of each account, shape (n,).
        size: How many accounts each unit has, shape (u,).
        vectors: Middle of each unit, weighted by hours, unit vectors, shape (u, 3).
        amounts: Each demand of each unit, shape (demands, u).
        rep: Who has most of its hours today, -1 for nobody, shape (u,).
        churn_km: What an hour of the unit must save before it leaves that rep: the price of the
            rep's own accounts, spread over all, shape (u,).
        lock: Who must have it, -1 where it is free, shape (u,).
        group: Its group of `Fit`, shape (u,).
    """

    unit: Longs
    size: Longs
    vectors: Vectors
    amounts: Floats
    rep: Ints
    churn_km: Floats
    lock: Ints
    group: Ints

    def __len__(self) -> int:
        return len(self.rep)

    @property
    def hours(self) -> Floats:
        """Return the workload of each unit."""
        first: Floats = self.amounts[0]
        return first

    @property
    def idle(self) -> Flags:
        """Return which units add nothing to any demand: they go to the nearest, at no price."""
        nothing: Flags = ~np.any(self.amounts > 0, axis=0)
        return nothing


def single_units(
    lon_lat_deg: tuple[Floats, Floats],
    amounts: Floats,
    *,
    owners: tuple[Ints, Floats],
    limits: tuple[Ints, Ints],
) -> Book:
    """Return a book in which every account is a unit; `aggregated` says what the arguments are."""
    rep, churn_km = owners
    lock, group = limits
    n = len(rep)
    return Book(
        unit=np.arange(n),
        size=np.ones(n, dtype=np.int64),
        vectors=unit_vectors(*lon_lat_deg),
        amounts=amounts,
        rep=rep,
        churn_km=np.where(rep >= 0, churn_km, 0.0),
        lock=lock,
        group=group,
    )


def aggregated(book: Book, number: Ints) -> Book:
    """Return the book with accounts of equal number as one unit; costs nothing where none repeats.

    Accounts of one number that are locked to different reps, or to none, or that different reps may
    have, cannot go together: they make a unit each.
    """
    unit = _units(number, book.lock, book.group)
    u = int(unit.max(initial=-1)) + 1
    if u == len(unit):
        return book
    hours = book.hours
    first = np.full(u, len(unit), dtype=np.int64)
    np.minimum.at(first, unit, np.arange(len(unit)))
    weighed = totals(unit, hours, n_groups=u) > 0
    weight = np.where(weighed[unit], hours, 1.0)  # a unit without hours counts its accounts
    rep, churn_km = _owners(book, unit, weight, u)
    return Book(
        unit=unit,
        size=np.bincount(unit, minlength=u),
        vectors=_middles(book.vectors, weight, unit, first),
        amounts=np.vstack([totals(unit, amount, n_groups=u) for amount in book.amounts]),
        rep=rep,
        churn_km=churn_km,
        lock=book.lock[first],
        group=book.group[first],
    )


def cell_load(lo: Floats, hi: Floats, *, total: float) -> float:
    """Return what may move as one of a measure, beside all of it and beside its bands, (k,).

    A rep who gets nothing has no band that could be missed.
    """
    bounded = np.isfinite(hi) & (hi > 0)
    width = float((hi - lo).min(where=bounded, initial=np.inf))
    return min(width / CELLS_PER_BAND, total / (CELLS_PER_REP * len(hi)))


def bundled(book: Book, most: Floats) -> Book:
    """Return a book of single accounts with piles on one point as bundles; itself without piles.

    A search cannot tell apart what lies on one point with one rep, one lock and one group, and a
    million of it cost it what a million places cost. A bundle holds about `most` of each demand,
    shape (demands,), or is one account that holds more.
    """
    _, back, count = np.unique(book.vectors[:, 0], return_inverse=True, return_counts=True)
    piled = np.flatnonzero(count[back] > PILE)
    if len(piled) == 0:
        return book
    columns = (*book.vectors[piled].T, book.rep[piled], book.lock[piled], book.group[piled])
    order = piled[np.lexsort((piled, *columns))]
    kinds = np.column_stack([column[np.searchsorted(piled, order)] for column in columns])
    begins = np.append(True, (kinds[1:] != kinds[:-1]).any(axis=1))
    kind = np.cumsum(begins) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.nan_to_num(book.amounts[:, order] / most[:, None], nan=0.0).max(axis=0)
    share = np.minimum(share, 1.0)
    before = np.cumsum(share) - share
    before -= before[np.flatnonzero(begins)][kind]
    number = np.arange(len(book.rep), dtype=np.int32)
    key = kind * (len(order) + 1) + np.floor(before).astype(np.int64)
    _, first, bundle = np.unique(key, return_index=True, return_inverse=True)
    size = np.bincount(bundle)
    pays = (np.bincount(kind) > PILE)[kind[first]] & (size > 1)
    number[order] = np.where(pays[bundle], order[first[bundle]], order)
    made = aggregated(book, number)
    # a mean of equal places is off by a rounding, and what lies on one point has to stay there
    found = np.unique(made.unit, return_index=True)[1]
    return replace(made, vectors=book.vectors[found])


def _units(number: Ints, lock: Ints, group: Ints) -> Longs:
    """Return units numbered by their first account."""
    if len(number) < 2 or (np.diff(number.astype(np.int64)) > 0).all():
        return np.arange(len(number), dtype=np.int64)
    key = np.stack((number, lock, group)).astype(np.int64)
    span = key.max(axis=1) - key.min(axis=1) + 1
    key -= key.min(axis=1, keepdims=True)
    _, first, unit = np.unique(
        (key[0] * span[1] + key[1]) * span[2] + key[2], return_index=True, return_inverse=True
    )
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    return place[unit]


def _owners(book: Book, unit: Longs, weight: Floats, u: int) -> tuple[Ints, Floats]:
    """Return the rep with most of each unit, the lowest of equals, and what leaving it costs."""
    owned = np.flatnonzero(book.rep >= 0)
    k = int(book.rep.max(initial=0)) + 1
    key, place = np.unique(unit[owned] * k + book.rep[owned], return_inverse=True)
    held = np.bincount(place, weights=weight[owned], minlength=len(key))
    price = np.bincount(place, weights=(weight * book.churn_km)[owned], minlength=len(key))
    order = np.lexsort((key, -held, key // k))
    present, at = np.unique(key[order] // k, return_index=True)
    best = order[at]
    rep, churn_km = np.full(u, -1, dtype=np.int32), np.zeros(u)
    rep[present] = key[best] % k
    churn_km[present] = price[best] / totals(unit, weight, n_groups=u)[present]
    return rep, churn_km


def _middles(vectors: Vectors, weight: Floats, unit: Longs, first: Longs) -> Vectors:
    u = len(first)
    sums = np.column_stack(
        [totals(unit, weight * vectors[:, axis], n_groups=u) for axis in range(3)]
    )
    length = np.sqrt((sums * sums).sum(axis=1))
    opposite = length < _OPPOSITE * totals(unit, weight, n_groups=u)
    sums[opposite], length[opposite] = vectors[first[opposite]], 1.0
    middles: Vectors = sums / length[:, None]
    return middles
