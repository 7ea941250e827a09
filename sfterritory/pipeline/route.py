"""Route: one answer for every record, kept with its rule, its reason and who came second."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from sfterritory.model.columns import TextColumn
from sfterritory.model.document import Document, canonical_json, content_hash
from sfterritory.model.store.route import RouteDecisions, RouteVersion
from sfterritory.model.store.store import Store
from sfterritory.pipeline.merged import following_merges
from sfterritory.pipeline.people import load_people
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.pipeline.routing_facts import (
    NOWHERE,
    RoutableObject,
    Territories,
    load_routable,
    load_territories,
)
from sfterritory.routing.engine import Routed, route
from sfterritory.routing.pools import PoolState
from sfterritory.routing.table import NO_RUNNER_UP, DestinationKind
from sfterritory.settings.project import Settings

LEASE = "route"


class RuleCount(Document):
    """How many records one rule answered for."""

    object_name: str
    rule: str
    destination: str
    records: int


class RouteReport(Document):
    """What routing decided.

    Attributes:
        moves: Records that would get another owner, by object.
        rules: Every rule of every object, in order, those without a record too.
        notes: Lists that name records merged away.
    """

    version: str
    snapshot_id: str
    territory_version: str
    records: dict[str, int]
    moves: dict[str, int]
    rules: tuple[RuleCount, ...]
    notes: tuple[str, ...]


def route_all(settings: Settings, store: Store, *, now: datetime, holder: str) -> RouteReport:
    """Decide for every record of every routed object.

    Raises:
        StepMissingError: An earlier step has no result for the last pull.
        ConfigError: The rules do not fit the org; every mistake is listed.
    """
    with store.lease(LEASE, holder):
        snapshot = latest_snapshot(store)
        people = load_people(settings, store)
        territories = load_territories(store, snapshot_id=snapshot.id, as_of=now)
        followed = following_merges(settings, store)
        routable = load_routable(followed.settings, store, people=people, territories=territories)
        before = PoolState({name: str(member) for name, member in store.routes.pools().items()})
        results, pools = _routed(routable, before)
        decisions = [
            _decisions(one, routed, territories)
            for one, routed in zip(routable, results, strict=True)
        ]
        version = RouteVersion(
            id=_version_id(snapshot.id, settings, territories.version.id, decisions),
            snapshot_id=snapshot.id,
            rules_hash=settings.rules_hash,
            territory_version=territories.version.id,
            pools_before=dict(before.last_served),
            pools_after=dict(pools.last_served),
            created_at=now,
        )
        store.routes.save(version, decisions)
    report = RouteReport(
        version=version.id,
        snapshot_id=snapshot.id,
        territory_version=territories.version.id,
        records={one.placed.records.object_name: len(one.placed.records) for one in routable},
        moves={
            one.placed.records.object_name: _moves(one, routed)
            for one, routed in zip(routable, results, strict=True)
        },
        rules=tuple(
            count
            for one, routed in zip(routable, results, strict=True)
            for count in _rule_counts(one, routed)
        ),
        notes=followed.notes,
    )
    store.log.add("route", at=now, by=holder, facts={"version": version.id})
    return report


def _routed(routable: Sequence[RoutableObject], pools: PoolState) -> tuple[list[Routed], PoolState]:
    """Route each object in turn; pools go on where the object before left them."""
    results = []
    for one in routable:
        routed = route(
            one.placed.records, one.table, territory_owner=one.territory_owner, pools=pools
        )
        results.append(routed)
        pools = routed.pools
    return results, pools


def _decisions(one: RoutableObject, routed: Routed, territories: Territories) -> RouteDecisions:
    rules = routed.rule.tolist()
    rule_names = {number: one.table.rule_name(number) for number in set(rules)}
    kinds = [DestinationKind(kind).name.lower() for kind in routed.destination.tolist()]
    reasons, runners_up = _reasons(one, routed, territories)
    left_alone = routed.owner_id == ""
    return RouteDecisions(
        object_name=routed.object_name,
        ids=routed.ids,
        owner_id=TextColumn.of(routed.owner_id.tolist()),
        rule=TextColumn.of([rule_names[number] for number in rules]),
        destination=TextColumn.of(kinds),
        reason=TextColumn.of(reasons),
        runner_up=TextColumn.of(runners_up),
        cause=TextColumn.of(["left alone" if alone else None for alone in left_alone.tolist()]),
    )


def _reasons(
    one: RoutableObject, routed: Routed, territories: Territories
) -> tuple[list[str], list[str | None]]:
    """Return why each record got its owner, and who came second, as JSON.

    An account in its own territory is explained by construction; everything else by its rule.
    """
    alignment = territories.alignment
    spot_of = {account_id: spot for spot, account_id in enumerate(alignment.account_ids.tolist())}
    built, would_change = alignment.reason.values(), alignment.would_change.values()
    second = alignment.runner_up.values()
    rep_of = {row.key: row.rep_id for row in territories.rows}
    names = [row.name for row in territories.rows]
    sentences = {
        number: one.table.sentence(number)
        for number in {*routed.rule.tolist(), *routed.runner_up_rule.tolist()}
    }
    by_territory = routed.destination == DestinationKind.TERRITORY_OWNER
    reasons: list[str] = []
    runners_up: list[str | None] = []
    rows = zip(
        routed.ids.tolist(),
        by_territory.tolist(),
        routed.rule.tolist(),
        one.territory.tolist(),
        routed.runner_up_id.tolist(),
        routed.runner_up_rule.tolist(),
        one.outside_km.tolist(),
        strict=True,
    )
    for record_id, territorial, rule, territory, other_id, other_rule, outside_km in rows:
        spot = spot_of.get(record_id) if territorial else None
        if spot is not None:
            reasons.append(built[spot] or "")
            key = second[spot]
            rep_id = rep_of.get(key) if key else None
            runners_up.append(_runner_up(rep_id, would_change[spot] or ""))
            continue
        where = ""
        if territorial and territory != NOWHERE:
            where = _where(names[territory], outside_km)
        reasons.append(f"{sentences[rule]}{where}")
        reason = "" if other_rule == NO_RUNNER_UP else f"next in line: {sentences[other_rule]}"
        runners_up.append(_runner_up(other_id or None, reason))
    return reasons, runners_up


def _where(territory: str, outside_km: float) -> str:
    """Return in which territory a record lies, or that it lies in none and which is nearest."""
    if outside_km == 0:
        return f"; it lies in {territory}"
    return (
        f"; it lies outside every territory, and {outside_km:,.1f} km away {territory} is nearest"
    )


def _runner_up(owner_id: str | None, reason: str) -> str | None:
    return canonical_json({"owner_id": owner_id, "reason": reason}) if owner_id else None


def read_runner_up(text: str | None) -> tuple[str, str] | None:
    """Return (owner id, reason) of a decision's runner-up, None where there is none."""
    if text is None:
        return None
    found = json.loads(text)
    return str(found["owner_id"]), str(found["reason"])


def _version_id(
    snapshot_id: str, settings: Settings, territory_version: str, decisions: list[RouteDecisions]
) -> str:
    return content_hash(
        {
            "snapshot": snapshot_id,
            "rules": settings.rules_hash,
            "territories": territory_version,
            "owners": {
                one.object_name: [owner or "" for owner in one.owner_id.values()]
                for one in decisions
            },
        }
    )


def _moves(one: RoutableObject, routed: Routed) -> int:
    today = np.array([owner or "" for owner in one.placed.text("OwnerId").values()], dtype="U18")
    return int(((routed.owner_id != "") & (routed.owner_id != today)).sum())


def _rule_counts(one: RoutableObject, routed: Routed) -> list[RuleCount]:
    answered = Counter(routed.rule.tolist())
    numbers = [*range(len(one.table.rules.rules)), -2]
    numbers += [-1] if one.table.rules.eligible is not None else []
    return [
        RuleCount(
            object_name=routed.object_name,
            rule=one.table.rule_name(number),
            destination=one.table.targets[number].kind.name.lower(),
            records=answered[number],
        )
        for number in numbers
    ]
