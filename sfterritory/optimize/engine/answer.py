"""A plan and what is proven about it: costs, bound, what lies outside a band, who is too far."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.engine.kernel import FAR_PRICE_KM, Longs
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.relax import Conflict, FreeBand, Relaxation, out_of_reach


@dataclass(frozen=True, slots=True)
class Start:
    """A former answer to begin from.

    Attributes:
        centres: Unit vectors, shape (k, 3).
        psi: Prices in km, shape (k,).
    """

    centres: Vectors
    psi: Floats


@dataclass(frozen=True, slots=True)
class Construction:
    """A plan and what is proven about it.

    Attributes:
        territory: Rep of each account after improvement, shape (n,).
        feasible: Rep of each account before it: the first plan that keeps all bands, or where none
            does, the one that breaks them least, shape (n,). Improvement breaks no limit that it
            keeps; joining pieces (`gap_km`) may.
        centres: Where distances start, shape (k, 3).
        psi: Price of each rep in km, shape (k,).
        cost_km_hours: Hours x (km + extra + churn) of the plan, to the centres.
        feasible_cost_km_hours: The same of `feasible`, to the same centres.
        bound_km_hours: What no plan with these centres can beat, within the bands asked for
            (widened by `relaxation` where `conflicts` say that they cannot hold).
        conflicts: Proofs that what was asked for cannot hold.
        relaxation: By how much the bands were widened for it.
        over: Load of the plan above the limit asked for, shape (measures, k).
        under: Load missing to the limit asked for, shape (measures, k).
        unreachable: Accounts that no rep who may have them reaches within `max_km`, ascending.
    """

    territory: Ints
    feasible: Ints
    centres: Vectors
    psi: Floats
    cost_km_hours: float
    feasible_cost_km_hours: float
    bound_km_hours: float
    conflicts: tuple[Conflict, ...]
    relaxation: Relaxation
    over: Floats
    under: Floats
    unreachable: Longs

    @property
    def gap_share(self) -> float:
        """Return how far the plan is above its bound, as a share of the bound."""
        if self.bound_km_hours <= 0:
            return 0.0 if self.cost_km_hours <= 0 else np.inf
        return self.cost_km_hours / self.bound_km_hours - 1.0

    @property
    def is_feasible(self) -> bool:
        """Return whether every band that was asked for is kept."""
        return not bool((self.over > 0).any() or (self.under > 0).any())

    @property
    def start(self) -> Start:
        """Return where a later answer may begin."""
        return Start(self.centres, self.psi)


@dataclass(frozen=True, slots=True)
class Plans:
    """Stage one and the improved plan, with where they came from.

    Attributes:
        feasible: Rep of each account at stage one, shape (n,).
        territory: Rep of each account after improvement, shape (n,).
        settled: Centres and prices.
    """

    feasible: Ints
    territory: Ints
    settled: Start


def off_limits(problem: Problem, territory: Ints) -> tuple[Floats, Floats]:
    """Return the load above the upper limits and missing to the lower, each (measures, k)."""
    load = problem.loads(territory)
    lo = np.vstack([measure.lo for measure in problem.measures])
    hi = np.vstack([measure.hi for measure in problem.measures])
    return np.maximum(load - hi, 0.0), np.maximum(lo - load, 0.0)


def cost_km(problem: Problem, row: Longs, rep: Ints, km: Floats) -> Floats:
    """Return what an hour of some accounts costs with a rep at a distance `km`, shape of `row`.

    A locked account costs nothing extra with a rep who may never have it: the lock outranks that.
    """
    extra = problem.extra_km[problem.group[row], rep]
    far = np.where(km <= problem.max_km[rep], 0.0, FAR_PRICE_KM)
    moved = (problem.rep[row] >= 0) & (problem.rep[row] != rep)
    costs: Floats = km + far + np.where(np.isinf(extra), 0.0, extra) + problem.churn_km[row] * moved
    return costs


def travel_only(problem: Problem) -> Problem:
    """Return the problem with nothing but distance and who may never have what."""
    extra = np.where(np.isinf(problem.extra_km), np.inf, 0.0)
    return replace(problem, churn_km=np.zeros(len(problem.rep)), extra_km=extra)


def answered(
    problem: Problem,
    limits: FreeBand,
    plans: Plans,
    *,
    costs: tuple[Floats, Floats],
    free_bound: float,
    beyond_km: Floats,
) -> Construction:
    """Return the construction.

    Args:
        problem: What was asked.
        limits: Bands and conflicts.
        plans: Both plans, every account with a rep.
        costs: Cost of an hour of each account in stage one and after, each (n,).
        free_bound: What accounts that are not locked cost at least.
        beyond_km: How far each account lies beyond `max_km` of the nearest rep who may have it, 0
            where one of them reaches it.
    """
    hours = problem.hours
    locked = problem.lock >= 0
    bound = free_bound + float((hours * costs[1])[locked].sum())
    far = np.flatnonzero((beyond_km > 0) & ~locked)
    over, under = off_limits(problem, plans.territory)
    return Construction(
        territory=plans.territory,
        feasible=plans.feasible,
        centres=plans.settled.centres,
        psi=plans.settled.psi,
        cost_km_hours=float((hours * costs[1]).sum()),
        feasible_cost_km_hours=float((hours * costs[0]).sum()),
        bound_km_hours=bound,
        conflicts=(*limits.conflicts, *out_of_reach(far, beyond_km[far])),
        relaxation=limits.relaxation,
        over=over,
        under=under,
        unreachable=far,
    )
