"""What `build` tells: figures of every stage, territory and level, and what could not be had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sfterritory.model.document import Document
from sfterritory.model.store.territory import TerritoryVersion
from sfterritory.optimize.commitment import Commitment
from sfterritory.optimize.travel_load import MEASURED
from sfterritory.pipeline.construction.findings import LevelFigures, Staffing, TierFigures
from sfterritory.pipeline.construction.layer import Layer
from sfterritory.pipeline.construction.obstacle import (
    CommitmentFigures,
    ConflictFigures,
    RelaxedLimit,
    commitment_figures,
    conflict_figures,
    relaxed_limits,
)
from sfterritory.pipeline.construction.territory_summary import (
    DrivenHours,
    TerritorySummary,
    driven_hours,
    territory_summaries,
)
from sfterritory.pipeline.construction.version import FEASIBLE
from sfterritory.pipeline.territory_metrics import PricePoint, StoredStage, VersionMetrics


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
        feasible: Every limit is kept, those of further teams too.
        objective: Cost of the answer, km-equivalent hours.
        lower_bound: What no answer within the limits can go below, for these centres.
        gap_share: How far the answer may be from the best for its centres; None if not proven.
        capacity_terms: Where a full rep's hours of a year go.
        stages: Figures of today, of the feasible and of the improved alignment, all with the hours
            that construction reckoned with.
        driven: Hours of the territories with their own driving.
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
    driven: DrivenHours
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
        feasible=version.status == FEASIBLE,
        objective=round(plan.objective, 2),
        lower_bound=round(plan.lower_bound, 2),
        gap_share=plan.gap_share,
        capacity_terms={name: round(float(hours), 2) for name, hours in terms.items()},
        stages=kept.stages,
        driven=driven_hours(layer.driven),
        before=version.metrics["before"],
        after=version.metrics["after"],
        conflicts=conflict_figures(layer.conflicts, asked.book),
        relaxation=relaxed_limits(plan.relaxation, asked.book),
        staffing=told.staffing,
        warnings=told.warnings,
        tiers=told.tiers,
        commitments=commitment_figures(told.commitments),
        curve=kept.curve,
        territories=territory_summaries(layer),
        levels=told.levels,
        overlays=told.overlays,
        notes=(*asked.notes, *layer.notes, *told.notes),
    )


def overlay_summary(version: TerritoryVersion, layer: Layer) -> OverlaySummary:
    """Return what is told of a further team's territories."""
    return OverlaySummary(
        version=version.id,
        reps=len(layer.territories),
        accounts=len(layer.asked.book.accounts),
        moved=int(layer.plan.moved.sum()),
        feasible=layer.feasible,
        gap_share=layer.plan.gap_share,
        conflicts=conflict_figures(layer.conflicts, layer.asked.book),
        relaxation=relaxed_limits(layer.plan.relaxation, layer.asked.book),
        notes=(*layer.asked.notes, *layer.notes),
    )


def counted(causes: Iterable[str | None]) -> dict[str, int]:
    """Return how many accounts each cause concerns, the most frequent first."""
    found = Counter(one for one in causes if one is not None)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
