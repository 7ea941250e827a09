"""A layer: the territories of one team over the accounts, solved, drawn and ready to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from sfterritory.geography.areas import Areas, draw_areas
from sfterritory.model.columns import Floats, TextColumn
from sfterritory.model.store.territory import Alignment, Territory
from sfterritory.model.travel import TravelTime
from sfterritory.optimize.alignment import Conflict, ConflictCode, NoteCode, TerritoryPlan
from sfterritory.optimize.band import Band, band_of
from sfterritory.optimize.engine.kernel import FAR_PRICE_KM
from sfterritory.optimize.territories import build_territories
from sfterritory.optimize.travel_limit import broken_travel_limits
from sfterritory.optimize.travel_load import MEASURED, TerritoryTravel, territory_travel
from sfterritory.optimize.workload import calls_of
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.construction.left_out import LeftOut
from sfterritory.pipeline.construction.request import Asked
from sfterritory.pipeline.records import AREA_REACH_KM
from sfterritory.pipeline.territory_sheet import alignment_rows, territory_rows
from sfterritory.settings.project import Settings


@dataclass(frozen=True, slots=True)
class Layer:
    """Territories of one team.

    Attributes:
        asked: What was asked for, with the hours that construction reckoned with.
        plan: The answer.
        drive: Hours on the road by territory, from the territories as they are now.
        driven: Limits and loads of hours with this driving, not with that of the round before.
        areas: Outlines.
        territories: As they are kept, in the order of the roster.
        alignment: Which account belongs to which, those left out without a territory.
        travel_broken: Territories beyond a limit of travel that is verified afterwards.
    """

    asked: Asked
    plan: TerritoryPlan
    drive: TerritoryTravel
    driven: Band
    areas: Areas
    territories: tuple[Territory, ...]
    alignment: Alignment
    travel_broken: tuple[Conflict, ...] = ()

    @property
    def feasible(self) -> bool:
        """Return whether every limit is kept, those of travel too."""
        return self.plan.feasible and not self.travel_broken

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Return everything that was asked for and is not had."""
        verified = {one.code for one in self.travel_broken}
        told = self.plan.conflicts
        if ConflictCode.BEYOND_REACH in verified:  # the same accounts, with who is nearest
            told = tuple(one for one in told if one.code is not ConflictCode.OUT_OF_REACH)
        return (*told, *self.travel_broken)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what to know before trusting the plan; what conflicts tell is left to them."""
        return tuple(
            f"cost and gap count each hour beyond reach as {FAR_PRICE_KM:,.0f} km farther"
            if one.code is NoteCode.BEYOND_REACH
            else one.message
            for one in self.plan.notes
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the territories."""
        return tuple(one.key for one in self.territories)


def make_layer(
    settings: Settings,
    asked: Asked,
    *,
    travel: TravelTime | None,
    executor: Executor | None,
) -> Layer:
    """Solve, draw and name the territories that were asked for.

    Args:
        settings: Of the project.
        asked: What was asked for.
        travel: Where driving times come from; None leaves construction to distances.
        executor: Who does parallel work.
    """
    accounts, roster = asked.book.accounts, asked.book.roster
    best = min(_rounds(settings, asked, travel=travel, executor=executor), key=_off_limits)
    asked, plan = best.asked, best.plan
    areas = draw_areas(
        accounts.lon_deg,
        accounts.lat_deg,
        plan.territory,
        len(roster),
        reach_km=AREA_REACH_KM,
    )
    territories = territory_rows(accounts, roster, plan, areas=areas, cities=_cities(asked.book))
    aligned = alignment_rows(accounts, plan, territories)
    return Layer(
        asked=asked,
        plan=plan,
        drive=best.drive,
        driven=best.driven,
        areas=areas,
        territories=territories,
        alignment=with_left_out(aligned, asked.left_out),
        travel_broken=broken_travel_limits(
            asked.request,
            plan,
            best.drive,
            params=settings.territories.territories,
            weeks_worked=_weeks_worked(settings, asked),
        ),
    )


def _weeks_worked(settings: Settings, asked: Asked) -> float:
    """Return the weeks that a full rep works in a year, 0 where nobody works."""
    weekly = settings.territories.workload.field_hours_per_week
    capacity = asked.capacity
    return (capacity.gross_hours - capacity.absence_hours) / weekly if weekly > 0 else 0.0


@dataclass(frozen=True, slots=True)
class _Round:
    """One answer, and what its own driving makes of it."""

    asked: Asked
    plan: TerritoryPlan
    drive: TerritoryTravel
    driven: Band


def _rounds(
    settings: Settings, asked: Asked, *, travel: TravelTime | None, executor: Executor | None
) -> Iterator[_Round]:
    """Yield the answers built with the driving of the one before, the first where none is."""
    params = settings.territories.workload
    calls = calls_of(asked.book.accounts, params=params)
    rounds = settings.territories.territories.drive_rounds
    for turn in range(1 + rounds):
        plan = build_territories(asked.request, travel=travel, executor=executor)
        drive = territory_travel(
            calls,
            plan.territory,
            starts=(plan.centre_lon_deg, plan.centre_lat_deg),
            params=params,
            travel=travel,
        )
        again = asked.with_hours(calls.service_hours + drive.account_travel_hours, plan)
        if turn or not rounds:
            yield _Round(asked, plan, drive, band_of(again.request.demands[0], plan.territory))
        asked = again


def _off_limits(one: _Round) -> tuple[float, bool, float]:
    """Return what makes an answer worse: overload by its own driving first, then broken limits.

    Later rounds need not be better: an account near a border takes other hours beyond it.
    """
    most = one.asked.capacity.rep_hours * (1.0 + MEASURED.hours_share)
    overload = np.maximum(one.driven.load - most, 0.0)
    off = one.driven.over + one.driven.under
    return float(overload.sum()), not one.plan.feasible, float(off.sum())


def with_left_out(alignment: Alignment, left_out: LeftOut) -> Alignment:
    """Return the alignment with a line for each account that is in no territory, and why."""
    count = len(left_out.ids)
    if count == 0:
        return alignment
    ids = np.concatenate((alignment.account_ids, np.array(left_out.ids, dtype="U18")))
    order = np.argsort(ids, kind="stable")
    nothing = [None] * count

    def texts(column: TextColumn, more: list[str | None]) -> TextColumn:
        both = [*column.values(), *more]
        return TextColumn.of([both[row] for row in order.tolist()])

    def numbers(column: Floats, more: float) -> Floats:
        return np.concatenate((column, np.full(count, more)))[order]

    return Alignment(
        account_ids=ids[order],
        territory=texts(alignment.territory, [*nothing]),
        hours_per_year=numbers(alignment.hours_per_year, 0.0),
        distance_km=numbers(alignment.distance_km, np.nan),
        runner_up=texts(alignment.runner_up, [*nothing]),
        runner_up_km=numbers(alignment.runner_up_km, np.nan),
        locked=np.concatenate((alignment.locked, np.zeros(count, dtype=np.bool_)))[order],
        reason=texts(alignment.reason, [*left_out.cause]),
        would_change=texts(alignment.would_change, [*nothing]),
    )


def _cities(book: Book) -> list[str]:
    """Return `Houston, TX` for each account, '' where the city is not known."""
    cities = book.text("city").values()
    states = book.text("subdivision_code").values()
    return [
        ", ".join(filter(None, (city, (state or "").rpartition("-")[2]))) if city else ""
        for city, state in zip(cities, states, strict=True)
    ]
