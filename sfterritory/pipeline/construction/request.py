"""The request: settings, the store and a what-if become what construction is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Flags, Floats, TextColumn
from sfterritory.model.store.store import Store
from sfterritory.model.travel import Points
from sfterritory.model.what_if import UNCHANGED, WhatIf
from sfterritory.optimize.alignment import TerritoryPlan
from sfterritory.optimize.capacity import CapacityTerms
from sfterritory.optimize.params import Mode, TerritoryParams
from sfterritory.optimize.request import Fit, Locks, TerritoryRequest
from sfterritory.optimize.workload import Workload, workload
from sfterritory.pipeline.cadence import accepted_cadence
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.construction.continuity import churn_factor
from sfterritory.pipeline.construction.demands import Sharing, make_demands, rows_of_reps
from sfterritory.pipeline.construction.fit import both, frozen_fit, parts_with_locks, reserved_fit
from sfterritory.pipeline.construction.left_out import (
    LeftOut,
    left_out,
    left_out_causes,
    somebody_left,
)
from sfterritory.pipeline.construction.locks import held_to_owner, settled_by
from sfterritory.pipeline.construction.units import book_units
from sfterritory.pipeline.geo.land import land_fit
from sfterritory.pipeline.override import override_locks
from sfterritory.pipeline.people import People
from sfterritory.pipeline.what_if import Changed, Known, change
from sfterritory.routing.directory import Directory
from sfterritory.settings.project import Settings
from sfterritory.settings.territories import Balance


@dataclass(frozen=True, slots=True)
class Asked:
    """What construction is asked for, and what belongs to it.

    Attributes:
        book: The accounts and reps of the request.
        request: For `build_territories`.
        work: Hours of each account, term by term.
        sharing: How the hours of accounts become demands.
        left_out: Accounts in scope that are in no territory.
        changes: What a what-if changed, one sentence each.
        notes: What was read otherwise than it stands in Salesforce, and what could not be had.
    """

    book: Book
    request: TerritoryRequest
    work: Workload
    sharing: Sharing
    left_out: LeftOut
    changes: tuple[str, ...]
    notes: tuple[str, ...]

    def with_hours(self, hours: Floats, plan: TerritoryPlan) -> Asked:
        """Return the same question with other hours of accounts, begun from an answer."""
        demands, _ = make_demands(self.book, hours, sharing=self.sharing)
        centres = (plan.centre_lon_deg, plan.centre_lat_deg)
        return replace(self, request=replace(self.request, demands=demands, centres=centres))

    @property
    def capacity(self) -> CapacityTerms:
        """Return where the hours of reps go."""
        return self.work.capacity


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a request depends on beside the book.

    Attributes:
        taken_at: When the book was pulled: locks that are due within days count from there.
        now: Decides which overrides and ramps count.
        what_if: What to change.
    """

    taken_at: datetime
    now: datetime
    what_if: WhatIf = UNCHANGED


def ask(
    settings: Settings, store: Store, book: Book, *, people: People, given: Circumstances
) -> Asked:
    """Return the request for the territories of owners.

    Raises:
        ConfigError: A mapping or a what-if does not fit the org; every mistake is listed.
    """
    params, what_if = settings.territories, given.what_if
    ruled = _ruled(settings, store, book, people=people, given=given)
    inside, fit, locks = ruled.inside, ruled.fit, ruled.locks
    work = workload(inside.accounts, inside.roster, params=params.workload, as_of=given.now.date())
    sharing = Sharing(
        balance=_balance(params.balance, what_if),
        parts=parts_with_locks(fit, locks.rep),
        frozen=ruled.frozen,
        directory=people.directory,
        rep_hours=work.capacity.rep_hours,
        within_capacity=params.territories.within_capacity,
        heavy_value_share=params.territories.heavy_value_share,
    )
    demands, notes = make_demands(inside, work.hours, sharing=sharing)
    units, unit_notes = book_units(settings, store, inside)
    factor, churn_notes = churn_factor(settings, store, inside, taken_at=given.taken_at)
    request = TerritoryRequest(
        accounts=inside.accounts,
        roster=inside.roster,
        demands=demands,
        locks=locks,
        fit=fit,
        unit=units,
        churn_km=_churn_km(settings, inside, what_if) * factor,
        max_km=np.full(len(inside.roster), params.territories.max_km or np.inf),
        mode=Mode(what_if.mode or params.territories.mode),
        gap_km=(params.territories.water_gap_km or np.inf)
        if params.territories.connected
        else None,
        one_piece=_one_piece(params.territories, inside, people.directory),
        seed=settings.project.seed,
    )
    return Asked(
        book=inside,
        request=request,
        work=work,
        sharing=sharing,
        left_out=ruled.left_out,
        changes=ruled.changes,
        notes=(*book.notes, *ruled.notes, *notes, *unit_notes, *churn_notes),
    )


def _one_piece(params: TerritoryParams, book: Book, directory: Directory) -> Flags | None:
    """Return whose territories have to be in one piece, None for everybody or nobody."""
    if not params.connected_except:
        return None
    named = [
        (f"territories: connected_except.{at}", ref)
        for at, ref in enumerate(params.connected_except)
    ]
    flags = np.ones(len(book.roster), dtype=np.bool_)
    flags[rows_of_reps(named, book, directory)] = False
    return flags


@dataclass(frozen=True, slots=True)
class _Ruled:
    """The book after everything that people settled beforehand: what-ifs, overrides, locks, fit.

    Attributes:
        inside: Accounts that go to territories, and the roster.
        fit: Who may have which of them.
        locks: Those whose rep is settled.
        frozen: Reps who are not planned again, shape (k,).
        left_out: Accounts in scope that are in no territory.
        changes: What a what-if changed, one sentence each.
        notes: What could not be had.
    """

    inside: Book
    fit: Fit
    locks: Locks
    frozen: Flags
    left_out: LeftOut
    changes: tuple[str, ...]
    notes: tuple[str, ...]


def _ruled(
    settings: Settings, store: Store, book: Book, *, people: People, given: Circumstances
) -> _Ruled:
    held = held_to_owner(settings, store, book, taken_at=given.taken_at)
    changed = change(
        replace(book.accounts, locked=held.codes >= 0),
        book.roster,
        given.what_if,
        known=_known(settings, book, people=people, what_if=given.what_if),
    )
    over = override_locks(store, changed.roster, changed.accounts.ids, now=given.now)
    whole = replace(book, accounts=changed.accounts, roster=changed.roster)
    whole = _with_accepted_cadence(store, whole, now=given.now)
    fit, land_notes = _fit(settings, whole, changed, people=people)
    cause = left_out_causes(changed, over, fit)
    somebody_left(cause)
    kept, inside = np.flatnonzero(cause.codes < 0), whole.without(cause.codes >= 0)
    owner = np.where(inside.accounts.locked, inside.accounts.rep, -1).astype(np.int32)
    return _Ruled(
        inside=inside,
        fit=replace(fit, group=fit.group[kept]),
        locks=settled_by(
            (over.rep[kept], _taken(over.cause, kept)),
            (changed.settled[kept], _taken(changed.cause, kept)),
            (owner, _taken(held, kept)),
        ),
        frozen=changed.frozen,
        left_out=left_out(book, cause),
        changes=changed.changes,
        notes=(*over.notes, *land_notes),
    )


def _with_accepted_cadence(store: Store, book: Book, *, now: datetime) -> Book:
    """Return the book with at most the calls a year that people accepted in proposals."""
    accepted = accepted_cadence(store, book.accounts.ids, now=now)
    calls = np.fmin(accepted, book.accounts.calls_per_year)
    return replace(book, accounts=replace(book.accounts, calls_per_year=calls))


def _known(settings: Settings, book: Book, *, people: People, what_if: WhatIf) -> Known:
    workload_params = settings.territories.workload
    return Known(
        usernames={one.id: one.username for one in people.users},
        fields=book.fields(what_if.account_fields),
        calls_per_year=workload_params.calls_per_year,
        visit_minutes=workload_params.visit_minutes,
    )


def _fit(
    settings: Settings, book: Book, changed: Changed, *, people: People
) -> tuple[Fit, tuple[str, ...]]:
    """Return who may have which accounts: as reserved, by the land, and by who is planned."""
    fit = both(reserved_fit(settings, book), frozen_fit(changed.settled, changed.frozen))
    land = land_fit(
        settings,
        settings.territories.geography,
        accounts=Points(book.accounts.lon_deg, book.accounts.lat_deg),
        roster=book.roster,
        directory=people.directory,
    )
    if land is None:
        return fit, ()
    groups = land.groups
    return both(fit, Fit(groups.group, groups.extra_km, groups.cause)), land.notes


def _balance(balance: tuple[Balance, ...], what_if: WhatIf) -> tuple[Balance, ...]:
    known = {one.measure for one in balance}
    strange = sorted(set(what_if.tolerance) - known)
    if strange:
        raise ConfigError(
            f"tolerance: {', '.join(strange)} is not shared out, only {', '.join(sorted(known))}",
            remedy="name a measure of `balance` in mappings/territories.yaml",
        )
    return tuple(
        one.model_copy(update={"tolerance": what_if.tolerance.get(one.measure, one.tolerance)})
        for one in balance
    )


def _churn_km(settings: Settings, book: Book, what_if: WhatIf) -> Floats:
    """Return the price of a change for each account, 0 where none of the reps has it."""
    params = settings.territories.territories
    price_km = params.churn_price_km if what_if.churn_price_km is None else what_if.churn_price_km
    price: Floats = np.where(book.accounts.rep >= 0, price_km, 0.0)
    return price


def _taken(column: TextColumn, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> TextColumn:
    return TextColumn(column.codes[rows], column.vocabulary)
