"""Build: workload, territories and their areas, from the accounts of the last pull."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from datetime import datetime

import numpy as np
import shapely

from sfterritory.errors import StepMissingError
from sfterritory.geography.areas import Areas, draw_areas
from sfterritory.model.columns import AccountColumns, Flags, Ints, RosterColumns, TextColumn
from sfterritory.model.document import Document, content_hash
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Alignment, Territory, TerritoryVersion
from sfterritory.optimize.alignment import ReasonCode, TerritoryPlan
from sfterritory.optimize.metrics import AlignmentMetrics, alignment_metrics
from sfterritory.optimize.reasons import AssignmentReason, explain
from sfterritory.optimize.territories import build_territories
from sfterritory.optimize.workload import Workload, workload
from sfterritory.pipeline.people import load_people, load_roster
from sfterritory.pipeline.records import PlacedRecords, latest_snapshot, load_placed
from sfterritory.settings.project import Settings

LEASE = "build"
TERRITORIES_FILE = "mappings/territories.yaml"


class TerritorySummary(Document):
    """One territory as people compare it."""

    key: str
    name: str
    rep: str
    accounts: int
    hours_per_year: float
    capacity_hours_per_year: float
    value_usd: float


class BuildReport(Document):
    """What construction found.

    Attributes:
        version: Names the territories by their content.
        unlocated: Accounts without a place: in no territory.
        outside_scope: Located accounts that `scope` leaves out.
        shared_places: Accounts whose place is drawn into another territory's area.
        stages: Figures of today, of the feasible and of the improved alignment.
        gap_share: How far the answer may be from the best for its centres; None if not proven.
        notes: What could not be had, each with its cause.
    """

    version: str
    snapshot_id: str
    seed: int
    accounts: int
    unlocated: int
    outside_scope: int
    locked: int
    moved: int
    shared_places: int
    feasible: bool
    gap_share: float | None
    capacity_terms: dict[str, float]
    stages: tuple[dict[str, float | int | str], ...]
    before: dict[str, dict[str, float]]
    after: dict[str, dict[str, float]]
    territories: tuple[TerritorySummary, ...]
    notes: tuple[str, ...]


def build(
    settings: Settings, store: Store, *, now: datetime, holder: str, workers: int = 1
) -> BuildReport:
    """Build one territory per rep; the answer is the same for any number of workers.

    Raises:
        StepMissingError: Nothing was pulled, or no account is located.
        ConfigError: A mapping does not fit the org.
    """
    with store.lease(LEASE, holder):
        snapshot = latest_snapshot(store)
        people = load_people(settings, store)
        roster = load_roster(settings, store, people)
        placed = load_placed(store, "Account", _fields(settings))
        accounts, chosen, scoped = _accounts(settings, placed, roster)
        if len(accounts) == 0:
            raise StepMissingError(
                f"none of {len(placed.records):,} accounts is located and in scope",
                remedy="correct addresses in Salesforce or `scope` in mappings/territories.yaml, "
                "then run `sfterritory pull` again",
            )
        params = settings.territories.territories.model_copy(update={"seed": settings.project.seed})
        work = workload(accounts, roster, params=settings.territories.workload)
        with ProcessPoolExecutor(workers) if workers > 1 else nullcontext() as executor:
            plan = build_territories(
                accounts, roster, workload=work, params=params, executor=executor
            )
        areas = draw_areas(accounts.lon_deg, accounts.lat_deg, plan.territory, len(roster))
        territories = _territories(accounts, roster, plan, areas, _places_of(placed, chosen))
        alignment = _alignment(accounts, plan, territories)
        version = TerritoryVersion(
            id=_version_id(snapshot.id, settings, alignment),
            snapshot_id=snapshot.id,
            params_hash=settings.config_hash,
            seed=settings.project.seed,
            status="feasible" if plan.feasible else "limits broken",
            metrics={
                "before": _figures(accounts, accounts.rep, roster, work, settings),
                "after": _figures(accounts, plan.territory, roster, work, settings),
            },
            created_at=now,
        )
        store.territories.save(version, territories, alignment=alignment)
    report = _report(version, accounts, roster, work, plan, areas, territories)
    report = report.model_copy(
        update={
            "unlocated": int((~placed.places.located).sum()),
            "outside_scope": int((placed.places.located & ~scoped).sum()),
        }
    )
    store.log.add("build", at=now, by=holder, facts={"version": version.id, "moved": report.moved})
    return report


def _fields(settings: Settings) -> tuple[str, ...]:
    meaning = settings.salesforce.account
    named = [meaning.value, meaning.calls_per_year, meaning.visit_minutes]
    for condition in (settings.territories.locks.where, settings.territories.scope):
        named += sorted(condition.fields) if condition else []
    return ("OwnerId", *(name for name in named if name and name != "Id"))


def _accounts(
    settings: Settings, placed: PlacedRecords, roster: RosterColumns
) -> tuple[AccountColumns, Ints, Flags]:
    """Return the accounts to build from, their rows among the records, and which are in scope."""
    territories = settings.territories
    everyone: Flags = np.ones(len(placed.records), dtype=np.bool_)
    scoped = everyone
    if territories.scope is not None:
        scoped = placed.matching(
            territories.scope, settings=settings, where=("scope",), file=TERRITORIES_FILE
        )
    locked = np.isin(placed.records.ids, sorted(settings.locked_ids))
    if territories.locks.where is not None:
        locked |= placed.matching(
            territories.locks.where,
            settings=settings,
            where=("locks", "where"),
            file=TERRITORIES_FILE,
        )
    rows = np.flatnonzero(placed.places.located & scoped).astype(np.int32)
    rep = _rep_of(placed.text("OwnerId"), roster)[rows]
    meaning = settings.salesforce.account
    value = np.nan_to_num(placed.number(meaning.value)[rows])
    accounts = AccountColumns(
        ids=placed.records.ids[rows],
        lon_deg=placed.places.lon_deg[rows],
        lat_deg=placed.places.lat_deg[rows],
        value_usd=np.maximum(value, 0.0),
        calls_per_year=placed.number(meaning.calls_per_year)[rows],
        visit_minutes=placed.number(meaning.visit_minutes)[rows],
        rep=rep,
        locked=locked[rows] & (rep >= 0),
    )
    return accounts, rows, scoped


def _rep_of(owner: TextColumn, roster: RosterColumns) -> Ints:
    row_of = {record_id: row for row, record_id in enumerate(roster.ids.tolist())}
    table = [*(row_of.get(owner_id, -1) for owner_id in owner.vocabulary), -1]
    return np.array(table, dtype=np.int32)[owner.codes]


def _places_of(placed: PlacedRecords, rows: Ints) -> list[str]:
    """Return `Houston, TX` for each account, '' where the city is not known."""
    cities = placed.text("city").values()
    states = placed.text("subdivision_code").values()
    return [
        ", ".join(filter(None, (cities[row], (states[row] or "").rpartition("-")[2])))
        if cities[row]
        else ""
        for row in rows.tolist()
    ]


def _territories(
    accounts: AccountColumns,
    roster: RosterColumns,
    plan: TerritoryPlan,
    areas: Areas,
    places: list[str],
) -> tuple[Territory, ...]:
    k = len(roster)
    counts = np.bincount(plan.territory, minlength=k)
    hours = np.bincount(plan.territory, weights=plan.hours, minlength=k)
    value = np.bincount(plan.territory, weights=accounts.value_usd, minlength=k)
    names = _names(plan.territory, roster, places)
    width = len(str(k))
    return tuple(
        Territory(
            key=f"T{row + 1:0{width}d}",
            name=names[row],
            rep_id=str(roster.ids[row]),
            hours_per_year=round(float(hours[row]), 2),
            value_usd=round(float(value[row]), 2),
            accounts=int(counts[row]),
            lon_deg=_known(plan.centre_lon_deg[row]),
            lat_deg=_known(plan.centre_lat_deg[row]),
            area_wkb=bytes(shapely.to_wkb(areas.polygons[row])),
        )
        for row in range(k)
    )


def _names(territory: Ints, roster: RosterColumns, places: list[str]) -> list[str]:
    """Return each territory's most frequent city, numbered where several share it."""
    cities: list[Counter[str]] = [Counter() for _ in range(len(roster))]
    for row, place in zip(territory.tolist(), places, strict=True):
        if place:
            cities[row][place] += 1
    found = [
        min(count.items(), key=lambda item: (-item[1], item[0]))[0] if count else roster.names[row]
        for row, count in enumerate(cities)
    ]
    times, seen = Counter(found), Counter[str]()
    names = []
    for name in found:
        seen[name] += 1
        names.append(f"{name} ({seen[name]})" if times[name] > 1 else name)
    return names


def _alignment(
    accounts: AccountColumns, plan: TerritoryPlan, territories: tuple[Territory, ...]
) -> Alignment:
    keys: list[str | None] = [*(one.key for one in territories), None]
    names = [one.name for one in territories]
    reasons = [explain(plan, row) for row in range(len(accounts))]
    return Alignment(
        account_ids=accounts.ids,
        territory=TextColumn.of([keys[row] for row in plan.territory.tolist()]),
        hours_per_year=plan.hours.round(4),
        distance_km=plan.km.round(3),
        runner_up=TextColumn.of([keys[row] for row in plan.runner_up.tolist()]),
        runner_up_km=plan.runner_up_km.round(3),
        locked=accounts.locked,
        reason=TextColumn.of([_sentence(one, names) for one in reasons]),
        would_change=TextColumn.of([one.would_change for one in reasons]),
    )


_WORDS = {
    ReasonCode.LOCKED: "locked to its owner",
    ReasonCode.ONLY_TERRITORY: "the only territory there is",
    ReasonCode.NEAREST: "its centre is the nearest",
    ReasonCode.STAYS: "it stays with its owner: moving would not save enough travel",
    ReasonCode.BALANCE_HOURS: "it keeps the hours of the territories within their limits",
    ReasonCode.BALANCE_VALUE: "it keeps the value of the territories within their limits",
    ReasonCode.SEARCH_ENDED: "the best place that was found for it",
}


def _sentence(reason: AssignmentReason, names: list[str]) -> str:
    """Return why an account is where it is: `Houston, TX: its centre is the nearest (12 km).`."""
    second = (
        f"; next is {names[reason.runner_up]} ({reason.runner_up_km:,.0f} km)"
        if reason.runner_up >= 0
        else ""
    )
    return f"{names[reason.territory]}: {_WORDS[reason.code]} ({reason.km:,.0f} km{second})."


def _version_id(snapshot_id: str, settings: Settings, alignment: Alignment) -> str:
    return content_hash(
        {
            "snapshot": snapshot_id,
            "config": settings.config_hash,
            "seed": settings.project.seed,
            "territory": [key or "" for key in alignment.territory.values()],
        }
    )


def _figures(
    accounts: AccountColumns,
    territory: Ints,
    roster: RosterColumns,
    work: Workload,
    settings: Settings,
) -> dict[str, dict[str, float]]:
    params = settings.territories.territories
    metrics: AlignmentMetrics = alignment_metrics(
        territory,
        rep=accounts.rep,
        lon_lat_deg=(accounts.lon_deg, accounts.lat_deg),
        amounts=(work.hours, accounts.value_usd),
        capacity_share=roster.capacity_share,
        tolerances=(params.hours_tolerance, params.value_tolerance or 0.0),
    )
    return {
        part: {
            name: round(float(value), 6)
            for name, value in asdict(getattr(metrics, part)).items()
            if not np.isnan(value)
        }
        for part in ("hours", "value", "travel", "disruption")
    }


def _report(  # noqa: PLR0913 - the parts of one answer
    version: TerritoryVersion,
    accounts: AccountColumns,
    roster: RosterColumns,
    work: Workload,
    plan: TerritoryPlan,
    areas: Areas,
    territories: tuple[Territory, ...],
) -> BuildReport:
    terms = asdict(work.capacity)
    terms.pop("rep_hours")
    return BuildReport(
        version=version.id,
        snapshot_id=version.snapshot_id,
        seed=version.seed,
        accounts=len(accounts),
        unlocated=0,
        outside_scope=0,
        locked=int(accounts.locked.sum()),
        moved=int(plan.moved.sum()),
        shared_places=areas.shared_count,
        feasible=plan.feasible,
        gap_share=plan.gap_share,
        capacity_terms={name: round(float(hours), 2) for name, hours in terms.items()},
        stages=tuple(_plain(asdict(stage)) for stage in plan.stages),
        before=version.metrics["before"],
        after=version.metrics["after"],
        territories=tuple(
            TerritorySummary(
                key=one.key,
                name=one.name,
                rep=roster.names[row],
                accounts=one.accounts,
                hours_per_year=one.hours_per_year,
                capacity_hours_per_year=round(float(work.capacity.rep_hours[row]), 2),
                value_usd=one.value_usd,
            )
            for row, one in enumerate(territories)
        ),
        notes=tuple(one.message for one in plan.notes),
    )


def _plain(stage: dict[str, float | int | str]) -> dict[str, float | int | str]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in stage.items()
    }


def _known(degrees: float) -> float | None:
    return None if np.isnan(degrees) else float(degrees)
