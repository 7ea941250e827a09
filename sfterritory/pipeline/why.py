"""Why: everything that is known of one record's owner, looked up and put together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
from pydantic import AwareDatetime

from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.insight.why import (
    Choice,
    Input,
    OwnerEvent,
    PlanLine,
    RecordFacts,
    Spoken,
    WhyAnswer,
    explain,
)
from sfterritory.model.columns import FlagColumn, NumberColumn, TextColumn, TimeColumn
from sfterritory.model.document import Document, Scalar
from sfterritory.model.ids import to_18
from sfterritory.model.plan import OwnerChange, RunnerUp, Subject
from sfterritory.model.store.store import Store
from sfterritory.pipeline.merged import following_merges
from sfterritory.pipeline.people import People, load_people
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.pipeline.route import read_runner_up
from sfterritory.pipeline.routing_facts import RoutableObject, load_routable, load_territories
from sfterritory.pipeline.team import TeamTerritory, teams_of_account
from sfterritory.routing import explain as routing_explain
from sfterritory.routing.pools import PoolState
from sfterritory.settings.project import Settings

_OBJECTS = {"001": "Account", "00Q": "Lead"}


class UpcomingOwner(Document):
    """Whose territory an account is in from a date on; plans follow on that date.

    Attributes:
        owner_name: '' where the territory is vacant.
        scenario: The scenario that the territories were activated as.
    """

    effective_at: AwareDatetime
    territory: str
    owner_id: str | None
    owner_name: str
    scenario: str | None


class WhyReport(Document):
    """The answer, and how the rules came to it.

    Attributes:
        rules: Each rule that was asked, with its answer; None where nothing was routed yet.
        upcoming: Whose territories an account is in from dates on that lie ahead.
        teams: Whose an account is in the owners' territories that count now, and in those of each
            further team.
    """

    answer: WhyAnswer
    rules: routing_explain.RouteExplanation | None
    upcoming: tuple[UpcomingOwner, ...] = ()
    teams: tuple[TeamTerritory, ...] = ()


def why(
    settings: Settings,
    store: Store,
    name: str,
    *,
    at: datetime | None = None,
    now: datetime | None = None,
) -> WhyReport:
    """Explain one record, by id (15 or 18 characters) or `Account:001...`.

    With the present moment in `now`, it also tells of territories that count from a date on.

    Raises:
        ConfigError: Not an id, not an account or lead, not in the store, or asked for today and
            deleted since.
        StepMissingError: Nothing was pulled yet.
    """
    snapshot = latest_snapshot(store)
    subject, record = _find(store, name)
    if at is None and record.get("MasterRecordId"):
        winner = store.mirror.masters(subject.object_name).get(subject.record_id)
        raise ConfigError(
            f"{subject.object_name} {subject.record_id} ({subject.name}) was merged into {winner}",
            remedy=f"ask for {winner}, or who owned this one at a past moment with --at",
        )
    if at is None and record.get("IsDeleted"):
        raise ConfigError(
            f"{subject.object_name} {subject.record_id} ({subject.name}) was deleted in Salesforce",
            remedy="ask who owned it at a past moment with --at",
        )
    people = load_people(settings, store)
    names = people.names
    route, choice = _routing(settings, store, subject, people=people, now=now)
    timeline = tuple(
        OwnerEvent(
            at=turn.at,
            before_name=names.get(turn.before or "", turn.before or ""),
            after=turn.after,
            after_name=names.get(turn.after, turn.after),
            changed_by=names.get(turn.by or "", turn.by or ""),
            run_id=turn.run_id,
        )
        for turn in store.timeline(subject.record_id)
        if turn.after is not None
    )
    ours = [event for event in timeline if event.run_id and event.at > snapshot.confirmed_at]
    # What we wrote after the last pull is newer than what the pull saw.
    owner_id = ours[-1].after if ours else _text(record["OwnerId"])
    created = _text(record.get("CreatedDate"))
    facts = RecordFacts(
        subject=subject,
        owner_id=owner_id,
        owner_name=names.get(owner_id or "", owner_id or ""),
        created_at=datetime.fromisoformat(created) if created else None,
        choice=choice,
        lines=_lines(store, subject, choice),
        timeline=timeline,
    )
    return WhyReport(
        answer=explain(facts, at=at),
        rules=route if at is None else None,
        upcoming=_upcoming(store, subject, names, now) if now is not None and at is None else (),
        teams=_teams(store, subject, names, now) if at is None else (),
    )


def _teams(
    store: Store, subject: Subject, names: Mapping[str, str], now: datetime | None
) -> tuple[TeamTerritory, ...]:
    version = store.territories.latest(as_of=now)
    if version is None or subject.object_name != "Account":
        return ()
    return teams_of_account(store, version, (subject.record_id, subject.name), names)


def _upcoming(
    store: Store, subject: Subject, names: Mapping[str, str], now: datetime
) -> tuple[UpcomingOwner, ...]:
    found = []
    for one in store.territories.upcoming(as_of=now):
        aligned = store.territories.aligned(one.version_id, subject.record_id)
        territories = store.territories.territories(one.version_id)
        territory = next((t for t in territories if aligned and t.key == aligned.territory), None)
        if territory is not None:
            owner = territory.rep_id if territory.rep_id in names else None
            found.append(
                UpcomingOwner(
                    effective_at=one.effective_at,
                    territory=territory.name,
                    owner_id=owner,
                    owner_name=names.get(owner or "", ""),
                    scenario=one.scenario,
                )
            )
    return tuple(found)


def _find(store: Store, name: str) -> tuple[Subject, dict[str, Scalar]]:
    try:
        record_id = to_18(name.rpartition(":")[2].strip())
    except ValueError as error:
        raise ConfigError(
            str(error), remedy="copy the id from the record's address in Salesforce"
        ) from error
    object_name = _OBJECTS.get(record_id[:3])
    if object_name is None:
        raise ConfigError(
            f"{record_id} is neither an account (001...) nor a lead (00Q...)",
            remedy="ask for an account or a lead",
        )
    record = store.mirror.record(object_name, record_id)
    if record is None:
        raise ConfigError(
            f"the store has no {object_name} {record_id}",
            remedy="run `sfterritory pull`, or check that the id is of this org",
        )
    subject = Subject(
        object_name=object_name, record_id=record_id, name=str(record.get("Name") or record_id)
    )
    return subject, dict(record)


def _routing(
    settings: Settings, store: Store, subject: Subject, *, people: People, now: datetime | None
) -> tuple[routing_explain.RouteExplanation | None, Choice | None]:
    """Return what the rules say of the record, None where the steps have no result for it."""
    version = store.routes.latest()
    if version is None or version.snapshot_id != latest_snapshot(store).id:
        return None, None
    try:
        territories = load_territories(store, snapshot_id=version.snapshot_id, as_of=now)
    except StepMissingError:
        return None, None
    decision = store.routes.decision(version.id, subject.object_name, record_id=subject.record_id)
    if decision is None or decision.owner_id is None:
        return None, None
    followed = following_merges(settings, store).settings
    routable = load_routable(followed, store, people=people, territories=territories)
    one = next(o for o in routable if o.placed.records.object_name == subject.object_name)
    row = int(np.searchsorted(one.placed.records.ids, subject.record_id))
    pools = PoolState({name: str(member) for name, member in version.pools_before.items()})
    record = _record(one, row)
    route = routing_explain.explain(
        record, one.table, territory_owner=str(one.territory_owner[row]), pools=pools
    )
    second = read_runner_up(decision.runner_up)
    aligned = store.territories.aligned(territories.version.id, subject.record_id)
    inputs = {**route.inputs}
    if aligned is not None:
        inputs |= {
            "hours_per_year": aligned.hours_per_year,
            "distance_km": aligned.distance_km,
            "runner_up_km": aligned.runner_up_km,
            "locked": aligned.locked,
        }
    names = people.names
    choice = Choice(
        owner_id=decision.owner_id,
        owner_name=names.get(decision.owner_id, decision.owner_id),
        rule=decision.rule or "",
        reason=decision.reason or "",
        territory=_text(record.get("territory")),
        inputs=tuple(Input(name=name, value=value) for name, value in inputs.items()),
        runner_up=RunnerUp(
            owner_id=second[0], owner_name=names.get(second[0], second[0]), reason=second[1]
        )
        if second
        else None,
    )
    return route, choice


def _record(one: RoutableObject, row: int) -> dict[str, Scalar]:
    """Return one record's fields as rules read them."""
    values: dict[str, Scalar] = {"Id": str(one.placed.records.ids[row])}
    for name, column in one.placed.records.fields.items():
        match column:
            case TextColumn():
                values[name] = column.value(row)
            case NumberColumn():
                number = float(column.values[row])
                values[name] = None if np.isnan(number) else number
            case FlagColumn():
                values[name] = bool(column.values[row])
            case TimeColumn():
                at = column.values[row]
                values[name] = None if np.isnat(at) else f"{at.astype('datetime64[ms]')}Z"
    return values


def _lines(store: Store, subject: Subject, choice: Choice | None) -> tuple[PlanLine, ...]:
    """Return what the plans that were applied to the record, and the newest plan, say of it."""
    runs = store.runs.of_record(subject.record_id)
    plans = store.plans.list()
    hashes = dict.fromkeys([run.plan_hash for run, _ in runs] + [one.hash for one in plans[:1]])
    lines = []
    for plan_hash in hashes:
        stored = store.plans.recall(plan_hash)
        change = next(
            (one for one in stored.plan.changes if one.subject.record_id == subject.record_id),
            None,
        )
        if change is None:
            continue
        run, applied = next(
            ((run, applied) for run, applied in runs if run.plan_hash == plan_hash), (None, None)
        )
        lines.append(
            PlanLine(
                plan_hash=plan_hash,
                change=change,
                made_at=stored.created_at,
                said=_said(store, plan_hash, change),
                applied=applied,
                applied_at=run.started_at if run else None,
                run_id=run.id if run else None,
                inputs=choice.inputs if choice else (),
            )
        )
    return tuple(lines)


def _said(store: Store, plan_hash: str, change: OwnerChange) -> tuple[Spoken, ...]:
    return tuple(
        Spoken(
            verdict=one.verdict,
            decided_by=one.decided_by,
            decided_at=one.decided_at,
            reason=one.reason,
        )
        for one in store.decisions.of(plan_hash)
        if not one.records or change.key in one.records
    )


def _text(value: Scalar) -> str | None:
    return str(value) if value else None
