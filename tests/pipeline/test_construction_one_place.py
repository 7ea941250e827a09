"""Very many accounts on one postal code: one point, as single accounts and as one unit."""

from __future__ import annotations

import numpy as np
import pytest
from optimize.asked import ask
from optimize.books import accounts_at, roster_of

from sfterritory.optimize.alignment import ConflictCode
from sfterritory.optimize.request import TerritoryRequest
from sfterritory.optimize.territories import build_territories


def on_one_point(n: int, k: int, *, one_unit: bool) -> TerritoryRequest:
    """A book on one point, owned at random, with reps all over the country."""
    rng = np.random.default_rng(1)
    accounts = accounts_at(
        np.full(n, -96.0),
        np.full(n, 33.0),
        value_usd=rng.choice([1e5, 2e5], n),
        rep=rng.integers(0, k, n).astype(np.int32),
    )
    roster = roster_of(k, lon_deg=rng.uniform(-120, -80, k), lat_deg=rng.uniform(28, 45, k))
    unit = np.zeros(n, dtype=np.int32) if one_unit else None
    return ask(accounts, roster, hours=rng.choice([1.0, 7.5], n), value_tolerance=0.15, unit=unit)


@pytest.mark.slow  # 8 CPU-s
def test_a_hundred_thousand_accounts_on_one_point_are_shared_out_within_the_limits() -> None:
    request = on_one_point(100_000, 50, one_unit=False)

    plan = build_territories(request)

    assert plan.feasible
    assert not plan.conflicts
    for demand in request.demands:
        load = np.bincount(plan.territory, weights=demand.amount, minlength=50)
        assert (load >= demand.lo * (1 - 1e-9)).all()
        assert (load <= demand.hi * (1 + 1e-9)).all()


@pytest.mark.slow
def test_a_million_accounts_of_one_postal_code_are_one_unit_and_that_is_told() -> None:
    request = on_one_point(1_000_000, 50, one_unit=True)

    plan = build_territories(request)

    assert len(np.unique(plan.territory)) == 1
    heavy = [one for one in plan.conflicts if one.code is ConflictCode.ACCOUNTS_EXCEED_LIMIT]
    assert {one.demand for one in heavy} == {"hours", "value"}
    assert all("(1,000,000 accounts)" in one.message for one in heavy)
    assert all(len(one.rows) <= 100 for one in plan.conflicts)
    hours = next(one for one in plan.relaxation if one.demand == "hours" and one.by > one.lo)
    held = float(request.demands[0].amount.sum())
    assert held <= hours.hi == pytest.approx(1.01 * held)
