"""Scenarios as lists show them, found by name; and what is kept of every act on one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime

from sfterritory.errors import ConfigError
from sfterritory.model.document import Document
from sfterritory.model.store.scenario import Scenario, ScenarioState
from sfterritory.model.store.store import Store
from sfterritory.model.what_if import WhatIf
from sfterritory.pipeline.scenario_figures import FEASIBLE
from sfterritory.settings.yaml_file import did_you_mean

LIVE = "live"


class ScenarioEntry(Document):
    """One scenario as lists show it.

    Attributes:
        changes: What it changes, one sentence each.
        in_force: Routing and plans go by its territories now.
        feasible: Its territories keep every limit.
        accepted_limits: Why broken limits were accepted, '' where nobody had to.
        stale: It was built from an older pull than the last one.
    """

    name: str
    state: ScenarioState
    in_force: bool
    created_at: AwareDatetime
    created_by: str
    built_at: AwareDatetime
    based_on: str
    note: str
    changes: tuple[str, ...]
    what_if: WhatIf
    effective_at: AwareDatetime | None
    accepted_limits: str
    feasible: bool
    version: str
    snapshot_id: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Acting:
    """Who does something to scenarios, when, and with how many processes."""

    now: datetime
    by: str
    holder: str
    workers: int = 1


def entries(store: Store, *, now: datetime) -> tuple[ScenarioEntry, ...]:
    """Return every scenario, the oldest first."""
    return tuple(entry_of(store, one, now) for one in store.scenarios.list())


def entry(store: Store, name: str, *, now: datetime) -> ScenarioEntry:
    """Return one scenario.

    Raises:
        ConfigError: There is no such scenario.
    """
    return entry_of(store, find_scenario(store, name), now)


def find_scenario(store: Store, name: str) -> Scenario:
    """Return the scenario of that name.

    Raises:
        ConfigError: There is none.
    """
    found = store.scenarios.find(name)
    if found is None:
        known = [one.name for one in store.scenarios.list()]
        hint = did_you_mean(name, known)
        raise ConfigError(
            f"there is no scenario {name!r}{hint}",
            remedy="see `sfterritory scenario list`"
            if known
            else "make one with `sfterritory scenario create NAME`",
        )
    return found


def check_standing(scenario: Scenario) -> None:
    """Raise ConfigError where a scenario was withdrawn."""
    if scenario.withdrawn_at is not None:
        raise ConfigError(
            f"scenario {scenario.name!r} was withdrawn on {scenario.withdrawn_at:%Y-%m-%d}",
            remedy=f"make it anew with `sfterritory scenario clone {scenario.name} NAME`",
        )


def told(store: Store, name: str, acting: Acting, *, kind: str, **facts: str) -> ScenarioEntry:
    """Log what was done to a scenario, and return it as it is now."""
    store.log.add(kind, at=acting.now, by=acting.holder, facts={"scenario": name, **facts})
    return entry(store, name, now=acting.now)


def entry_of(store: Store, scenario: Scenario, now: datetime) -> ScenarioEntry:
    """Return a scenario as lists show it."""
    version = store.territories.get(scenario.version_id)
    last = store.snapshots.latest()
    counting = store.territories.in_force(as_of=now)
    return ScenarioEntry(
        name=scenario.name,
        state=scenario.state(now),
        in_force=counting is not None and counting.scenario == scenario.name,
        created_at=scenario.created_at,
        created_by=scenario.created_by,
        built_at=scenario.built_at,
        based_on=scenario.based_on,
        note=scenario.note,
        changes=scenario.what_if.sentences,
        what_if=scenario.what_if,
        effective_at=scenario.effective_at,
        accepted_limits=scenario.accepted_limits or "",
        feasible=version.status == FEASIBLE,
        version=version.id,
        snapshot_id=version.snapshot_id,
        stale=last is not None and last.id != version.snapshot_id,
    )
