"""A layer: the territories of one team over the accounts, solved, drawn and ready to be kept."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from sfterritory.geography.areas import Areas, draw_areas
from sfterritory.model.columns import Floats, TextColumn
from sfterritory.model.store.territory import Alignment, Territory
from sfterritory.model.travel import TravelTime
from sfterritory.optimize.alignment import TerritoryPlan
from sfterritory.optimize.territories import build_territories
from sfterritory.optimize.travel_load import TerritoryTravel, territory_travel
from sfterritory.optimize.workload import calls_of
from sfterritory.pipeline.construction.book import Book
from sfterritory.pipeline.construction.request import Asked, LeftOut
from sfterritory.pipeline.records import AREA_REACH_KM
from sfterritory.pipeline.territory_sheet import alignment_rows, territory_rows
from sfterritory.settings.project import Settings


@dataclass(frozen=True, slots=True)
class Layer:
    """Territories of one team.

    Attributes:
        asked: What was asked for.
        plan: The answer.
        drive: Hours on the road by territory, from the territories as they are now.
        areas: Outlines.
        territories: As they are kept, in the order of the roster.
        alignment: Which account belongs to which, those left out without a territory.
    """

    asked: Asked
    plan: TerritoryPlan
    drive: TerritoryTravel
    areas: Areas
    territories: tuple[Territory, ...]
    alignment: Alignment

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
    calls = calls_of(accounts, params=settings.territories.workload)

    def driven(plan: TerritoryPlan) -> TerritoryTravel:
        return territory_travel(
            calls,
            plan.territory,
            starts=(plan.centre_lon_deg, plan.centre_lat_deg),
            params=settings.territories.workload,
            travel=travel,
        )

    plan = build_territories(asked.request, travel=travel, executor=executor)
    drive = driven(plan)
    for _ in range(settings.territories.territories.drive_rounds):
        hours = calls.service_hours + drive.account_line_haul_hours + drive.account_local_hours
        asked = asked.with_hours(hours, plan)
        plan = build_territories(asked.request, travel=travel, executor=executor)
        drive = driven(plan)
    areas = draw_areas(
        accounts.lon_deg,
        accounts.lat_deg,
        plan.territory,
        len(roster),
        reach_km=AREA_REACH_KM,
    )
    territories = territory_rows(accounts, roster, plan, areas=areas, cities=_cities(asked.book))
    aligned = alignment_rows(accounts, plan, territories)
    return Layer(asked, plan, drive, areas, territories, with_left_out(aligned, asked.left_out))


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
