"""What a set of territories comes to beside today's owners: balance, travel, limits, what moves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sfterritory.model.columns import Flags, Floats
from sfterritory.model.document import Document
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Territory, TerritoryVersion
from sfterritory.optimize.band import Band
from sfterritory.optimize.metrics import balance
from sfterritory.pipeline.scenario_moves import RepEffect, Today, effects_of, moves_of, rounded
from sfterritory.pipeline.territory_metrics import DemandLoads, VersionMetrics

FEASIBLE = "feasible"
_SLACK = 1e-6  # figures are rounded where they are stored


class BalanceFigures(Document):
    """How equal loads are, each taken as a part of its own fair part."""

    max_over_mean: float
    min_over_mean: float
    variation: float
    gini: float


class DemandBalance(Document):
    """One amount that is shared out; None where a version does not hold the figures."""

    name: str
    unit: str
    before: BalanceFigures | None
    after: BalanceFigures | None


class VersionFigures(Document):
    """The figures of one version; None for a figure that it does not hold.

    Attributes:
        feasible: Every limit is kept, those of further teams too.
        broken: What breaks, one sentence each.
        moved_accounts: Accounts whose owner of today is not the rep of their territory.
        moved_pipeline: Amount of open opportunities of these; None where they were not pulled.
        gone: Accounts of the version that the last pull does not have any more.
        reps: What changes for each rep, the greatest change first.
    """

    version: str
    snapshot_id: str
    territories: int
    vacancies: int
    accounts: int
    feasible: bool
    broken: tuple[str, ...]
    balance: tuple[DemandBalance, ...]
    hours_per_year: float
    travel_hours_per_year: float | None
    mean_km: float | None
    moved_accounts: int
    moved_hours_per_year: float
    moved_value_usd: float | None
    moved_deals: int | None
    moved_pipeline: float | None
    gone: int
    reps: tuple[RepEffect, ...]


def version_figures(store: Store, version: TerritoryVersion, today: Today) -> VersionFigures:
    """Return what a version comes to beside today's owners."""
    territories = store.territories.territories(version.id)
    metrics = VersionMetrics.of(version.metrics)
    moves = moves_of(store, version, territories, today)
    moved = moves.moved
    travel = [one.get("travel_hours_per_year") for one in metrics.territories.values()]
    known = [hours for hours in travel if hours is not None]
    return VersionFigures(
        version=version.id,
        snapshot_id=version.snapshot_id,
        territories=len(territories),
        vacancies=sum(one.rep_id not in today.names for one in territories),
        accounts=sum(one.accounts for one in territories),
        feasible=version.status == FEASIBLE,
        broken=(*_broken(metrics, territories), *_broken_by_teams(store, metrics)),
        balance=tuple(_demand_balance(one) for one in metrics.demands),
        hours_per_year=rounded(sum(one.hours_per_year for one in territories)),
        travel_hours_per_year=rounded(sum(known))
        if known and len(known) == len(territories)
        else None,
        mean_km=_mean_km(metrics),
        moved_accounts=int(moved.sum()),
        moved_hours_per_year=rounded(float(moves.hours[moved].sum())),
        moved_value_usd=_sum(moves.value_usd, moved),
        moved_deals=None if moves.deals is None else int(moves.deals[moved].sum()),
        moved_pipeline=_sum(moves.pipeline, moved),
        gone=moves.gone,
        reps=effects_of(moves),
    )


def _demand_balance(one: DemandLoads) -> DemandBalance:
    return DemandBalance(
        name=one.name,
        unit=one.unit,
        before=_balance(one, one.before),
        after=_balance(one, one.after),
    )


def _balance(one: DemandLoads, loads: tuple[float, ...]) -> BalanceFigures | None:
    hi = np.array([np.inf if most is None else most for most in one.hi])
    band = Band(
        name=one.name,
        unit=one.unit,
        target=np.array(one.target),
        lo=np.array(one.lo),
        hi=hi,
        load=np.array(loads),
        amount=np.zeros(0),
    )
    found = balance(band)
    if np.isnan(found.max_over_mean):
        return None
    return BalanceFigures(
        max_over_mean=round(found.max_over_mean, 4),
        min_over_mean=round(found.min_over_mean, 4),
        variation=round(found.variation, 4),
        gini=round(found.gini, 4),
    )


def _broken(metrics: VersionMetrics, territories: tuple[Territory, ...]) -> tuple[str, ...]:
    """Return a sentence for each limit that a territory is outside of, those of travel last."""
    found = []
    for one in metrics.demands:
        unit = f" {one.unit}" if one.unit else ""
        for territory, load, lo, hi in zip(territories, one.after, one.lo, one.hi, strict=True):
            limit = ""
            if hi is not None and load > hi + _SLACK * max(hi, 1.0):
                limit = f"above the limit of {hi:,.0f}"
            elif load < lo - _SLACK * max(lo, 1.0):
                limit = f"below the limit of {lo:,.0f}"
            if limit:
                found.append(f"{territory.name}: {load:,.0f}{unit} of {one.name}, {limit}")
    return (*found, *metrics.travel_broken)


def _broken_by_teams(store: Store, metrics: VersionMetrics) -> Iterator[str]:
    """Yield the same for the territories of each further team."""
    for name, version_id in sorted(metrics.overlays.items()):
        version = store.territories.get(version_id)
        territories = store.territories.territories(version_id)
        for sentence in _broken(VersionMetrics.of(version.metrics), territories):
            yield f"{name}: {sentence}"


def _mean_km(metrics: VersionMetrics) -> float | None:
    after = metrics.after.get("travel", {}).get("mean_km")
    return None if after is None else rounded(after)


def _sum(amount: Floats | None, rows: Flags) -> float | None:
    return None if amount is None else rounded(float(amount[rows].sum()))
