"""Figures of territories against figures that can be reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfterritory.model.columns import Floats, TextColumn
from sfterritory.optimize.metrics import weighted_quantile
from sfterritory.optimize.territory_figures import AccountFacts, territory_figures

DEGREE_KM = 6371.0088 * np.pi / 180


def line(*east_deg: float) -> tuple[Floats, Floats]:
    return np.array(east_deg), np.zeros(len(east_deg))


def test_distances_are_weighted_by_hours_and_the_longest_leg_is_the_furthest() -> None:
    facts = AccountFacts(
        *line(1.0, 2.0, 3.0, 90.0),
        hours=np.array([8.0, 1.0, 1.0, 5.0]),
        amounts={"value_usd": np.array([1.0, 2.0, 3.0, 4.0])},
        label=TextColumn.of(["A", "B", "A", "A"]),
    )

    found = territory_figures(
        facts,
        np.array([0, 0, 0, -1], np.int32),
        centres=line(0.0, 0.0),
        leg_minutes=np.array([10.0, np.nan, 30.0, 99.0]),
    )

    assert found["mean_km"][0] == pytest.approx(1.3 * DEGREE_KM)
    assert found["p95_km"][0] == found["longest_km"][0] == pytest.approx(3 * DEGREE_KM)
    assert found["longest_minutes"][0] == 30.0
    assert found["accounts: A"].tolist() == [2, 0]
    assert found["value_usd"].tolist() == [6.0, 0.0]


def test_an_empty_territory_has_loads_of_zero_and_no_distances() -> None:
    found = territory_figures(
        AccountFacts(*line(1.0), hours=np.ones(1)),
        np.array([0], np.int32),
        centres=line(1.0, np.nan),
    )

    assert (found["accounts"][1], found["hours_per_year"][1]) == (0, 0)
    for name in ("mean_km", "p95_km", "longest_km", "extra_pieces", "off_main_share"):
        assert np.isnan(found[name][1])


def test_a_territory_cut_in_two_by_another_has_one_piece_too_many() -> None:
    east, north = (one.ravel() for one in np.meshgrid(np.arange(12.0), np.arange(6.0)))
    inner = (north > 0) & (north < 5) & (east > 0) & (east < 11)
    apart = inner & ((east < 4) | (east > 7))

    found = territory_figures(
        AccountFacts(east, north, hours=np.where(east < 4, 3.0, 1.0)),
        np.where(apart, 0, 1).astype(np.int32),
        centres=line(5.5, 5.5),
    )

    assert found["extra_pieces"].tolist() == [1, 0]
    assert found["off_main_share"].tolist() == [pytest.approx(0.25), 0.0]


def test_one_piece_on_each_side_of_wide_water_is_allowed_where_a_gap_is_named() -> None:
    east, north = (one.ravel() for one in np.meshgrid(np.arange(12.0), np.arange(6.0)))
    land = (east < 4) | (east > 7)
    rim = (north == 0) | (north == 5) | (east == 0) | (east == 11)
    facts = AccountFacts(east[land], north[land], hours=np.ones(int(land.sum())))
    owner = np.where(rim, 1, 0)[land].astype(np.int32)

    strict = territory_figures(facts, owner, centres=line(5.5, 5.5), gap_km=1.2 * DEGREE_KM)

    assert strict["extra_pieces"].tolist() == [0, 0]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_quantile_of_each_territory_is_that_of_its_own_rows(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 40))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    owner = rng.integers(0, 3, n).astype(np.int32)
    east, hours = rng.uniform(0, 5, n), rng.uniform(0.1, 9, n)

    facts = AccountFacts(*line(*east), hours=hours)

    found = territory_figures(facts, owner, centres=line(0.0, 0.0, 0.0))

    for row in range(3):
        mine = owner == row
        if mine.any():
            expected = weighted_quantile(east[mine] * DEGREE_KM, hours[mine], 0.95)
            assert found["p95_km"][row] == pytest.approx(expected)
