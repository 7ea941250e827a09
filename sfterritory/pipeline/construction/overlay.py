"""Overlays: further teams on the same accounts, each with territories of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sfterritory.model.columns import Ints, TextColumn
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import OVERLAYS, TerritoryVersion
from sfterritory.optimize.params import Mode
from sfterritory.optimize.request import Locks, TerritoryRequest
from sfterritory.optimize.workload import workload
from sfterritory.pipeline.construction.book import Book, load_book
from sfterritory.pipeline.construction.demands import Sharing, make_demands
from sfterritory.pipeline.construction.fit import open_to_all, parts
from sfterritory.pipeline.construction.left_out import LeftOut
from sfterritory.pipeline.construction.request import Asked, Circumstances
from sfterritory.pipeline.construction.units import book_units
from sfterritory.pipeline.people import People
from sfterritory.settings.project import Settings
from sfterritory.settings.territories import Overlay


def ask_overlay(
    settings: Settings,
    store: Store,
    overlay: Overlay,
    *,
    people: People,
    given: Circumstances,
) -> Asked:
    """Return what construction is asked for a further team.

    Whom the team's territories belong to today is what the overlay of the version in force says:
    Salesforce has one owner of an account. Locks, reserved accounts and barriers are the owners'.

    Raises:
        ConfigError: The roster or a condition does not fit the org.
    """
    number = settings.territories.overlays.index(overlay)
    book = load_book(settings, store, people, overlay=number)
    calls = book.accounts.calls_per_year
    usual = settings.territories.workload.calls_per_year
    accounts = replace(
        book.accounts,
        rep=_today(store, overlay, book, given),
        calls_per_year=np.where(np.isnan(calls), usual, calls) * overlay.calls_share,
    )
    book = replace(book, accounts=accounts)
    n, k = len(book.accounts), len(book.roster)
    params = settings.territories
    work = workload(book.accounts, book.roster, params=params.workload, as_of=given.now.date())
    fit = open_to_all(n, k)
    sharing = Sharing(
        balance=overlay.balance,
        parts=parts(fit),
        frozen=np.zeros(k, dtype=np.bool_),
        directory=people.directory,
        rep_hours=work.capacity.rep_hours,
        within_capacity=params.territories.within_capacity,
        heavy_value_share=params.territories.heavy_value_share,
    )
    demands, notes = make_demands(book, work.hours, sharing=sharing)
    units, unit_notes = book_units(settings, store, book)
    churn_km = np.where(book.accounts.rep >= 0, params.territories.churn_price_km, 0.0)
    request = TerritoryRequest(
        accounts=book.accounts,
        roster=book.roster,
        demands=demands,
        locks=Locks(np.full(n, -1, dtype=np.int32), TextColumn.of([None] * n)),
        fit=fit,
        unit=units,
        churn_km=churn_km,
        max_km=np.full(k, params.territories.max_km or np.inf),
        mode=Mode(overlay.mode),
        seed=settings.project.seed,
    )
    notes = (*book.notes, *notes, *unit_notes)
    return Asked(book, request, work, sharing, LeftOut((), ()), changes=(), notes=notes)


def _today(store: Store, overlay: Overlay, book: Book, given: Circumstances) -> Ints:
    """Return the rep who has each account in the overlay that is in force, -1 for nobody."""
    rep = np.full(len(book.accounts), -1, dtype=np.int32)
    version = store.territories.latest(as_of=given.now)
    former = None if version is None else _version_id(version, overlay.name)
    if former is None:
        return rep
    row_of = {record_id: row for row, record_id in enumerate(book.roster.ids.tolist())}
    rep_of = {
        one.key: row_of.get(one.rep_id or "", -1) for one in store.territories.territories(former)
    }
    alignment = store.territories.alignment(former)
    table = np.array(
        [*(rep_of.get(key, -1) for key in alignment.territory.vocabulary), -1], dtype=np.int32
    )
    owner = table[alignment.territory.codes]
    _, here, there = np.intersect1d(
        book.accounts.ids, alignment.account_ids, assume_unique=True, return_indices=True
    )
    rep[here] = owner[there]
    return rep


def _version_id(version: TerritoryVersion, name: str) -> str | None:
    found = version.metrics.get(OVERLAYS, {}).get(name)
    return None if found is None else str(found)
