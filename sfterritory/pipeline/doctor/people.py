"""Checks of the rules and the roster against the users and queues of the last pull."""

from __future__ import annotations

from collections.abc import Iterator

from sfterritory.model.store.store import Store
from sfterritory.pipeline.doctor.report import HealthCheck, failed, ok, tried, warning
from sfterritory.pipeline.people import People, load_people, load_roster
from sfterritory.pipeline.routing_facts import rule_problems
from sfterritory.routing.problem import Problem
from sfterritory.settings.project import Settings


def people_checks(settings: Settings, store: Store) -> Iterator[HealthCheck]:
    """Check owners, queues and fields that rules name, members of pools, and the roster."""
    if store.snapshots.latest() is None:
        yield warning(
            "pull",
            "nothing was pulled yet, so rules and roster were not held against the org",
            remedy="run `sfterritory pull`",
        )
        return
    wrong, people = tried("users", lambda: load_people(settings, store))
    if people is None:
        yield wrong or ok("users", "")
        return
    yield _rules(settings, store, people)
    yield _pools(settings, people)
    wrong, roster = tried("roster", lambda: load_roster(settings, store, people))
    homes = 0 if roster is None else int((roster.lon_deg == roster.lon_deg).sum())
    size = 0 if roster is None else len(roster)
    yield wrong or ok("roster", f"{size} reps, {homes} with a located home")


def _rules(settings: Settings, store: Store, people: People) -> HealthCheck:
    """Find owners who left, queues that do not take the object, fields that are not there."""
    wrong, lines = tried("rules", lambda: rule_problems(settings, store, people))
    if wrong:
        return wrong
    if lines:
        return failed("rules", "\n".join(lines), remedy="correct these lines of the rule book")
    count = sum(len(one.rules) for one in settings.routing.objects.values())
    return ok("rules", f"{count} rules can run; every owner that they name can own records")


def _pools(settings: Settings, people: People) -> HealthCheck:
    """Find members who would be passed over: inactive, though the pool as a whole can run."""
    directory = people.directory
    passed_over = [
        f"{name}: {found.text}"
        for name, pool in sorted(settings.routing.pools.items())
        for ref in pool.members or ()
        if isinstance(found := directory.resolve_user(ref), Problem)
    ]
    if passed_over:
        return warning(
            "pools",
            "; ".join(passed_over),
            remedy="take them out of mappings/routing.yaml: their turns are passed over",
        )
    return ok("pools", f"{len(settings.routing.pools)} pools, every named member can own records")
