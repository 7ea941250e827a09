"""Review: what people decide about a plan, bound to its hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sfterritory.errors import ConfigError
from sfterritory.model.document import Document
from sfterritory.model.plan import Decision, OwnerChange, Plan, Verdict
from sfterritory.model.store.plan_room import StoredPlan
from sfterritory.model.store.store import Store
from sfterritory.settings.project import Settings
from sfterritory.writeback.approvals import decide, standing_decisions
from sfterritory.writeback.plan_file import loads_plan

# Two digits would soon mean another plan than the one that was looked at.
SHORTEST_NAME = 6


class Selection(Document):
    """Which lines of a plan are meant; nothing named means all of them.

    Attributes:
        records: Ids, or `Account:001...`.
        territories: Names of territories.
        owners: Names or ids of who would get the record.
    """

    records: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()

    def keys(self, plan: Plan) -> tuple[str, ...]:
        """Return the lines that are meant, empty for all.

        Raises:
            ConfigError: A territory or owner is not in the plan; every such name is listed.
        """
        found: list[str] = [*self.records]
        unknown = []
        for names, of_change in (
            (self.territories, _territory_names),
            (self.owners, _owner_names),
        ):
            for name in names:
                lines = [one.key for one in plan.changes if name.casefold() in of_change(one)]
                found += lines
                if not lines:
                    unknown.append(name)
        if unknown:
            raise ConfigError(
                f"plan {plan.short_hash} changes nothing for {', '.join(unknown)}",
                remedy=f"see its territories and owners with `sfterritory show {plan.short_hash}`",
            )
        return tuple(dict.fromkeys(found))


class ReviewState(Document):
    """Where the review of a plan stands, and the decision just made."""

    plan_hash: str
    verdict: Verdict
    decided_by: str
    lines: int
    approved: int
    rejected: int
    undecided: int


def find_plan(store: Store, name: str | None) -> StoredPlan:
    """Return the plan that a person named: by the start of its hash, by a plan file, or the latest.

    Raises:
        StoreError: No plan, or several, are meant.
        PlanStaleError: The file was edited.
        ConfigError: The file is not a plan file, or no plan was made yet.
    """
    if name is None:
        plans = store.plans.list()
        if not plans:
            raise ConfigError("no plan was made yet", remedy="run `sfterritory plan` first")
        return store.plans.get(plans[0].hash)
    path = Path(name)
    if path.suffix == ".json" or path.is_file():
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise ConfigError(
                f"{path} cannot be read: {reason}", remedy="name a plan file or the hash of a plan"
            ) from error
        return store.plans.get(loads_plan(text).hash)
    if len(name) < SHORTEST_NAME:
        raise ConfigError(
            f"{name!r} is too short to name a plan",
            remedy=f"write at least {SHORTEST_NAME} digits of its hash",
        )
    return store.plans.get(name)


def seen_at(store: Store, stored: StoredPlan) -> datetime:
    """Return when Salesforce was last seen in the state that a plan was made from.

    Each pull that finds nothing changed moves it on. A revert reads Salesforce itself, so for one
    it is the moment at which it was made last.

    Raises:
        StoreError: The store does not know the plan's snapshot.
    """
    source = stored.plan.source
    if source.reverts_run is not None:
        return stored.made_at
    return store.snapshots.get(source.snapshot_id).confirmed_at


def review(  # noqa: PLR0913 - who says what of which lines, when and why
    settings: Settings,
    store: Store,
    stored: StoredPlan,
    *,
    verdict: Verdict,
    selection: Selection,
    decided_by: str,
    now: datetime,
    reason: str = "",
) -> ReviewState:
    """Add a decision, and return where the review stands then.

    Raises:
        ConfigError: The selection names what is not in the plan, or the plan changes nothing.
    """
    plan = stored.plan
    if not plan.changes:
        raise ConfigError(
            f"plan {plan.short_hash} changes nothing, so there is nothing to {verdict}",
            remedy="pull and plan again when something has changed",
        )
    decision = decide(
        plan,
        verdict,
        decided_by=decided_by,
        decided_at=now,
        records=selection.keys(plan),
        reason=reason,
    )
    store.decisions.add(decision)
    store.log.add(
        str(verdict),
        at=now,
        by=decided_by,
        facts={
            "plan": plan.hash,
            "lines": len(decision.records) or len(plan.changes),
            "reason": reason,
        },
    )
    return review_state(settings, store, stored, decision)


def review_state(
    settings: Settings, store: Store, stored: StoredPlan, decision: Decision
) -> ReviewState:
    """Return how many lines are approved, rejected and undecided."""
    plan = stored.plan
    standing = standing_decisions(
        plan,
        store.decisions.of(plan.hash),
        policy=settings.project.approval,
        created_by=stored.created_by,
    )
    return ReviewState(
        plan_hash=plan.hash,
        verdict=decision.verdict,
        decided_by=decision.decided_by,
        lines=len(decision.records) or len(plan.changes),
        approved=len(standing.changes),
        rejected=len(standing.rejected),
        undecided=len(standing.undecided),
    )


def _territory_names(change: OwnerChange) -> Sequence[str]:
    return [(change.territory or "").casefold()]


def _owner_names(change: OwnerChange) -> Sequence[str]:
    return [change.after_name.casefold(), change.after.casefold()]


def settled_keys(store: Store, plan_hash: str) -> frozenset[str]:
    """Return the lines of a plan that some run has settled, by `Account:001...`."""
    return frozenset(
        key
        for run in store.runs.list()
        if run.plan_hash == plan_hash
        for key in store.runs.outcomes(run.id)
    )
