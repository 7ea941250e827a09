"""Build: workload, territories and their areas, from the accounts of the last pull."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from multiprocessing import get_context

import numpy as np

from sfterritory.errors import StepMissingError
from sfterritory.geography.areas import Areas, draw_areas
from sfterritory.model.columns import AccountColumns, Flags, Ints, RosterColumns, TextColumn
from sfterritory.model.document import Document, content_hash
from sfterritory.model.store.snapshot import Snapshot
from sfterritory.model.store.store import Store
from sfterritory.model.store.territory import Alignment, Territory, TerritoryVersion
from sfterritory.optimize.alignment import TerritoryPlan
from sfterritory.optimize.metrics import alignment_metrics
from sfterritory.optimize.territories import build_territories
from sfterritory.optimize.workload import Workload, servable_accounts, workload
from sfterritory.pipeline.merged import following_merges
from sfterritory.pipeline.people import TERRITORIES_FILE, load_people, load_roster
from sfterritory.pipeline.records import AREA_REACH_KM, PlacedRecords, latest_snapshot, load_placed
from sfterritory.pipeline.territory_sheet import alignment_rows, territory_rows
from sfterritory.settings.project import Settings

LEASE = "build"


class TerritorySummary(Document):
    """One territory as people compare it.

    Attributes:
        servable_accounts: How many accounts like its own the rep has hours for; None where the
            territory holds no work to judge by.
    """

    key: str
    name: str
    rep: str
    accounts: int
    hours_per_year: float
    capacity_hours_per_year: float
    servable_accounts: int | None
    value_usd: float


class BuildReport(Document):
    """What construction found.

    Attributes:
        version: Names the territories by their content.
        unlocated: Accounts without a place: in no territory.
        outside_scope: Located accounts that `scope` leaves out.
        shared_places: Accounts whose place is drawn into another territory's area.
        capacity_terms: Where a full rep's hours of a year go.
        stages: Figures of today, of the feasible and of the improved alignment.
        gap_share: How far the answer may be from the best for its centres; None if not proven.
        before: Balance, travel and disruption of today's owners.
        after: The same of the territories.
        notes: What could not be had, each with its cause; and lists that name merged accounts.
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


@dataclass(frozen=True, slots=True)
class _Book:
    """What territories are built from.

    Attributes:
        rows: Where each account stands among the records of the pull.
        unlocated: Accounts of the pull without a place.
        outside_scope: Accounts that have a place and are left out.
    """

    roster: RosterColumns
    accounts: AccountColumns
    rows: Ints
    unlocated: int
    outside_scope: int


@dataclass(frozen=True, slots=True)
class _Built:
    """The answer, before it is told."""

    work: Workload
    plan: TerritoryPlan
    areas: Areas
    territories: tuple[Territory, ...]
    alignment: Alignment


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
        followed = following_merges(settings, store)
        settings = followed.settings
        placed = load_placed(store, "Account", _fields(settings))
        book = _book(settings, placed, load_roster(settings, store, load_people(settings, store)))
        built = _built(settings, book, placed, workers=workers)
        version = _version(settings, snapshot, book, built, now=now)
        store.territories.save(version, built.territories, alignment=built.alignment)
    report = _report(version, book, built, more_notes=followed.notes)
    store.log.add("build", at=now, by=holder, facts={"version": version.id, "moved": report.moved})
    return report


def _fields(settings: Settings) -> tuple[str, ...]:
    meaning = settings.salesforce.account
    named = [meaning.value, meaning.calls_per_year, meaning.visit_minutes]
    for condition in (settings.territories.locks.where, settings.territories.scope):
        named += sorted(condition.fields) if condition else []
    return ("OwnerId", *(name for name in named if name and name != "Id"))


def _book(settings: Settings, placed: PlacedRecords, roster: RosterColumns) -> _Book:
    scoped, locked = _scoped(settings, placed), _locked(settings, placed)
    located = placed.places.located
    rows = np.flatnonzero(located & scoped).astype(np.int32)
    if len(rows) == 0:
        raise StepMissingError(
            f"none of {len(placed.records):,} accounts is located and in scope",
            remedy="correct addresses in Salesforce or `scope` in mappings/territories.yaml, "
            "then run `sfterritory pull` again",
        )
    rep = _rep_of(placed.text("OwnerId"), roster)[rows]
    meaning = settings.salesforce.account
    accounts = AccountColumns(
        ids=placed.records.ids[rows],
        lon_deg=placed.places.lon_deg[rows],
        lat_deg=placed.places.lat_deg[rows],
        value_usd=np.maximum(np.nan_to_num(placed.number(meaning.value)[rows]), 0.0),
        calls_per_year=placed.number(meaning.calls_per_year)[rows],
        visit_minutes=placed.number(meaning.visit_minutes)[rows],
        rep=rep,
        locked=locked[rows] & (rep >= 0),
    )
    return _Book(
        roster=roster,
        accounts=accounts,
        rows=rows,
        unlocated=int((~located).sum()),
        outside_scope=int((located & ~scoped).sum()),
    )


def _scoped(settings: Settings, placed: PlacedRecords) -> Flags:
    scope = settings.territories.scope
    if scope is None:
        return np.ones(len(placed.records), dtype=np.bool_)
    return placed.matching(scope, settings=settings, where=("scope",), file=TERRITORIES_FILE)


def _locked(settings: Settings, placed: PlacedRecords) -> Flags:
    listed: Flags = np.isin(placed.records.ids, sorted(settings.locked_ids))
    where = settings.territories.locks.where
    if where is None:
        return listed
    return listed | placed.matching(
        where, settings=settings, where=("locks", "where"), file=TERRITORIES_FILE
    )


def _rep_of(owner: TextColumn, roster: RosterColumns) -> Ints:
    row_of = {record_id: row for row, record_id in enumerate(roster.ids.tolist())}
    table = [*(row_of.get(owner_id, -1) for owner_id in owner.vocabulary), -1]
    return np.array(table, dtype=np.int32)[owner.codes]


def _built(settings: Settings, book: _Book, placed: PlacedRecords, *, workers: int) -> _Built:
    accounts, roster = book.accounts, book.roster
    params = settings.territories.territories.model_copy(update={"seed": settings.project.seed})
    work = workload(accounts, roster, params=settings.territories.workload)
    # Forked workers would inherit the threads of a progress bar, half alive.
    pool = ProcessPoolExecutor(workers, get_context("spawn")) if workers > 1 else nullcontext()
    with pool as executor:
        plan = build_territories(accounts, roster, workload=work, params=params, executor=executor)
    areas = draw_areas(
        accounts.lon_deg,
        accounts.lat_deg,
        plan.territory,
        len(roster),
        reach_km=AREA_REACH_KM,
    )
    cities = _cities(placed, book.rows)
    territories = territory_rows(accounts, roster, plan, areas=areas, cities=cities)
    return _Built(work, plan, areas, territories, alignment_rows(accounts, plan, territories))


def _cities(placed: PlacedRecords, rows: Ints) -> list[str]:
    """Return `Houston, TX` for each account, '' where the city is not known."""
    cities = placed.text("city").values()
    states = placed.text("subdivision_code").values()
    return [
        ", ".join(filter(None, (cities[row], (states[row] or "").rpartition("-")[2])))
        if cities[row]
        else ""
        for row in rows.tolist()
    ]


def _version(
    settings: Settings, snapshot: Snapshot, book: _Book, built: _Built, *, now: datetime
) -> TerritoryVersion:
    version_id = content_hash(
        {
            "snapshot": snapshot.id,
            "config": settings.config_hash,
            "seed": settings.project.seed,
            "territory": [key or "" for key in built.alignment.territory.values()],
        }
    )
    return TerritoryVersion(
        id=version_id,
        snapshot_id=snapshot.id,
        params_hash=settings.config_hash,
        seed=settings.project.seed,
        status="feasible" if built.plan.feasible else "limits broken",
        metrics={
            "before": _figures(settings, book, built.work, book.accounts.rep),
            "after": _figures(settings, book, built.work, built.plan.territory),
        },
        created_at=now,
    )


def _figures(
    settings: Settings, book: _Book, work: Workload, territory: Ints
) -> dict[str, dict[str, float]]:
    accounts, params = book.accounts, settings.territories.territories
    metrics = alignment_metrics(
        territory,
        rep=accounts.rep,
        lon_lat_deg=(accounts.lon_deg, accounts.lat_deg),
        amounts=(work.hours, accounts.value_usd),
        capacity_share=book.roster.capacity_share,
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


def _report(
    version: TerritoryVersion, book: _Book, built: _Built, *, more_notes: tuple[str, ...]
) -> BuildReport:
    plan, capacity = built.plan, built.work.capacity
    terms = asdict(capacity)
    rep_hours = terms.pop("rep_hours").tolist()
    servable = servable_accounts(plan.hours, plan.territory, capacity_hours=capacity.rep_hours)
    return BuildReport(
        version=version.id,
        snapshot_id=version.snapshot_id,
        seed=version.seed,
        accounts=len(book.accounts),
        unlocated=book.unlocated,
        outside_scope=book.outside_scope,
        locked=int(book.accounts.locked.sum()),
        moved=int(plan.moved.sum()),
        shared_places=built.areas.shared_count,
        feasible=plan.feasible,
        gap_share=plan.gap_share,
        capacity_terms={name: round(float(hours), 2) for name, hours in terms.items()},
        stages=tuple(_rounded(asdict(stage)) for stage in plan.stages),
        before=version.metrics["before"],
        after=version.metrics["after"],
        territories=tuple(
            TerritorySummary(
                key=one.key,
                name=one.name,
                rep=rep,
                accounts=one.accounts,
                hours_per_year=one.hours_per_year,
                capacity_hours_per_year=round(hours, 2),
                servable_accounts=None if np.isnan(number) else int(number),
                value_usd=one.value_usd,
            )
            for one, rep, hours, number in zip(
                built.territories, book.roster.names, rep_hours, servable.tolist(), strict=True
            )
        ),
        notes=(*(one.message for one in plan.notes), *more_notes),
    )


def _rounded(stage: dict[str, float | int | str]) -> dict[str, float | int | str]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in stage.items()
    }
