"""Border accounts: those that two territories have nearly the same claim to."""

from __future__ import annotations

from sfterritory.errors import StepMissingError
from sfterritory.geography.border import border_accounts
from sfterritory.model.document import Document
from sfterritory.model.travel import Quality, TravelTime
from sfterritory.pipeline.geo.book import GeoBook


class BorderRow(Document):
    """An account and its two claims: drives from each territory's home or middle.

    Attributes:
        own, other: Names of the territories.
        gap_minutes: How much longer the drive from the other one is; below 0: it is shorter.
        quality: What the weaker of both times rests on: `engine`, `cache`, `file`, `estimate`.
    """

    account_id: str
    account: str
    own: str
    own_rep: str
    own_minutes: float
    own_km: float
    other: str
    other_rep: str
    other_minutes: float
    other_km: float
    gap_minutes: float
    hours: float
    quality: str


class BorderReport(Document):
    """Accounts at borders, the closest contest first.

    Attributes:
        within_share: Drives count as alike if they differ by at most this share of the shorter,
        within_minutes: or by at most so many minutes.
        share: Of the accounts that have a territory.
        source: What knew the times.
    """

    within_share: float
    within_minutes: float
    accounts: int
    hours: float
    share: float
    source: str
    border: tuple[BorderRow, ...]
    notes: tuple[str, ...]


def border_report(
    book: GeoBook, travel: TravelTime, *, within_share: float, within_minutes: float
) -> BorderReport:
    """Return the accounts at borders between territories.

    Raises:
        StepMissingError: Nothing was built yet.
    """
    if not book.territories:
        raise StepMissingError(
            "there are no territories yet, so there are no borders",
            remedy="run `sfterritory build` first",
        )
    found = border_accounts(
        book.points,
        book.seat,
        (book.seats.lon_deg, book.seats.lat_deg),
        travel=travel,
        within_share=within_share,
        within_minutes=within_minutes,
    )
    names, territories = book.text("Name"), book.territories
    hours = book.hours[found.account]
    has_territory = int((book.seat >= 0).sum())
    return BorderReport(
        within_share=within_share,
        within_minutes=within_minutes,
        accounts=len(found),
        hours=round(float(hours.sum()), 1),
        share=round(len(found) / max(has_territory, 1), 4),
        source=found.source,
        border=tuple(
            BorderRow(
                account_id=str(book.ids[account]),
                account=names.value(account) or "",
                own=territories[own].name,
                own_rep=book.seats.names[own],
                own_minutes=round(float(found.own_minutes[at]), 1),
                own_km=round(float(found.own_km[at]), 1),
                other=territories[other].name,
                other_rep=book.seats.names[other],
                other_minutes=round(float(found.other_minutes[at]), 1),
                other_km=round(float(found.other_km[at]), 1),
                gap_minutes=round(float(found.other_minutes[at] - found.own_minutes[at]), 1),
                hours=round(float(hours[at]), 1),
                quality=Quality(int(found.quality[at])).name.lower(),
            )
            for at, (account, own, other) in enumerate(
                zip(found.account.tolist(), found.own.tolist(), found.other.tolist(), strict=True)
            )
        ),
        notes=book.notes,
    )
