"""What a territory version keeps of its figures, and that it reads back as it was written."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from sfterritory.model.columns import Ints
from sfterritory.optimize.request import Demand
from sfterritory.optimize.territory_figures import AccountFacts
from sfterritory.pipeline.territory_figures import Drawn, demand_documents, territory_documents
from sfterritory.pipeline.territory_metrics import VersionMetrics


def rows(*numbers: int) -> Ints:
    return np.array(numbers, dtype=np.int32)


def hours_demand(*, hi: float) -> Demand:
    target = np.array([5.0, 5.0])
    return Demand(
        name="hours",
        unit="h",
        amount=np.array([2.0, 3.0, 5.0]),
        target=target,
        lo=target * 0.9,
        hi=np.array([hi, hi]),
    )


def test_loads_before_and_after_are_those_of_the_territories_and_no_limit_is_none() -> None:
    documents = demand_documents(
        (hours_demand(hi=float("inf")),), before=rows(0, 0, -1), after=rows(0, 0, 1)
    )

    (kept,) = VersionMetrics.of(
        json.loads(json.dumps({"demands": documents}, allow_nan=False))
    ).demands

    assert (kept.before, kept.after) == ((5.0, 0.0), (5.0, 5.0))
    assert kept.hi == (None, None)


def test_figures_of_a_territory_without_an_account_hold_no_distance_and_no_shape() -> None:
    east, north = (one.ravel() for one in np.meshgrid(np.arange(3.0), np.arange(3.0)))
    drawn = Drawn(
        ("T1", "T2"),
        (shapely.box(-0.5, -0.5, 2.5, 2.5), shapely.Polygon()),
        np.array([1.0, np.nan]),
        np.array([1.0, np.nan]),
    )

    found = territory_documents(
        AccountFacts(east, north, hours=np.ones(9)),
        np.zeros(9, dtype=np.int32),
        drawn=drawn,
        given={"capacity_hours_per_year": np.array([10.0, 12.0])},
    )

    full, empty = found["T1"], found["T2"]
    assert full["hours_per_year"] == 9.0
    assert full["hull_ratio"] == pytest.approx(1.0, abs=0.01)
    assert full["hull_overlap_share"] == 0.0
    assert empty == {"accounts": 0.0, "hours_per_year": 0.0, "capacity_hours_per_year": 12.0}


def test_what_an_earlier_version_did_not_keep_is_simply_not_there() -> None:
    kept = VersionMetrics.of({"before": {"hours": {"gini": 0.2}}, "after": {}, "of_later": 1})

    assert kept.before["hours"]["gini"] == 0.2
    assert (kept.demands, kept.curve, kept.bound) == ((), (), None)
