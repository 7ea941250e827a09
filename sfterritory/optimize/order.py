"""Requests sorted by id, and plans back in the order they were asked in."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import (
    AccountColumns,
    Column,
    FlagColumn,
    Ids,
    NumberColumn,
    RosterColumns,
    TextColumn,
    TimeColumn,
)
from sfterritory.optimize.alignment import Conflict, TerritoryPlan
from sfterritory.optimize.band import Band
from sfterritory.optimize.request import Demand, Fit, Locks, TerritoryRequest

_Item = TypeVar("_Item", bound=np.generic)
Longs = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Order:
    """Where each row of the sorted request stood.

    Attributes:
        accounts: Given row of each sorted account, shape (n,).
        reps: Given row of each sorted rep, shape (k,).
    """

    accounts: Longs
    reps: Longs

    @classmethod
    def by_id(cls, request: TerritoryRequest) -> Order:
        """Return the order of ids; of equal moves the engine takes that of the lower row.

        A seed above 0 shuffles the order, by the ids and nothing else: other ties, another plan.
        """
        accounts, reps = _ascending(request.accounts.ids), _ascending(request.roster.ids)
        if request.seed:
            dice = np.random.default_rng(request.seed)
            accounts, reps = dice.permutation(accounts), dice.permutation(reps)
        return cls(accounts, reps)

    @property
    def is_given(self) -> bool:
        """Return whether everything is in order already."""
        return all((np.diff(one) > 0).all() for one in (self.accounts, self.reps))

    def sorted(self, request: TerritoryRequest) -> TerritoryRequest:
        """Return the request with accounts and reps in this order."""
        if self.is_given:
            return request
        rows, reps = self.accounts, self.reps
        number = np.full(len(reps) + 1, -1, dtype=np.int32)  # the last entry keeps -1 as it is
        number[reps] = np.arange(len(reps), dtype=np.int32)
        accounts = AccountColumns(
            **{
                one.name: getattr(request.accounts, one.name)[rows]
                for one in fields(AccountColumns)
            }
        )
        cause = request.locks.cause
        centres = request.centres
        return replace(
            request,
            accounts=replace(accounts, rep=number[accounts.rep]),
            roster=_roster(request.roster, reps),
            demands=tuple(_demand(one, rows, reps) for one in request.demands),
            locks=Locks(
                number[request.locks.rep[rows]], TextColumn(cause.codes[rows], cause.vocabulary)
            ),
            fit=Fit(request.fit.group[rows], request.fit.extra_km[:, reps], request.fit.cause),
            unit=request.unit[rows],
            churn_km=request.churn_km[rows],
            max_km=request.max_km[reps],
            centres=None if centres is None else (centres[0][reps], centres[1][reps]),
            one_piece=None if request.one_piece is None else request.one_piece[reps],
        )

    def given(self, plan: TerritoryPlan) -> TerritoryPlan:
        """Return a sorted plan with rows and reps as they were given."""
        if self.is_given:
            return plan
        rows, reps = self.accounts, self.reps
        number = np.append(reps, -1).astype(np.int32)  # -1 stays -1
        cause = plan.lock_cause
        return replace(
            plan,
            territory=_spread(number[plan.territory], rows),
            rep=_spread(number[plan.rep], rows),
            runner_up=_spread(number[plan.runner_up], rows),
            km=_spread(plan.km, rows),
            runner_up_km=_spread(plan.runner_up_km, rows),
            minutes=_spread(plan.minutes, rows),
            runner_up_minutes=_spread(plan.runner_up_minutes, rows),
            travel_quality=_spread(plan.travel_quality, rows),
            cost_difference_km=_spread(plan.cost_difference_km, rows),
            reason=_spread(plan.reason, rows),
            blocking=_spread(plan.blocking, rows),
            together=_spread(plan.together, rows),
            moving=_spread(plan.moving, rows),
            lock_cause=TextColumn(_spread(cause.codes, rows), cause.vocabulary),
            group=_spread(plan.group, rows),
            lifted_km=_spread(plan.lifted_km, rows),
            churn_km=_spread(plan.churn_km, rows),
            bands=tuple(self._band(one) for one in plan.bands),
            centre_lon_deg=_spread(plan.centre_lon_deg, reps),
            centre_lat_deg=_spread(plan.centre_lat_deg, reps),
            price_km=_spread(plan.price_km, reps),
            conflicts=tuple(self._conflict(one) for one in plan.conflicts),
            relaxation=tuple(replace(one, rep=int(number[one.rep])) for one in plan.relaxation),
            notes=tuple(replace(one, rep=int(number[one.rep])) for one in plan.notes),
        )

    def _band(self, band: Band) -> Band:
        reps = self.reps
        return replace(
            band,
            target=_spread(band.target, reps),
            lo=_spread(band.lo, reps),
            hi=_spread(band.hi, reps),
            load=_spread(band.load, reps),
            amount=_spread(band.amount, self.accounts),
        )

    def _conflict(self, conflict: Conflict) -> Conflict:
        return replace(
            conflict,
            reps=tuple(sorted(int(self.reps[rep]) for rep in conflict.reps)),
            rows=tuple(int(self.accounts[row]) for row in conflict.rows),
        )


def _ascending(ids: Ids) -> Longs:
    if (ids[:-1] < ids[1:]).all():  # as rows usually come: sorting a million strings takes seconds
        return np.arange(len(ids))
    return np.argsort(ids, kind="stable")


def _roster(roster: RosterColumns, reps: Longs) -> RosterColumns:
    return RosterColumns(
        ids=roster.ids[reps],
        names=tuple(roster.names[rep] for rep in reps.tolist()),
        lon_deg=roster.lon_deg[reps],
        lat_deg=roster.lat_deg[reps],
        capacity_share=roster.capacity_share[reps],
        attributes={name: _column(one, reps) for name, one in roster.attributes.items()},
    )


def _column(column: Column, reps: Longs) -> Column:
    match column:
        case TextColumn():
            return TextColumn(column.codes[reps], column.vocabulary)
        case NumberColumn():
            return NumberColumn(column.values[reps])
        case FlagColumn():
            return FlagColumn(column.values[reps])
        case TimeColumn():
            return TimeColumn(column.values[reps])


def _demand(demand: Demand, rows: Longs, reps: Longs) -> Demand:
    return replace(
        demand,
        amount=demand.amount[rows],
        target=demand.target[reps],
        lo=demand.lo[reps],
        hi=demand.hi[reps],
    )


def _spread(values: NDArray[_Item], order: Longs) -> NDArray[_Item]:
    """Undo a sort: `order[i]` is where sorted row i came from."""
    given = np.empty_like(values)
    given[order] = values
    return given
