"""Hours a year that each account needs, travel included, and hours that a rep has.

Hours = calls x duration + the account's share of travel. Nothing here knows of grades or tiers:
construction has to work before anybody segments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.model.columns import AccountColumns, Floats, Ints, RosterColumns
from sfterritory.optimize.cell import bisect
from sfterritory.optimize.params import WorkloadParams
from sfterritory.optimize.sphere import Vectors, chord_km, group_medians, totals, unit_vectors

_SPACING_NEIGHBOURS = 5
# Kilometres of a tour per call over the root of local area per account, fitted on 41 tours that
# PyVRP solved: 0.754 x 0.7124; the root itself comes from the distance to the fifth neighbour.
_HOP_SHARE = 0.754 * 0.7124
_FULL_TOURS = 0.93  # tours fill 93 % of their hours, same fit


@dataclass(frozen=True, slots=True)
class CapacityTerms:
    """Where a rep's hours go in a year, per full rep, and what each rep has left.

    `net_hours` = `gross_hours` - `non_selling_hours` - `unproductive_hours` - `service_hours`.
    """

    gross_hours: float
    non_selling_hours: float
    unproductive_hours: float
    service_hours: float
    net_hours: float
    rep_hours: Floats
    """Net hours times capacity share, shape (k,)."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Hours a year per account, shape (n,), in the order of the accounts, and what reps have.

    Attributes:
        service_hours: Calls times duration.
        travel_hours: Share of the legs out and home, and of the hops between neighbours.
        leg_km: Distance that the legs were reckoned with, to where a rep would start.
        hop_km: Way from a neighbour, per call.
        capacity: Hours of the reps.
    """

    service_hours: Floats
    travel_hours: Floats
    leg_km: Floats
    hop_km: Floats
    capacity: CapacityTerms

    @property
    def hours(self) -> Floats:
        """Return service and travel together."""
        together: Floats = self.service_hours + self.travel_hours
        return together


def workload(
    accounts: AccountColumns, roster: RosterColumns, *, params: WorkloadParams
) -> Workload:
    """Return the hours each account needs before territories are known.

    Legs start at the nearest home. Where homes are missing, the middles of k compact parts of equal
    calls stand in for them: neutral towards who owns what today.
    """
    vectors = unit_vectors(accounts.lon_deg, accounts.lat_deg)
    calls = _calls(accounts, params)
    starts = _starts(vectors, roster, weights=calls)
    if len(vectors) == 0 or len(starts) == 0:
        leg_km = np.zeros(len(vectors))
    else:
        chord, _ = cKDTree(starts).query(vectors)
        leg_km = chord_km(np.asarray(chord))
    visit = np.where(np.isnan(accounts.visit_minutes), params.visit_minutes, accounts.visit_minutes)
    hop_km = _hop_km(vectors)
    service = calls * visit / 60.0
    return Workload(
        service_hours=service,
        travel_hours=_travel_hours(service, calls, leg_km=leg_km, hop_km=hop_km, params=params),
        leg_km=leg_km,
        hop_km=hop_km,
        capacity=capacity_hours_per_year(params, roster),
    )


def capacity_hours_per_year(params: WorkloadParams, roster: RosterColumns) -> CapacityTerms:
    """Return what is left of paid hours, term by term.

    Raises:
        ValueError: The terms leave nothing.
    """
    gross = params.field_hours_per_week * params.weeks_per_year
    non_selling = params.non_selling_hours_per_week * params.weeks_per_year
    if non_selling >= gross:
        raise ValueError(
            f"non_selling_hours_per_week {params.non_selling_hours_per_week:g} leaves nothing of "
            f"field_hours_per_week {params.field_hours_per_week:g}"
        )
    unproductive = (gross - non_selling) * (1.0 - params.productive_share)
    service = (gross - non_selling - unproductive) * params.service_allowance_share
    net = gross - non_selling - unproductive - service
    return CapacityTerms(
        gross_hours=gross,
        non_selling_hours=non_selling,
        unproductive_hours=unproductive,
        service_hours=service,
        net_hours=net,
        rep_hours=net * roster.capacity_share,
    )


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
    """Return minutes by road for kilometres as the crow flies.

    Source: fitted to OSRM free-flow times of two metropolitan areas and a country; 20 to 21 % mean
    error on areas it was not fitted on, against 32 to 34 % for 1.3 times the distance at 50 km/h.
    """
    near = np.minimum(km, params.linear_from_km)
    far = np.maximum(km - params.linear_from_km, 0.0)
    curve = params.leg_minutes_at_1_km * near**params.leg_exponent
    minutes: Floats = params.travel_factor * (curve + params.minutes_per_km_beyond * far)
    return minutes


def _calls(accounts: AccountColumns, params: WorkloadParams) -> Floats:
    calls: Floats = np.where(
        np.isnan(accounts.calls_per_year), params.calls_per_year, accounts.calls_per_year
    )
    return calls


def _travel_hours(
    service: Floats, calls: Floats, *, leg_km: Floats, hop_km: Floats, params: WorkloadParams
) -> Floats:
    """Return each account's share of the driving, hours a year.

    An account that needs h hours fills h / (0.93 T) tours, each with two legs; every call adds one
    hop from its neighbour. Solved for h, since driving fills tours too. It never costs more than
    going out for every call alone.

    Source: linear surrogate of tour length = 2 r m + 0.92 MST; 3.8 to 4.2 % error on hours.
    """
    leg_hours = leg_minutes(np.minimum(leg_km, params.overnight_from_km), params) / 60.0
    hop_hours = calls * leg_minutes(hop_km, params) / 60.0
    legs_per_hour = 2.0 * leg_hours / (_FULL_TOURS * params.tour_hours)
    alone = 2.0 * leg_hours * calls
    shared = np.divide(
        legs_per_hour * service + hop_hours,
        1.0 - legs_per_hour,
        out=np.full_like(service, np.inf),
        where=legs_per_hour < 1.0,
    )
    # The hop is kept under the cap: a far account still costs its neighbours' distance at least.
    hours: Floats = np.where(calls > 0, np.minimum(shared, np.maximum(alone, hop_hours)), 0.0)
    return hours


def _hop_km(vectors: Vectors) -> Floats:
    """Return the way per call between neighbours, from how densely accounts lie around each."""
    n = len(vectors)
    reach = min(_SPACING_NEIGHBOURS, n - 1)
    if reach < 1:
        return np.zeros(n)
    chord, _ = cKDTree(vectors).query(vectors, k=[reach + 1])
    root_area = chord_km(np.asarray(chord)[:, 0]) * np.sqrt(np.pi / reach)
    hop: Floats = _HOP_SHARE * root_area
    return hop


def _starts(vectors: Vectors, roster: RosterColumns, *, weights: Floats) -> Vectors:
    homes = unit_vectors(roster.lon_deg, roster.lat_deg)
    homes = homes[~np.isnan(homes[:, 0])]
    k = len(roster)
    if len(homes) == k or len(vectors) == 0:
        return homes
    part = bisect(vectors, weights, parts=k)
    middles = group_medians(vectors, weights, groups=part, n_groups=k)
    return np.concatenate((homes, middles[~np.isnan(middles[:, 0])]))
