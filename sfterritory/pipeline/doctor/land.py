"""Checks of what the mappings name for geography: drawn files, tables of areas, travel times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

import numpy as np

from sfterritory.geography.params import AreaSet
from sfterritory.model.columns import Places, TextColumn
from sfterritory.pipeline.doctor.report import HealthCheck, ok, tried
from sfterritory.pipeline.geo.claim import Addresses, claimed
from sfterritory.pipeline.geo.land import load_barriers, load_restricted
from sfterritory.pipeline.travel import travel_time
from sfterritory.settings.project import Settings


def land_checks(settings: Settings) -> Iterator[HealthCheck]:
    """Read every file that `geography` names; what it does not name is not checked."""
    params = settings.territories.geography

    def barriers() -> Sequence[str]:
        found = load_barriers(settings, params)
        return () if found is None else found.notes

    def restricted() -> Sequence[str]:
        found = load_restricted(settings, params)
        return () if found is None else found.notes

    def areas(area_set: AreaSet) -> Sequence[str]:
        return claimed(settings, area_set, _nobody()).notes

    if params.barriers is not None:
        yield _check("barriers", params.barriers, barriers)
    if params.restricted is not None:
        yield _check("restricted areas", params.restricted, restricted)
    for one in params.area_sets:
        if one.file is not None or one.areas:
            file = one.file or "territories.yaml"
            yield _check(f"areas {one.name}", file, partial(areas, one))


def travel_checks(settings: Settings, *, now: datetime) -> Iterator[HealthCheck]:
    """Open what knows travel times: a file is read, an engine asked who it is."""
    params = settings.territories.travel
    if params.provider == "estimate":
        return

    def source() -> str:
        with travel_time(params, root=settings.root, now=now, places={}) as travel:
            return travel.source

    wrong, told = tried("travel times", source)
    yield wrong or ok("travel times", f"{told} can be asked")


def _check(name: str, file: str, read: Callable[[], Sequence[str]]) -> HealthCheck:
    wrong, notes = tried(name, read)
    return wrong or ok(name, "\n".join([f"mappings/{file} can be read", *(notes or ())]))


def _nobody() -> Addresses:
    none, text = np.empty(0), TextColumn.of([])
    return Addresses(text, text, text, Places(none, none, np.empty(0, dtype=np.int8)))
