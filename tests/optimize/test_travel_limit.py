"""Limits of travel on territories that were found: who breaks them, and by which account."""

from __future__ import annotations

import numpy as np
import pytest

from sfterritory.model.columns import Floats
from sfterritory.optimize.alignment import Conflict, ConflictCode, TerritoryPlan
from sfterritory.optimize.params import TerritoryParams, WorkloadParams
from sfterritory.optimize.request import TerritoryRequest
from sfterritory.optimize.territories import build_territories
from sfterritory.optimize.travel_limit import broken_travel_limits
from sfterritory.optimize.travel_load import TerritoryTravel, territory_travel
from sfterritory.optimize.workload import calls_of

from .asked import ask
from .books import accounts_at, roster_of

WEEKS = 44.0
# Two towns of five accounts, 60 km and more apart; a farm 111 km north of the first one.
LON = np.array([*np.linspace(0.0, 0.05, 5), 0.0, *np.linspace(3.0, 3.05, 5)])
LAT = np.array([*np.zeros(5), 1.0, *np.zeros(5)])
FARM = 5
REP = np.array([0] * 6 + [1] * 5, dtype=np.int32)


@pytest.fixture(scope="module")
def found() -> tuple[TerritoryRequest, TerritoryPlan, TerritoryTravel]:
    accounts = accounts_at(LON, LAT, rep=REP)
    roster = roster_of(2, lon_deg=np.array([0.0, 3.0]), lat_deg=np.zeros(2))
    request = ask(accounts, roster, tolerance=np.inf, lock=REP)
    plan = build_territories(request)
    params = WorkloadParams()
    homes: tuple[Floats, Floats] = (plan.centre_lon_deg, plan.centre_lat_deg)
    drive = territory_travel(
        calls_of(accounts, params=params), plan.territory, starts=homes, params=params
    )
    return request, plan, drive


def broken(
    found: tuple[TerritoryRequest, TerritoryPlan, TerritoryTravel], **limits: float
) -> tuple[Conflict, ...]:
    params = TerritoryParams.model_validate(limits)
    return broken_travel_limits(*found, params=params, weeks_worked=WEEKS)


def test_a_gap_between_neighbours_is_told_with_the_account_beyond_it(
    found: tuple[TerritoryRequest, TerritoryPlan, TerritoryTravel],
) -> None:
    request = found[0]

    (gap,) = broken(found, max_neighbour_km=100)

    assert (gap.code, gap.reps, gap.rows) == (ConflictCode.NEIGHBOURS_TOO_FAR, (0,), (FARM,))
    assert gap.amount == pytest.approx(11.2, abs=0.1)
    assert f"from {request.accounts.ids[FARM]} to the next account" in gap.message
    assert "111.2 km where 100 are allowed" in gap.message
    assert broken(found, max_neighbour_km=112) == ()


def test_driving_of_a_week_is_told_with_the_account_that_takes_most_of_it(
    found: tuple[TerritoryRequest, TerritoryPlan, TerritoryTravel],
) -> None:
    request, _, drive = found
    weekly = drive.travel_hours / WEEKS
    least, most = sorted(weekly.tolist())

    (much,) = broken(found, max_drive_hours_per_week=(least + most) / 2)

    assert (much.code, much.reps, much.rows) == (ConflictCode.DRIVES_TOO_MUCH, (0,), (FARM,))
    assert much.amount == pytest.approx((most - least) / 2)
    assert f"{request.roster.names[0]} drives {most:,.1f} hours a week" in much.message
    both = broken(found, max_drive_hours_per_week=least / 2)
    assert [one.reps for one in both] == [(0,), (1,)]  # the worst first
    assert broken(found, max_drive_hours_per_week=most) == ()


def test_without_a_limit_nothing_is_looked_at(
    found: tuple[TerritoryRequest, TerritoryPlan, TerritoryTravel],
) -> None:
    assert broken(found) == ()


def test_of_many_territories_the_worst_are_told_and_the_rest_are_counted() -> None:
    k = 30
    lon = np.repeat(np.arange(k) * 2.0, 2)
    lat = np.tile([0.0, 0.5], k) * np.repeat(1 + np.arange(k) / k, 2)
    rep = np.repeat(np.arange(k, dtype=np.int32), 2)
    accounts = accounts_at(lon, lat, rep=rep)
    request = ask(
        accounts,
        roster_of(k, lon_deg=np.arange(k) * 2.0, lat_deg=np.zeros(k)),
        tolerance=np.inf,
        lock=rep,
    )
    plan = build_territories(request)
    params = WorkloadParams()
    starts = (plan.centre_lon_deg, plan.centre_lat_deg)
    drive = territory_travel(
        calls_of(accounts, params=params), plan.territory, starts=starts, params=params
    )

    told = broken((request, plan, drive), max_neighbour_km=20)

    assert [one.reps[0] for one in told[:20]] == list(range(29, 9, -1))
    assert told[20].message == "10 more territories have neighbours above 20 km apart"
    assert (len(told), told[20].count) == (21, 10)


def test_accounts_beyond_reach_are_told_by_what_keeps_them_there() -> None:
    accounts = accounts_at([0.0, 1.0, 2.9, 3.0, 6.0], np.zeros(5))
    roster = roster_of(2, lon_deg=np.array([0.0, 3.0]), lat_deg=np.zeros(2))
    lock = np.array([-1, -1, 0, -1, -1], dtype=np.int32)
    request = ask(accounts, roster, tolerance=np.inf, lock=lock, max_km=50.0)
    plan = build_territories(request)
    params = WorkloadParams()
    starts = (plan.centre_lon_deg, plan.centre_lat_deg)
    drive = territory_travel(
        calls_of(accounts, params=params), plan.territory, starts=starts, params=params
    )

    total, *of_reps = broken((request, plan, drive), max_km=50)

    assert total.code is ConflictCode.BEYOND_REACH
    assert (total.count, total.rows) == (3, (4, 2, 1))
    assert total.message.startswith("of 5 accounts 3 lie beyond the longest distance of their rep")
    assert "2 beyond that of every rep who may have them" in total.message
    assert "1 locked to their rep" in total.message
    assert "334 km for the nearest rep to reach each and 323 km for locks" in total.message
    assert [(one.reps, one.rows) for one in of_reps] == [((1,), (4,)), ((0,), (2,))]
    assert "nobody who may have it is nearer" in of_reps[0].message
    assert "it is locked to this rep" in of_reps[1].message
    far = ask(accounts, roster, tolerance=np.inf, lock=lock, max_km=334.0)
    assert broken((far, build_territories(far), drive), max_km=334) == ()
