"""The estimate and what real drives say of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.geography.travel.band import BAND_FROM_KM, band_name, band_of
from sfterritory.geography.travel.calibration import MeasuredLegs, calibrated, measured_error
from sfterritory.geography.travel.estimate import ESTIMATE_ERROR, EstimatedTravel, road_km
from sfterritory.model.travel import Points, Quality, TravelCurve

NORTH = Points(np.zeros(400), np.linspace(0.002, 1.0, 400))  # up to 111 km from the equator
HOME = Points(np.zeros(1), np.zeros(1))
kilometres = st.floats(0, 20_000)


def measured(factor: float, *, taken: int = 400) -> MeasuredLegs:
    """Return drives home from a row of places that take `factor` times what is estimated."""
    rows = np.arange(taken)
    origins = NORTH.taken(rows)
    homes = HOME.taken(np.zeros(taken, dtype=np.int32))
    every = rows.astype(np.int32)
    estimate = EstimatedTravel().pairs(origins, homes, rows=(every, every))
    return MeasuredLegs(origins, homes, factor * estimate.minutes)


def test_the_curve_is_the_published_one() -> None:
    minutes = TravelCurve().minutes(np.array([0.0, 1.0, 50.0, 100.0]))

    np.testing.assert_allclose(minutes, [0.0, 3.15, 3.15 * 50**0.72, 3.15 * 50**0.72 + 37.5])


@given(kilometres, kilometres)
def test_a_longer_way_never_takes_less(one: float, other: float) -> None:
    near, far = np.array([min(one, other)]), np.array([max(one, other)])

    assert TravelCurve().minutes(near) <= TravelCurve().minutes(far)
    assert road_km(near) <= road_km(far) * (1 + 1e-12)
    assert road_km(far) >= far


def test_calibration_and_speed_multiply_and_every_cell_says_estimate() -> None:
    plain = EstimatedTravel().matrix(NORTH, HOME)

    slow = EstimatedTravel((1.2,), 0.8).matrix(NORTH, HOME)

    np.testing.assert_allclose(slow.minutes, plain.minutes * 1.2 / 0.8)
    np.testing.assert_array_equal(slow.km, plain.km)
    assert slow.minutes.shape == (400, 1)
    assert (slow.quality == Quality.ESTIMATE).all()
    assert (plain.source, slow.source) == ("estimate", "estimate calibrated")


def test_factors_by_band_leave_no_step_at_a_limit() -> None:
    factors = (2.0, 1.5, 1.2, 1.0, 0.9, 0.9, 0.8)
    near, far = (Points(np.zeros(1), np.array([lat])) for lat in (0.04490, 0.04506))  # at 5 km

    minutes = [EstimatedTravel(factors).matrix(one, HOME).minutes[0, 0] for one in (near, far)]

    assert minutes[1] == pytest.approx(minutes[0], rel=0.01)


def test_calibration_finds_the_factor_of_each_band_and_borrows_where_drives_are_few() -> None:
    bands = calibrated(measured(1.3))

    assert [one.factor for one in bands] == pytest.approx([1.3] * len(BAND_FROM_KM))
    assert [one.own for one in bands] == [one.legs >= 50 for one in bands]
    assert {one.own for one in bands} == {True, False}


def test_too_few_drives_give_no_calibration() -> None:
    with pytest.raises(ValueError, match="30 usable drives"):
        calibrated(measured(1.0, taken=30))


def test_drives_without_a_way_say_nothing() -> None:
    legs = measured(1.1)
    legs.minutes[::2] = np.inf

    assert calibrated(legs)[-1].factor == pytest.approx(1.1)


def test_the_error_is_a_share_of_the_real_time() -> None:
    errors = measured_error(measured(1.25))

    assert [one.mean_share for one in errors] == pytest.approx([0.2] * len(errors))
    assert [one.bias_share for one in errors] == pytest.approx([-0.2] * len(errors))


def test_the_published_error_names_bands_nearest_first() -> None:
    assert [one.from_km for one in ESTIMATE_ERROR] == list(BAND_FROM_KM[: len(ESTIMATE_ERROR)])
    assert len(ESTIMATE_ERROR) == len(BAND_FROM_KM) - 1  # beyond 50 km nothing was measured


def test_bands_are_named_as_people_write_them() -> None:
    names = [band_name(int(band)) for band in band_of(np.array([0.3, 2.0, 700.0]))]

    assert names == ["0-1 km", "2-5 km", "50 km and more"]
