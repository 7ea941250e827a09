"""The map of a plan: where its accounts are, who owns them before and after, and the areas."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from sfterritory.model.columns import Ints, TextColumn
from sfterritory.model.plan import Plan
from sfterritory.model.store.store import Store
from sfterritory.pipeline.people import load_people
from sfterritory.pipeline.records import load_placed
from sfterritory.settings.project import Settings
from sfterritory.web.map_drawing import MapPoints

NOBODY = -1


def load_map_points(settings: Settings, store: Store, plan: Plan) -> MapPoints:
    """Return every located account with its owner before and after the plan.

    Areas are those of the territory version that the plan was made from; a revert has none.
    """
    placed = load_placed(store, "Account", ("OwnerId",))
    rows = np.flatnonzero(placed.places.located)
    names = load_people(settings, store).names
    ids = placed.records.ids[rows]
    owner = placed.text("OwnerId")
    areas = _areas(store, plan)
    changes = {
        one.subject.record_id: one for one in plan.changes if one.subject.object_name == "Account"
    }
    owner_ids = tuple(
        sorted(
            {
                *owner.vocabulary,
                *areas,
                *(one.after for one in changes.values()),
                *(one.before for one in changes.values() if one.before),
            }
        )
    )
    number = {owner_id: spot for spot, owner_id in enumerate(owner_ids)}
    before = _recoded(owner, number)[rows]
    after = before.copy()
    for spot, record_id in enumerate(ids.tolist()):
        change = changes.get(record_id)
        if change is not None:
            before[spot] = number[change.before] if change.before else NOBODY
            after[spot] = number[change.after]
    return MapPoints(
        lon_deg=placed.places.lon_deg[rows],
        lat_deg=placed.places.lat_deg[rows],
        before=before,
        after=after,
        owner_ids=owner_ids,
        owner_names=tuple(names.get(owner_id, owner_id) for owner_id in owner_ids),
        areas=tuple(areas.get(owner_id) for owner_id in owner_ids),
    )


def _areas(store: Store, plan: Plan) -> dict[str, BaseGeometry]:
    if plan.source.territory_version is None:
        return {}
    return {
        one.rep_id: shapely.from_wkb(one.area_wkb)
        for one in store.territories.territories(plan.source.territory_version)
        if one.rep_id is not None
    }


def _recoded(column: TextColumn, number: dict[str, int]) -> Ints:
    table = [*(number[owner_id] for owner_id in column.vocabulary), NOBODY]
    return np.array(table, dtype=np.int32)[column.codes]
