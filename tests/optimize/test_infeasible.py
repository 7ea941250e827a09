from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sfterritory.optimize.alignment import ConflictCode
from sfterritory.optimize.request import Demand, Fit, TerritoryRequest
from sfterritory.optimize.territories import build_territories

from .asked import ask, city_book


def tight_request(seed: int, *, n: int, k: int) -> TerritoryRequest:
    """A request with locks on some reps only, reserved accounts and, at times, too few hours."""
    rng = np.random.default_rng(seed)
    accounts, roster, hours, _ = city_book(n, k, seed=seed)
    extra_km = np.zeros((2, k))
    extra_km[1] = rng.choice([0.0, np.inf], k)
    extra_km[1, 0] = 0.0
    request = ask(
        accounts,
        roster,
        hours=hours,
        lock=np.where(
            rng.random(n) < rng.choice([0.0, 0.4]), rng.integers(0, max(1, k - 1), n), -1
        ),
        fit=Fit(rng.integers(0, 2, n).astype(np.int32), extra_km, ("", "named list")),
    )
    hours_asked, *others = request.demands
    scale = float(rng.choice([0.8, 1.0, 1.3]))
    asked = replace(hours_asked, lo=hours_asked.lo * min(scale, 1.0), hi=hours_asked.hi * scale)
    return replace(request, demands=(asked, *others))


def least_widening(request: TerritoryRequest, demand: Demand) -> float:
    """How far limits have to move in all for accounts that may be split: a program of its own."""
    k, lock, group = len(request.roster), request.locks.rep, request.fit.group
    may = np.isfinite(request.fit.extra_km)
    groups, free = len(may), lock < 0
    locked = np.bincount(lock[~free], weights=demand.amount[~free], minlength=k)
    loads = np.bincount(group[free], weights=demand.amount[free], minlength=groups)
    held = np.tile(np.eye(k), groups)
    wide, none = np.eye(k), np.zeros((k, k))
    answer = linprog(
        np.append(np.zeros(groups * k), np.ones(2 * k)),
        A_ub=np.vstack((np.hstack((held, -wide, none)), np.hstack((-held, none, -wide)))),
        b_ub=np.append(demand.hi - locked, locked - demand.lo),
        A_eq=np.hstack((np.kron(np.eye(groups), np.ones(k)), np.zeros((groups, 2 * k)))),
        b_eq=loads,
        bounds=[(0, None if one else 0) for one in may.ravel()] + [(0, None)] * (2 * k),
    )
    assert answer.fun is not None
    return float(answer.fun)


@given(seed=st.integers(0, 10_000), n=st.integers(20, 120), k=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_no_smaller_relaxation_would_do(seed: int, n: int, k: int) -> None:
    request = tight_request(seed, n=n, k=k)
    hours = request.demands[0]
    least = least_widening(request, hours)
    assume(least > 1e-6 * hours.amount.sum())

    plan = build_territories(request)

    assume(all(one.code is not ConflictCode.ACCOUNTS_EXCEED_LIMIT for one in plan.conflicts))
    told = sum(one.by for one in plan.relaxation if one.demand == "hours")
    assert told == pytest.approx(least, rel=1e-5)
    for one in plan.relaxation:
        assert one.hi - hours.hi[one.rep] + hours.lo[one.rep] - one.lo >= one.by * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_whole_accounts_fit_the_limits_that_are_told(seed: int) -> None:
    request = tight_request(seed, n=400, k=5)
    plan = build_territories(request)
    lo, hi = request.demands[0].lo.copy(), request.demands[0].hi.copy()
    for one in plan.relaxation:
        lo[one.rep], hi[one.rep] = one.lo, one.hi
    relaxed = replace(request.demands[0], lo=lo, hi=hi)

    again = build_territories(replace(request, demands=(relaxed, *request.demands[1:])))

    assert again.feasible
