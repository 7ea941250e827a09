"""Each territory as a build tells it: hours, capacity, value, distances, and every demand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sfterritory.model.document import Document
from sfterritory.optimize.band import Band
from sfterritory.optimize.workload import servable_accounts
from sfterritory.pipeline.construction.layer import Layer


class DemandFigures(Document):
    """One demand of one territory, beside what was asked for; `hi` is None where nothing was."""

    name: str
    unit: str
    load: float
    target: float
    lo: float
    hi: float | None


class TerritorySummary(Document):
    """One territory as people compare it.

    Attributes:
        hours_per_year: What construction reckoned with.
        service_hours_per_year: Calls times duration.
        travel_hours_per_year: Driving, worked out from the territory as it is now.
        servable_accounts: How many accounts like its own the rep has hours for; None where the
            territory holds no work to judge by.
        demands: Load, fair part and limits of everything that is shared out.
    """

    key: str
    name: str
    rep: str
    accounts: int
    hours_per_year: float
    service_hours_per_year: float
    travel_hours_per_year: float
    capacity_hours_per_year: float
    servable_accounts: int | None
    value_usd: float
    longest_km: float | None
    spread_km: float | None
    demands: tuple[DemandFigures, ...]


class DrivenHours(Document):
    """Hours with the driving of the territories as they are, against limits that are made anew.

    Construction reckons with the driving of the round before: an account near a border takes other
    hours beyond it. Within the error of driving, a limit that breaks here says nothing.

    Attributes:
        least: Emptiest territory, as a part of its fair part.
        most: Fullest one.
        territories_outside: How many are outside their limits of hours.
    """

    least: float
    most: float
    territories_outside: int


def driven_hours(driven: Band) -> DrivenHours:
    """Return what hours with their own driving make of the territories."""
    share = driven.share[driven.target > 0]
    return DrivenHours(
        least=round(float(share.min(initial=np.inf)), 4) if len(share) else 0.0,
        most=round(float(share.max(initial=0.0)), 4),
        territories_outside=int(driven.outside.sum()),
    )


def territory_summaries(layer: Layer) -> tuple[TerritorySummary, ...]:
    """Return the territories as people compare them, in the order of their keys."""
    book, plan, drive = layer.asked.book, layer.plan, layer.drive
    rep_hours = layer.asked.capacity.rep_hours
    servable = servable_accounts(layer.driven.amount, plan.territory, capacity_hours=rep_hours)
    return tuple(
        TerritorySummary(
            key=one.key,
            name=one.name,
            rep=book.roster.names[row],
            accounts=one.accounts,
            hours_per_year=one.hours_per_year,
            service_hours_per_year=round(float(drive.service_hours[row]), 2),
            travel_hours_per_year=round(float(drive.travel_hours[row]), 2),
            capacity_hours_per_year=round(float(rep_hours[row]), 2),
            servable_accounts=None if np.isnan(servable[row]) else int(servable[row]),
            value_usd=one.value_usd,
            longest_km=known(float(drive.longest_leg_km[row]), 1),
            spread_km=known(float(drive.spread_km[row]), 1),
            demands=demand_figures(plan.bands, row),
        )
        for row, one in enumerate(layer.territories)
    )


def demand_figures(bands: Sequence[Band], row: int) -> tuple[DemandFigures, ...]:
    """Return each demand of one territory."""
    return tuple(
        DemandFigures(
            name=band.name,
            unit=band.unit,
            load=round(float(band.load[row]), 2),
            target=round(float(band.target[row]), 2),
            lo=round(float(band.lo[row]), 2),
            hi=known(float(band.hi[row]), 2),
        )
        for band in bands
    )


def known(number: float, digits: int) -> float | None:
    """Return a number rounded for people, None where there is none."""
    return round(float(number), digits) if np.isfinite(number) else None
