from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from sfterritory.optimize.aggregate import Book, aggregated, single_units
from sfterritory.optimize.sphere import lon_lat


def singles(
    lon_deg: list[float],
    *,
    hours: list[float],
    rep: ArrayLike = -1,
    churn_km: float = 30.0,
    lock: ArrayLike = -1,
) -> Book:
    n = len(lon_deg)

    def column(values: ArrayLike) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
        return np.broadcast_to(np.asarray(values, dtype=np.int32), n).copy()

    return single_units(
        (np.array(lon_deg), np.zeros(n)),
        np.array([hours, [1.0] * n]),
        owners=(column(rep), np.full(n, churn_km)),
        limits=(column(lock), column(0)),
    )


def test_a_unit_lies_in_the_middle_of_its_hours_and_belongs_to_who_has_most_of_them() -> None:
    book = singles([0.0, 3.0, 9.0], hours=[2.0, 1.0, 5.0], rep=[0, 1, -1])

    units = aggregated(book, np.array([7, 7, 2], dtype=np.int32))

    lon, _ = lon_lat(units.vectors)
    np.testing.assert_allclose(lon, [1.0, 9.0], rtol=1e-3)
    assert units.unit.tolist() == [0, 0, 1]
    assert units.amounts.tolist() == [[3.0, 5.0], [2.0, 1.0]]
    assert units.rep.tolist() == [0, -1]
    np.testing.assert_allclose(units.churn_km, [30.0 * 2.0 / 3.0, 0.0])


def test_units_are_numbered_by_their_first_account_and_split_by_locks() -> None:
    book = singles([0.0, 1.0, 2.0, 3.0], hours=[1.0] * 4, lock=[-1, 1, 0, -1])

    units = aggregated(book, np.array([5, 5, 5, 5], dtype=np.int32))

    assert units.unit.tolist() == [0, 1, 2, 0]
    assert units.lock.tolist() == [-1, 1, 0]


def test_accounts_of_their_own_and_units_without_hours_are_no_special_case() -> None:
    book = singles([0.0, 2.0, 180.0, 0.0], hours=[0.0, 0.0, 1.0, 1.0])

    alone = aggregated(book, np.array([4, 3, 2, 1], dtype=np.int32))
    paired = aggregated(book, np.array([1, 1, 2, 2], dtype=np.int32))

    assert alone is book
    lon, _ = lon_lat(paired.vectors)
    assert lon[0] == pytest.approx(1.0)
    assert abs(lon[1]) == pytest.approx(180.0)  # opposite places: that of the first account
