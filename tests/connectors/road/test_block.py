from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.connectors.road.block import plan_blocks
from sfterritory.connectors.road.engine import Limits
from sfterritory.connectors.road.place import place_keys, points_of
from sfterritory.model.travel import Points

degrees = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def limits(*, side: int, places: int, least_use: float = 0.1) -> Limits:
    return Limits(side, side, places, least_use, seconds_per_request=0.1, seconds_per_cell=0.0)


def grid_keys(n: int, *, lon_deg: float = 9.0) -> np.ndarray:
    rows = np.arange(n)
    return place_keys(Points(lon_deg + rows % 37 / 100, 47.0 + rows // 37 / 100))


@given(
    pairs=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=150),
    side=st.integers(1, 12),
    places=st.integers(2, 20),
    least_use=st.sampled_from([0.0, 0.5, 1.0]),
    shared=st.booleans(),
)
def test_blocks_hold_every_pair_once_or_more_and_no_block_breaks_a_limit(
    pairs: list[tuple[int, int]], side: int, places: int, least_use: float, *, shared: bool
) -> None:
    near, far = grid_keys(31), grid_keys(31, lon_deg=9.0 if shared else 19.0)
    origins = near[[a for a, _ in pairs]]
    destinations = far[[b for _, b in pairs]]

    blocks = plan_blocks(
        origins, destinations, limits=limits(side=side, places=places, least_use=least_use)
    )

    held = {
        (a, b)
        for block in blocks
        for a in block.origins.tolist()
        for b in block.destinations.tolist()
    }
    assert set(zip(origins.tolist(), destinations.tolist(), strict=True)) <= held
    for block in blocks:
        assert max(len(block.origins), len(block.destinations)) <= side
        assert len({*block.origins.tolist(), *block.destinations.tolist()}) <= places


def test_a_star_is_asked_with_99_places_at_a_time() -> None:
    accounts, home = grid_keys(990), grid_keys(1, lon_deg=19.0)

    blocks = plan_blocks(accounts, np.repeat(home, 990), limits=limits(side=100, places=100))

    assert [len(block.origins) for block in blocks] == [99] * 10


def test_a_territory_that_fits_is_one_request() -> None:
    places = grid_keys(100)

    blocks = plan_blocks(
        np.repeat(places, 100), np.tile(places, 100), limits=limits(side=100, places=100)
    )

    assert len(blocks) == 1


def test_accounts_with_their_ten_nearest_homes_take_a_fraction_of_a_request_a_home() -> None:
    rng = np.random.default_rng(1)
    accounts = Points(rng.uniform(8, 12, 4_000), rng.uniform(47, 50, 4_000))
    homes = Points(rng.uniform(8, 12, 80), rng.uniform(47, 50, 80))
    km = np.hypot(
        accounts.lon_deg[:, None] - homes.lon_deg, accounts.lat_deg[:, None] - homes.lat_deg
    )
    nearest = np.argsort(km, axis=1)[:, :10]
    origins = np.repeat(place_keys(accounts), 10)
    destinations = place_keys(homes)[nearest.ravel()]

    blocks = plan_blocks(origins, destinations, limits=limits(side=100, places=100))

    stars = sum(-(-int((nearest == home).sum()) // 99) for home in range(80))
    assert len(blocks) * 4 < stars


@given(st.lists(degrees, min_size=1, max_size=20))
def test_a_place_is_found_again_from_its_number_to_five_decimals(
    coordinates: list[tuple[float, float]],
) -> None:
    lon, lat = (np.array(column) for column in zip(*coordinates, strict=True))

    found = points_of(place_keys(Points(lon, lat)))

    np.testing.assert_allclose(found.lon_deg, lon, atol=0.51e-5)
    np.testing.assert_allclose(found.lat_deg, lat, atol=0.51e-5)
    np.testing.assert_array_equal(place_keys(found), place_keys(Points(lon, lat)))
