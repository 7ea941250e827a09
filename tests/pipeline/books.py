"""A territory version made by hand from a pulled org, so that a test decides who has what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import shapely

from sfterritory.model.columns import Floats, RosterColumns, TextColumn
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Alignment, Territory, TerritoryVersion
from sfterritory.model.what_if import UNCHANGED, WhatIf
from sfterritory.pipeline.people import load_people, load_roster
from sfterritory.pipeline.records import latest_snapshot, load_placed
from sfterritory.settings.project import Settings

AREA = bytes(shapely.to_wkb(shapely.box(-125, 25, -66, 49)))


def roster_of(settings: Settings, store: Store) -> RosterColumns:
    return load_roster(settings, store, load_people(settings, store))


def located_ids(store: Store) -> list[str]:
    """Return the accounts that have a place, ascending."""
    placed = load_placed(store, "Account", ["Name"])
    return [str(one) for one in placed.records.ids[placed.places.located]]


def save_version(
    settings: Settings,
    store: Store,
    territory: Mapping[str, str | None],
    *,
    hours: float | Floats = 10.0,
    reason: Mapping[str, str] | None = None,
    reps: Mapping[str, str | None] | None = None,
    what_if: WhatIf = UNCHANGED,
    at: datetime,
) -> TerritoryVersion:
    """Save a version: the territory's key (`T1`, `T2`, ...) of each account, in the roster's order.

    The runner-up of every account is the next territory, twice as far away.
    """
    roster = roster_of(settings, store)
    keys = [f"T{row + 1}" for row in range(len(roster))]
    rep_of = {**dict(zip(keys, map(str, roster.ids.tolist()), strict=True)), **(reps or {})}
    ids = sorted(territory)
    n = len(ids)
    mine = [territory[one] for one in ids]
    version = TerritoryVersion(
        id=f"by-hand-{at.isoformat()}",
        snapshot_id=latest_snapshot(store).id,
        params_hash="p",
        seed=0,
        status="feasible",
        metrics={"asked": what_if.model_dump(mode="json")},
        created_at=at,
    )
    store.territories.save(
        version,
        [Territory(key, f"Land {key}", rep_of[key], 0.0, 0.0, 0, None, None, AREA) for key in keys],
        alignment=Alignment(
            account_ids=np.array(ids, dtype="U18"),
            territory=TextColumn.of(mine),
            hours_per_year=np.full(n, hours) if isinstance(hours, float) else hours,
            distance_km=np.full(n, 10.0),
            runner_up=TextColumn.of(
                [keys[keys.index(one) - len(keys) + 1] if one else None for one in mine]
            ),
            runner_up_km=np.full(n, 20.0),
            locked=np.zeros(n, dtype=np.bool_),
            reason=TextColumn.of([(reason or {}).get(one, "nearest") for one in ids]),
            would_change=TextColumn.of([None] * n),
        ),
    )
    return version
