"""What `TerritoryVersion.metrics` holds, as it is read; `territory_figures` writes it.

Everything is optional: a version of an earlier release has less, and what is not there is not
shown. Arrays stand in the order of the territories' keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from sfterritory.model.what_if import UNCHANGED, WhatIf


class _Stored(BaseModel):
    """A part of the figures; keys of a later release are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class DemandLoads(_Stored):
    """One amount that is shared out, by territory.

    Attributes:
        before: Loads of today's books of the same reps.
        after: Loads of the territories.
        target: Fair part of each.
        lo: Least that was asked for.
        hi: Most that was asked for, None where nothing was.
    """

    name: str
    unit: str
    before: tuple[float, ...]
    after: tuple[float, ...]
    target: tuple[float, ...]
    lo: tuple[float, ...]
    hi: tuple[float | None, ...]


class StoredLoadShare(_Stored):
    """Least and greatest load in one demand, as parts of the own target."""

    name: str
    least: float
    most: float


class StoredStage(_Stored):
    """Today, the first answer within the limits, and the improved one."""

    name: str
    mean_km: float
    territories_outside: int
    accounts_moved: int
    objective: float | None = None
    shares: tuple[StoredLoadShare, ...] = ()


class StoredBound(_Stored):
    """What no plan within the limits can go below, for these centres."""

    objective: float
    lower_bound: float
    gap_share: float | None = None


class PricePoint(_Stored):
    """One answer on the curve of the price of change.

    Attributes:
        price_km: Kilometres that an hour had to save before its account changed owner.
        accounts_moved: Accounts that leave a rep of the roster.
        mean_km: Mean distance to the centre, weighted by hours.
        hours_moved: Hours a year of the moved accounts.
        value_moved_usd: Their value.
        hours_share: Their part of all owned hours.
        saved_km_hours: What each account moved on top of the point before saves a year; None for
            the first point.
        loss_usd: What moving them is reckoned to cost, by the configured share.
        max_over_mean: Fullest territory over the mean, in hours.
        knee: Beyond this point, each further moved account saves much less.
        chosen: It moves what the version moves.
    """

    price_km: float
    accounts_moved: int
    mean_km: float
    hours_moved: float | None = None
    value_moved_usd: float | None = None
    hours_share: float | None = None
    saved_km_hours: float | None = None
    loss_usd: float | None = None
    max_over_mean: float | None = None
    knee: bool = False
    chosen: bool = False


class VersionMetrics(_Stored):
    """All of it.

    Attributes:
        before: Balance per demand, travel and disruption of today's books, by name of the group.
        after: The same of the territories.
        territories: Figures by key of territory; see `territory_documents`.
        today: The same for today's books.
        overlays: Versions of further teams by name of the overlay.
        travel_source: What driving times rest on.
        asked: What was changed for this version.
        travel_broken: Limits of travel that it breaks, one sentence each.
    """

    before: Mapping[str, Mapping[str, float]] = {}
    after: Mapping[str, Mapping[str, float]] = {}
    stages: tuple[StoredStage, ...] = ()
    bound: StoredBound | None = None
    curve: tuple[PricePoint, ...] = ()
    demands: tuple[DemandLoads, ...] = ()
    territories: Mapping[str, Mapping[str, float]] = {}
    today: Mapping[str, Mapping[str, float]] = {}
    overlays: Mapping[str, str] = {}
    travel_source: str = ""
    asked: WhatIf = UNCHANGED
    travel_broken: tuple[str, ...] = ()

    @classmethod
    def of(cls, metrics: Mapping[str, Any]) -> VersionMetrics:
        """Read what a version holds."""
        return cls.model_validate(metrics)
