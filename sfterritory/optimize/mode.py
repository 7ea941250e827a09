"""Where centres lie and what a change of owner costs, in each mode of construction."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import Vectors, chord_km, group_medians, unit_length, unit_vectors
from sfterritory.optimize.aggregate import Book
from sfterritory.optimize.params import Mode
from sfterritory.optimize.request import TerritoryRequest

_SHARED_HOME_KM = 1.0
_SHARED_HOME_PULL = 0.5
_OWNED_SHARE = 0.5  # of the hours: below it today's books say little of where reps work
REPAIR_CHURN_KM = 10_000.0
"""What an hour that moves costs in a repair: above any distance saved, below a broken reach."""


def homes_of(request: TerritoryRequest) -> Vectors:
    """Return unit vectors of the homes, NaN where one is not known, shape (k, 3)."""
    return unit_vectors(request.roster.lon_deg, request.roster.lat_deg)


def fixed_centres(request: TerritoryRequest, book: Book) -> Vectors:
    """Return the centres that stay, NaN where one is to be found, shape (k, 3).

    Homes that several reps share do not stay: territories round one point would run through each
    other. A repair has the middles of today's books, and homes of reps who have none.
    """
    homes = homes_of(request)
    match request.mode:
        case Mode.GREENFIELD:
            return np.full_like(homes, np.nan)
        case Mode.REPAIR:
            middles = book_middles(book, k=len(homes))
            return np.where(np.isnan(middles), homes, middles)
        case Mode.HOMES:
            return np.where(shared_homes(homes)[:, None], np.nan, homes)


def owners(request: TerritoryRequest, book: Book) -> tuple[Ints, Floats]:
    """Return today's rep of each unit and what leaving it costs, as the mode counts them."""
    match request.mode:
        case Mode.GREENFIELD:
            return np.full_like(book.rep, -1), np.zeros(len(book))
        case Mode.REPAIR:
            dearer = book.churn_km + REPAIR_CHURN_KM
            return book.rep, np.where(book.rep >= 0, dearer, 0.0)
        case Mode.HOMES:
            return book.rep, book.churn_km


def starting_books(request: TerritoryRequest, book: Book) -> Vectors | None:
    """Return the middles of today's books where free centres set out from them, else None.

    They do where most of the work has an owner. A rebuild sets out from them too, besides a start
    of its own: the better answer is kept.
    """
    if request.mode is Mode.REPAIR or request.centres is not None:
        return None
    owned = float(book.hours[book.rep >= 0].sum())
    if owned < _OWNED_SHARE * float(book.hours.sum()):
        return None
    return book_middles(book, k=len(request.roster))


def book_middles(book: Book, *, k: int) -> Vectors:
    """Return the middle of what each rep has today, locked units with whom they must go to."""
    rep = np.where(book.lock >= 0, book.lock, book.rep)
    owned = rep >= 0
    return group_medians(book.vectors[owned], book.hours[owned], groups=rep[owned], n_groups=k)


def shared_homes(homes: Vectors) -> Flags:
    """Return which reps live within a kilometre of another."""
    shared = np.zeros(len(homes), dtype=np.bool_)
    located = np.flatnonzero(~np.isnan(homes[:, 0]))
    if len(located) > 1:
        chord, _ = cKDTree(homes[located]).query(homes[located], k=[2])
        shared[located] = chord_km(np.asarray(chord)[:, 0]) <= _SHARED_HOME_KM
    return shared


def between(homes: Vectors, middles: Vectors) -> Vectors:
    """Return the points half-way from homes to middles, row by row."""
    halfway = unit_length(_SHARED_HOME_PULL * homes + (1.0 - _SHARED_HOME_PULL) * middles)
    return np.where(np.isnan(halfway), middles, halfway)
