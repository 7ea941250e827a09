"""Build territories: one per rep, every account in exactly one, limits first and then travel.

The order: centres (homes, or middles of accounts found in rounds over micro-cells), prices of
hours and value, the min-cost flow of accounts to centres, repair of limits, saving of travel.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import AccountColumns, Floats, Ints, RosterColumns
from sfterritory.optimize.alignment import Stage, TerritoryPlan
from sfterritory.optimize.band import Band, Measure
from sfterritory.optimize.construct import Solution, solve
from sfterritory.optimize.note import empty_note, plan_notes
from sfterritory.optimize.params import TerritoryParams
from sfterritory.optimize.problem import Problem, make_problem
from sfterritory.optimize.reasons import reason_codes
from sfterritory.optimize.sphere import km_between, lon_lat, totals, unit_vectors
from sfterritory.optimize.workload import Workload

_Item = TypeVar("_Item", bound=np.generic)


def build_territories(
    accounts: AccountColumns,
    roster: RosterColumns,
    *,
    workload: Workload,
    params: TerritoryParams,
    executor: Executor | None = None,
) -> TerritoryPlan:
    """Return territories for every account, balanced on hours and value, close to today's.

    The order of rows and the number of workers behind `executor` never change the answer. What
    cannot be had (limits that clash, a book too big for the roster) is named in the notes and in
    the bands, and the plan comes as near as was found.

    Raises:
        ValueError: The columns break their contract, or there are accounts and no rep.
    """
    _check(accounts, roster, workload)
    if len(accounts) == 0:
        return _empty_plan(roster, params)
    account_order = np.argsort(accounts.ids, kind="stable")
    rep_order = np.argsort(roster.ids, kind="stable")
    number = np.full(len(roster) + 1, -1, dtype=np.int32)  # the last entry: owner not in the roster
    number[rep_order] = np.arange(len(roster), dtype=np.int32)
    problem = make_problem(
        unit_vectors(accounts.lon_deg, accounts.lat_deg)[account_order],
        unit_vectors(roster.lon_deg, roster.lat_deg)[rep_order],
        amounts=(workload.hours[account_order], accounts.value_usd[account_order]),
        owners=(number[accounts.rep[account_order]], accounts.locked[account_order]),
        capacity=(roster.capacity_share[rep_order], workload.capacity.rep_hours[rep_order]),
        params=params,
    )
    sorted_plan = _plan(problem, solve(problem, executor=executor))
    plan = _in_given_order(sorted_plan, account_order=account_order, rep_order=rep_order)
    shared_home = _spread(problem.shared_home, rep_order)
    return replace(
        plan, notes=plan_notes(plan, accounts, roster=roster, workload=workload, shared=shared_home)
    )


def _plan(problem: Problem, solution: Solution) -> TerritoryPlan:
    """Return the plan in the order of the problem, without notes."""
    book, arcs, territory = problem.book, solution.arcs, solution.improved
    own, other = _own_and_runner_up(problem, solution)
    cost = problem.cost(arcs)
    at_least = np.where(other >= 0, cost[other], np.inf)
    best = np.where(cost[own] <= at_least, territory, arcs.territory[other])
    nearest_km = arcs.km[arcs.cheapest(arcs.km)]
    nearest = np.where(
        arcs.km[own] <= nearest_km, territory, arcs.territory[arcs.cheapest(arcs.km)]
    )
    bands = (_hours_band(problem, territory), _value_band(problem, territory))
    centre_lon_deg, centre_lat_deg = lon_lat(solution.centres)
    stages = (
        _stage("today", problem, book.rep, solution),
        _stage("feasible", problem, solution.feasible, solution),
        _stage("improved", problem, territory, solution),
    )
    return TerritoryPlan(
        territory=territory,
        rep=book.rep,
        runner_up=np.where(other >= 0, arcs.territory[other], -1).astype(np.int32),
        km=arcs.km[own],
        runner_up_km=np.where(other >= 0, arcs.km[other], np.nan),
        reason=reason_codes(
            territory=territory,
            owners=(book.rep, problem.locked),
            best=best.astype(np.int32),
            nearest=nearest.astype(np.int32),
            amounts=problem.amounts,
            bands=bands,
        ),
        hours=problem.hours,
        counted_value_usd=problem.counted_usd,
        centre_lon_deg=centre_lon_deg,
        centre_lat_deg=centre_lat_deg,
        hours_band=bands[0],
        value_band=bands[1],
        churn_price_km=problem.params.churn_price_km,
        stages=stages,
        objective=stages[-1].objective,
        lower_bound=solution.lower_bound,
        notes=(),
    )


def _own_and_runner_up(problem: Problem, solution: Solution) -> tuple[Ints, Ints]:
    """Return each account's own arc and its cheapest other one, -1 where there is no other."""
    arcs, territory = solution.arcs, solution.improved
    own = np.flatnonzero(arcs.territory == territory[arcs.row]).astype(np.int32)
    cost = problem.cost(arcs)
    cost[own] = np.inf
    other = arcs.cheapest(cost)
    return own, np.where(np.isfinite(cost[other]), other, -1).astype(np.int32)


def _hours_band(problem: Problem, territory: Ints) -> Band:
    target, lo, hi = problem.hours_limits
    load = totals(territory, problem.hours, n_groups=problem.n_reps)
    return Band(Measure.HOURS, target, lo, hi, load, np.zeros(problem.n_reps))


def _value_band(problem: Problem, territory: Ints) -> Band:
    target, lo, hi = problem.value_limits
    load = totals(territory, problem.value_usd, n_groups=problem.n_reps)
    counted = totals(territory, problem.counted_usd, n_groups=problem.n_reps)
    return Band(Measure.VALUE, target, lo, hi, load, load - counted)


def _stage(name: str, problem: Problem, territory: Ints, solution: Solution) -> Stage:
    book = problem.book
    owned = territory >= 0
    km = km_between(book.vectors[owned], solution.centres[territory[owned]])
    weight = book.weight[owned]
    moved = (book.rep >= 0) & owned & (territory != book.rep)
    loads = problem.loads(territory, rows=owned)
    shares, outside = [], np.zeros(problem.n_reps, dtype=np.bool_)
    for load, (target, lo, hi), measure in zip(
        loads, (problem.hours_limits, problem.value_limits), Measure, strict=True
    ):
        shares.append(load / np.where(target > 0, target, 1.0))
        outside |= Band(measure, target, lo, hi, load, np.zeros_like(load)).outside
    churn = problem.params.churn_price_km * float(book.weight[moved].sum())
    return Stage(
        name=name,
        objective=float((weight * km).sum()) + churn,
        mean_km=float((weight * km).sum() / weight.sum()) if owned.any() else 0.0,
        hours_share_min=float(shares[0].min()),
        hours_share_max=float(shares[0].max()),
        value_share_min=float(shares[1].min()),
        value_share_max=float(shares[1].max()),
        territories_outside=int(outside.sum()),
        accounts_moved=int(moved.sum()),
    )


def _in_given_order(
    plan: TerritoryPlan, *, account_order: NDArray[np.intp], rep_order: NDArray[np.intp]
) -> TerritoryPlan:
    """Return the plan with rows and territories as the caller numbers them."""
    given = np.append(rep_order, -1).astype(np.int32)  # -1 stays -1

    def band(of: Band) -> Band:
        target, lo, hi, load, excess = (
            _spread(array, rep_order) for array in (of.target, of.lo, of.hi, of.load, of.excess)
        )
        return Band(of.measure, target, lo, hi, load, excess)

    return replace(
        plan,
        territory=_spread(given[plan.territory], account_order),
        rep=_spread(given[plan.rep], account_order),
        runner_up=_spread(given[plan.runner_up], account_order),
        km=_spread(plan.km, account_order),
        runner_up_km=_spread(plan.runner_up_km, account_order),
        reason=_spread(plan.reason, account_order),
        hours=_spread(plan.hours, account_order),
        counted_value_usd=_spread(plan.counted_value_usd, account_order),
        centre_lon_deg=_spread(plan.centre_lon_deg, rep_order),
        centre_lat_deg=_spread(plan.centre_lat_deg, rep_order),
        hours_band=band(plan.hours_band),
        value_band=band(plan.value_band),
    )


def _spread(values: NDArray[_Item], order: NDArray[np.intp]) -> NDArray[_Item]:
    """Undo a sort: `order[i]` is where sorted row i came from."""
    given = np.empty_like(values)
    given[order] = values
    return given


def _check(accounts: AccountColumns, roster: RosterColumns, workload: Workload) -> None:
    """Raise ValueError with every breach of the columns' contract."""
    n, k = len(accounts), len(roster)
    columns: dict[str, Floats] = {
        "lon_deg": accounts.lon_deg,
        "lat_deg": accounts.lat_deg,
        "value_usd": accounts.value_usd,
        "workload hours": workload.hours,
    }
    problems = [
        f"{name} has {len(values)} rows for {n} accounts"
        for name, values in columns.items()
        if len(values) != n
    ]
    problems += [
        f"{name} is not a number in {int((~np.isfinite(values)).sum())} rows"
        for name, values in columns.items()
        if not np.isfinite(values).all()
    ]
    problems += [
        f"{name} is below 0 in {int((columns[name] < 0).sum())} rows"
        for name in ("value_usd", "workload hours")
        if (columns[name] < 0).any()
    ]
    if ((accounts.rep < -1) | (accounts.rep >= k)).any():
        problems.append(f"rep is not a row of the roster ({k} rows) or -1")
    if (accounts.locked & (accounts.rep < 0)).any():
        problems.append("an account without a rep is locked")
    if not (roster.capacity_share > 0).all():
        problems.append("a capacity_share is not above 0")
    for name, ids in (("accounts", accounts.ids), ("roster", roster.ids)):
        if len(np.unique(ids)) != len(ids):
            problems.append(f"an id appears twice in the {name}")
    if n > 0 and k == 0:
        problems.append(f"{n} accounts and no rep to own them")
    if problems:
        raise ValueError("; ".join(problems))


def _empty_plan(roster: RosterColumns, params: TerritoryParams) -> TerritoryPlan:
    zeros = np.zeros(len(roster))
    nobody = np.zeros(0, dtype=np.int32)
    none = np.zeros(0)
    return TerritoryPlan(
        territory=nobody,
        rep=nobody,
        runner_up=nobody,
        km=none,
        runner_up_km=none,
        reason=np.zeros(0, dtype=np.int8),
        hours=none,
        counted_value_usd=none,
        centre_lon_deg=roster.lon_deg,
        centre_lat_deg=roster.lat_deg,
        hours_band=Band(Measure.HOURS, zeros, zeros, zeros, zeros, zeros),
        value_band=Band(Measure.VALUE, zeros, zeros, zeros, zeros, zeros),
        churn_price_km=params.churn_price_km,
        stages=(),
        objective=0.0,
        lower_bound=0.0,
        notes=(empty_note(),),
    )
