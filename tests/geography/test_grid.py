"""Cells of one size over the whole earth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfterritory.geography.grid import cell_centres, cell_of, cell_width_km
from sfterritory.model.columns import Floats
from sfterritory.model.sphere import haversine_km

longitudes = st.floats(-180, 180)
latitudes = st.floats(-90, 90)
widths = st.floats(0.05, 5000)


@given(longitudes, latitudes, widths)
def test_a_point_lies_no_farther_from_the_middle_of_its_cell_than_a_cell_reaches(
    lon: float, lat: float, width: float
) -> None:
    key = cell_of(np.array([lon]), np.array([lat]), width_km=width)

    middle_lon, middle_lat = cell_centres(key, width_km=width)

    away = haversine_km(
        np.array([lon]), np.array([lat]), to_lon_deg=middle_lon, to_lat_deg=middle_lat
    )
    assert away[0] <= 1.1 * cell_width_km(width) + 1e-6


@given(longitudes, latitudes, widths)
def test_the_middle_of_a_cell_lies_in_it(lon: float, lat: float, width: float) -> None:
    key = cell_of(np.array([lon]), np.array([lat]), width_km=width)

    again = cell_of(*cell_centres(key, width_km=width), width_km=width)

    assert again.tolist() == key.tolist()


def test_points_spread_evenly_over_the_sphere_fill_every_cell_alike() -> None:
    count = 1_200_000
    rows = np.arange(count, dtype=np.float64) + 0.5
    lat: Floats = np.degrees(np.arcsin(1 - 2 * rows / count))
    lon: Floats = (rows * 137.50776405) % 360 - 180  # a golden spiral

    cells, members = np.unique(cell_of(lon, lat, width_km=652.0), return_counts=True)

    assert len(cells) == 12 * 10**2
    assert members.min() > 960
    assert members.max() < 1040


def test_the_antimeridian_parts_no_cell() -> None:
    east = cell_of(np.array([180.0, 540.0]), np.array([-17.0, -17.0]), width_km=1.0)
    west = cell_of(np.array([-180.0, -540.0]), np.array([-17.0, -17.0]), width_km=1.0)

    assert set(east.tolist()) == set(west.tolist())
    assert len(set(east.tolist())) == 1


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_a_pole_is_one_place_whatever_its_longitude(pole: float) -> None:
    cells = cell_of(np.array([-180.0, -1.0, 0.0, 77.7, 180.0]), np.full(5, pole), width_km=0.5)

    assert len(set(cells.tolist())) == 1


def test_a_point_that_is_nowhere_is_refused_with_its_row() -> None:
    with pytest.raises(
        ValueError, match=r"row 1 is no place on earth: longitude 5\.0, latitude 97\.0"
    ):
        cell_of(np.array([5.0, 5.0]), np.array([7.0, 97.0]), width_km=10.0)


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan"), float("inf")])
def test_a_width_that_divides_nothing_is_refused(width: float) -> None:
    with pytest.raises(ValueError, match="km wide"):
        cell_of(np.array([5.0]), np.array([7.0]), width_km=width)
