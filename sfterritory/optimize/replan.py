"""The plan again with one thing changed: centres stay, prices start where they ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sfterritory.model.columns import Flags, Ints
from sfterritory.model.sphere import unit_vectors
from sfterritory.optimize.aggregate import Book
from sfterritory.optimize.alignment import TerritoryPlan
from sfterritory.optimize.engine.answer import Construction, Start
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.solve import construct
from sfterritory.optimize.order import Order
from sfterritory.optimize.question import book_of, closed_groups, replan_of
from sfterritory.optimize.request import TerritoryRequest


@dataclass(frozen=True, slots=True)
class Answer:
    """One re-plan.

    Attributes:
        cost_km_hours: What it costs by distance, with today's owners at the price of the request.
        outside: How many territories break a limit.
    """

    cost_km_hours: float
    outside: int


@dataclass(frozen=True, slots=True)
class Replan:
    """What is solved again; built by `of`.

    Attributes:
        order: How the request was sorted.
        book: Its units.
        problem: The question that the plan answers, its centres fixed.
        start: Its centres and prices.
    """

    order: Order
    book: Book
    problem: Problem
    start: Start

    @classmethod
    def of(cls, request: TerritoryRequest, plan: TerritoryPlan) -> Replan:
        """Return what stands behind a plan, with today's owners at the prices of the request."""
        order = Order.by_id(request)
        ordered = order.sorted(request)
        book = book_of(ordered)
        reps = order.reps
        centres = unit_vectors(plan.centre_lon_deg[reps], plan.centre_lat_deg[reps])
        problem = replan_of(ordered, book, centres=centres)
        return cls(order, book, problem, Start(centres, plan.price_km[reps]))

    def unlocked(self, rows: Flags) -> Problem:
        """Return the problem with some accounts free, rows as they were given."""
        units = np.unique(self.book.unit[rows[self.order.accounts]])
        lock = self.problem.lock.copy()
        lock[units] = -1
        problem = self.problem
        group = problem.group.copy()
        shut = closed_groups(problem.extra_km)[group] & (lock < 0)
        extra_km = problem.extra_km
        if shut.any():  # freed accounts that nobody may have: somebody has to
            extra_km = np.vstack((extra_km, np.zeros(problem.n_reps)))
            group[shut] = len(extra_km) - 1
        return replace(problem, lock=lock, group=group, extra_km=extra_km)

    def opened(self, group: int) -> Problem:
        """Return the problem with a group that everybody may have at no price."""
        extra_km = self.problem.extra_km.copy()
        extra_km[group] = 0.0
        return replace(self.problem, extra_km=extra_km)

    def unbounded(self) -> Problem:
        """Return the problem without longest distances."""
        return replace(self.problem, max_km=np.full_like(self.problem.max_km, np.inf))

    def given(self, territory: Ints) -> Ints:
        """Return the territory of each account, rows and reps as they were given."""
        answer = np.empty(len(self.book.unit), dtype=np.int32)
        answer[self.order.accounts] = self.order.reps[territory[self.book.unit]]
        return answer


def answer(start: Start, problem: Problem) -> Answer:
    """Return the plan for a changed problem, from the centres and prices of the plan before."""
    found = construct(problem, start=start)
    return Answer(found.cost_km_hours, _outside(found))


def _outside(found: Construction) -> int:
    return int(((found.over > 0) | (found.under > 0)).any(axis=0).sum())
