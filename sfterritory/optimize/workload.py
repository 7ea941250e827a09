"""Hours a year that each account needs before territories are known, and hours that a rep has.

Hours = calls x duration + the account's share of travel. Nothing here knows of grades or tiers:
construction has to work before anybody segments. `travel_load` reckons the travel again, with its
tours, once territories are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sfterritory.model.columns import AccountColumns, Floats, Ints, RosterColumns
from sfterritory.model.sphere import Vectors, chord_km, group_medians, totals, unit_vectors
from sfterritory.model.travel import TravelCurve
from sfterritory.optimize.capacity import CapacityTerms, capacity_hours_per_year
from sfterritory.optimize.engine.rows import space_order
from sfterritory.optimize.params import WorkloadParams

_FULL_TOURS = 0.93  # tours fill 93 % of their hours: fitted on 41 territories that PyVRP solved
_SPACING_NEIGHBOURS = 5
# Kilometres of a tour per call over the root of local area per account, same fit: 0.754 x 0.7124;
# the root itself comes from the distance to the fifth neighbour.
_HOP_SHARE = 0.754 * 0.7124


class WorkloadRowError(ValueError):
    """A column holds what no workload can be reckoned from.

    Attributes:
        column: `calls_per_year` or `visit_minutes`.
        rows: Where, ascending.
    """

    def __init__(self, column: str, rows: NDArray[np.int64], values: Floats) -> None:
        shown = ", ".join(f"row {row}: {values[row]:g}" for row in rows[:5].tolist())
        super().__init__(
            f"{column} of {len(rows)} accounts is below 0 or not a finite number ({shown})"
        )
        self.column = column
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Workload:
    """Hours a year per account, shape (n,), in the order of the accounts, and what reps have.

    Attributes:
        service_hours: Calls times duration.
        line_haul_hours: Share of the legs out and home.
        local_hours: Way from the neighbour before each call.
        leg_km: Distance that the legs were reckoned with, to where a rep would start.
        hop_km: Way from a neighbour, per call.
        capacity: Hours of the reps.
    """

    service_hours: Floats
    line_haul_hours: Floats
    local_hours: Floats
    leg_km: Floats
    hop_km: Floats
    capacity: CapacityTerms

    @property
    def travel_hours(self) -> Floats:
        """Return legs and hops together."""
        together: Floats = self.line_haul_hours + self.local_hours
        return together

    @property
    def hours(self) -> Floats:
        """Return service and travel together."""
        together: Floats = self.service_hours + self.travel_hours
        return together


@dataclass(frozen=True, slots=True)
class Calls:
    """What accounts ask for, before anybody drives; every array (n,).

    Attributes:
        per_year: Calls, 0 or more.
        service_hours: Calls times duration.
        vectors: Unit vectors, shape (n, 3).
        hop_km: Way from a neighbour, per call.
    """

    per_year: Floats
    service_hours: Floats
    vectors: Vectors
    hop_km: Floats

    def __len__(self) -> int:
        return len(self.per_year)

    def taken(self, rows: NDArray[np.int64]) -> Calls:
        """Return some accounts; ways between neighbours stay those of the whole book."""
        return Calls(
            self.per_year[rows], self.service_hours[rows], self.vectors[rows], self.hop_km[rows]
        )


def workload(
    accounts: AccountColumns,
    roster: RosterColumns,
    *,
    params: WorkloadParams,
    as_of: date | None = None,
    calls: Calls | None = None,
) -> Workload:
    """Return the hours each account needs before territories are known.

    Legs start at the nearest home. Where homes are missing, the middles of k compact parts of equal
    calls stand in for them: neutral towards who owns what today. `as_of` is the day from which
    ramps are reckoned; `calls` are those of `calls_of`, where they are known already.

    Raises:
        WorkloadRowError: Calls or minutes are negative or infinite.
        ValueError: The capacity cannot be reckoned.
    """
    if calls is None:
        calls = calls_of(accounts, params=params)
    leg_km = nearest_km(calls.vectors, _starts(calls, roster))
    line_haul, local = travel_share(calls, leg_km=leg_km, params=params)
    return Workload(
        service_hours=calls.service_hours,
        line_haul_hours=line_haul,
        local_hours=local,
        leg_km=leg_km,
        hop_km=calls.hop_km,
        capacity=capacity_hours_per_year(params, roster, as_of=as_of),
    )


def calls_of(accounts: AccountColumns, *, params: WorkloadParams) -> Calls:
    """Return calls and their service hours, with the defaults where a record has none.

    Raises:
        WorkloadRowError: Calls or minutes are negative or infinite.
    """
    per_year = _filled("calls_per_year", accounts.calls_per_year, params.calls_per_year)
    minutes = _filled("visit_minutes", accounts.visit_minutes, params.visit_minutes)
    vectors = unit_vectors(accounts.lon_deg, accounts.lat_deg)
    return Calls(per_year, per_year * minutes / 60.0, vectors, hop_km(accounts))


def servable_accounts(hours: Floats, territory: Ints, *, capacity_hours: Floats) -> Floats:
    """Return how many accounts like its own each territory's rep has hours for, shape (k,).

    NaN where a territory holds no hours: there is nothing to judge by.
    """
    k = len(capacity_hours)
    count = np.bincount(territory, minlength=k)
    load = totals(territory, hours, n_groups=k)
    per_account = np.where(load > 0, load / np.maximum(count, 1), np.nan)
    answer: Floats = capacity_hours / per_account
    return answer


def leg_minutes(km: Floats, params: WorkloadParams) -> Floats:
    """Return minutes by road for kilometres as the crow flies: the curve times the factor."""
    curve = TravelCurve(
        minutes_at_1_km=params.leg_minutes_at_1_km,
        exponent=params.leg_exponent,
        linear_from_km=params.linear_from_km,
        minutes_per_km_beyond=params.minutes_per_km_beyond,
    )
    minutes: Floats = params.travel_factor * curve.minutes(km)
    return minutes


def travel_share(calls: Calls, *, leg_km: Floats, params: WorkloadParams) -> tuple[Floats, Floats]:
    """Return each account's share of the driving, hours a year: legs out and home, and hops.

    An account that needs h hours fills h / (0.93 T) tours, each with two legs; every call adds one
    hop from its neighbour. Solved for h, since driving fills tours too. It never costs more than
    going out for every call alone.

    Source: linear surrogate of tours and a tree, see `travel_load`; `docs/workload.md` tells its
    error, which is small where less than half of the hours is driving.
    """
    leg_hours = leg_minutes(np.minimum(leg_km, params.overnight_from_km), params) / 60.0
    hop_hours = calls.per_year * leg_minutes(calls.hop_km, params) / 60.0
    legs_per_hour = 2.0 * leg_hours / (_FULL_TOURS * params.tour_hours)
    alone = 2.0 * leg_hours * calls.per_year
    shared = np.divide(
        legs_per_hour * calls.service_hours + hop_hours,
        1.0 - legs_per_hour,
        out=np.full(len(calls), np.inf),
        where=legs_per_hour < 1.0,
    )
    # The hop is kept under the cap: a far account still costs its neighbours' distance at least.
    hours = np.where(calls.per_year > 0, np.minimum(shared, np.maximum(alone, hop_hours)), 0.0)
    local: Floats = np.minimum(hop_hours, hours)
    return hours - local, local


def hop_km(accounts: AccountColumns) -> Floats:
    """Return the way per call between neighbours, from how densely accounts lie around each.

    Accounts on one point are looked up once: a search tree degenerates on very many of them.
    """
    n = len(accounts)
    if n < 2:
        return np.zeros(n)
    where = accounts.lon_deg + 1j * accounts.lat_deg
    places, place, count = np.unique(where, return_inverse=True, return_counts=True)
    vectors = unit_vectors(places.real, places.imag)
    reach = min(_SPACING_NEIGHBOURS, n - 1)
    found = min(reach + 1, len(places))
    near, other = cKDTree(vectors).query(vectors, k=[*range(1, found + 1)])
    # The neighbour after whom `reach` others are found, those on the same point included.
    last = np.argmax(np.cumsum(count[other], axis=1) > reach, axis=1)
    root_area = chord_km(np.asarray(near)[np.arange(len(places)), last]) * np.sqrt(np.pi / reach)
    hop: Floats = (_HOP_SHARE * root_area)[place]
    return hop


def nearest_km(vectors: Vectors, starts: Vectors) -> Floats:
    """Return kilometres to the nearest start, 0 where there is none."""
    if len(vectors) == 0 or len(starts) == 0:
        return np.zeros(len(vectors))
    chord, _ = cKDTree(starts).query(vectors)
    return chord_km(np.asarray(chord))


def compact_parts(vectors: Vectors, weights: Floats, *, parts: int) -> Ints:
    """Return one of `parts` compact parts of about equal weight for each row; parts may be empty.

    Source: recursive coordinate bisection, Berger and Bokhari (1987).
    """
    order, start = space_order(vectors, weights, parts=parts)
    part = np.empty(len(vectors), dtype=np.int32)
    part[order] = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))
    return part


def _filled(column: str, values: Floats, usual: float) -> Floats:
    filled: Floats = np.where(np.isnan(values), usual, values)
    wrong = np.flatnonzero(~((filled >= 0) & np.isfinite(filled)))
    if len(wrong):
        raise WorkloadRowError(column, wrong, filled)
    return filled


def _starts(calls: Calls, roster: RosterColumns) -> Vectors:
    homes = unit_vectors(roster.lon_deg, roster.lat_deg)
    homes = homes[~np.isnan(homes[:, 0])]
    k = len(roster)
    if len(homes) == k or len(calls) == 0:
        return homes
    part = compact_parts(calls.vectors, calls.per_year, parts=k)
    middles = group_medians(calls.vectors, calls.per_year, groups=part, n_groups=k)
    return np.concatenate((homes, middles[~np.isnan(middles[:, 0])]))
