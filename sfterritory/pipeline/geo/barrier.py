"""Barriers and restricted areas: which accounts lie beyond one, or inside one."""

from __future__ import annotations

import math

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.geography.barrier import Crossings, crossings
from sfterritory.geography.containment import areas_around
from sfterritory.geography.params import GeographyParams
from sfterritory.model.columns import Ints
from sfterritory.model.document import Document
from sfterritory.pipeline.geo.book import GeoBook
from sfterritory.pipeline.geo.land import (
    DrawnBarriers,
    RestrictedAreas,
    load_barriers,
    load_restricted,
)
from sfterritory.settings.project import Settings


class BarrierRow(Document):
    """One barrier.

    Attributes:
        crossing_km: What a rep beyond it costs more; None: nobody may cross it.
        accounts: How many are driven to across it.
        hours: Their workload a year.
        hours_share: Of the workload of all accounts.
    """

    name: str
    crossing_km: float | None
    accounts: int
    hours: float
    hours_share: float


class AcrossRow(Document):
    """An account beyond a barrier, as seen from where its rep starts.

    Attributes:
        bridge_km: Straight distance by the nearest bridge; None where the barrier has none.
    """

    account_id: str
    account: str
    home: str
    barrier: str
    straight_km: float
    bridge_km: float | None
    hours: float


class RestrictedRow(Document):
    """A restricted area; no reps: nobody may work in it."""

    name: str
    reps: tuple[str, ...]
    accounts: int
    hours: float


class InsideRow(Document):
    """An account in a restricted area."""

    account_id: str
    account: str
    area: str
    rep: str


class BarrierReport(Document):
    """What lies in the way.

    Attributes:
        weighed: `hours` are hours of a year; else accounts, since nothing was built yet.
        across: Accounts beyond a barrier, the most hours first.
        inside: Accounts in a restricted area.
    """

    weighed: bool
    accounts: int
    barriers: tuple[BarrierRow, ...]
    across: tuple[AcrossRow, ...]
    restricted: tuple[RestrictedRow, ...]
    inside: tuple[InsideRow, ...]
    notes: tuple[str, ...]


def barrier_report(settings: Settings, params: GeographyParams, book: GeoBook) -> BarrierReport:
    """Return what barriers and restricted areas mean for the accounts of a book.

    Raises:
        ConfigError: The mappings name neither, or a file is wrong.
    """
    barriers, restricted = load_barriers(settings, params), load_restricted(settings, params)
    if barriers is None and restricted is None:
        raise ConfigError(
            "mappings/territories.yaml: geography names no barriers and no restricted areas",
            remedy="draw them as GeoJSON, put the file into mappings/, and name it in "
            "geography.barriers or geography.restricted",
        )
    rows, across = _across(book, barriers) if barriers else ((), ())
    areas, inside = _inside(book, restricted) if restricted else ((), ())
    mended = [*(barriers.notes if barriers else ()), *(restricted.notes if restricted else ())]
    return BarrierReport(
        weighed=book.weighed,
        accounts=len(book),
        barriers=rows,
        across=across,
        restricted=areas,
        inside=inside,
        notes=(*book.notes, *mended),
    )


def _across(
    book: GeoBook, drawn: DrawnBarriers
) -> tuple[tuple[BarrierRow, ...], tuple[AcrossRow, ...]]:
    row, seat = book.driven()
    found = crossings(book.seats.places(seat), book.points.taken(row), drawn.barriers)
    account = row[found.leg]
    hours = book.hours[account]
    count = len(drawn.barriers)
    sums = np.bincount(found.barrier, hours, count)
    total = max(float(book.hours.sum()), 1e-9)
    barriers = tuple(
        BarrierRow(
            name=name,
            crossing_km=_finite(price),
            accounts=accounts,
            hours=round(some, 1),
            hours_share=round(some / total, 4),
        )
        for name, price, accounts, some in zip(
            drawn.barriers.names,
            drawn.crossing_km.tolist(),
            np.bincount(found.barrier, minlength=count).tolist(),
            sums.tolist(),
            strict=True,
        )
    )
    return barriers, _across_rows(book, drawn, found, account)


def _across_rows(
    book: GeoBook, drawn: DrawnBarriers, found: Crossings, account: Ints
) -> tuple[AcrossRow, ...]:
    names, hours = book.text("Name"), book.hours[account]
    order = np.lexsort((found.barrier, account, -np.round(hours, 6)))
    return tuple(
        AcrossRow(
            account_id=str(book.ids[account[at]]),
            account=names.value(int(account[at])) or "",
            home=book.seats.names[int(book.seat[account[at]])],
            barrier=drawn.barriers.names[int(found.barrier[at])],
            straight_km=round(float(found.straight_km[at]), 1),
            bridge_km=_finite(float(found.bridge_km[at])),
            hours=round(float(hours[at]), 1),
        )
        for at in order.tolist()
    )


def _inside(
    book: GeoBook, areas: RestrictedAreas
) -> tuple[tuple[RestrictedRow, ...], tuple[InsideRow, ...]]:
    account, area = areas_around(areas.shapes, book.points)
    names, count = book.text("Name"), len(areas.names)
    rows = tuple(
        RestrictedRow(name=name, reps=reps, accounts=accounts, hours=round(hours, 1))
        for name, reps, accounts, hours in zip(
            areas.names,
            areas.reps,
            np.bincount(area, minlength=count).tolist(),
            np.bincount(area, book.hours[account], count).tolist(),
            strict=True,
        )
    )
    inside = tuple(
        InsideRow(
            account_id=str(book.ids[one]),
            account=names.value(one) or "",
            area=areas.names[number],
            rep=book.seats.names[int(book.seat[one])] if book.seat[one] >= 0 else "",
        )
        for one, number in zip(account.tolist(), area.tolist(), strict=True)
    )
    return rows, inside


def _finite(value: float) -> float | None:
    return round(value, 1) if math.isfinite(value) else None
