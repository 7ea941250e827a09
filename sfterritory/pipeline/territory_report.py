"""Territories and today's books as people compare them: figures, shapes, and their map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import shapely
from pydantic import Field

from sfterritory.errors import ConfigError
from sfterritory.geography.shape import hull_overlaps
from sfterritory.model.document import Document
from sfterritory.model.travel import ESTIMATE
from sfterritory.optimize.travel_load import territory_travel
from sfterritory.pipeline.geojson import Feature
from sfterritory.pipeline.territory_book import Side, TerritoryBook, outside_own_area
from sfterritory.pipeline.territory_figures import Drawn, drive_figures, territory_documents
from sfterritory.pipeline.territory_metrics import VersionMetrics

MAX_OVERLAPS = 20


class TerritoryLine(Document):
    """One territory; `figures` by name, with the unit in the name."""

    key: str
    name: str
    rep_id: str | None
    rep: str
    figures: dict[str, float]


class HullOverlap(Document):
    """Two territories whose accounts' hulls overlap, by a share of the smaller hull."""

    one: str
    other: str
    share: float


class TerritoriesReport(Document):
    """What every territory is like.

    Attributes:
        version: The territory version.
        side: `territories`, or `today` for the books of the same reps as they are now.
        before: Balance per demand, travel and disruption of today's books.
        after: The same of the territories.
        overlaps: Hulls that overlap most.
        outside: Accounts that lie outside their own area: at one place with accounts of others.
        notes: What a reader has to know.
        files: What was written, by what it is.
    """

    version: str
    snapshot_id: str
    status: str
    side: Side
    territories: tuple[TerritoryLine, ...]
    before: dict[str, dict[str, float]]
    after: dict[str, dict[str, float]]
    overlaps: tuple[HullOverlap, ...]
    outside: int
    notes: tuple[str, ...]
    files: dict[str, str] = Field(default_factory=dict)


def territories_report(
    book: TerritoryBook, *, side: Side = Side.TERRITORIES, key: str | None = None
) -> TerritoriesReport:
    """Return the figures of every territory, or of the one that `key` names by key or name.

    Figures that were reckoned when the territories were built are shown as they were; what a
    version does not hold is reckoned from its accounts where they suffice.

    Raises:
        ConfigError: There is no such territory.
    """
    drawn = book.drawn(side)
    metrics = VersionMetrics.of(book.version.metrics)
    stored = metrics.today if side is Side.TODAY else metrics.territories
    figures = _figures(book, side, drawn, stored)
    owner = book.owner(side)
    pairs = hull_overlaps(
        book.facts.lon_deg, book.facts.lat_deg, territory=owner, count=len(book.keys)
    )
    chosen = _chosen(book, key)
    overlaps = [pair for pair in pairs if {pair.one, pair.other} & chosen][:MAX_OVERLAPS]
    return TerritoriesReport(
        version=book.version.id,
        snapshot_id=book.version.snapshot_id,
        status=book.version.status,
        side=side,
        territories=tuple(
            TerritoryLine(
                key=one.key,
                name=one.name,
                rep_id=one.rep_id,
                rep=book.rep_names[row],
                figures=figures[one.key],
            )
            for row, one in enumerate(book.territories)
            if row in chosen
        ),
        before={name: dict(group) for name, group in metrics.before.items()},
        after={name: dict(group) for name, group in metrics.after.items()},
        overlaps=tuple(
            HullOverlap(one=book.keys[one], other=book.keys[other], share=round(share, 4))
            for one, other, share in overlaps
        ),
        outside=int(outside_own_area(book, side, drawn).sum()),
        notes=tuple(_notes(book, side)),
    )


def map_features(
    book: TerritoryBook, report: TerritoriesReport, *, with_centres: bool = False
) -> list[Feature]:
    """Return the areas of a report's territories with all their figures, and their centres."""
    drawn = book.drawn(report.side)
    outside = outside_own_area(book, report.side, drawn)
    row_of = {key: row for row, key in enumerate(drawn.keys)}
    features = [
        Feature(
            one.key,
            drawn.areas[row_of[one.key]],
            {
                "key": one.key,
                "name": one.name,
                "rep": one.rep,
                "rep_id": one.rep_id,
                "accounts_outside": int(outside[row_of[one.key]]),
                **one.figures,
            },
        )
        for one in report.territories
    ]
    if with_centres:
        features += [
            Feature(
                f"{one.key} centre",
                shapely.Point(lon, lat) if np.isfinite(lon) else shapely.Point(),
                {"key": one.key, "name": one.name, "rep": one.rep, "kind": "centre"},
            )
            for one in report.territories
            for lon, lat in [
                (drawn.centre_lon_deg[row_of[one.key]], drawn.centre_lat_deg[row_of[one.key]])
            ]
        ]
    return features


def _figures(
    book: TerritoryBook, side: Side, drawn: Drawn, stored: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    if set(book.keys) <= stored.keys():
        return {key: dict(stored[key]) for key in book.keys}
    drive = territory_travel(
        book.calls,
        book.owner(side),
        starts=(drawn.centre_lon_deg, drawn.centre_lat_deg),
        params=book.workload,
    )
    return territory_documents(
        book.facts, book.owner(side), drawn=drawn, given=drive_figures(drive)
    )


def _chosen(book: TerritoryBook, key: str | None) -> set[int]:
    if key is None:
        return set(range(len(book.territories)))
    for row, one in enumerate(book.territories):
        if key.casefold() in (one.key.casefold(), one.name.casefold()):
            return {row}
    first, last = book.territories[0], book.territories[-1]
    raise ConfigError(
        f"there is no territory {key!r}",
        remedy=f"name one by its key, {first.key} to {last.key}, or by its name: {first.name!r}",
    )


def _notes(book: TerritoryBook, side: Side) -> list[str]:
    notes = []
    if book.gone:
        notes.append(
            f"{book.gone:,} accounts of these territories are deleted or have no place any more: "
            "they count in no distance and no shape"
        )
    source = VersionMetrics.of(book.version.metrics).travel_source
    if side is Side.TODAY and source not in ("", ESTIMATE):
        notes.append(
            f"driving of today's books is estimated from distances, that of the territories "
            f"comes from {source}: compare them with that in mind"
        )
    nobody = int((book.before < 0).sum()) if side is Side.TODAY else 0
    if nobody:
        notes.append(f"{nobody:,} accounts are owned by nobody of these reps today")
    return notes
