"""Natural clusters of the accounts in scope, by driving time."""

from __future__ import annotations

from collections import Counter

import numpy as np

from sfterritory.geography.cluster import ClusterRules, Clusters, natural_clusters
from sfterritory.model.document import Document
from sfterritory.model.travel import TravelTime
from sfterritory.pipeline.geo.book import GeoBook


class ClusterRow(Document):
    """One cluster, most hours first.

    Attributes:
        city: Where most of its accounts are; '' where no city is known.
        link_minutes: Mean drive from one place to the next.
        tour_minutes: Estimated drive of one tour through all of its places.
        territories: How many territories (or owners) have accounts in it.
    """

    number: int
    city: str
    accounts: int
    hours: float
    lon_deg: float
    lat_deg: float
    link_minutes: float
    tour_minutes: float
    territories: int


class ClusterReport(Document):
    """Where accounts lie close together.

    Attributes:
        method: How clusters were found.
        weighed: `hours` are hours of a year; else accounts, since nothing was built yet.
        accounts: In scope.
        outside: Accounts in no cluster.
        outside_share: Their share.
        asked: Drives that were asked for.
        source: What knew them.
    """

    method: str
    most_minutes: float
    dense_accounts: int
    least_accounts: int
    weighed: bool
    accounts: int
    outside: int
    outside_share: float
    asked: int
    source: str
    clusters: tuple[ClusterRow, ...]
    notes: tuple[str, ...]


METHOD = "DBSCAN* on driving times (Campello, Moulavi and Sander 2013)"


def cluster_report(book: GeoBook, travel: TravelTime, *, rules: ClusterRules) -> ClusterReport:
    """Return the natural clusters of a book."""
    found = natural_clusters(book.points, book.hours, travel=travel, rules=rules)
    outside = int(np.count_nonzero(found.cluster < 0))
    return ClusterReport(
        method=METHOD,
        most_minutes=rules.most_minutes,
        dense_accounts=rules.dense_accounts,
        least_accounts=rules.least_accounts,
        weighed=book.weighed,
        accounts=len(book),
        outside=outside,
        outside_share=round(outside / len(book), 4),
        asked=found.asked,
        source=found.source,
        clusters=tuple(_rows(book, found)),
        notes=book.notes,
    )


def _rows(book: GeoBook, found: Clusters) -> list[ClusterRow]:
    city, state = book.text("city"), book.text("subdivision_code")
    order = np.argsort(found.cluster, kind="stable")
    starts = np.searchsorted(found.cluster[order], np.arange(len(found) + 1))
    rows = []
    for number in range(len(found)):
        members = order[starts[number] : starts[number + 1]]
        rows.append(
            ClusterRow(
                number=number + 1,
                city=_most_frequent(
                    [
                        ", ".join(filter(None, (city.value(one), _local(state.value(one)))))
                        for one in members.tolist()
                        if city.value(one)
                    ]
                ),
                accounts=int(found.accounts[number]),
                hours=round(float(found.hours[number]), 1),
                lon_deg=round(float(found.lon_deg[number]), 5),
                lat_deg=round(float(found.lat_deg[number]), 5),
                link_minutes=round(float(found.link_minutes[number]), 2),
                tour_minutes=round(float(found.tour_minutes[number]), 1),
                territories=len(set(book.seat[members].tolist()) - {-1}),
            )
        )
    return rows


def _local(code: str | None) -> str:
    return (code or "").rpartition("-")[2]


def _most_frequent(texts: list[str]) -> str:
    counted = Counter(texts)
    return min(counted, key=lambda text: (-counted[text], text)) if counted else ""
