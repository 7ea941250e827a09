from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from sfterritory.model.sphere import lon_lat
from sfterritory.optimize.aggregate import Book, aggregated, bundled, cell_load, single_units
from sfterritory.optimize.territories import build_territories

from .asked import ask
from .books import accounts_at, roster_of


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


@given(st.integers(2, 12), st.floats(0.001, 0.2), st.integers(0, 5), st.integers(0, 5))
def test_cells_are_small_beside_every_band_there_is(
    k: int, tolerance: float, unlimited: int, idle: int
) -> None:
    target = np.linspace(1.0, 3.0, k)
    lo, hi = (1 - tolerance) * target, (1 + tolerance) * target
    lo[:idle], hi[:idle] = 0.0, 0.0
    hi[idle : idle + unlimited] = np.inf

    load = cell_load(lo, hi, total=float(target.sum()))

    assert load > 0
    assert (load <= (hi - lo)[hi > 0] / 8 * (1 + 1e-12)).all()
    assert load <= target.mean() / 400 * (1 + 1e-12)


def test_a_pile_on_one_point_is_bundled_by_rep_and_by_what_a_bundle_may_hold() -> None:
    n = 6_000
    rep = np.repeat([0, 1, -1], 2_000)
    hours = [1.0] * (n - 1) + [700.0]
    book = singles([7.0] * n + [8.0], hours=[*hours, 1.0], rep=[*rep, 0])

    bundles = bundled(book, np.array([100.0, 50.0]))

    # fifty accounts to a bundle, one that is heavier than any bundle ends its own, one far away
    assert len(bundles) == pytest.approx(6_000 / 50 + 1, abs=3)
    assert bundles.amounts.sum(axis=1) == pytest.approx(book.amounts.sum(axis=1))
    assert (bundles.amounts[1] <= 51).all()
    assert (bundles.rep[bundles.unit] == book.rep).all()
    assert (bundles.vectors[bundles.unit] == book.vectors).all()
    assert bundled(singles([7.0] * 900, hours=[1.0] * 900), np.array([9.0, 9.0])).unit.max() == 899


@pytest.mark.slow
def test_a_pile_is_shared_out_in_bundles_and_within_limits() -> None:
    rng = np.random.default_rng(2)
    n, k = 20_000, 3
    hours = rng.lognormal(0.0, 0.8, n)
    rep = rng.integers(-1, k, n)
    request = ask(
        accounts_at(np.full(n, 9.0), np.full(n, 50.0), rep=rep),
        roster_of(k, lon_deg=[9.0, 9.5, 12.0], lat_deg=[50.0, 50.0, 51.0]),
        hours=hours,
        tolerance=0.02,
    )

    plan = build_territories(request)

    assert plan.feasible
    load = np.bincount(plan.territory, weights=hours, minlength=k)
    assert load / load.mean() == pytest.approx(1.0, abs=0.02 + 1e-9)
    assert plan.together.max() > 1
    assert (plan.together * hours.mean() < 0.02 * load.mean()).all()
