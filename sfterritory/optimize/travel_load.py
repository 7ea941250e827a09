"""Travel of territories that are known: tours, legs out and home, and ways between neighbours.

A year's driving of a territory is 2 r m + 0.88 M: m tours with a leg out and a leg home of r, and
the shortest tree M that joins the accounts, once for every round of calls. Tours follow from what
fills them: m = (service + driving) / (0.95 T), where T are the hours of a day on the road.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.model.sphere import (
    Vectors,
    group_medians,
    km_between,
    lon_lat,
    totals,
    unit_vectors,
)
from sfterritory.model.travel import ESTIMATE, Points, SourceTally, TravelTime
from sfterritory.optimize.params import WorkloadParams
from sfterritory.optimize.tree import Longs, spanning_trees, spreads_km
from sfterritory.optimize.workload import Calls, leg_minutes


@dataclass(frozen=True, slots=True)
class EstimatorError:
    """Mean distance of an estimate from tours that a solver found; bias below 0 is too little."""

    samples: int
    driving_share: float
    hours_share: float
    bias: float

    @property
    def words(self) -> str:
        """Return the error as a report says it."""
        return (
            f"driving is off by {self.driving_share:.1%} and hours by {self.hours_share:.1%} on "
            f"the mean, measured on {self.samples} territories whose tours were solved"
        )


MEASURED = EstimatorError(samples=40, driving_share=0.051, hours_share=0.024, bias=-0.005)
"""Of `territory_travel` on drawn territories that PyVRP 0.14.1 solved, given the distances."""

# Fitted on 40 other territories of the same bench, calls that go alone left out of the fit.
_TREE_SHARE = 0.88  # of a tour's way between its accounts, over the shortest tree
_FULL_TOURS = 0.95  # of the hours of a day on the road that tours fill
_MOST_ROUNDS = 8  # different numbers of calls that are told apart


@dataclass(frozen=True, slots=True)
class TerritoryTravel:
    """Hours a year and distances by territory, shape (k,), and by account, shape (n,).

    Distances are kilometres by road where a travel source was given, else as the crow flies.

    Attributes:
        service_hours: Calls times duration.
        line_haul_hours: Legs out and home.
        local_hours: Ways between accounts.
        tours: Days on the road.
        alone_calls: Calls that take a tour of their own: two would not fit into a day.
        mean_leg_km: From the start, accounts weighing as many hours as they are served.
        longest_leg_km: To the farthest account that is called on.
        longest_leg_minutes: The same as a drive, a night on the way not counted.
        spread_km: Between the two accounts that lie farthest apart, as the crow flies.
        spread_minutes: The estimated drive between them.
        unreachable: Accounts to which the source knows no way: estimated instead.
        account_line_haul_hours: Each account's part of its territory's.
        account_local_hours: The same.
        source: What minutes rest on.
    """

    service_hours: Floats
    line_haul_hours: Floats
    local_hours: Floats
    tours: Floats
    alone_calls: Floats
    mean_leg_km: Floats
    longest_leg_km: Floats
    longest_leg_minutes: Floats
    spread_km: Floats
    spread_minutes: Floats
    unreachable: Ints
    account_line_haul_hours: Floats
    account_local_hours: Floats
    source: str

    @property
    def travel_hours(self) -> Floats:
        """Return legs and local ways together, shape (k,)."""
        together: Floats = self.line_haul_hours + self.local_hours
        return together

    @property
    def account_travel_hours(self) -> Floats:
        """Return each account's part of the driving, shape (n,)."""
        together: Floats = self.account_line_haul_hours + self.account_local_hours
        return together

    @property
    def hours(self) -> Floats:
        """Return service and travel, shape (k,)."""
        together: Floats = self.service_hours + self.travel_hours
        return together

    @property
    def travel_share(self) -> Floats:
        """Return the part of the hours that is spent driving, 0 where there are none, (k,)."""
        hours = self.hours
        share: Floats = np.divide(
            self.travel_hours, hours, out=np.zeros_like(hours), where=hours > 0
        )
        return share


@dataclass(frozen=True, slots=True)
class _Legs:
    """Ways from where a territory's tours begin to its accounts, (n,); 0 for those without calls.

    `counted_hours` are those of a leg that counts at most `overnight_from_km`.
    """

    minutes: Floats
    km: Floats
    counted_hours: Floats
    unknown: Flags


@dataclass(frozen=True, slots=True)
class _Tours:
    """Tours and calls that go alone by territory, (k,); hours by account, (n,)."""

    count: Floats
    alone_calls: Floats
    line_haul_hours: Floats
    local_hours: Floats


def territory_travel(
    calls: Calls,
    territory: Ints,
    *,
    starts: tuple[Floats, Floats],
    params: WorkloadParams,
    travel: TravelTime | None = None,
) -> TerritoryTravel:
    """Return the driving of k territories; accounts of territory -1 are left out.

    `starts` are longitude and latitude of where each territory's tours begin, each (k,); where they
    are NaN it is the middle of its accounts. Accounts that are called on more often than others are
    joined by more trees: one for every round that they alone still need. A territory has at least
    as many tours as its most visited account has calls. Driving never exceeds going out for every
    call alone, and a leg beyond `overnight_from_km` counts as that far.

    Source: Daganzo (1984) for the form; `docs/workload.md` tells constants and measured error.
    """
    k = len(starts[0])
    seat = np.where(calls.per_year > 0, territory, -1).astype(np.int32)
    roads = _Roads(calls.vectors, params, travel)
    legs = _legs(roads, seat, begin=_begin(calls, seat, starts))
    visit_hours = calls.service_hours / np.where(calls.per_year > 0, calls.per_year, 1.0)
    alone = (seat >= 0) & (2.0 * (legs.counted_hours + visit_hours) > params.tour_hours)
    local, spread_km = _local_hours(roads, calls.per_year, np.where(alone, -1, seat), k=k)
    if alone.any():  # they are no part of the trees, but of the spread
        spread_km = spreads_km(calls.vectors, seat, n_groups=k)
    tours = _tours(calls, (seat, alone), legs, local_hours=local, k=k, params=params)
    called = np.flatnonzero(seat >= 0)
    at = seat[called]
    weight = _leg_weight(calls, seat, k)[called]
    return TerritoryTravel(
        service_hours=totals(at, calls.service_hours[called], n_groups=k),
        line_haul_hours=totals(at, tours.line_haul_hours[called], n_groups=k),
        local_hours=totals(at, tours.local_hours[called], n_groups=k),
        tours=tours.count,
        alone_calls=tours.alone_calls,
        mean_leg_km=_share(
            totals(at, weight * legs.km[called], n_groups=k), totals(at, weight, n_groups=k)
        ),
        longest_leg_km=_largest(at, legs.km[called], k),
        longest_leg_minutes=_largest(at, legs.minutes[called], k),
        spread_km=spread_km,
        spread_minutes=leg_minutes(spread_km, params),
        unreachable=np.bincount(seat[legs.unknown], minlength=k).astype(np.int32),
        account_line_haul_hours=tours.line_haul_hours,
        account_local_hours=tours.local_hours,
        source=roads.source,
    )


class _Roads:
    """Drives between places, estimated or asked of a source, and estimated where it knows no way.

    Attributes:
        vectors: Of the accounts.
    """

    def __init__(self, vectors: Vectors, params: WorkloadParams, travel: TravelTime | None) -> None:
        self.vectors = vectors
        self._params = params
        self._travel = travel
        self._answers = SourceTally()

    @property
    def source(self) -> str:
        """Return what all minutes so far rest on."""
        return self._answers.words or ESTIMATE

    def drives(
        self, origins: Vectors, *, rows: tuple[Longs, Longs]
    ) -> tuple[Floats, Floats, Floats, Flags]:
        """Return minutes, km, km as the crow flies, and where the source knew no way.

        `rows` are rows of `origins` and of the accounts.
        """
        crow_km = km_between(origins[rows[0]], self.vectors[rows[1]])
        minutes = leg_minutes(crow_km, self._params)
        if self._travel is None or len(crow_km) == 0:
            return minutes, crow_km, crow_km, np.zeros(len(crow_km), dtype=np.bool_)
        pairs = (rows[0].astype(np.int32), rows[1].astype(np.int32))
        legs = self._travel.pairs(_points(origins), _points(self.vectors), rows=pairs)
        self._answers.add(legs)
        unknown = ~np.isfinite(legs.minutes)
        by_road = self._params.travel_factor * legs.minutes
        return (
            np.where(unknown, minutes, by_road),
            np.where(unknown, crow_km, legs.km),
            crow_km,
            unknown,
        )

    def between(self, one: Longs, two: Longs) -> Floats:
        """Return minutes between accounts."""
        return self.drives(self.vectors, rows=(one, two))[0]

    def counted_hours(self, minutes: Floats, crow_km: Floats) -> Floats:
        """Return hours of legs, of which the part beyond the overnight limit does not count."""
        limit = self._params.overnight_from_km
        longest = leg_minutes(np.full(len(crow_km), limit), self._params)
        beyond = crow_km > limit
        estimate = leg_minutes(crow_km, self._params)
        cut = np.divide(longest, estimate, out=np.ones(len(minutes)), where=beyond & (estimate > 0))
        hours: Floats = minutes * cut / 60.0
        return hours


def _begin(calls: Calls, seat: Ints, starts: tuple[Floats, Floats]) -> Vectors:
    begin = unit_vectors(*starts)
    k = len(begin)
    free = np.isnan(begin[:, 0])
    if free.any():
        called = np.flatnonzero(seat >= 0)
        weight = _leg_weight(calls, seat, k)[called]
        middles = group_medians(calls.vectors[called], weight, groups=seat[called], n_groups=k)
        begin = np.where(free[:, None], middles, begin)
    return begin


def _legs(roads: _Roads, seat: Ints, *, begin: Vectors) -> _Legs:
    n = len(seat)
    called = np.flatnonzero(seat >= 0)
    minutes, km, crow_km, unknown = roads.drives(
        begin, rows=(seat[called].astype(np.int64), called)
    )
    answer = _Legs(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.bool_))
    answer.minutes[called], answer.km[called] = minutes, km
    answer.counted_hours[called] = roads.counted_hours(minutes, crow_km)
    answer.unknown[called] = unknown
    return answer


def _local_hours(roads: _Roads, per_year: Floats, pooled: Ints, *, k: int) -> tuple[Floats, Floats]:
    """Return each account's part of the ways between accounts, (n,), and spreads in km, (k,)."""
    hours, spread_km = np.zeros(len(per_year)), np.zeros(k)
    for least, rounds in _rounds(per_year[pooled >= 0]):
        due = np.where(per_year >= least, pooled, -1)
        one, two, spread = spanning_trees(roads.vectors, due, n_groups=k)
        spread_km = np.maximum(spread_km, spread)  # of all, those of the first round
        way = (_TREE_SHARE / 60.0 / 2.0) * rounds * roads.between(one, two)
        hours += np.bincount(one, weights=way, minlength=len(hours))
        hours += np.bincount(two, weights=way, minlength=len(hours))
    return hours, spread_km


def _rounds(per_year: Floats) -> list[tuple[float, float]]:
    """Return, ascending, the least calls of those who are due in a round, and how many rounds.

    Every account is due in about as many rounds as it has calls: exactly, where there are at most
    eight different numbers of calls.
    """
    numbers, count = np.unique(per_year, return_counts=True)
    if len(numbers) > _MOST_ROUNDS:
        parts = np.minimum(
            (np.cumsum(numbers * count) - 1e-9) / (numbers @ count) * _MOST_ROUNDS,
            _MOST_ROUNDS - 1,
        ).astype(np.int64)
        _, first = np.unique(parts, return_index=True)
        mean = np.add.reduceat(numbers * count, first) / np.add.reduceat(count, first)
        return list(zip(numbers[first].tolist(), np.diff(mean, prepend=0.0).tolist(), strict=True))
    return list(zip(numbers.tolist(), np.diff(numbers, prepend=0.0).tolist(), strict=True))


def _tours(
    calls: Calls,
    seat_alone: tuple[Ints, Flags],
    legs: _Legs,
    *,
    local_hours: Floats,
    k: int,
    params: WorkloadParams,
) -> _Tours:
    seat, alone = seat_alone
    pooled = (seat >= 0) & ~alone
    at = seat[pooled]
    out_and_back = 2.0 * legs.counted_hours
    weight = _leg_weight(calls, np.where(pooled, seat, -1), k)
    weighed = totals(at, weight[pooled], n_groups=k)
    leg = _share(totals(at, (weight * out_and_back)[pooled], n_groups=k), weighed)
    number = totals(at, calls.per_year[pooled], n_groups=k)
    local = totals(at, local_hours[pooled], n_groups=k)
    busy = totals(at, calls.service_hours[pooled], n_groups=k) + local
    room = _FULL_TOURS * params.tour_hours - leg
    count = np.divide(busy, room, out=np.full(k, np.inf), where=room > 0)
    count = np.clip(count, _largest(at, calls.per_year[pooled], k), number)
    each_alone = totals(at, (calls.per_year * out_and_back)[pooled], n_groups=k)
    better_alone = count * leg + local > each_alone
    count = np.where(better_alone, number, count)
    per_weight = _share(count, weighed)
    goes_alone = alone | (pooled & np.append(better_alone, [False])[seat])
    shared = pooled & ~goes_alone
    line = np.where(goes_alone, calls.per_year * out_and_back, 0.0)
    line[shared] = (weight * out_and_back)[shared] * per_weight[seat[shared]]
    alone_calls = totals(seat[alone], calls.per_year[alone], n_groups=k)
    return _Tours(
        count=count + alone_calls,
        alone_calls=alone_calls + np.where(better_alone, number, 0.0),
        line_haul_hours=line,
        local_hours=np.where(shared, local_hours, 0.0),
    )


def _leg_weight(calls: Calls, seat: Ints, k: int) -> Floats:
    """Return service hours, or calls where a territory has no service hours at all, shape (n,)."""
    inside = seat >= 0
    served = totals(seat[inside], calls.service_hours[inside], n_groups=k) > 0
    weight: Floats = np.where(np.append(served, [False])[seat], calls.service_hours, calls.per_year)
    return weight


def _largest(groups: Ints, amounts: Floats, k: int) -> Floats:
    largest = np.zeros(k)
    np.maximum.at(largest, groups, amounts)
    return largest


def _share(part: Floats, whole: Floats) -> Floats:
    share: Floats = np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
    return share


def _points(vectors: Vectors) -> Points:
    lon_deg, lat_deg = lon_lat(vectors)
    return Points(lon_deg, lat_deg)
