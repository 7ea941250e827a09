"""The last build's accounts as adjustments see them, with what was decided since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Flags, Floats, Ints, TextColumn
from sfterritory.model.store.store import Store
from sfterritory.optimize.proposal import NOBODY, CallBook
from sfterritory.pipeline.cadence import accepted_cadence
from sfterritory.pipeline.override import standing_overrides
from sfterritory.pipeline.records import PlacedRecords
from sfterritory.pipeline.routing_facts import Territories
from sfterritory.settings.project import Settings


@dataclass(frozen=True, slots=True)
class RecordCalls:
    """What records say of the aligned accounts, shape (n,), defaults filled in."""

    calls_per_year: Floats
    visit_minutes: Floats
    value_usd: Floats

    @classmethod
    def of(cls, settings: Settings, placed: PlacedRecords, rows: NDArray[np.int64]) -> RecordCalls:
        """Return them for these rows of the records."""
        meaning, params = settings.salesforce.account, settings.territories.workload
        calls = placed.number(meaning.calls_per_year)[rows]
        minutes = placed.number(meaning.visit_minutes)[rows]
        value = np.nan_to_num(placed.number(meaning.value)[rows])
        return cls(
            # Below 0 counts as missing, as construction reads it.
            calls_per_year=np.where(calls >= 0, calls, params.calls_per_year),
            visit_minutes=np.where(minutes >= 0, minutes, params.visit_minutes),
            value_usd=np.maximum(value, 0.0),
        )


def call_book(
    store: Store,
    territories: Territories,
    records: RecordCalls,
    taken: Sequence[bool],
    *,
    now: datetime,
) -> tuple[CallBook, int]:
    """Return the accounts of the last build, and how many somebody decided on since."""
    alignment = territories.alignment
    ids = alignment.account_ids
    built_at = territories.version.created_at
    then = np.fmin(records.calls_per_year, accepted_cadence(store, ids, now=built_at))
    calls = np.fmin(records.calls_per_year, accepted_cadence(store, ids, now=now))
    share = np.divide(calls, then, out=np.ones_like(calls), where=then > 0)
    hours = np.nan_to_num(alignment.hours_per_year)
    service = np.minimum(then * records.visit_minutes / 60.0, hours)
    travel = hours - service
    row_of = {one.key: row for row, one in enumerate(territories.rows)}
    territory = _rows(alignment.territory, row_of)
    neighbour = _rows(alignment.runner_up, row_of)
    neighbour[~np.append(taken, False)[neighbour]] = NOBODY
    overridden = _overridden(store, territories, territory, now=now)
    farther = np.nan_to_num(
        alignment.runner_up_km / np.maximum(alignment.distance_km, 1.0), nan=1.0, posinf=1.0
    )
    settled = (share != 1.0) | overridden
    book = CallBook(
        ids=ids,
        territory=territory,
        service_hours=service * share,
        travel_hours=travel * share,
        calls_per_year=calls,
        value_usd=records.value_usd,
        settled=settled,
        movable=~alignment.locked,
        neighbour=neighbour,
        neighbour_hours=(service + travel * np.maximum(farther, 1.0)) * share,
    )
    return book, int(settled.sum())


def _overridden(store: Store, territories: Territories, territory: Ints, *, now: datetime) -> Flags:
    """Put accounts of overrides since the build to their reps' territories; return which."""
    rows = {key: row for row, key in enumerate(territories.alignment.account_ids.tolist())}
    row_of_rep = {one.rep_id: row for row, one in enumerate(territories.rows)}
    flags = np.zeros(len(territory), dtype=np.bool_)
    for one in standing_overrides(store, now=now):
        row = rows.get(one.account_id)
        if one.counts and row is not None and one.override.at > territories.version.created_at:
            territory[row] = row_of_rep.get(one.override.rep_id, NOBODY)
            flags[row] = True
    return flags


def _rows(keys: TextColumn, row_of: Mapping[str, int]) -> Ints:
    table = [*(row_of.get(key, NOBODY) for key in keys.vocabulary), NOBODY]
    rows: Ints = np.array(table, dtype=np.int32)[keys.codes]
    return rows
