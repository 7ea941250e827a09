"""What is committed before anything is built, and what each commitment costs.

Locks, named lists, longest distances and high cadence each take freedom away. Every one is left out
once, on its own, in a warm re-plan with the centres of the plan; the difference is its cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np

from sfterritory.model.columns import Flags
from sfterritory.optimize.alignment import TerritoryPlan
from sfterritory.optimize.beside import beside
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.frequency import HIGH_TIMES, high_frequency
from sfterritory.optimize.replan import Replan, answer
from sfterritory.optimize.request import TerritoryRequest


class CommitmentKind(StrEnum):
    """What kind of thing was settled beforehand."""

    LOCK = "lock"
    GROUP = "group"
    REACH = "reach"
    CADENCE = "cadence"


@dataclass(frozen=True, slots=True)
class Commitment:
    """One thing that was settled beforehand.

    Attributes:
        kind: What kind.
        cause: What settled it, as the report says it.
        accounts: How many accounts it concerns.
        hours: Their hours a year.
        excess_hours: Of those, what a commitment adds to the load: for high cadence the hours above
            those of the median cadence, 0 for the others.
        cost_km_hours: What the plan would save without it, a year, in km-equivalent hours.
        outside_without: How many territories would break a limit without it.
    """

    kind: CommitmentKind
    cause: str
    accounts: int
    hours: float
    excess_hours: float
    cost_km_hours: float
    outside_without: int


_Change = tuple[CommitmentKind, str, Flags, Problem]
"""What is left out: kind, cause, accounts concerned, and the problem without it."""


def commitment_costs(
    request: TerritoryRequest, plan: TerritoryPlan, *, executor: Executor | None = None
) -> tuple[Commitment, ...]:
    """Return what is committed, the dearest first, measured by great-circle distance.

    Re-plans are made beside each other by `executor`; it never changes the answer.
    """
    replan = Replan.of(request, plan)
    changes = [
        *_locks(request, replan),
        *_groups(request, replan),
        *_reach(request, plan, replan),
    ]
    # the plan by the same means as what it is held against
    problems = (replan.problem, *(problem for *_, problem in changes))
    base, *others = beside(executor, partial(answer, replan.start), problems)
    found = []
    for (kind, cause, rows, _), without in zip(changes, others, strict=True):
        found.append(
            Commitment(
                kind=kind,
                cause=cause,
                accounts=int(rows.sum()),
                hours=float(plan.hours[rows].sum()),
                excess_hours=0.0,
                cost_km_hours=max(0.0, base.cost_km_hours - without.cost_km_hours),
                outside_without=without.outside,
            )
        )
    found += _cadence(request, plan)
    return tuple(sorted(found, key=lambda one: (-one.cost_km_hours, one.kind, one.cause)))


def _locks(request: TerritoryRequest, replan: Replan) -> Iterator[_Change]:
    cause = request.locks.cause
    for code, name in enumerate(cause.vocabulary):
        rows = (cause.codes == code) & (request.locks.rep >= 0)
        if rows.any():
            yield CommitmentKind.LOCK, name, rows, replan.unlocked(rows)


def _groups(request: TerritoryRequest, replan: Replan) -> Iterator[_Change]:
    for group, name in enumerate(request.fit.cause):
        rows = request.fit.group == group
        if rows.any() and (request.fit.extra_km[group] > 0).any():
            yield (
                CommitmentKind.GROUP,
                name or f"group {group}",
                rows,
                replan.opened(group),
            )


def _reach(request: TerritoryRequest, plan: TerritoryPlan, replan: Replan) -> Iterator[_Change]:
    limited = np.flatnonzero(np.isfinite(request.max_km))
    if len(limited) == 0:
        return
    shortest, longest = request.max_km[limited].min(), request.max_km[limited].max()
    span = f"{shortest:g}" if shortest == longest else f"{shortest:g} to {longest:g}"
    cause = f"longest distance of {span} km for {len(limited)} reps"
    rows = np.isin(plan.territory, limited)
    yield CommitmentKind.REACH, cause, rows, replan.unbounded()


def _cadence(request: TerritoryRequest, plan: TerritoryPlan) -> Iterator[Commitment]:
    usual, rows = high_frequency(request.accounts.calls_per_year)
    if not rows.any():
        return
    calls, hours = request.accounts.calls_per_year[rows], plan.hours[rows]
    excess = hours * (1.0 - usual / calls)
    yield Commitment(
        CommitmentKind.CADENCE,
        f"more than {HIGH_TIMES * usual:g} calls a year ({HIGH_TIMES:g} times the median)",
        int(rows.sum()),
        float(hours.sum()),
        float(excess.sum()),
        float((excess * plan.km[rows]).sum()),
        int(np.any([band.outside for band in plan.bands], axis=0).sum()),
    )
