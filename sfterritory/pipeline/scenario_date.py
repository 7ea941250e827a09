"""The date of a scenario: from when on its territories count, and how they cease to."""

from __future__ import annotations

from datetime import UTC, datetime

from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.model.store.store import Store
from sfterritory.pipeline.build import LEASE
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.pipeline.scenario_entry import (
    Acting,
    ScenarioEntry,
    check_standing,
    entry_of,
    find_scenario,
    told,
)


def activate(
    store: Store, name: str, *, on: datetime | None, accepted: str | None, acting: Acting
) -> ScenarioEntry:
    """Let a scenario's territories count: at once, or from a day on.

    Raises:
        ConfigError: There is no such scenario, the day is past, or a limit is broken and nobody
            accepted that.
        StepMissingError: It would count at once, and was built from an older pull.
    """
    scenario = find_scenario(store, name)
    check_standing(scenario)
    at = acting.now if on is None or on.date() == acting.now.date() else on
    if at < acting.now:
        raise ConfigError(
            f"{at:%Y-%m-%d} is past: what held then cannot be changed any more",
            remedy="name today or a later day with --on, or leave it out",
        )
    found = entry_of(store, scenario, acting.now)
    if found.stale and at <= acting.now:
        raise StepMissingError(
            f"the construction step has no result for the last pull: scenario {name!r} was built "
            f"from snapshot {found.snapshot_id[:8]}, and the last pull is "
            f"{latest_snapshot(store).id[:8]}",
            remedy=f"run `sfterritory scenario rebuild {name}` first",
        )
    if not found.feasible and not (accepted or "").strip():
        raise ConfigError(
            f"scenario {name!r} breaks limits; `sfterritory scenario show {name}` names them",
            remedy="change the scenario, or give --accept-limits with the reason",
        )
    reason = None if found.feasible else accepted
    with store.lease(LEASE, acting.holder):
        store.scenarios.activate(scenario, at=at, now=acting.now, by=acting.by, accepted=reason)
    return told(
        store,
        name,
        acting,
        kind="scenario activate",
        version=scenario.version_id,
        on=at.astimezone(UTC).isoformat(timespec="minutes"),
        accepted_limits=reason or "",
    )


def withdraw(store: Store, name: str, *, acting: Acting) -> ScenarioEntry:
    """Let a scenario's territories count no more: those before them count again.

    Raises:
        ConfigError: There is no such scenario, or it never was to count.
    """
    scenario = find_scenario(store, name)
    check_standing(scenario)
    if scenario.effective_at is None:
        raise ConfigError(
            f"scenario {name!r} is a draft: it does not count and has no date",
            remedy=f"run `sfterritory scenario delete {name}` to be rid of it",
        )
    with store.lease(LEASE, acting.holder):
        store.scenarios.withdraw(scenario, now=acting.now)
    return told(store, name, acting, kind="scenario withdraw", version=scenario.version_id)
