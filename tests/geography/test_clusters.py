"""Natural clusters by driving time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from geography.places import ESTIMATE, Roads, points
from sfterritory.geography.cluster import TOUR_PER_TREE, ClusterRules, Clusters, natural_clusters
from sfterritory.model.travel import Points

RULES = ClusterRules(most_minutes=10, dense_accounts=3, least_accounts=4)
KM = 1 / 111.19492664455873  # degrees of latitude


def clusters(places: Points, rules: ClusterRules = RULES) -> Clusters:
    return natural_clusters(places, np.ones(len(places)), travel=ESTIMATE, rules=rules)


def row_of_towns(
    lon: float, lat: float, *, count: int, apart_km: float
) -> list[tuple[float, float]]:
    return [(lon, lat + at * apart_km * KM) for at in range(count)]


def test_two_towns_are_two_clusters_and_a_farm_is_in_none() -> None:
    places = points(
        *row_of_towns(10, 50, count=6, apart_km=2),
        *row_of_towns(11, 50, count=4, apart_km=2),
        (10.5, 50.0),
    )

    found = clusters(places)

    assert found.cluster.tolist() == [0] * 6 + [1] * 4 + [-1]
    assert found.accounts.tolist() == [6, 4]
    assert found.lon_deg.tolist() == pytest.approx([10, 11], abs=1e-6)


def test_inner_travel_is_the_shortest_tree_and_a_tour_reckoned_from_it() -> None:
    places = points(*row_of_towns(10, 50, count=5, apart_km=3))

    found = natural_clusters(places, np.ones(5), travel=Roads(), rules=RULES)

    assert found.link_minutes[0] == pytest.approx(3.0, rel=1e-3)
    assert found.tour_minutes[0] == pytest.approx(4 * 3.0 * TOUR_PER_TREE, rel=1e-3)


def test_accounts_on_one_spot_are_one_place_and_count_each() -> None:
    found = clusters(points(*[(10.0, 50.0)] * 5, (30.0, 50.0)))

    assert found.cluster.tolist() == [0] * 5 + [-1]
    assert found.tour_minutes.tolist() == [0.0]


def test_water_parts_what_the_map_joins() -> None:
    places = points(
        *row_of_towns(10, 50, count=5, apart_km=1), *row_of_towns(10.02, 50, count=5, apart_km=1)
    )

    together = natural_clusters(places, np.ones(10), travel=Roads(), rules=RULES)
    apart = natural_clusters(places, np.ones(10), travel=Roads(cut_lon_deg=10.01), rules=RULES)

    assert len(together) == 1
    assert sorted(apart.cluster.tolist()) == [0] * 5 + [1] * 5


def test_only_neighbours_are_asked_for_and_nobody_beyond_the_fastest_drive() -> None:
    rng = np.random.default_rng(4)
    places = Points(rng.uniform(5, 15, 400), rng.uniform(45, 55, 400))
    roads = Roads()

    found = natural_clusters(places, np.ones(400), travel=roads, rules=RULES)

    assert found.asked == sum(roads.asked) < 400 * 9


def test_clusters_go_over_the_antimeridian() -> None:
    found = clusters(points((179.99, 10), (-179.99, 10), (180, 10.01), (179.98, 10.02)))

    assert found.cluster.tolist() == [0, 0, 0, 0]
    assert abs(found.lon_deg[0]) == pytest.approx(180, abs=0.02)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_handful_of_accounts_is_answered(count: int) -> None:
    found = clusters(points(*row_of_towns(10, 50, count=count, apart_km=1)))

    assert found.cluster.tolist() == [-1] * count


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40),
    st.integers(1, 5),
)
def test_clusters_are_those_of_all_drives_and_no_order_of_rows_changes_them(
    cells: list[tuple[int, int]], dense: int
) -> None:
    # Uneven steps, so that no two drives take equally long by chance.
    places = points(*((10 + 0.031 * x + 0.0007 * y * y, 50 + 0.023 * y) for x, y in cells))
    rules = ClusterRules(most_minutes=7, dense_accounts=dense, least_accounts=1)
    minutes = ESTIMATE.matrix(places, places).minutes
    near = minutes <= 7
    core = near.sum(axis=1) >= dense
    label = connected_components(near & core & core[:, None], directed=False)[1]
    expected = (label[:, None] == label) & core & core[:, None]

    found = clusters(places, rules)
    backwards = clusters(places.taken(np.arange(len(cells))[::-1]), rules)

    inside = found.cluster >= 0
    together = (found.cluster[:, None] == found.cluster) & inside & inside[:, None]
    assert together.tolist() == expected.tolist()
    assert found.cluster.tolist() == backwards.cluster[::-1].tolist()
