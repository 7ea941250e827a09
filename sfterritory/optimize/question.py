"""A sorted request as the engine takes it: units, their prices, and where centres may lie."""

from __future__ import annotations

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.aggregate import Book, aggregated, bundled, cell_load, single_units
from sfterritory.optimize.engine.problem import Measure, Problem
from sfterritory.optimize.mode import fixed_centres, owners
from sfterritory.optimize.request import TerritoryRequest


def book_of(request: TerritoryRequest) -> Book:
    """Return the units of a sorted request."""
    accounts = request.accounts
    singles = single_units(
        (accounts.lon_deg, accounts.lat_deg),
        np.vstack([demand.amount for demand in request.demands]),
        owners=(accounts.rep, request.churn_km),
        limits=(request.locks.rep, request.fit.group),
    )
    book = aggregated(singles, request.unit)
    if book is not singles:
        return book
    most = [cell_load(one.lo, one.hi, total=float(one.amount.sum())) for one in request.demands]
    return bundled(book, np.array(most))


def problem_of(request: TerritoryRequest, book: Book) -> Problem:
    """Return what the engine is asked, as the mode counts owners and homes."""
    rep, churn_km = owners(request, book)
    return _problem(request, book, (rep, churn_km, fixed_centres(request, book)))


def replan_of(request: TerritoryRequest, book: Book, *, centres: Vectors) -> Problem:
    """Return the same with centres given, and today's owners at the prices of the request."""
    return _problem(request, book, (book.rep, book.churn_km, centres))


def nobody_may(request: TerritoryRequest) -> Flags:
    """Return which accounts no rep may have, and no lock gives to one, shape (n,)."""
    none = closed_groups(request.fit.extra_km)
    alone: Flags = none[request.fit.group] & (request.locks.rep < 0)
    return alone


def closed_groups(extra_km: Floats) -> Flags:
    """Return which groups no rep may have, shape (groups,)."""
    closed: Flags = np.all(np.isinf(extra_km), axis=1)
    return closed


def _problem(request: TerritoryRequest, book: Book, owned: tuple[Ints, Floats, Vectors]) -> Problem:
    """Return the problem; who nobody may have goes to a last group without conditions.

    Somebody has to have every account: the plan names those in a conflict.
    """
    rep, churn_km, homes = owned
    extra_km = request.fit.extra_km
    nobody = closed_groups(extra_km)
    group = book.group
    if nobody[group].any():
        extra_km = np.vstack((extra_km, np.zeros(len(homes))))
        group = np.where(nobody[group], len(extra_km) - 1, group).astype(np.int32)
    return Problem(
        vectors=book.vectors,
        measures=_measures(request, book),
        rep=rep,
        lock=book.lock,
        homes=homes,
        churn_km=np.where(book.idle, 0.0, churn_km),
        max_km=request.max_km,
        group=group,
        extra_km=extra_km,
        one_piece=request.one_piece,
    )


def _measures(request: TerritoryRequest, book: Book) -> tuple[Measure, ...]:
    """Return hours, and what else accounts that are free can change."""
    free = book.lock < 0
    return tuple(
        Measure(one.name, amount, one.lo, one.hi)
        for number, (one, amount) in enumerate(zip(request.demands, book.amounts, strict=True))
        if number == 0 or (amount[free] > 0).any()
    )
