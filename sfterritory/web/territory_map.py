"""The map of territories, or of today's books: areas, accounts, and which of them would move."""

from __future__ import annotations

from markupsafe import Markup

from sfterritory.pipeline.territory_book import Side, TerritoryBook
from sfterritory.web.map_drawing import MapPoints, draw_map
from sfterritory.web.wording import count, counted

_AREA_WORDS = {Side.TERRITORIES: "territory", Side.TODAY: "book of today"}


def territory_map(book: TerritoryBook, *, side: Side) -> Markup | None:
    """Return the map of one side; None where no account has a place.

    Dots with a ring are accounts that the territories give to another rep. A number on the map is
    that of the territory's key, in order.
    """
    if not len(book.ids):
        return None
    owner = book.owner(side)
    points = MapPoints(
        lon_deg=book.facts.lon_deg,
        lat_deg=book.facts.lat_deg,
        before=book.before if side is Side.TERRITORIES else owner,
        after=owner,
        owner_ids=book.keys,
        owner_names=tuple(one.name for one in book.territories),
        areas=tuple(None if area.is_empty else area for area in book.drawn(side).areas),
        area_words=_AREA_WORDS[side],
    )
    moved = int(points.moved.sum())
    rings = f"; {count(moved)} of them change owner" if moved else ""
    what = "territories" if side is Side.TERRITORIES else "books of today"
    label = (
        f"Map of {count(len(book.keys))} {what} with {counted(len(book.ids), 'account')}{rings}."
    )
    return draw_map(points, which="after", label=label)
