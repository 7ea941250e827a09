"""The plan put together: what was found on units, told for every account."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import km_between, lon_lat, unit_vectors
from sfterritory.optimize.aggregate import Book
from sfterritory.optimize.alignment import ReasonCode, Stage, TerritoryPlan
from sfterritory.optimize.band import band_of
from sfterritory.optimize.choice import Choice, choice_of
from sfterritory.optimize.drive import Drive
from sfterritory.optimize.engine.answer import Construction, cost_km
from sfterritory.optimize.engine.kernel import FAR_PRICE_KM
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.engine.relax import Obstacle, relaxation_with
from sfterritory.optimize.infeasible import conflicts_of, relaxation_of
from sfterritory.optimize.mode import REPAIR_CHURN_KM
from sfterritory.optimize.note import empty_note, plan_notes
from sfterritory.optimize.params import Mode
from sfterritory.optimize.reason_code import (
    blocking_demand,
    following_unit,
    nearer_rep,
    reason_codes,
)
from sfterritory.optimize.request import TerritoryRequest
from sfterritory.optimize.stage import Scale, stage

Codes = NDArray[np.int8]


def plan_of(
    request: TerritoryRequest,
    book: Book,
    problem: Problem,
    found: Construction,
    *,
    drive: Drive | None,
) -> TerritoryPlan:
    """Return the plan of a sorted request, in the same order."""
    unit, territory = book.unit, found.territory[book.unit]
    choice = choice_of(problem, found, drive)
    bands = tuple(band_of(demand, territory) for demand in request.demands)
    own = _own(request, book, problem, found, choice)
    blocking = blocking_demand(found.territory, choice.runner_up, amounts=book.amounts, bands=bands)
    nearer = nearer_rep(problem, found.territory, choice)
    code = reason_codes(
        problem,
        found.territory,
        choice,
        nearer=nearer,
        blocking=blocking,
        one_piece=request.gap_km is not None and drive is None,
    )
    reason = following_unit(
        code[unit],
        together=book.size[unit] > 1,
        stranger=request.accounts.rep != territory,
        difference_km=own.difference_km,
    )
    lon_deg, lat_deg = lon_lat(found.centres)
    plan = TerritoryPlan(
        territory=territory,
        rep=request.accounts.rep,
        runner_up=choice.runner_up[unit],
        km=own.km,
        runner_up_km=own.runner_up_km,
        minutes=choice.minutes[unit],
        runner_up_minutes=choice.runner_up_minutes[unit],
        travel_quality=choice.quality[unit],
        cost_difference_km=own.difference_km,
        reason=reason,
        blocking=np.where(reason == ReasonCode.BALANCE, blocking[unit], -1).astype(np.int8),
        together=book.size[unit].astype(np.int32),
        moving=_moving(book, blocking)[unit],
        lock_cause=request.locks.cause,
        group=request.fit.group,
        group_cause=request.fit.cause,
        lifted_km=np.where(reason == code[unit], nearer.saves_km(code)[unit], np.nan),
        churn_km=_churn(request, book, problem),
        bands=bands,
        centre_lon_deg=lon_deg,
        centre_lat_deg=lat_deg,
        price_km=found.psi,
        stages=_stages(request, book, problem, found, own.km, drive),
        objective=found.cost_km_hours,
        lower_bound=found.bound_km_hours,
        conflicts=conflicts_of(request, book, found.conflicts, bands=bands),
        relaxation=relaxation_of(request, _relaxed(problem, found), bands=bands),
        notes=(),
        travel_source="" if drive is None else drive.source,
        repair=request.mode is Mode.REPAIR,
    )
    return replace(plan, notes=plan_notes(request, plan))


def _relaxed(problem: Problem, found: Construction) -> dict[str, tuple[Floats, Floats]]:
    """Return by how much least and greatest loads have to give way, by name of the demand."""
    heavy = any(one.kind is Obstacle.TOO_HEAVY for one in found.conflicts)
    relaxation = relaxation_with(problem, found.territory) if heavy else found.relaxation
    return {
        one.name: (relaxation.lo_less[number], relaxation.hi_more[number])
        for number, one in enumerate(problem.measures)
    }


def empty_plan(request: TerritoryRequest) -> TerritoryPlan:
    """Return the plan of a request without accounts."""
    nobody, none = np.zeros(0, dtype=np.int32), np.zeros(0)
    codes = np.zeros(0, dtype=np.int8)
    return TerritoryPlan(
        territory=nobody,
        rep=nobody,
        runner_up=nobody,
        km=none,
        runner_up_km=none,
        minutes=none,
        runner_up_minutes=none,
        travel_quality=codes,
        cost_difference_km=none,
        reason=codes,
        blocking=codes,
        together=nobody,
        moving=none,
        lock_cause=request.locks.cause,
        group=request.fit.group,
        group_cause=request.fit.cause,
        lifted_km=none,
        churn_km=none,
        bands=tuple(band_of(demand, nobody) for demand in request.demands),
        centre_lon_deg=request.roster.lon_deg,
        centre_lat_deg=request.roster.lat_deg,
        price_km=np.zeros(len(request.roster)),
        stages=(),
        objective=0.0,
        lower_bound=0.0,
        conflicts=(),
        relaxation=(),
        notes=(empty_note(),),
    )


@dataclass(frozen=True, slots=True)
class _Own:
    """What is true of each account itself, not of its unit; shape (n,)."""

    km: Floats
    runner_up_km: Floats
    difference_km: Floats


def _own(
    request: TerritoryRequest, book: Book, problem: Problem, found: Construction, choice: Choice
) -> _Own:
    """Return distances of accounts, and what an hour of each would cost more at the runner-up."""
    territory, second = found.territory[book.unit], choice.runner_up[book.unit]
    there = np.where(second >= 0, second, territory)
    accounts = request.accounts
    vectors = unit_vectors(accounts.lon_deg, accounts.lat_deg)
    km = km_between(vectors, found.centres[territory])
    other_km = km_between(vectors, found.centres[there])
    if (book.size == 1).all():
        with np.errstate(invalid="ignore"):
            difference_km = choice.runner_up_cost_km - choice.cost_km
    else:
        difference_km = _as_if_alone(
            request, book, problem, choice, ((territory, km), (there, other_km))
        )
    missing = second < 0
    return _Own(
        km=km,
        runner_up_km=np.where(missing, np.nan, other_km),
        difference_km=np.where(missing, np.nan, difference_km),
    )


def _as_if_alone(
    request: TerritoryRequest,
    book: Book,
    problem: Problem,
    choice: Choice,
    places: tuple[tuple[Ints, Floats], tuple[Ints, Floats]],
) -> Floats:
    """Return the difference in cost of accounts as if each were on its own.

    Drives are those of the unit's middle: they were asked for units.
    """
    unit = book.unit
    rep = request.accounts.rep
    churn_km = _churn(request, book, problem)
    costs = []
    for (one, km), minutes in zip(
        places, (choice.minutes[unit], choice.runner_up_minutes[unit]), strict=True
    ):
        extra_km = problem.extra_km[problem.group[unit], one]
        no_way = np.isinf(minutes)
        leg = np.where(np.isnan(minutes), km, np.where(no_way, km + FAR_PRICE_KM, minutes))
        far = np.where(km <= problem.max_km[one], 0.0, FAR_PRICE_KM)
        fit_km = np.where(np.isinf(extra_km), 0.0, extra_km)  # a lock outranks it
        costs.append(leg + far + fit_km + np.where(rep != one, churn_km, 0.0))
    difference: Floats = costs[1] - costs[0]
    return difference


def _churn(request: TerritoryRequest, book: Book, problem: Problem) -> Floats:
    """Return what an hour of each account had to save; nothing where no owner counts."""
    if problem.rep.max(initial=-1) < 0:
        return np.zeros(len(request.accounts))
    repair = REPAIR_CHURN_KM if request.mode is Mode.REPAIR else 0.0
    priced = (request.accounts.rep >= 0) & ~book.idle[book.unit]
    return np.where(priced, request.churn_km + repair, 0.0)


def _moving(book: Book, blocking: Codes) -> Floats:
    """Return how much of the blocking demand each unit would take along, NaN where none blocks."""
    unit = np.arange(len(book))
    amount = book.amounts[np.maximum(blocking, 0), unit]
    return np.where(blocking >= 0, amount, np.nan)


def _stages(
    request: TerritoryRequest,
    book: Book,
    problem: Problem,
    found: Construction,
    km: Floats,
    drive: Drive | None,
) -> tuple[Stage, ...]:
    """Return today, feasible and improved, all by what decided the plan: distances or drives."""
    scale, unit = Scale(request.demands, request.accounts.rep), book.unit
    accounts = request.accounts
    vectors = unit_vectors(accounts.lon_deg, accounts.lat_deg)
    stages = []
    for name, territory in (
        ("today", accounts.rep),
        ("feasible", found.feasible[unit]),
        ("improved", found.territory[unit]),
    ):
        held = np.maximum(territory, 0)
        own_km = km if name == "improved" else km_between(vectors, found.centres[held])
        cost = _costs(problem, found, unit, held, drive)
        stages.append(stage(name, territory, scale=scale, cost_km=cost, km=own_km))
    return tuple(stages)


def _costs(
    problem: Problem, found: Construction, unit: NDArray[np.int64], rep: Ints, drive: Drive | None
) -> Floats:
    """Return what an hour of accounts costs with some reps, measured from their units' middles.

    A pair whose drive was not asked for is measured by its distance.
    """
    km = km_between(problem.vectors[unit], found.centres[rep])
    cost = cost_km(problem, unit, rep, km)
    if drive is not None:
        pair = drive.pair_of(unit, rep, k=problem.n_reps)
        cost = np.where(pair >= 0, drive.cost_km[np.maximum(pair, 0)], cost)
    return cost
