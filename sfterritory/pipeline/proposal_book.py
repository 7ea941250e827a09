"""The last build's accounts as adjustments see them, with what was decided since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from sfterritory.model.columns import Flags, Ints, TextColumn
from sfterritory.model.store.store import Store
from sfterritory.optimize.proposal import NOBODY, CallBook
from sfterritory.pipeline.cadence import BuiltCalls, built_calls
from sfterritory.pipeline.override import standing_overrides
from sfterritory.pipeline.records import PlacedRecords
from sfterritory.pipeline.routing_facts import Territories
from sfterritory.settings.project import Settings


def call_book(
    settings: Settings,
    store: Store,
    territories: Territories,
    placed: PlacedRecords,
    taken: Sequence[bool],
    *,
    now: datetime,
) -> tuple[CallBook, int]:
    """Return the accounts of the last build, and how many somebody decided on since.

    Args:
        settings: Of the project.
        store: Where it is kept.
        territories: The last build.
        placed: Every account, with value and `call_fields`.
        taken: Of each territory, whether a rep of the roster has it.
        now: Decides which adjustments and overrides count.
    """
    alignment, version = territories.alignment, territories.version
    rows = np.searchsorted(placed.records.ids, alignment.account_ids)

    def asked(moment: datetime) -> BuiltCalls:
        return built_calls(settings, store, version, placed=placed, rows=rows, accepted_at=moment)

    built = asked(version.created_at)
    then, calls = built.calls_per_year, asked(now).calls_per_year
    share = np.divide(calls, then, out=np.ones_like(calls), where=then > 0)
    hours = np.nan_to_num(alignment.hours_per_year)
    service = np.minimum(then * built.visit_minutes / 60.0, hours)
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
        ids=alignment.account_ids,
        territory=territory,
        service_hours=service * share,
        travel_hours=travel * share,
        calls_per_year=calls,
        value_usd=np.maximum(
            np.nan_to_num(placed.number(settings.salesforce.account.value)[rows]), 0.0
        ),
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
