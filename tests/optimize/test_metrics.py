from __future__ import annotations

import numpy as np
import pytest

from sfterritory.model.sphere import group_medians, km_between, lon_lat, unit_vectors
from sfterritory.optimize.band import Band
from sfterritory.optimize.metrics import alignment_metrics, balance, disruption, weighted_quantile

from .asked import ask
from .books import accounts_at, roster_of


def band(load: list[float], *, target: list[float], tolerance: float = 0.05) -> Band:
    part = np.array(target)
    lo, hi = part * (1 - tolerance), part * (1 + tolerance)
    return Band("hours", "h", part, lo, hi, np.array(load), np.zeros(0))


def test_balance_is_measured_against_each_territorys_own_target() -> None:
    even = balance(band([20.0, 10.0], target=[20.0, 10.0]))
    skewed = balance(band([30.0, 10.0], target=[20.0, 20.0]))

    assert (even.max_over_mean, even.gini, even.share_outside) == pytest.approx((1.0, 0.0, 0.0))
    assert skewed.max_over_mean == pytest.approx(1.5)
    assert skewed.min_over_mean == pytest.approx(0.5)
    assert skewed.variation == pytest.approx(0.5)
    assert skewed.gini == pytest.approx(0.25)  # sum |Lk - Ll| / (2 k^2 mean) = 40 / 160
    assert skewed.share_outside == 1.0


def test_a_rep_who_is_meant_to_have_nothing_is_no_part_of_the_balance() -> None:
    answer = balance(band([10.0, 10.0, 5.0], target=[10.0, 10.0, 0.0]))

    assert answer.max_over_mean == 1.0
    assert answer.share_outside == pytest.approx(0.2)


def test_disruption_leaves_out_accounts_that_nobody_owned() -> None:
    answer = disruption(
        np.array([0, 1, 1, 0]),
        np.array([0, 0, -1, 0]),
        amounts=(np.array([1.0, 2.0, 50.0, 1.0]), np.array([0.0, 30.0, 5.0, 10.0])),
        lock=np.array([0, -1, 0, -1]),
        n_territories=2,
    )

    assert answer.accounts_moved == 1
    assert answer.accounts_share == pytest.approx(1 / 3)
    assert answer.hours_share == pytest.approx(0.5)
    assert answer.value_share == pytest.approx(0.75)
    assert answer.reps_over_a_fifth_new == 1
    assert (answer.locks_kept, answer.locks) == (1, 2)


def test_any_number_of_demands_is_measured() -> None:
    accounts = accounts_at([0.0, 1.0], [50.0, 50.0], value_usd=[1.0, 3.0], rep=[0, 0])
    request = ask(accounts, roster_of(2), hours=[2.0, 2.0])

    answer = alignment_metrics(
        np.array([0, 1], dtype=np.int32),
        accounts=accounts,
        demands=request.demands,
        lock=request.locks.rep,
    )

    assert answer.balance["hours"].max_over_mean == 1.0
    assert answer.balance["value"].max_over_mean == pytest.approx(1.5)
    assert answer.travel.mean_km == pytest.approx(0.0, abs=1e-6)
    assert answer.disruption.accounts_moved == 1


def test_a_weighted_quantile_counts_weight_and_not_rows() -> None:
    values, weights = np.array([1.0, 2.0, 3.0]), np.array([98.0, 1.0, 1.0])

    assert weighted_quantile(values, weights, 0.95) == 1.0
    assert weighted_quantile(values, weights, 0.995) == 3.0


def test_distances_and_medians_have_no_seam_at_the_antimeridian() -> None:
    points = unit_vectors(np.array([179.0, -179.0, 180.0]), np.array([0.0, 0.0, 1.0]))

    median = group_medians(points, np.ones(3), groups=np.zeros(3, np.int32), n_groups=2)

    assert km_between(points[0], points[1]) == pytest.approx(2 * 111.195, rel=1e-4)
    lon, lat = lon_lat(median[:1])
    assert abs(lon[0]) > 179.0
    assert 0 < lat[0] < 1
    assert np.isnan(median[1]).all()
