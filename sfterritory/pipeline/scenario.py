"""Scenarios: territories that are tried out beside those that count."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path

from sfterritory.errors import ConfigError
from sfterritory.model.document import content_hash
from sfterritory.model.store.scenario import Scenario, ScenarioState
from sfterritory.model.store.store import Store
from sfterritory.model.what_if import WhatIf
from sfterritory.pipeline.build import LEASE, BuildOptions, build
from sfterritory.pipeline.field_list import DERIVED_FIELDS
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.pipeline.scenario_entry import (
    LIVE,
    Acting,
    ScenarioEntry,
    check_standing,
    entry_of,
    find_scenario,
    told,
)
from sfterritory.pipeline.scenario_figures import FEASIBLE
from sfterritory.pipeline.workforce import Workforce
from sfterritory.settings.project import Settings
from sfterritory.settings.yaml_file import check, did_you_mean, read_yaml

_NAME = re.compile(r"[\w][\w .+-]{0,59}\Z")


def read_what_if(path: Path) -> WhatIf:
    """Read a what-if from a YAML file.

    Raises:
        ConfigError: Lists every mistake, each with its line.
    """
    if not path.exists():
        raise ConfigError(
            f"{path} does not exist", remedy="correct the path behind --what-if; nothing was done"
        )
    file = read_yaml(path, name=path.name)
    found, problems = check(WhatIf, file)
    if found is None:
        raise ConfigError("\n".join(problems), remedy="correct these lines; nothing was done")
    return found


def create(
    settings: Settings, store: Store, name: str, *, what_if: WhatIf, note: str, acting: Acting
) -> ScenarioEntry:
    """Build territories as a what-if wants them, and keep them beside those that count.

    Raises:
        StepMissingError: Nothing was pulled yet.
        ConfigError: The name is taken or not one, or a change does not fit the org.
    """
    latest_snapshot(store)
    _check_name(store, name)
    version = _built(settings, store, what_if, acting)
    scenario = _new(name, what_if, version, note=note, based_on=LIVE, acting=acting)
    return _added(store, scenario, acting, kind="scenario create")


def clone(  # noqa: PLR0913 - what a clone is made from, and who makes it
    settings: Settings,
    store: Store,
    source: str,
    name: str,
    *,
    what_if: WhatIf,
    note: str,
    acting: Acting,
) -> ScenarioEntry:
    """Make a scenario of another one and further changes; without any, it is a copy.

    Raises:
        ConfigError: There is no such scenario, or see `create`.
    """
    original = find_scenario(store, source)
    _check_name(store, name)
    version = original.version_id
    if not what_if.is_empty:
        what_if = original.what_if.followed_by(what_if)
        version = _built(settings, store, what_if, acting)
    else:
        what_if = original.what_if
    scenario = _new(
        name,
        what_if,
        version,
        note=note or original.note,
        based_on=original.name,
        acting=acting,
    )
    return _added(store, scenario, acting, kind="scenario clone")


def rebuild(
    settings: Settings, store: Store, name: str, *, accepted: str | None = None, acting: Acting
) -> ScenarioEntry:
    """Build a scenario again from the last pull; its name, changes and date stay.

    Raises:
        ConfigError: There is no such scenario, or it was withdrawn; or it has a date, breaks a
            limit now, and nobody accepted that.
    """
    scenario = find_scenario(store, name)
    check_standing(scenario)
    version = _built(settings, store, scenario.what_if, acting)
    scenario = find_scenario(store, name)  # somebody may have acted on it during the build
    check_standing(scenario)
    feasible = store.territories.get(version).status == FEASIBLE
    reason = None if feasible or scenario.effective_at is None else (accepted or "").strip()
    if reason == "":
        raise ConfigError(
            f"scenario {name!r} breaks limits when it is built from the last pull, and it has a "
            "date: it stays as it was",
            remedy="give --accept-limits with the reason; or withdraw it, and see what breaks in a "
            f"clone: `sfterritory scenario clone {name} NAME`, `scenario rebuild NAME`",
        )
    store.scenarios.rebuilt(scenario, version_id=version, now=acting.now, accepted=reason)
    return told(
        store,
        name,
        acting,
        kind="scenario rebuild",
        version=version,
        accepted_limits=reason or "",
    )


def remove(store: Store, name: str, *, acting: Acting) -> ScenarioEntry:
    """Delete a scenario that does not count, with its territories; return what it was.

    Raises:
        ConfigError: There is no such scenario, or it counts or is to count.
    """
    scenario = find_scenario(store, name)
    state = scenario.state(acting.now)
    if state in (ScenarioState.CHOSEN, ScenarioState.ACTIVATED):
        raise ConfigError(
            f"scenario {name!r} is {state}, from {scenario.effective_at:%Y-%m-%d} on",
            remedy=f"run `sfterritory scenario withdraw {name}` first",
        )
    before = entry_of(store, scenario, acting.now)
    with store.lease(LEASE, acting.holder):  # a build may be about to name the same overlays
        store.scenarios.delete(scenario)
    facts = {"scenario": name, "version": scenario.version_id}
    store.log.add("scenario delete", at=acting.now, by=acting.holder, facts=facts)
    return before


def _check_name(store: Store, name: str) -> None:
    if not _NAME.match(name) or name == LIVE:
        raise ConfigError(
            f"{name!r} cannot be the name of a scenario",
            remedy="use up to 60 letters, digits, blanks and any of . + - _; "
            f"{LIVE!r} means the territories that count",
        )
    if store.scenarios.find(name) is not None:
        raise ConfigError(
            f"there is a scenario {name!r} already",
            remedy=f"choose another name, or run `sfterritory scenario delete {name}`",
        )


def _built(settings: Settings, store: Store, what_if: WhatIf, acting: Acting) -> str:
    _check_fields(store, what_if)
    options = BuildOptions(
        what_if=what_if, choose=False, workforce=Workforce(workers=acting.workers)
    )
    report = build(settings, store, now=acting.now, holder=acting.holder, options=options)
    return report.version


def _check_fields(store: Store, what_if: WhatIf) -> None:
    known = sorted({*store.mirror.pulled()["Account"].fields, *DERIVED_FIELDS} - {"Id"})
    unknown = [name for name in what_if.account_fields if name not in known]
    if unknown:
        raise ConfigError(
            "\n".join(
                f"cadence: Account.{name} was not pulled{did_you_mean(name, known)}"
                for name in unknown
            ),
            remedy="correct the field, or name it in `extra_fields` of mappings/salesforce.yaml "
            "and pull again",
        )


def _new(
    name: str, what_if: WhatIf, version: str, *, note: str, based_on: str, acting: Acting
) -> Scenario:
    named = {"name": name, "by": acting.by, "at": acting.now.astimezone(UTC).isoformat()}
    return Scenario(
        id=content_hash(dict(named)),
        name=name,
        created_at=acting.now,
        created_by=acting.by,
        note=note,
        based_on=based_on,
        what_if=what_if,
        version_id=version,
        built_at=acting.now,
    )


def _added(store: Store, scenario: Scenario, acting: Acting, *, kind: str) -> ScenarioEntry:
    store.scenarios.add(scenario)
    return told(
        store,
        scenario.name,
        acting,
        kind=kind,
        version=scenario.version_id,
        based_on=scenario.based_on,
        changes=" ".join(scenario.what_if.sentences),
    )
