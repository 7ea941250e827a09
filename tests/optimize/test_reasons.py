from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.model.columns import Floats, TextColumn
from sfterritory.model.sphere import km_between, unit_vectors
from sfterritory.optimize.alignment import ReasonCode, TerritoryPlan
from sfterritory.optimize.engine.kernel import FAR_PRICE_KM
from sfterritory.optimize.mode import REPAIR_CHURN_KM
from sfterritory.optimize.params import Mode
from sfterritory.optimize.reasons import explain
from sfterritory.optimize.request import Fit, Locks, TerritoryRequest
from sfterritory.optimize.territories import build_territories

from .asked import ask, city_book
from .books import accounts_at, roster_of

ORDINARY, PREFERRED, RESERVED = 0, 1, 2


def request_with_everything(
    seed: int, *, tolerance: float, mode: Mode = Mode.HOMES
) -> TerritoryRequest:
    """A request in which locks, groups, distances and owners each decide for some accounts."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(20, 80)), int(rng.integers(2, 6))
    accounts, roster, hours, lock = city_book(n, k, seed=seed)
    extra_km = np.zeros((3, k))
    extra_km[PREFERRED] = rng.choice([0.0, 60.0], k)
    extra_km[RESERVED] = rng.choice([0.0, np.inf], k)
    extra_km[RESERVED, rng.integers(k)] = 0.0
    return ask(
        accounts,
        roster,
        hours=hours,
        tolerance=tolerance,
        lock=np.where(rng.random(n) < 0.1, rng.integers(0, k, n), lock),
        fit=Fit(rng.integers(0, 3, n).astype(np.int32), extra_km, ("", "wine", "named list")),
        churn_km=rng.choice([0.0, 10.0, 200.0], n),
        max_km=rng.choice([600.0, np.inf], k),
        mode=mode,
    )


def costs_km(request: TerritoryRequest, plan: TerritoryPlan) -> Floats:
    """What an hour of each account costs with each rep, shape (n, k), reckoned here alone."""
    accounts = request.accounts
    km = km_between(
        unit_vectors(accounts.lon_deg, accounts.lat_deg)[:, None, :],
        unit_vectors(plan.centre_lon_deg, plan.centre_lat_deg)[None, :, :],
    )
    churn_km = request.churn_km + (REPAIR_CHURN_KM if request.mode is Mode.REPAIR else 0.0)
    leaves = (accounts.rep[:, None] >= 0) & (
        accounts.rep[:, None] != np.arange(len(request.roster))[None, :]
    )
    far_km = np.where(km <= request.max_km[None, :], 0.0, FAR_PRICE_KM)
    extra_km = request.fit.extra_km[request.fit.group]
    cost: Floats = km + far_km + extra_km + leaves * churn_km[:, None]
    return cost


@given(seed=st.integers(0, 10_000), tight=st.booleans(), repair=st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_runner_up_is_the_cheapest_other_and_a_move_to_it_costs_what_is_told(
    seed: int, *, tight: bool, repair: bool
) -> None:
    mode = Mode.REPAIR if repair else Mode.HOMES
    request = request_with_everything(seed, tolerance=0.1 if tight else np.inf, mode=mode)

    plan = build_territories(request)

    cost, row = costs_km(request, plan), np.arange(len(plan.territory))
    forbidden = np.isinf(cost[row, plan.territory])  # by a lock: it outranks who may have what
    total = float((plan.hours * np.where(forbidden, 0.0, cost[row, plan.territory])).sum())
    if not forbidden.any():
        assert plan.objective == pytest.approx(total)
    others = cost.copy()
    others[row, plan.territory] = np.inf
    assert (plan.runner_up < 0).tolist() == np.isinf(others.min(axis=1)).tolist()
    told = np.flatnonzero((plan.runner_up >= 0) & ~forbidden)
    here = cost[told, plan.territory[told]]
    np.testing.assert_allclose(cost[told, plan.runner_up[told]], others.min(axis=1)[told])
    np.testing.assert_allclose(
        plan.cost_difference_km[told], cost[told, plan.runner_up[told]] - here, atol=1e-6
    )


def changed(request: TerritoryRequest, plan: TerritoryPlan, row: int) -> TerritoryRequest | None:
    """The request with what was told done, a hair more of it; None where it is about centres."""
    told = explain(plan, row).would_change
    group, near = int(request.fit.group[row]), int(np.argmin(costs_of_place(request, plan, row)))
    extra_km, max_km, churn_km = (
        request.fit.extra_km.copy(),
        request.max_km.copy(),
        request.churn_km.copy(),
    )
    if told == "unlock the account":
        rep = request.locks.rep.copy()
        rep[row] = -1
        cause = TextColumn.of(["list" if one >= 0 else None for one in rep.tolist()])
        return replace(request, locks=Locks(rep, cause))
    if told.startswith("let the nearest rep have accounts of this kind"):
        extra_km[group, near] = 0.0
    elif told.startswith("allow the nearest rep a longer distance"):
        max_km[near] = np.inf
    elif told.startswith("no preference over the nearest rep"):
        extra_km[group, near] = extra_km[group, plan.territory[row]]
    elif told.startswith("a price of change lower by"):
        churn_km[row] -= plan.cost_difference_km[row] + 1e-6
        assert churn_km[row] >= -1e-5
        churn_km[row] = max(0.0, churn_km[row])
    else:
        return None
    fit = replace(request.fit, extra_km=extra_km)
    return replace(request, fit=fit, max_km=max_km, churn_km=churn_km)


def costs_of_place(request: TerritoryRequest, plan: TerritoryPlan, row: int) -> Floats:
    """Kilometres from an account to each centre."""
    place = unit_vectors(request.accounts.lon_deg[[row]], request.accounts.lat_deg[[row]])
    km: Floats = km_between(place, unit_vectors(plan.centre_lon_deg, plan.centre_lat_deg))
    return km


@given(seed=st.integers(0, 10_000), pick=st.integers(0, 1_000))
@settings(max_examples=15, deadline=None)
def test_what_would_have_to_change_moves_the_account_when_it_is_done(seed: int, pick: int) -> None:
    request = request_with_everything(seed, tolerance=np.inf)
    plan = build_territories(request)
    telling = [
        row
        for row in range(len(plan.territory))
        if plan.reason[row] != ReasonCode.NEAREST and changed(request, plan, row) is not None
    ]
    for row in telling[pick % 9 :: 9]:
        after = changed(request, plan, row)
        assert after is not None
        moved = build_territories(after)
        own, near = int(plan.territory[row]), int(moved.territory[row])
        assert near != own, explain(plan, row)
        if plan.lifted_km[row] > 0:
            cost = costs_km(after, moved)[row]
            nearest = int(np.argmin(costs_of_place(request, plan, row)))
            assert cost[own] - cost[nearest] == pytest.approx(plan.lifted_km[row])


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_an_account_that_a_limit_keeps_has_no_room_at_the_runner_up(seed: int) -> None:
    request = request_with_everything(seed, tolerance=0.1)

    plan = build_territories(request)

    hours, (band, *_) = request.demands[0].amount, plan.bands
    assert ReasonCode.SEARCH_ENDED not in plan.reason
    for row in np.flatnonzero(plan.reason == ReasonCode.BALANCE).tolist():
        own, other = int(plan.territory[row]), int(plan.runner_up[row])
        assert plan.cost_difference_km[row] < 0
        assert plan.moving[row] == pytest.approx(hours[row])
        too_full = band.load[other] + hours[row] > band.hi[other]
        too_empty = band.load[own] - hours[row] < band.lo[own]
        assert too_full or too_empty


def test_a_lock_that_agrees_with_the_map_says_what_else_would_have_to_change() -> None:
    accounts = accounts_at([0.0, 0.0, 1.0], [50.0] * 3)
    roster = roster_of(2, lon_deg=[0.0, 1.0], lat_deg=50.0)

    plan = build_territories(ask(accounts, roster, tolerance=np.inf, lock=[0, 1, -1]))

    assert explain(plan, 0).would_change == (
        "unlock the account and the runner-up's centre 71.5 km nearer, as it counts"
    )
    alone = build_territories(ask(accounts, roster_of(1), tolerance=np.inf, lock=0))
    assert explain(alone, 0).would_change == "unlock the account and add a second rep to the roster"
    assert explain(plan, 1).would_change == "unlock the account"


def test_in_a_repair_it_is_the_repair_that_keeps_an_account_with_its_owner() -> None:
    accounts = accounts_at([0.0, 0.9, 1.0], [50.0] * 3, rep=[0, 0, 1])
    roster = roster_of(2)
    request = ask(accounts, roster, tolerance=np.inf, churn_km=0.0, mode=Mode.REPAIR)

    plan = build_territories(request)

    assert plan.territory.tolist() == [0, 0, 1]
    near, far = explain(plan, 1).would_change, explain(plan, 0).would_change
    build = "a build in place of a repair, which moves only what breaks a limit"
    assert near == build
    assert far.startswith(f"{build} and the runner-up's centre ")
    assert "10," not in far


def test_a_limit_that_keeps_a_unit_keeps_each_account_of_it() -> None:
    lon = np.array([0.0, 0.0, 0.1, 0.1, 1.4, 1.8, 3.0, 3.0])
    unit = np.repeat(np.arange(4), 2).astype(np.int32)
    roster = roster_of(2, lon_deg=[0.0, 3.0], lat_deg=50.0)
    request = ask(accounts_at(lon, np.full(8, 50.0)), roster, hours=[1.0] * 8, unit=unit)
    request = replace(
        request,
        demands=(
            replace(request.demands[0], lo=np.array([6.0, 0.0]), hi=np.array([8.0, 8.0])),
            *request.demands[1:],
        ),
    )

    plan = build_territories(request)

    assert plan.territory.tolist() == [0, 0, 0, 0, 0, 0, 1, 1]
    near, far = plan.cost_difference_km[4:6]
    assert near > 0 > far
    assert ReasonCode(int(plan.reason[4])) is ReasonCode(int(plan.reason[5])) is ReasonCode.BALANCE
    assert explain(plan, 4).would_change.startswith("its unit of 2 accounts takes 2 h")
