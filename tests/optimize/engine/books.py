"""Small problems with every hazard that real books hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack

from sfterritory.model.sphere import km_between, unit_vectors
from sfterritory.optimize.engine.problem import Measure, Problem


def book(
    n: int = 300,
    k: int = 5,
    *,
    seed: int = 7,
    tolerance: float = 0.1,
    fixed: bool = True,
    churn_price_km: float = 10.0,
) -> Problem:
    """Return accounts with zero hours, points that repeat, unequal shares, owners and locks."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(5.0, 15.0, n), rng.uniform(45.0, 55.0, n)
    lon[: n // 20], lat[: n // 20] = lon[-1], lat[-1]
    hours = rng.lognormal(0.0, 0.6, n)
    hours[rng.random(n) < 0.05] = 0.0
    share = rng.uniform(0.8, 1.2, k)
    target = hours.sum() * share / share.sum()
    lock = np.where(rng.random(n) < 0.03, rng.integers(0, k, n), -1).astype(np.int32)
    homes = unit_vectors(rng.uniform(5.0, 15.0, k), rng.uniform(45.0, 55.0, k))
    return Problem.plain(
        vectors=unit_vectors(lon, lat),
        measures=(Measure("hours", hours, target * (1 - tolerance), target * (1 + tolerance)),),
        rep=rng.integers(-1, k, n).astype(np.int32),
        lock=lock,
        homes=homes if fixed else np.full((k, 3), np.nan),
        churn_price_km=churn_price_km,
    )


def restricted(problem: Problem, groups: int, *, seed: int) -> Problem:
    """Return the problem with some reps shut out of some groups and others worth less there.

    The first group, half of the accounts, is open to everybody.
    """
    rng = np.random.default_rng(seed)
    n, k = len(problem.rep), problem.n_reps
    extra = rng.choice([0.0, 30.0, np.inf], size=(groups, k), p=[0.5, 0.2, 0.3])
    extra[np.arange(groups), rng.integers(0, k, groups)] = 0.0
    extra[0] = 0.0
    group = np.where(rng.random(n) < 0.5, 0, rng.integers(0, groups, n)).astype(np.int32)
    return replace(problem, group=group, extra_km=extra)


def linear_relaxation(problem: Problem) -> float:
    """Return the cost of the best plan that may split accounts, by an independent solver."""
    n, k = len(problem.hours), problem.n_reps
    km = km_between(problem.vectors[:, None, :], problem.homes[None, :, :])
    other = (problem.rep[:, None] >= 0) & (problem.rep[:, None] != np.arange(k))
    extra = problem.extra_km[problem.group]
    never = np.isinf(extra) & (problem.lock[:, None] < 0)
    extra = np.where(np.isinf(extra), 0.0, extra)
    cost = problem.hours[:, None] * (km + extra + problem.churn_km[:, None] * other)
    forbidden = (problem.lock[:, None] >= 0) & (problem.lock[:, None] != np.arange(k)) | never
    row, rep = np.divmod(np.arange(n * k), k)
    load = coo_array((problem.hours[row], (rep, np.arange(n * k))), shape=(k, n * k))
    once = coo_array((np.ones(n * k), (row, np.arange(n * k))), shape=(n, n * k))
    measure = problem.measures[0]
    answer = linprog(
        cost.ravel(),
        A_ub=vstack((load, -load)).toarray(),
        b_ub=np.concatenate((measure.hi, -measure.lo)),
        A_eq=once.toarray(),
        b_eq=np.ones(n),
        bounds=[(0.0, 0.0 if one else 1.0) for one in forbidden.ravel()],
        method="highs",
    )
    assert answer.fun is not None
    return float(answer.fun)
