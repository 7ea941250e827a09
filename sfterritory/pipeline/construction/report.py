"""What `build` tells: figures of every stage, territory and level, and what could not be had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from sfterritory.model.document import Document
from sfterritory.model.store.territory import TerritoryVersion
from sfterritory.optimize.alignment import Conflict, Widening
from sfterritory.optimize.band import Band
from sfterritory.optimize.commitment import Commitment
from sfterritory.optimize.travel_load import MEASURED
from sfterritory.optimize.workload import servable_accounts
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.construction.layer import Layer
from sfterritory.pipeline.territory_metrics import PricePoint, StoredStage, VersionMetrics

_NOBODY = "(none)"
_WARNED = 5
_ESTIMATE_SLACK = MEASURED.hours_share


class DemandFigures(Document):
    """One demand of one territory, beside what was asked for; `hi` is None where nothing was."""

    name: str
    unit: str
    load: float
    target: float
    lo: float
    hi: float | None


class ConflictFigures(Document):
    """A proof that something that was asked for cannot be had; ids are of those responsible."""

    code: str
    message: str
    demand: str
    amount: float
    reps: tuple[str, ...]
    accounts: tuple[str, ...]


class RelaxedLimit(Document):
    """One limit that has to give way in the smallest relaxation."""

    demand: str
    rep: str
    lo: float
    hi: float | None
    by: float
    message: str


class LevelFigures(Document):
    """Everything under one value of a level, as `region` West.

    Attributes:
        reps_needed: Least number whose hours suffice for its accounts, if none cross its border;
            None where it was not worked out.
    """

    value: str
    reps: int
    reps_needed: int | None
    accounts: int
    loads: dict[str, float]
    capacity_hours_per_year: float


class TierFigures(Document):
    """How territories cover one grade of accounts, and what poor coverage would come from.

    Attributes:
        hours_each: That an account of the grade needs a year, in the lightest and the heaviest
            territory.
        mix_distance: Share of the accounts of the most unusual territory that would have to change
            grade to give it the mix of the whole book.
        cause: `structure` where like mixes need unlike hours, else `segmentation`.
    """

    tier: str
    accounts: int
    hours_each: tuple[float, float]
    mix_distance: float
    cause: str


class CommitmentFigures(Document):
    """One thing that is settled beforehand; see `optimize.commitment.Commitment`."""

    kind: str
    cause: str
    accounts: int
    hours: float
    excess_hours: float
    cost_km_hours: float
    outside_without: int


class TerritorySummary(Document):
    """One territory as people compare it.

    Attributes:
        hours_per_year: What construction reckoned with.
        service_hours_per_year: Calls times duration.
        travel_hours_per_year: Driving, worked out from the territory as it is now.
        servable_accounts: How many accounts like its own the rep has hours for; None where the
            territory holds no work to judge by.
        demands: Load, fair part and limits of everything that is shared out.
    """

    key: str
    name: str
    rep: str
    accounts: int
    hours_per_year: float
    service_hours_per_year: float
    travel_hours_per_year: float
    capacity_hours_per_year: float
    servable_accounts: int | None
    value_usd: float
    longest_km: float | None
    spread_km: float | None
    demands: tuple[DemandFigures, ...]


class Staffing(Document):
    """Reps that the accounts need, if work may be shared out freely between compact territories.

    Attributes:
        reps: On the roster.
        reps_needed: Least number whose hours suffice; None where it was not worked out.
        servable_accounts: How many accounts like the mean one the roster has hours for.
        missing_hours_per_year: That nobody has.
        max_over_mean_by_count: Fullest territory's hours over the mean, were equal numbers of
            accounts the aim; None where it was not worked out.
        max_over_mean_by_hours: The same for equal hours, by the same cuts.
    """

    reps: int
    reps_needed: int | None
    servable_accounts: int
    missing_hours_per_year: float
    max_over_mean_by_count: float | None
    max_over_mean_by_hours: float | None


class OverlaySummary(Document):
    """A further team's territories; `notes` are about them alone."""

    version: str
    reps: int
    accounts: int
    moved: int
    feasible: bool
    gap_share: float | None
    conflicts: tuple[ConflictFigures, ...]
    relaxation: tuple[RelaxedLimit, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What a report holds beside one layer and its version."""

    commitments: tuple[Commitment, ...]
    staffing: Staffing
    warnings: tuple[str, ...]
    tiers: tuple[TierFigures, ...]
    levels: dict[str, tuple[LevelFigures, ...]]
    overlays: dict[str, OverlaySummary]
    notes: tuple[str, ...]


class BuildReport(Document):
    """What construction found.

    Attributes:
        version: Names the territories by their content.
        chosen: Routing and plans go by these territories.
        changes: What a what-if changed.
        unlocated: Accounts without a place: in no territory.
        outside_scope: Located accounts that `scope` leaves out.
        left_out: Accounts in scope that are in no territory, by cause.
        locked: Accounts whose rep was settled, by what settled it.
        moved: Accounts that leave a rep of the roster.
        unowned: Accounts whose owner is not on the roster today: they get a rep.
        shared_places: Accounts whose place is drawn into another territory's area.
        travel_source: What driving times rest on.
        driving_error: How far the hours of driving were off where they were measured.
        objective: Cost of the answer, km-equivalent hours.
        lower_bound: What no answer within the limits can go below, for these centres.
        gap_share: How far the answer may be from the best for its centres; None if not proven.
        capacity_terms: Where a full rep's hours of a year go.
        stages: Figures of today, of the feasible and of the improved alignment.
        before: Balance, travel and disruption of today's owners.
        after: The same of the territories.
        conflicts: Proofs that not everything that was asked for can be had.
        relaxation: The smallest change of limits that would do.
        staffing: Reps that the accounts need, and what the roster has.
        warnings: Territories with as many accounts as another and far more hours.
        tiers: How each grade is covered, where the mappings name a field for it.
        commitments: What is settled beforehand, and what it costs.
        curve: Other prices of change, from the fewest moves to the most.
        levels: Every measure rolled up.
        overlays: Further teams.
        notes: What could not be had, each with its cause; and what was read otherwise.
    """

    version: str
    snapshot_id: str
    seed: int
    chosen: bool
    changes: tuple[str, ...]
    accounts: int
    unlocated: int
    outside_scope: int
    left_out: dict[str, int]
    locked: dict[str, int]
    moved: int
    unowned: int
    shared_places: int
    travel_source: str
    driving_error: str
    feasible: bool
    objective: float
    lower_bound: float
    gap_share: float | None
    capacity_terms: dict[str, float]
    stages: tuple[StoredStage, ...]
    before: dict[str, dict[str, float]]
    after: dict[str, dict[str, float]]
    conflicts: tuple[ConflictFigures, ...]
    relaxation: tuple[RelaxedLimit, ...]
    staffing: Staffing
    warnings: tuple[str, ...]
    tiers: tuple[TierFigures, ...]
    commitments: tuple[CommitmentFigures, ...]
    curve: tuple[PricePoint, ...]
    territories: tuple[TerritorySummary, ...]
    levels: dict[str, tuple[LevelFigures, ...]]
    overlays: dict[str, OverlaySummary]
    notes: tuple[str, ...]


def build_report(
    version: TerritoryVersion, layer: Layer, *, chosen: bool, told: Told
) -> BuildReport:
    """Return what is told of the owners' territories; the figures are those that are kept."""
    asked, plan = layer.asked, layer.plan
    kept = VersionMetrics.of(version.metrics)
    terms = asdict(asked.capacity)
    del terms["rep_hours"]
    return BuildReport(
        version=version.id,
        snapshot_id=version.snapshot_id,
        seed=version.seed,
        chosen=chosen,
        changes=asked.changes,
        accounts=len(asked.book.accounts),
        unlocated=asked.book.unlocated,
        outside_scope=asked.book.outside_scope,
        left_out=counted(asked.left_out.cause),
        locked=counted(asked.request.locks.cause.values()),
        moved=int(plan.moved.sum()),
        unowned=int((plan.rep < 0).sum()),
        shared_places=layer.areas.shared_count,
        travel_source=layer.drive.source,
        driving_error=MEASURED.words,
        feasible=plan.feasible,
        objective=round(plan.objective, 2),
        lower_bound=round(plan.lower_bound, 2),
        gap_share=plan.gap_share,
        capacity_terms={name: round(float(hours), 2) for name, hours in terms.items()},
        stages=kept.stages,
        before=version.metrics["before"],
        after=version.metrics["after"],
        conflicts=conflict_figures(plan.conflicts, asked.book),
        relaxation=relaxed_limits(plan.relaxation, asked.book),
        staffing=told.staffing,
        warnings=told.warnings,
        tiers=told.tiers,
        commitments=commitment_figures(told.commitments),
        curve=kept.curve,
        territories=territory_summaries(layer),
        levels=told.levels,
        overlays=told.overlays,
        notes=(*asked.notes, *(one.message for one in plan.notes), *told.notes),
    )


def territory_summaries(layer: Layer) -> tuple[TerritorySummary, ...]:
    """Return the territories as people compare them, in the order of their keys."""
    book, plan, drive = layer.asked.book, layer.plan, layer.drive
    rep_hours = layer.asked.capacity.rep_hours
    servable = servable_accounts(plan.hours, plan.territory, capacity_hours=rep_hours)
    return tuple(
        TerritorySummary(
            key=one.key,
            name=one.name,
            rep=book.roster.names[row],
            accounts=one.accounts,
            hours_per_year=one.hours_per_year,
            service_hours_per_year=round(float(drive.service_hours[row]), 2),
            travel_hours_per_year=round(float(drive.travel_hours[row]), 2),
            capacity_hours_per_year=round(float(rep_hours[row]), 2),
            servable_accounts=None if np.isnan(servable[row]) else int(servable[row]),
            value_usd=one.value_usd,
            longest_km=_known(float(drive.longest_leg_km[row]), 1),
            spread_km=_known(float(drive.spread_km[row]), 1),
            demands=demand_figures(plan.bands, row),
        )
        for row, one in enumerate(layer.territories)
    )


def overlay_summary(version: TerritoryVersion, layer: Layer) -> OverlaySummary:
    """Return what is told of a further team's territories."""
    return OverlaySummary(
        version=version.id,
        reps=len(layer.territories),
        accounts=len(layer.asked.book.accounts),
        moved=int(layer.plan.moved.sum()),
        feasible=layer.plan.feasible,
        gap_share=layer.plan.gap_share,
        conflicts=conflict_figures(layer.plan.conflicts, layer.asked.book),
        relaxation=relaxed_limits(layer.plan.relaxation, layer.asked.book),
        notes=(*layer.asked.notes, *(one.message for one in layer.plan.notes)),
    )


def commitment_figures(commitments: Sequence[Commitment]) -> tuple[CommitmentFigures, ...]:
    """Return what is settled beforehand, rounded for people."""
    return tuple(
        CommitmentFigures(
            kind=one.kind.value,
            cause=one.cause,
            accounts=one.accounts,
            hours=round(one.hours, 2),
            excess_hours=round(one.excess_hours, 2),
            cost_km_hours=round(one.cost_km_hours, 2),
            outside_without=one.outside_without,
        )
        for one in commitments
    )


def conflict_figures(conflicts: Sequence[Conflict], book: Book) -> tuple[ConflictFigures, ...]:
    """Return the conflicts with names instead of rows."""
    return tuple(
        ConflictFigures(
            code=one.code.value,
            message=one.message,
            demand=one.demand,
            amount=round(one.amount, 2),
            reps=tuple(book.roster.names[row] for row in one.reps),
            accounts=tuple(str(book.accounts.ids[row]) for row in one.rows),
        )
        for one in conflicts
    )


def relaxed_limits(relaxation: Sequence[Widening], book: Book) -> tuple[RelaxedLimit, ...]:
    """Return the limits to relax with names instead of rows."""
    return tuple(
        RelaxedLimit(
            demand=one.demand,
            rep=book.roster.names[one.rep],
            lo=round(one.lo, 2),
            hi=_known(one.hi, 2),
            by=round(one.by, 2),
            message=one.message,
        )
        for one in relaxation
    )


def demand_figures(bands: Sequence[Band], row: int) -> tuple[DemandFigures, ...]:
    """Return each demand of one territory."""
    return tuple(
        DemandFigures(
            name=band.name,
            unit=band.unit,
            load=round(float(band.load[row]), 2),
            target=round(float(band.target[row]), 2),
            lo=round(float(band.lo[row]), 2),
            hi=_known(float(band.hi[row]), 2),
        )
        for band in bands
    )


def counted(causes: Iterable[str | None]) -> dict[str, int]:
    """Return how many accounts each cause concerns, the most frequent first."""
    found = Counter(one for one in causes if one is not None)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _known(number: float, digits: int) -> float | None:
    return round(float(number), digits) if np.isfinite(number) else None
