"""Status: what the store holds, and what to do next."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, Field

from sfterritory.model.document import Document
from sfterritory.model.plan import Plan
from sfterritory.model.store.merges import MERGED_OBJECTS
from sfterritory.model.store.run_room import RunState
from sfterritory.model.store.store import Store
from sfterritory.pipeline.override import exception_count
from sfterritory.pipeline.review import seen_at, settled_keys
from sfterritory.settings.project import Settings
from sfterritory.writeback.approvals import Approved, standing_decisions
from sfterritory.writeback.freshness import expires_at
from sfterritory.writeback.summary import summary_line


class UpcomingTerritories(Document):
    """Territories that count from a date on.

    Attributes:
        scenario: The scenario that they were activated as.
    """

    version: str
    scenario: str | None
    effective_at: AwareDatetime


class StatusReport(Document):
    """Where the main job stands; None for a step that has no result yet."""

    store: str
    org_id: str | None = None
    snapshot_id: str | None = None
    pulled_at: AwareDatetime | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    merged: dict[str, int] = Field(default_factory=dict)
    kept_fields: tuple[str, ...] = ()
    unlocated: dict[str, int] = Field(default_factory=dict)
    territory_version: str | None = None
    scenario: str | None = None
    upcoming_territories: tuple[UpcomingTerritories, ...] = ()
    overrides: int = 0
    route_version: str | None = None
    plan_hash: str | None = None
    plan_summary: str | None = None
    plan_expires_at: AwareDatetime | None = None
    approved: int = 0
    rejected: int = 0
    undecided: int = 0
    unfinished_runs: tuple[str, ...] = ()
    next_step: str


def status(settings: Settings, store: Store, *, now: datetime | None = None) -> StatusReport:
    """Return where the main job stands at a moment.

    Without one, territories that count from a date on are left out.
    """
    snapshot = store.snapshots.latest()
    if snapshot is None:
        return StatusReport(store=store.place, next_step="sfterritory pull")
    counting, routed = store.territories.in_force(as_of=now), store.routes.latest()
    territories = store.territories.get(counting.version_id) if counting else None
    scenario = counting.scenario if counting else None
    report = StatusReport(
        store=store.place,
        org_id=snapshot.org_id,
        snapshot_id=snapshot.id,
        pulled_at=snapshot.confirmed_at,
        counts=dict(snapshot.counts),
        merged=_merged_counts(store),
        kept_fields=_kept_fields(store),
        unlocated=dict(store.locations.unlocated_counts("Account")),
        territory_version=territories.id if territories else None,
        scenario=scenario,
        upcoming_territories=_upcoming(store, now),
        overrides=exception_count(store, now=now) if now is not None else 0,
        route_version=routed.id if routed else None,
        unfinished_runs=tuple(run.id for run in store.runs.list() if run.state is RunState.OPEN),
        next_step="",
    )
    if territories is None or territories.snapshot_id != snapshot.id:
        again = f"scenario rebuild {scenario}" if scenario else "build"
        return report.model_copy(update={"next_step": f"sfterritory {again}"})
    if routed is None or routed.territory_version != territories.id:
        return report.model_copy(update={"next_step": "sfterritory route"})
    plans = store.plans.list()
    if not plans:
        return report.model_copy(update={"next_step": "sfterritory plan"})
    stored = store.plans.get(plans[0].hash)
    plan = stored.plan
    # A revert is made from a run and not from routing.
    if plan.source.route_version not in (routed.id, None):
        return report.model_copy(update={"next_step": "sfterritory plan"})
    standing = standing_decisions(
        plan,
        store.decisions.of(plan.hash),
        policy=settings.project.approval,
        created_by=stored.created_by,
    )
    return report.model_copy(
        update={
            "plan_hash": plan.hash,
            "plan_summary": summary_line(plan),
            "plan_expires_at": expires_at(plan, seen_at(store, stored)),
            "approved": len(standing.changes),
            "rejected": len(standing.rejected),
            "undecided": len(standing.undecided),
            "next_step": _after_planning(store, plan, standing),
        }
    )


def _upcoming(store: Store, now: datetime | None) -> tuple[UpcomingTerritories, ...]:
    return tuple(
        UpcomingTerritories(
            version=one.version_id, scenario=one.scenario, effective_at=one.effective_at
        )
        for one in (store.territories.upcoming(as_of=now) if now else ())
    )


def _merged_counts(store: Store) -> dict[str, int]:
    """Return how many records live on in another one, by object; objects without any left out."""
    counts = {name: len(store.mirror.masters(name)) for name in MERGED_OBJECTS}
    return {name: count for name, count in counts.items() if count}


def _kept_fields(store: Store) -> tuple[str, ...]:
    """Return the fields whose values stay as an earlier pull read them, as `Account.Tier__c`."""
    pulled = store.mirror.pulled()
    return tuple(
        f"{name}.{field}" for name in sorted(pulled) for field in sorted(pulled[name].kept)
    )


def _after_planning(store: Store, plan: Plan, standing: Approved) -> str:
    settled = settled_keys(store, plan.hash)
    if not plan.changes:
        return "nothing: Salesforce matches the rules"
    if any(change.key not in settled for change in standing.changes):
        return f"sfterritory apply {plan.short_hash}"
    if standing.undecided:
        return f"sfterritory approve {plan.short_hash}"
    if settled:
        return "sfterritory pull"
    return "change mappings/, then sfterritory build and sfterritory route: every line was rejected"
