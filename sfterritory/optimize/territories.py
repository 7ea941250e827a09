"""Build territories: one per rep, every account in exactly one, limits first and then travel.

The order: accounts as units, centres and prices by the engine, travel times for the pairs that
matter, names by overlap where centres were free, and a reason for every account.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from sfterritory.model.sphere import unit_vectors
from sfterritory.model.travel import TravelTime
from sfterritory.optimize.aggregate import Book
from sfterritory.optimize.alignment import TerritoryPlan
from sfterritory.optimize.answer import empty_plan, plan_of
from sfterritory.optimize.contract import check
from sfterritory.optimize.drive import driven
from sfterritory.optimize.engine.answer import Start
from sfterritory.optimize.mode import between, book_middles, homes_of, shared_homes, starting_books
from sfterritory.optimize.order import Order
from sfterritory.optimize.params import Mode
from sfterritory.optimize.question import book_of, problem_of
from sfterritory.optimize.rename import renamed
from sfterritory.optimize.request import TerritoryRequest
from sfterritory.optimize.search import Question, search, sketched


def build_territories(
    request: TerritoryRequest,
    *,
    travel: TravelTime | None = None,
    executor: Executor | None = None,
) -> TerritoryPlan:
    """Return territories for every account within the limits, at the least travel and change.

    The order of rows and the number of workers behind `executor` never change the answer. What
    cannot be had is named in the conflicts, with the smallest relaxation that would do; the plan
    then comes as near as it can.

    Args:
        request: Everything asked for.
        travel: Where driving times come from; without it distances decide. A minute then counts as
            a kilometre, and only pairs that may come into question are asked for.
        executor: Solves regions that have nothing to do with each other beside each other.

    Raises:
        ValueError: The request breaks its contract, or there are accounts and no rep.
    """
    check(request)
    if len(request.accounts) == 0:
        return empty_plan(request)
    order = Order.by_id(request)
    return order.given(_build(order.sorted(request), travel, executor))


def _build(
    request: TerritoryRequest, travel: TravelTime | None, executor: Executor | None
) -> TerritoryPlan:
    book = book_of(request)
    question = Question(
        problem=problem_of(request, book),
        start=_start(request, book),
        books=starting_books(request, book),
        gap_km=request.gap_km,
    )
    question = _near_home(request, question)
    problem, found = question.problem, search(question, executor=executor)
    if request.mode is Mode.GREENFIELD:
        found = renamed(request, book, problem, found)
    drive = None
    if travel is not None:
        found, drive = driven(problem, found, travel)
    return plan_of(request, book, problem, found, drive=drive)


def _start(request: TerritoryRequest, book: Book) -> Start | None:
    """Return the centres to begin with, None where they have to be found."""
    k = len(request.roster)
    if request.centres is None:
        return None
    given = unit_vectors(*request.centres)
    for stand_in in (homes_of(request), book_middles(book, k=k)):
        given = np.where(np.isnan(given), stand_in, given)
    return None if np.isnan(given).any() else Start(given, np.zeros(k))


def _near_home(request: TerritoryRequest, question: Question) -> Question:
    """Return the question with centres of shared homes half-way between home and accounts."""
    homes = homes_of(request)
    shared = shared_homes(homes)
    if request.mode is not Mode.HOMES or not shared.any():
        return question
    sketch = sketched(question)
    centres = np.where(shared[:, None], between(homes, sketch.centres), sketch.centres)
    free = question.problem.free_centre & ~shared
    problem = replace(question.problem, homes=np.where(free[:, None], np.nan, centres))
    return replace(question, problem=problem, start=Start(centres, sketch.psi), books=None)
