from __future__ import annotations

import numpy as np
import pytest

from sfterritory.model.sphere import unit_vectors
from sfterritory.optimize.capacity import capacity_hours_per_year
from sfterritory.optimize.params import WorkloadParams
from sfterritory.optimize.workload import (
    WorkloadRowError,
    compact_parts,
    hop_km,
    leg_minutes,
    servable_accounts,
    workload,
)

from .books import accounts_at, roster_of

PARAMS = WorkloadParams()


def test_changing_travel_alone_changes_the_hours_and_leaves_the_service() -> None:
    accounts = accounts_at([0.0, 0.2, 0.4], [50.0, 50.1, 50.0])
    roster = roster_of(1, lon_deg=0.1, lat_deg=50.0)

    usual = workload(accounts, roster, params=PARAMS)
    slow = workload(accounts, roster, params=WorkloadParams(travel_factor=2.2))

    np.testing.assert_allclose(usual.service_hours, 4.0)
    np.testing.assert_array_equal(slow.service_hours, usual.service_hours)
    assert (slow.travel_hours > 1.5 * usual.travel_hours).all()
    np.testing.assert_allclose(usual.hours, usual.service_hours + usual.travel_hours)


def test_the_same_accounts_spread_over_hours_need_more_work_than_within_twenty_kilometres() -> None:
    rng = np.random.default_rng(1)
    spread = rng.normal(0, 1, (2, 40))
    roster = roster_of(1, lon_deg=10.0, lat_deg=50.0)

    near = workload(accounts_at(10 + 0.1 * spread[0], 50 + 0.1 * spread[1]), roster, params=PARAMS)
    far = workload(accounts_at(10 + 2.0 * spread[0], 50 + 2.0 * spread[1]), roster, params=PARAMS)

    assert far.hours.sum() > 1.3 * near.hours.sum()


def test_travel_never_costs_more_than_driving_out_for_every_call_alone() -> None:
    accounts = accounts_at([0.0, 0.01], [50.0, 50.0], calls_per_year=[2, 2])
    roster = roster_of(1, lon_deg=30.0, lat_deg=50.0)  # a day's drive away

    answer = workload(accounts, roster, params=PARAMS)

    leg_minutes = 1.1 * (3.15 * 50**0.72 + 0.75 * 250)  # cut at 300 km: beyond it the rep stays
    np.testing.assert_allclose(answer.travel_hours, 2 * 2 * leg_minutes / 60.0)


def test_an_account_without_calls_needs_no_hours() -> None:
    answer = workload(
        accounts_at([0.0, 1.0], [50.0, 51.0], calls_per_year=[0, 4]), roster_of(1), params=PARAMS
    )

    assert answer.hours[0] == 0
    assert answer.hours[1] > 4


def test_a_record_without_calls_or_length_gets_the_defaults() -> None:
    accounts = accounts_at([0.0], [50.0], calls_per_year=np.nan, visit_minutes=np.nan)

    answer = workload(accounts, roster_of(1), params=PARAMS)

    np.testing.assert_allclose(answer.service_hours, 4 * 45 / 60)


def test_driving_minutes_follow_the_curve_and_then_80_km_an_hour() -> None:
    minutes = leg_minutes(
        np.array([0.0, 1.0, 50.0, 130.0]), PARAMS.model_copy(update={"travel_factor": 1.0})
    )

    at_50_km = 3.15 * 50**0.72
    assert minutes.tolist() == pytest.approx([0.0, 3.15, at_50_km, at_50_km + 60])


def test_every_term_of_the_capacity_is_visible_and_adds_up() -> None:
    terms = capacity_hours_per_year(PARAMS, roster_of(2, capacity_share=[1.0, 0.5]))

    assert terms.gross_hours == 40 * 52
    assert terms.absence_hours == 40 * 8
    assert terms.net_hours == pytest.approx(
        terms.gross_hours
        - terms.absence_hours
        - terms.meeting_hours
        - terms.planning_hours
        - terms.unproductive_hours
        - terms.service_hours
    )
    assert terms.net_hours == pytest.approx((40 - 8) * 44 * 0.85 * 0.95)
    np.testing.assert_allclose(terms.rep_hours, [terms.net_hours, terms.net_hours / 2])


def test_terms_that_leave_nothing_are_refused_with_their_values() -> None:
    with pytest.raises(ValueError, match=r"meeting_hours_per_week 5 .* field_hours_per_week 8"):
        WorkloadParams(field_hours_per_week=8, meeting_hours_per_week=5, planning_hours_per_week=3)


def test_a_rep_can_serve_more_accounts_of_a_territory_that_needs_fewer_hours_each() -> None:
    territory = np.array([0, 0, 1], dtype=np.int32)

    served = servable_accounts(
        np.array([2.0, 4.0, 10.0]), territory, capacity_hours=np.array([300.0, 300.0, 300.0])
    )

    np.testing.assert_allclose(served, [100.0, 30.0, np.nan])


@pytest.mark.parametrize("wrong", [-1.0, np.inf, -np.inf], ids=["negative", "huge", "minus huge"])
def test_calls_and_minutes_that_cannot_be_are_refused_with_their_rows(wrong: float) -> None:
    calls = np.array([4.0, wrong, np.nan, wrong])

    with pytest.raises(WorkloadRowError, match=r"calls_per_year of 2 accounts .*row 1: ") as found:
        workload(
            accounts_at([0.0] * 4, [0.0] * 4, calls_per_year=calls), roster_of(1), params=PARAMS
        )
    assert found.value.rows.tolist() == [1, 3]

    with pytest.raises(WorkloadRowError, match="visit_minutes of 1 accounts"):
        workload(accounts_at([0.0], [0.0], visit_minutes=wrong), roster_of(1), params=PARAMS)


def test_legs_and_hops_are_shown_apart_for_every_account() -> None:
    rng = np.random.default_rng(4)
    accounts = accounts_at(*rng.normal(0, 0.5, (2, 50)), calls_per_year=np.tile([0.0, 12.0], 25))

    answer = workload(accounts, roster_of(1, lon_deg=0.0, lat_deg=0.0), params=PARAMS)

    np.testing.assert_allclose(answer.travel_hours, answer.line_haul_hours + answer.local_hours)
    assert (answer.line_haul_hours[1::2] > 0).all()
    assert (answer.local_hours[1::2] > 0).all()
    assert (answer.hours[::2] == 0).all()


def test_the_way_between_neighbours_counts_accounts_on_one_point_each() -> None:
    lon = np.array([0.0] * 6 + [1.0, 1.0, 1.0, 2.0, 2.0])

    hop = hop_km(accounts_at(lon, np.zeros(11)))

    degree_km, root = 111.195, 0.754 * 0.7124 * np.sqrt(np.pi / 5)
    assert hop[0] == 0  # five others stand on the same point
    np.testing.assert_allclose(hop[6:9], root * degree_km, rtol=1e-4)  # the fifth is a degree away
    np.testing.assert_allclose(hop[9:], root * 2 * degree_km, rtol=1e-4)
    np.testing.assert_allclose(
        hop_km(accounts_at([0.0, 1.0], [0.0, 0.0])), root * np.sqrt(5) * degree_km, rtol=1e-4
    )
    assert hop_km(accounts_at([0.0], [0.0])).tolist() == [0.0]


def test_the_row_order_of_accounts_does_not_change_the_hours() -> None:
    rng = np.random.default_rng(6)
    lon, lat, calls = rng.normal(10, 1, 300), rng.normal(50, 1, 300), rng.integers(0, 9, 300)
    order = rng.permutation(300)
    straight = workload(accounts_at(lon, lat, calls_per_year=calls), roster_of(7), params=PARAMS)

    shuffled = workload(
        accounts_at(lon[order], lat[order], calls_per_year=calls[order]),
        roster_of(7),
        params=PARAMS,
    )

    np.testing.assert_allclose(shuffled.hours, straight.hours[order])


@pytest.mark.slow
def test_a_hundred_thousand_accounts_on_one_point_are_no_trouble() -> None:
    n = 100_000
    accounts = accounts_at(np.full(n, 10.0), np.full(n, 50.0))

    answer = workload(accounts, roster_of(50), params=PARAMS)

    np.testing.assert_allclose(answer.hours, answer.service_hours, rtol=1e-6)


def test_parts_are_compact_and_of_about_equal_weight() -> None:
    rng = np.random.default_rng(7)
    lon, weights = rng.uniform(0, 10, 1000), rng.uniform(0, 2, 1000)

    part = compact_parts(unit_vectors(lon, np.zeros(1000)), weights, parts=4)

    assert sorted(set(part.tolist())) == [0, 1, 2, 3]
    np.testing.assert_allclose(np.bincount(part, weights=weights), weights.sum() / 4, rtol=0.02)
    assert sorted(part[np.argsort(lon)].tolist()) in (
        part[np.argsort(lon)].tolist(),
        part[np.argsort(lon)][::-1].tolist(),
    )
