from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.model.columns import TextColumn
from sfterritory.optimize.family import FamilyLimits, families, family_units, wide_families
from sfterritory.optimize.params import WorkloadParams
from sfterritory.optimize.unit import UnitKeys, UnitKind, joined_units, standing_alone, unit_codes
from sfterritory.optimize.workload import calls_of

from .books import account_ids, accounts_at

PARAMS = WorkloadParams()


def ids(n: int) -> np.ndarray:
    return np.array(account_ids(n), dtype=np.str_)


def parents(*rows: int | None) -> TextColumn:
    names = account_ids(100)
    return TextColumn.of([None if row is None else names[row] for row in rows])


def test_accounts_of_one_postal_code_are_one_unit_within_their_country() -> None:
    keys = UnitKeys(
        country=TextColumn.of(["US", "DE", "US", "US", None]),
        postal_code=TextColumn.of(["10115", "10115", "10115", None, "10115"]),
    )

    assert unit_codes(UnitKind.POSTAL_CODE, n=5, keys=keys).tolist() == [0, 1, 0, 2, 3]
    assert unit_codes(UnitKind.ACCOUNT, n=3, keys=keys).tolist() == [0, 1, 2]


def test_an_account_outside_every_area_is_a_unit_of_its_own() -> None:
    keys = UnitKeys(area=np.array([4, -1, 4, -1], dtype=np.int32))

    assert unit_codes(UnitKind.AREA, n=4, keys=keys).tolist() == [0, 1, 0, 2]
    with pytest.raises(ValueError, match="units by cell need the cell of each account"):
        unit_codes(UnitKind.CELL, n=4, keys=keys)
    with pytest.raises(ValueError, match="area of 4 accounts is given, not of 5"):
        unit_codes(UnitKind.AREA, n=5, keys=keys)


def test_units_that_share_an_account_become_one() -> None:
    postal = np.array([0, 0, 1, 1, 2], dtype=np.int32)
    family = np.array([0, 1, 1, 2, 3], dtype=np.int32)

    assert joined_units(postal, family).tolist() == [0, 0, 0, 0, 1]
    assert joined_units(postal).tolist() == [0, 0, 1, 1, 2]


def test_a_family_is_whoever_has_the_same_ultimate_parent() -> None:
    found = families(ids(6), parents(None, 0, 1, None, 3, 1))

    assert found.family.tolist() == [0, 0, 0, 1, 1, 0]
    assert found.root.tolist() == [0, 0, 0, 3, 3, 0]
    assert (found.orphans.tolist(), found.cycles) == ([], ())


def test_children_of_one_missing_parent_are_siblings_and_are_listed() -> None:
    found = families(ids(4), parents(50, 50, 51, None))

    assert found.family.tolist() == [0, 0, 1, 2]
    assert found.root.tolist() == [-1, -1, -1, 3]
    assert found.orphans.tolist() == [0, 1, 2]


def test_accounts_that_are_their_own_ancestors_are_listed_and_kept_together() -> None:
    found = families(ids(7), parents(None, 3, 1, 2, 3, 5, 0))

    assert [circle.tolist() for circle in found.cycles] == [[1, 2, 3]]
    assert found.family.tolist() == [0, 1, 1, 1, 1, 2, 0]  # row 5 names itself: no parent


def test_a_parent_that_was_merged_away_stands_for_the_account_it_lives_on_in() -> None:
    names = account_ids(100)
    merged = {names[60]: names[61], names[61]: names[0]}

    found = families(ids(3), parents(None, 60, 61), merged=merged)

    assert found.family.tolist() == [0, 0, 0]
    assert found.orphans.tolist() == []


def test_members_that_stand_alone_leave_their_family_together() -> None:
    found = families(ids(4), parents(None, 0, 0, 0))
    apart = np.array([False, True, False, True])

    assert family_units(found, apart=apart).tolist() == [0, 1, 0, 2]


@given(st.lists(st.one_of(st.none(), st.integers(0, 11)), min_size=1, max_size=12))
def test_every_account_is_in_the_family_of_its_parent(rows: list[int | None]) -> None:
    n = len(rows)

    found = families(ids(n), parents(*rows))

    for child, parent in enumerate(rows):
        if parent is not None and parent < n:
            assert found.family[child] == found.family[parent]
        assert (child in found.orphans) == (parent is not None and parent >= n)
    assert sorted(set(found.family.tolist())) == list(range(found.family.max() + 1))


def test_a_long_chain_of_parents_is_one_family() -> None:
    chain: list[int | None] = [None, *range(99)]

    assert set(families(ids(100), parents(*chain)).family.tolist()) == {0}


def test_a_family_across_the_continent_is_named_with_what_it_costs() -> None:
    rng = np.random.default_rng(0)
    lon = np.append(rng.normal(-122, 0.2, 30), rng.normal(-121, 0.2, 30))
    calls = calls_of(accounts_at(lon, rng.normal(40, 0.2, 60)), params=PARAMS)
    units = np.arange(60, dtype=np.int32)
    units[[0, 1, 30]] = 0
    starts = (np.array([-122.0, -121.0, np.nan]), np.array([40.0, 40.0, np.nan]))
    limits = FamilyLimits(most_km=50)

    (wide,) = wide_families(calls, units, starts=starts, limits=limits, params=PARAMS)

    assert wide.rows.tolist() == [0, 1, 30]
    assert 60 < wide.spread_km < 150
    assert 15 < wide.extra_leg_km < 40  # one of three is a degree farther away
    assert wide.extra_travel_hours > 0.5
    assert f"account {ids(1)[0]} has 3 accounts up to " in wide.message(ids(60))
    assert len(set(standing_alone(units, units == wide.unit).tolist())) == 60
    assert wide_families(calls, units, starts=starts, limits=FamilyLimits(), params=PARAMS) == ()
