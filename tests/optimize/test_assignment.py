"""The flow, its duals and the bound against independent answers on small instances."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sfterritory.optimize.assignment import balanced_flow
from sfterritory.optimize.candidate import Arcs
from sfterritory.optimize.cell import Contents
from sfterritory.optimize.params import TerritoryParams
from sfterritory.optimize.price import Limits, lower_bound
from sfterritory.optimize.sphere import km_between, unit_vectors
from sfterritory.optimize.territories import build_territories

from .books import accounts_at, roster_of, workload_of


def test_the_duals_of_the_flow_prove_the_optimum_that_a_linear_program_finds() -> None:
    rng = np.random.default_rng(4)
    n, k = 60, 5
    accounts = unit_vectors(rng.uniform(0, 3, n), rng.uniform(48, 50, n))
    centres = unit_vectors(rng.uniform(0, 3, k), rng.uniform(48, 50, k))
    hours = np.exp(rng.normal(1, 0.8, n))
    km = km_between(accounts[:, None, :], centres[None, :, :])
    fair = hours.sum() / k
    band = Limits(np.full(k, 0.95 * fair), np.full(k, 1.05 * fair))
    arcs = Arcs(
        np.repeat(np.arange(n), k).astype(np.int32),
        np.tile(np.arange(k), n).astype(np.int32),
        km.ravel(),
    )

    answer = balanced_flow(arcs, arcs.km, hours=hours, band=band, limit_price_km=1e5)

    load = np.zeros((k, n * k))
    load[arcs.territory, np.arange(n * k)] = hours[arcs.row]
    once = np.zeros((n, n * k))
    once[arcs.row, np.arange(n * k)] = 1.0
    program = linprog(
        hours[arcs.row] * arcs.km,
        A_ub=np.vstack((load, -load)),
        b_ub=np.concatenate((band.hi, -band.lo)),
        A_eq=once,
        b_eq=np.ones(n),
    )
    nobody = np.full(n, -1, dtype=np.int32)
    bound = lower_bound(
        Contents(accounts, hours, hours, np.zeros(n), nobody),
        centres,
        churn_price_km=30.0,
        bands=(band, Limits(np.zeros(k), np.full(k, np.inf))),
        prices=(answer.price_km, np.zeros(k)),
    )
    assert bound == pytest.approx(program.fun, rel=1e-3)
    assert program.fun is not None
    assert bound <= program.fun * (1 + 1e-9)
    assert 0 < answer.split_rows < k  # a basic solution cuts at most k - 1


def test_limits_that_clash_are_broken_by_the_least_sum_and_not_refused() -> None:
    rows = np.repeat(np.arange(4), 2).astype(np.int32)
    arcs = Arcs(rows, np.tile([0, 1], 4).astype(np.int32), np.tile([1.0, 9.0], 4))

    answer = balanced_flow(
        arcs,
        arcs.km,
        hours=np.full(4, 5.0),
        band=Limits(np.zeros(2), np.array([10.0, 5.0])),
        limit_price_km=1e5,
    )

    # 5 of 20 hours are too many for both; they land where the way is shorter
    assert np.bincount(answer.territory, minlength=2).tolist() == [3, 1]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_no_assignment_within_the_limits_beats_the_bound_and_the_plan_comes_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = 9, 2
    lon, lat, hours = rng.uniform(0, 2, n), rng.uniform(49, 50, n), rng.uniform(1, 3, n)
    rep = rng.integers(-1, k, n)
    home_lon, home_lat = rng.uniform(0, 2, k), rng.uniform(49, 50, k)
    plan = build_territories(
        accounts_at(lon, lat, rep=rep),
        roster_of(k, lon_deg=home_lon, lat_deg=home_lat),
        workload=workload_of(hours, n=n, k=k),
        params=TerritoryParams(hours_tolerance=0.3, value_tolerance=None),
    )

    km = km_between(
        unit_vectors(lon, lat)[:, None, :], unit_vectors(home_lon, home_lat)[None, :, :]
    )
    band = plan.hours_band
    costs = []
    for choice in product(range(k), repeat=n):
        territory = np.array(choice)
        load = np.bincount(territory, weights=hours, minlength=k)
        if (load >= band.lo).all() and (load <= band.hi).all():
            moved = (rep >= 0) & (rep != territory)
            costs.append(float((hours * (km[np.arange(n), territory] + 30.0 * moved)).sum()))

    assert plan.feasible
    assert plan.lower_bound is not None
    assert plan.lower_bound <= min(costs) * (1 + 1e-6)
    assert min(costs) * (1 - 1e-4) <= plan.objective <= min(costs) * 1.15
