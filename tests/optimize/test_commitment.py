from __future__ import annotations

import numpy as np
import pytest

from sfterritory.model.columns import TextColumn
from sfterritory.optimize.commitment import CommitmentKind, commitment_costs
from sfterritory.optimize.request import Fit, Locks, TerritoryRequest
from sfterritory.optimize.territories import build_territories

from .asked import ask
from .books import accounts_at, roster_of


def committed() -> TerritoryRequest:
    """Ten accounts between two homes, 500 km apart; some are held where they do not belong."""
    accounts = accounts_at(
        [0.0] * 5 + [7.0] * 5, np.full(10, 50.0), calls_per_year=[52.0] + [4.0] * 9
    )
    roster = roster_of(2, lon_deg=[0.0, 7.0], lat_deg=50.0)
    fit = Fit(
        np.array([0] * 9 + [1], dtype=np.int32), np.array([[0.0, 0.0], [0.0, np.inf]]), ("", "Thai")
    )
    lock = np.array([1, -1, -1, -1, -1, 0, -1, -1, -1, -1], dtype=np.int32)
    cause = TextColumn.of(["list a.csv", *[None] * 4, "open deal", *[None] * 4])
    request = ask(accounts, roster, tolerance=np.inf, fit=fit)
    return TerritoryRequest(
        **{
            **{name: getattr(request, name) for name in TerritoryRequest.__slots__},
            "locks": Locks(lock, cause),
        }
    )


def test_each_commitment_costs_what_the_plan_would_save_without_it() -> None:
    request = committed()
    plan = build_territories(request)

    found = {one.cause: one for one in commitment_costs(request, plan)}

    apart_km = 500.0
    for cause in ("list a.csv", "open deal", "Thai"):
        assert found[cause].accounts == 1
        assert found[cause].hours == 1.0
        assert found[cause].cost_km_hours == pytest.approx(apart_km, rel=0.01)
    often = found["more than 8 calls a year (2 times the median)"]
    assert often.kind is CommitmentKind.CADENCE
    assert often.excess_hours == pytest.approx(1.0 - 4.0 / 52.0)


def test_nothing_committed_costs_nothing() -> None:
    accounts = accounts_at([0.0, 1.0], [50.0, 50.0])
    request = ask(accounts, roster_of(2), tolerance=np.inf)

    assert commitment_costs(request, build_territories(request)) == ()
