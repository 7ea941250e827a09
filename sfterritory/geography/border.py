"""Border accounts: those for which two territories have nearly the same claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import haversine_km, unit_vectors
from sfterritory.model.travel import Points, TravelTime, joined_sources

_RIVALS = 3  # as the crow flies; by road the best of the others is among them
# By road one way may be twice as crooked as the other; beyond that nobody is asked.
_LOOSE = 2.0
_LOOSE_KM = 5.0


@dataclass(frozen=True, slots=True)
class Border:
    """Accounts near a border, the closest contest first, ties by row, shape (m,).

    Attributes:
        account: Row of the account.
        own: Territory that has it.
        other: Best of the other territories.
        own_minutes, other_minutes: Driving time from each one's centre to the account.
        own_km, other_km: Kilometres by road.
        quality: Of the weaker of both times, values of `Quality`.
        source: What knew the times.
    """

    account: Ints
    own: Ints
    other: Ints
    own_minutes: Floats
    other_minutes: Floats
    own_km: Floats
    other_km: Floats
    quality: NDArray[np.int8]
    source: str

    def __len__(self) -> int:
        return len(self.account)


def border_accounts(  # an account's claim needs all of these
    accounts: Points,
    territory: Ints,
    centres: tuple[Floats, Floats],
    *,
    travel: TravelTime,
    within_share: float,
    within_minutes: float,
) -> Border:
    """Return accounts whose drive from their own centre and from another one differ by little.

    Little is at most `within_share` of the shorter drive, or at most `within_minutes`. Only
    accounts for which another centre is not more than about twice as far are asked for.

    Args:
        accounts: Where accounts are, n of them.
        territory: Territory of each account, -1 where it has none, shape (n,).
        centres: Longitude and latitude of each territory's centre, NaN where it has none, (k,).
        travel: Knows driving times.
        within_share: Share of the shorter drive, 0 or more.
        within_minutes: Minutes, 0 or more.
    """
    real = np.flatnonzero(~(np.isnan(centres[0]) | np.isnan(centres[1])))
    seats = Points(centres[0][real], centres[1][real])
    seat_of = np.full(len(centres[0]) + 1, -1)
    seat_of[real] = np.arange(len(real))
    asked = np.flatnonzero(seat_of[territory] >= 0)
    if len(real) < 2 or not len(asked):
        none, no_km = np.empty(0, np.int32), np.empty(0)
        return Border(none, none, none, no_km, no_km, no_km, no_km, np.empty(0, np.int8), "")
    own = seat_of[territory[asked]]
    rival = _rivals(accounts.taken(asked), seats, own)
    near = _worth_asking(accounts.taken(asked), seats, own, rival, within_share=within_share)
    row, at = np.nonzero(near)
    places = accounts.taken(asked)
    theirs = travel.pairs(
        seats, places, rows=(rival[row, at].astype(np.int32), row.astype(np.int32))
    )
    minutes = np.full(rival.shape, np.inf)
    km, quality = minutes.copy(), np.zeros(rival.shape, dtype=np.int8)
    minutes[row, at], km[row, at], quality[row, at] = theirs.minutes, theirs.km, theirs.quality
    contested = np.flatnonzero(near.any(axis=1))
    best = minutes[contested].argmin(axis=1)
    mine = travel.pairs(
        seats, places, rows=(own[contested].astype(np.int32), contested.astype(np.int32))
    )
    pick = (contested, best)
    apart = np.abs(mine.minutes - minutes[pick])
    shorter = np.minimum(mine.minutes, minutes[pick])
    close = np.isfinite(apart) & (
        (apart <= within_share * shorter + 1e-9) | (apart <= within_minutes)
    )
    order = np.flatnonzero(close)
    order = order[np.lexsort((contested[order], np.round(apart[order], 6)))]
    chosen = contested[order]
    return Border(
        account=asked[chosen].astype(np.int32),
        own=territory[asked[chosen]].astype(np.int32),
        other=real[rival[pick][order]].astype(np.int32),
        own_minutes=mine.minutes[order],
        other_minutes=minutes[pick][order],
        own_km=mine.km[order],
        other_km=km[pick][order],
        quality=np.minimum(mine.quality, quality[pick])[order],
        source=joined_sources(mine, theirs),
    )


def _rivals(accounts: Points, seats: Points, own: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the nearest other seats of each account, shape (n, 1 to 3)."""
    count = min(_RIVALS + 1, len(seats))
    found = KDTree(unit_vectors(seats.lon_deg, seats.lat_deg)).query(
        unit_vectors(accounts.lon_deg, accounts.lat_deg), k=count
    )[1]
    found = np.asarray(found).reshape(len(accounts), count)
    # The own seat goes to the end of the line, which is cut off.
    order = np.argsort(found == own[:, None], axis=1, kind="stable")
    rivals: NDArray[np.int64] = np.take_along_axis(found, order, axis=1)[:, : count - 1]
    return rivals


def _worth_asking(
    accounts: Points,
    seats: Points,
    own: NDArray[np.int64],
    rival: NDArray[np.int64],
    *,
    within_share: float,
) -> NDArray[np.bool_]:
    def away(seat: NDArray[np.int64]) -> Floats:
        return haversine_km(
            accounts.lon_deg[:, None],
            accounts.lat_deg[:, None],
            to_lon_deg=seats.lon_deg[seat],
            to_lat_deg=seats.lat_deg[seat],
        )

    mine, theirs = away(own[:, None]), away(rival)
    loose = _LOOSE * (1 + within_share)
    # With one rival so much nearer, the own claim is no close second, whoever else is asked.
    hopeless = (mine > loose * theirs + _LOOSE_KM).any(axis=1, keepdims=True)
    worth: NDArray[np.bool_] = (theirs <= loose * mine + _LOOSE_KM) & ~hopeless
    return worth
