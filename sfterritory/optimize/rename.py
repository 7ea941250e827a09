"""A rebuild under the names that fit it best."""

from __future__ import annotations

import numpy as np

from sfterritory.model.sphere import km_between
from sfterritory.optimize.aggregate import Book
from sfterritory.optimize.engine.answer import Construction, Plans, Start
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.mode import homes_of
from sfterritory.optimize.relabel import Drawn, overlap_hours, relabelling
from sfterritory.optimize.request import TerritoryRequest
from sfterritory.optimize.search import keeps_limits, priced


def renamed(
    request: TerritoryRequest, book: Book, problem: Problem, found: Construction
) -> Construction:
    """Return the same territories, each with the rep who keeps most hours; locks stay."""
    k, territory = problem.n_reps, found.territory
    free = problem.lock < 0
    km = np.where(free, km_between(problem.vectors, found.centres[territory]), 0.0)
    longest = np.zeros(k)
    np.maximum.at(longest, territory, km)
    drawn = Drawn(
        territory=territory,
        lock=problem.lock,
        amounts=book.amounts,
        lo=np.vstack([one.lo for one in request.demands]),
        hi=np.vstack([one.hi for one in request.demands]),
        group=problem.group,
        extra_km=problem.extra_km,
        longest_km=longest,
        max_km=problem.max_km,
    )
    loose = request.locks.rep < 0
    overlap = overlap_hours(
        territory[book.unit[loose]],
        request.accounts.rep[loose],
        request.demands[0].amount[loose],
        k=k,
    )
    rep = relabelling(drawn, overlap, centres=found.centres, homes=homes_of(request))
    if (rep == np.arange(k)).all():
        return found
    centres, psi = np.empty_like(found.centres), np.empty_like(found.psi)
    centres[rep], psi[rep] = found.centres, found.psi
    first, last = (
        np.where(free, rep[plan], problem.lock).astype(np.int32)
        for plan in (found.feasible, territory)
    )
    if keeps_limits(problem, last) and not keeps_limits(problem, first):
        first = last  # under these names the improved plan is the first that keeps the limits
    return priced(problem, Plans(feasible=first, territory=last, settled=Start(centres, psi)))
