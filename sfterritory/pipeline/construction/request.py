"""The request: settings, the store and a what-if become what construction is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Floats, TextColumn
from sfterritory.model.store.store import Store
from sfterritory.model.travel import Points
from sfterritory.model.what_if import UNCHANGED, WhatIf
from sfterritory.optimize.alignment import TerritoryPlan
from sfterritory.optimize.capacity import CapacityTerms
from sfterritory.optimize.params import Mode
from sfterritory.optimize.request import Fit, TerritoryRequest
from sfterritory.optimize.workload import Workload, workload
from sfterritory.pipeline.cadence import accepted_cadence
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.construction.demands import Sharing, make_demands
from sfterritory.pipeline.construction.fit import (
    both,
    frozen_fit,
    nobody_may,
    parts_with_locks,
    reserved_fit,
)
from sfterritory.pipeline.construction.locks import held_to_owner, settled_by
from sfterritory.pipeline.construction.units import book_units
from sfterritory.pipeline.geo.land import land_fit
from sfterritory.pipeline.override import OverrideLocks, override_locks
from sfterritory.pipeline.people import People
from sfterritory.pipeline.what_if import OUTSIDE, Changed, Known, change
from sfterritory.settings.project import Settings
from sfterritory.settings.territories import Balance

_NOBODY_MAY = "no rep may have it"
_ONLY_RESERVED = "every rep is kept to accounts of `reserved` (only: true)"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Accounts in scope that are in no territory, and why.

    Attributes:
        ids: 18-character ids, ascending.
        cause: As reports say it.
    """

    ids: tuple[str, ...]
    cause: tuple[str, ...]


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
    book = _with_accepted_cadence(store, book, now=given.now)
    held = held_to_owner(settings, store, book, taken_at=given.taken_at)
    changed = change(
        replace(book.accounts, locked=held.codes >= 0),
        book.roster,
        what_if,
        known=_known(settings, book, people=people, what_if=what_if),
    )
    over = override_locks(store, changed.roster, changed.accounts.ids, now=given.now)
    whole = replace(book, accounts=changed.accounts, roster=changed.roster)
    fit, land_notes = _fit(settings, whole, changed, people=people)
    cause = _left_out_causes(changed, over, fit)
    kept = np.flatnonzero(cause.codes < 0)
    _somebody_left(cause)
    inside = whole.without(cause.codes >= 0)
    fit = replace(fit, group=fit.group[kept])
    work = workload(inside.accounts, inside.roster, params=params.workload, as_of=given.now.date())
    owner = np.where(inside.accounts.locked, inside.accounts.rep, -1).astype(np.int32)
    locks = settled_by(
        (over.rep[kept], _taken(over.cause, kept)),
        (changed.settled[kept], _taken(changed.cause, kept)),
        (owner, _taken(held, kept)),
    )
    sharing = Sharing(
        balance=_balance(params.balance, what_if),
        parts=parts_with_locks(fit, locks.rep),
        frozen=changed.frozen,
        directory=people.directory,
        rep_hours=work.capacity.rep_hours,
        within_capacity=params.territories.within_capacity,
        heavy_value_share=params.territories.heavy_value_share,
    )
    demands, notes = make_demands(inside, work.hours, sharing=sharing)
    units, unit_notes = book_units(settings, store, inside)
    request = TerritoryRequest(
        accounts=inside.accounts,
        roster=inside.roster,
        demands=demands,
        locks=locks,
        fit=fit,
        unit=units,
        churn_km=_churn_km(settings, inside, what_if),
        max_km=np.full(len(inside.roster), params.territories.max_km or np.inf),
        mode=Mode(what_if.mode or params.territories.mode),
        gap_km=(params.territories.water_gap_km or np.inf)
        if params.territories.connected
        else None,
        seed=settings.project.seed,
    )
    return Asked(
        book=inside,
        request=request,
        work=work,
        sharing=sharing,
        left_out=_left_out(book, cause),
        changes=changed.changes,
        notes=(*book.notes, *over.notes, *land_notes, *notes, *unit_notes),
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


def _left_out_causes(changed: Changed, over: OverrideLocks, fit: Fit) -> TextColumn:
    """Return why an account is in no territory, missing where it is in one.

    Somebody's override to another person goes first; one to a rep, or a lock, outweighs the rest.
    """
    words = [*over.cause.vocabulary, OUTSIDE]
    codes = np.where(over.leaves, over.cause.codes, -1).astype(np.int32)
    open_yet = (codes < 0) & (over.rep < 0)
    codes[open_yet & changed.left_out] = len(words) - 1
    held = changed.accounts.locked | (changed.settled >= 0) | changed.left_out
    nobody = np.flatnonzero(open_yet & ~held & nobody_may(fit))
    codes[nobody] = fit.group[nobody] + len(words)
    words += [f"{_NOBODY_MAY}: {cause or _ONLY_RESERVED}" for cause in fit.cause]
    return TextColumn(codes, tuple(words))


def _somebody_left(cause: TextColumn) -> None:
    """Raise ConfigError where every account is left out: there is nothing to build."""
    if (cause.codes < 0).any():
        return
    count = Counter(cause.values())
    raise ConfigError(
        f"none of {len(cause.codes):,} accounts in scope may be in a territory:\n"
        + "\n".join(f"{number:,}: {word}" for word, number in sorted(count.items(), key=str)),
        remedy="correct `reserved` or the restricted areas in mappings/territories.yaml, "
        "or the change that left them out; nothing was built",
    )


def _left_out(book: Book, cause: TextColumn) -> LeftOut:
    rows = np.flatnonzero(cause.codes >= 0)
    return LeftOut(
        tuple(book.accounts.ids[rows].tolist()),
        tuple(cause.vocabulary[code] for code in cause.codes[rows].tolist()),
    )


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
    """Return the price of a change for each account; those with more to lose are dearer."""
    params = settings.territories.territories
    price_km = params.churn_price_km if what_if.churn_price_km is None else what_if.churn_price_km
    factor = np.ones(len(book.accounts))
    for name, weight in sorted(params.churn_weights.items()):
        amount = np.maximum(np.nan_to_num(book.number(name)), 0.0)
        mean = float(amount.mean()) if len(amount) else 0.0
        if mean > 0:
            factor += weight * amount / mean
    price: Floats = np.where(book.accounts.rep >= 0, price_km * factor, 0.0)
    return price


def _taken(column: TextColumn, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> TextColumn:
    return TextColumn(column.codes[rows], column.vocabulary)
