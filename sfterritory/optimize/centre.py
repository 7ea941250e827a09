"""Where each territory's distances start: home, the middle of its accounts, or between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.cell import bisect
from sfterritory.optimize.sphere import (
    Vectors,
    chord_km,
    group_medians,
    km_between,
    totals,
    unit_length,
)

_SHARED_HOME_KM = 1.0
_SHARED_HOME_PULL = 0.5


@dataclass(frozen=True, slots=True)
class Book:
    """What the search for centres knows, in ascending order of id.

    Attributes:
        vectors: Accounts, unit vectors, shape (n, 3).
        weight: What a kilometre of each account costs, in hours, above 0, shape (n,).
        rep: Today's territory, -1 for none, shape (n,).
        homes: Homes of the reps, NaN rows where not located, shape (k, 3).
        pull: How far each centre is held at home: 1 sits there, 0 is free, shape (k,).
    """

    vectors: Vectors
    weight: Floats
    rep: Ints
    homes: Vectors
    pull: Floats


def home_pulls(homes: Vectors, *, home_pull: float) -> tuple[Floats, Flags]:
    """Return how strongly each home holds its centre, and which homes are shared with others.

    Reps at one address would have equal distances to everything, and territories that run through
    each other; half their pull goes to the middle of their own accounts.
    """
    located: Flags = ~np.isnan(homes[:, 0])
    shared = np.zeros(len(homes), dtype=np.bool_)
    if located.sum() > 1:
        chord, _ = cKDTree(homes[located]).query(homes[located], k=[2])
        shared[located] = chord_km(np.asarray(chord)[:, 0]) <= _SHARED_HOME_KM
    pull = np.where(located, home_pull, 0.0)
    return np.where(shared, np.minimum(pull, _SHARED_HOME_PULL), pull), shared


def start_centres(book: Book, *, churn_price_km: float) -> tuple[Vectors, ...]:
    """Return the centres worth starting from, each of shape (k, 3) and without NaN.

    The first come from today's territories. Where centres can move, the second are the middles of
    compact parts of equal work, each given to the rep it suits best: owners of today may lie all
    over each other, or far from where the work is. The book holds an account.
    """
    everything = np.zeros(len(book.vectors), dtype=np.int32)
    middle = group_medians(book.vectors, book.weight, groups=everything, n_groups=1)
    fresh = _part_middles(book, churn_price_km=churn_price_km)
    fresh = np.where(np.isnan(fresh), middle, fresh)
    own = _own_medians(book)
    today = blend(book, np.where(np.isnan(own), fresh, own))
    return (today, blend(book, fresh)) if bool((book.pull < 1).any()) else (today,)


def recentred(book: Book, territory: Ints, *, centres: Vectors) -> Vectors:
    """Return the centres for an alignment; an empty territory keeps its own."""
    medians = group_medians(book.vectors, book.weight, groups=territory, n_groups=len(book.homes))
    return np.where(np.isnan(medians[:, 0])[:, None], centres, blend(book, medians))


def blend(book: Book, middles: Vectors) -> Vectors:
    """Return the points between middles and homes that the pulls ask for."""
    pull = book.pull[:, None]
    mixed = unit_length(pull * np.nan_to_num(book.homes) + (1.0 - pull) * middles)
    # a home opposite to its middle has no point between: the home it is
    return np.where(np.isnan(mixed), np.where(pull > 0, book.homes, middles), mixed)


def _own_medians(book: Book) -> Vectors:
    owned = book.rep >= 0
    return group_medians(
        book.vectors[owned], book.weight[owned], groups=book.rep[owned], n_groups=len(book.homes)
    )


def _part_middles(book: Book, *, churn_price_km: float) -> Vectors:
    """Return, for each rep, the middle of the compact part that suits best, NaN where it is empty.

    A part suits by nearness to home and by the hours in it that the rep has today.
    """
    k = len(book.homes)
    part = bisect(book.vectors, book.weight, parts=k)
    middles = group_medians(book.vectors, book.weight, groups=part, n_groups=k)
    part_weight = totals(part, book.weight, n_groups=k)
    owned = book.rep >= 0
    pair = book.rep[owned].astype(np.int64) * k + part[owned]
    overlap = totals(pair, book.weight[owned], n_groups=k * k).reshape(k, k)
    km = np.nan_to_num(km_between(book.homes[:, None, :], middles[None, :, :]))
    cost = book.pull[:, None] * km * part_weight[None, :] - churn_price_km * overlap
    _, part_of_rep = linear_sum_assignment(cost)
    return middles[part_of_rep]
