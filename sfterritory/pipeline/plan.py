"""Plan: the difference between who owns each record and who should, as a document in the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.model.columns import (
    Column,
    FlagColumn,
    Floats,
    NumberColumn,
    RecordColumns,
    TextColumn,
    TimeColumn,
)
from sfterritory.model.document import Scalar
from sfterritory.model.plan import Check, PlanSource
from sfterritory.model.store.column_type import instant_text
from sfterritory.model.store.plan_room import StoredPlan
from sfterritory.model.store.route import RouteDecisions, RouteVersion
from sfterritory.model.store.snapshot import Snapshot
from sfterritory.model.store.store import Store
from sfterritory.pipeline.field_list import named_fields
from sfterritory.pipeline.people import People, load_people
from sfterritory.pipeline.records import latest_snapshot, typed
from sfterritory.pipeline.route import read_runner_up
from sfterritory.pipeline.routing_facts import NOWHERE, Territories, load_territories
from sfterritory.settings.project import Settings
from sfterritory.writeback.desired import DesiredOwners, RecordDetail, changed_rows
from sfterritory.writeback.diff import PlanPolicy, make_plan
from sfterritory.writeback.owner import OrgFacts

_DETAIL_FIELDS = {
    "Account": ("Name", "OwnerId", "ParentId", "CreatedDate", "LastModifiedDate"),
    "Lead": ("Name", "OwnerId", "IsConverted", "CreatedDate", "LastModifiedDate"),
}


def plan_changes(settings: Settings, store: Store, *, now: datetime, created_by: str) -> StoredPlan:
    """Make the plan of the latest route version, and keep it under its hash.

    Raises:
        StepMissingError: An earlier step has no result for the last pull and today's mappings.
    """
    snapshot = latest_snapshot(store)
    territories = load_territories(store, snapshot_id=snapshot.id, as_of=now)
    routed = _latest_route(settings, store, snapshot, territories)
    people = load_people(settings, store)
    org = org_facts(settings, store, people, as_of=now)
    objects = [
        _Routed.load(settings, store, routed, name, territories)
        for name in sorted(settings.routing.objects)
    ]
    plan = make_plan(
        [one.desired for one in objects],
        {key: detail for one in objects for key, detail in one.details(settings, store)},
        org=org,
        source=plan_source(settings, snapshot, routed),
        policy=plan_policy(settings),
        checks=(_one_territory_each(territories), *_lost_fields(settings, store)),
    )
    stored = store.plans.save(plan, created_by, created_at=now)
    store.log.add("plan", at=now, by=created_by, facts={"plan": plan.hash})
    return stored


def plan_policy(settings: Settings) -> PlanPolicy:
    """Return when plans expire, what blocks them, and the history fields."""
    return PlanPolicy(
        expires_after_hours=settings.project.plan.expires_after_hours,
        max_share_moved=settings.project.plan.max_share_moved,
        history={str(name): fields for name, fields in settings.salesforce.history.items()},
    )


def plan_source(
    settings: Settings,
    snapshot: Snapshot,
    routed: RouteVersion | None,
    *,
    reverts_run: str | None = None,
) -> PlanSource:
    """Return what a plan is made from."""
    return PlanSource(
        org_id=snapshot.org_id,
        snapshot_id=snapshot.id,
        territory_version=routed.territory_version if routed else None,
        route_version=routed.id if routed else None,
        rules_hash=settings.rules_hash,
        config_hash=settings.config_hash,
        seed=settings.project.seed,
        reverts_run=reverts_run,
    )


def org_facts(
    settings: Settings, store: Store, people: People, *, as_of: datetime | None = None
) -> OrgFacts:
    """Return owners with the territories that count then, and how long history texts may be."""
    pulled = store.mirror.pulled()
    lengths = {
        name: dict(pulled[name].text_lengths) for name in settings.routing.objects if name in pulled
    }
    version = store.territories.latest(as_of=as_of)
    rows = store.territories.territories(version.id) if version else ()
    territories = {one.rep_id: one.name for one in rows if one.rep_id is not None}
    return people.org_facts(lengths, territories=territories)


@dataclass(frozen=True, slots=True)
class _Routed:
    """One object's decisions beside its records."""

    records: RecordColumns
    desired: DesiredOwners

    @classmethod
    def load(
        cls,
        settings: Settings,
        store: Store,
        version: RouteVersion,
        object_name: str,
        territories: Territories,
    ) -> _Routed:
        names = (*_DETAIL_FIELDS[object_name], *settings.history_of(object_name).names)
        value = settings.salesforce.account.value if object_name == "Account" else None
        fields = dict.fromkeys((*names, *([value] if value else ())))
        records = store.mirror.columns(object_name, tuple(fields))
        decisions = store.routes.decisions(version.id, object_name)
        if not np.array_equal(records.ids, decisions.ids):
            raise StepMissingError(
                f"the routing step has no result for today's {object_name} records",
                remedy="run `sfterritory route` again",
            )
        desired = _desired(records, decisions, territories, value_field=value)
        return cls(records, desired)

    def details(self, settings: Settings, store: Store) -> Iterator[tuple[str, RecordDetail]]:
        """Yield what the plan has to know of each record that changes owner, by id."""
        name = self.records.object_name
        history = settings.history_of(name).names
        rows = changed_rows(self.desired)
        cells = {
            field: _scalars(self.records.fields[field], rows)
            for field in (*_DETAIL_FIELDS[name], *history)
        }
        first = store.first_owners(name)
        for spot, record_id in enumerate(self.records.ids[rows].tolist()):
            known = first.get(record_id)
            created = cells["CreatedDate"][spot]
            yield (
                record_id,
                RecordDetail(
                    name=str(cells["Name"][spot] or ""),
                    last_modified_at=_instant(cells["LastModifiedDate"][spot]),
                    fields={field: cells[field][spot] for field in history},
                    created_at=_instant(created) if created else None,
                    parent_id=_text(cells["ParentId"][spot]) if name == "Account" else None,
                    first_owner=known.owner_id if known else None,
                    first_assigned_at=known.at if known else None,
                    converted=name == "Lead" and cells["IsConverted"][spot] is True,
                ),
            )


def _desired(
    records: RecordColumns,
    decisions: RouteDecisions,
    territories: Territories,
    *,
    value_field: str | None,
) -> DesiredOwners:
    runners_up = [read_runner_up(text) for text in decisions.runner_up.values()]
    blank = np.zeros(len(records))
    rows = (
        territories.of_accounts(records.ids)
        if records.object_name == "Account"
        else np.full(len(records), NOWHERE, dtype=np.int32)
    )
    value = records.fields[value_field] if value_field else None
    return DesiredOwners(
        object_name=records.object_name,
        ids=records.ids,
        before=typed(records.fields["OwnerId"], TextColumn),
        after=decisions.owner_id,
        rule=decisions.rule,
        territory=territories.names(rows),
        reason=decisions.reason,
        runner_up=TextColumn.of([one[0] if one else None for one in runners_up]),
        runner_up_reason=TextColumn.of([one[1] if one else None for one in runners_up]),
        value_usd=value.values if isinstance(value, NumberColumn) else blank,
        hours_per_year=_hours(records, territories) if records.object_name == "Account" else blank,
    )


def _hours(records: RecordColumns, territories: Territories) -> Floats:
    alignment = territories.alignment
    hours = np.zeros(len(records))
    spots = np.searchsorted(records.ids, alignment.account_ids)
    hours[spots] = alignment.hours_per_year
    return hours


def _latest_route(
    settings: Settings, store: Store, snapshot: Snapshot, territories: Territories
) -> RouteVersion:
    version = store.routes.latest()
    if version is None:
        raise StepMissingError(
            "the assignment step has no result: nothing was routed yet",
            remedy="run `sfterritory route` first",
        )
    stale = [
        what
        for what, is_same in (
            ("the last pull", version.snapshot_id == snapshot.id),
            ("the rules in mappings/", version.rules_hash == settings.rules_hash),
            ("the territories", version.territory_version == territories.version.id),
        )
        if not is_same
    ]
    if stale:
        raise StepMissingError(
            f"records were routed before {' and '.join(stale)} changed",
            remedy="run `sfterritory route` again",
        )
    if territories.version.params_hash != settings.config_hash:
        raise StepMissingError(
            "the territories were built before mappings/ or sfterritory.yaml changed",
            remedy="run `sfterritory build` and `sfterritory route` again",
        )
    return version


def _one_territory_each(territories: Territories) -> Check:
    aligned = territories.alignment
    outside = aligned.territory.codes < 0
    missing = int((outside & (aligned.reason.codes < 0)).sum())
    left_out = int(outside.sum()) - missing
    twice = len(aligned) - len(np.unique(aligned.account_ids))
    return Check(
        name="one_territory_each",
        passed=missing == 0 and twice == 0,
        detail=f"{len(aligned):,} located accounts in scope lie in {len(territories.rows)} "
        f"territories; {left_out:,} are left out with a cause, {missing:,} without, {twice:,} in "
        "more than one",
    )


def _lost_fields(settings: Settings, store: Store) -> Iterator[Check]:
    """Name the fields that can no longer be read, with the rules that went by their old values.

    It stops nothing: who wants that sets `pull.missing_fields` to refuse.
    """
    pulled = store.mirror.pulled()
    told = []
    for name, rules in sorted(settings.routing.objects.items()):
        kept = pulled[name].kept if name in pulled else {}
        for field in sorted({*kept} & {*named_fields(settings, name)}):
            asking = [repr(rule.name) for rule in rules.rules if field in rule.when.fields]
            told.append(f"{name}.{field}" + (f" of rule {', '.join(asking)}" if asking else ""))
    if told:
        yield Check(
            name="lost_fields",
            passed=True,
            detail=f"Salesforce no longer shows {'; '.join(told)}: values of an earlier pull were "
            "used",
        )


def _scalars(column: Column, rows: np.ndarray) -> list[Scalar]:
    """Return the cells of some rows as a JSON document holds them."""
    match column:
        case TextColumn():
            picked: list[Scalar] = [*TextColumn(column.codes[rows], column.vocabulary).values()]
            return picked
        case NumberColumn():
            return [None if np.isnan(cell) else cell for cell in column.values[rows].tolist()]
        case FlagColumn():
            return [*column.values[rows].tolist()]
        case TimeColumn():
            instants = column.values[rows].astype("datetime64[ms]")
            return [
                None if np.isnat(at) else instant_text(at.item().replace(tzinfo=UTC))
                for at in instants
            ]


def _instant(text: Scalar) -> datetime:
    if not isinstance(text, str):
        raise ConfigError(
            "a record has no LastModifiedDate or CreatedDate",
            remedy="give the integration user read access to these fields and pull again",
        )
    return datetime.fromisoformat(text)


def _text(value: Scalar) -> str | None:
    return str(value) if value else None
