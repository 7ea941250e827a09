"""A real OSRM and a real Valhalla over Liechtenstein, asked as a user's project would."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.road import drawn, on_streets
from bench.road_engines import (
    ROOT,
    SIDE,
    AbsentError,
    Graphs,
    box_of,
    build_osrm,
    graphs_of,
    running_osrm,
    running_valhalla,
    side_packages,
)
from sfterritory.connectors.road.params import Provider, TravelParams
from sfterritory.errors import ConfigError
from sfterritory.geography.travel.estimate import crow_km
from sfterritory.model.travel import Points, Quality
from sfterritory.pipeline.travel import OpenTravel, travel_time

from .conftest import NOW

pytestmark = pytest.mark.slow

AREA = "liechtenstein"
IN_PROCESS = """
import json, sys
from pathlib import Path
import numpy as np
from sfterritory.connectors.road.osrm_inprocess import OsrmInProcess
from sfterritory.model.travel import Points
graph, origins, destinations = json.loads(sys.argv[1])
engine = OsrmInProcess(Path(graph), profile=None, places=None)
identity = engine.identity()
table = engine.table(Points(*map(np.array, origins)), Points(*map(np.array, destinations)))
print(json.dumps([identity.version, identity.graph, table.minutes.tolist(), table.km.tolist()]))
"""


@pytest.fixture(scope="module")
def graphs() -> Graphs:
    try:
        return graphs_of(AREA)
    except AbsentError as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="module")
def osrm(graphs: Graphs) -> Iterator[str]:
    with running_osrm(graphs) as url:
        yield url


@pytest.fixture(scope="module")
def valhalla(graphs: Graphs) -> Iterator[str]:
    with running_valhalla(graphs) as url:
        yield url


@contextmanager
def opened(provider: Provider, url: str, root: Path, **more: object) -> Iterator[OpenTravel]:
    params = TravelParams.model_validate({"provider": provider, "url": url, "name": AREA, **more})
    with travel_time(params, root=root, now=NOW) as travel:
        yield travel


def places(n: int, seed: int) -> Points:
    west, south, east, north = box_of(AREA)
    share = np.random.default_rng(seed).random((2, n))
    return Points(west + share[0] * (east - west), south + share[1] * (north - south))


def test_osrm_answers_a_matrix_of_several_blocks_as_it_answers_one(
    osrm: str, tmp_path: Path
) -> None:
    origins, destinations = places(150, 1), places(40, 2)
    with opened("osrm", osrm, tmp_path, block_places=500, cache=None) as travel:
        whole = travel.matrix(origins, destinations)

    with opened("osrm", osrm, tmp_path) as travel:
        asked = travel.forecast(origins, destinations).requests
        legs = travel.matrix(origins, destinations)
        again = travel.matrix(origins, destinations)

    assert asked > 1
    np.testing.assert_allclose(legs.minutes, whole.minutes)
    np.testing.assert_allclose(legs.km, whole.km)
    assert (legs.quality == Quality.ENGINE).all()
    assert (again.quality == Quality.CACHE).all()
    assert legs.source == "osrm driving liechtenstein"
    assert (legs.minutes > 0).mean() > 0.99


def test_valhalla_answers_and_tells_its_version(valhalla: str, tmp_path: Path) -> None:
    origins, destinations = places(60, 1), places(3, 2)

    with opened("valhalla", valhalla, tmp_path) as travel:
        legs = travel.matrix(origins, destinations)

    version = (ROOT / "tests" / "road" / "requirements.txt").read_text().split("pyvalhalla==")[1]
    assert legs.source == f"valhalla {version.split()[0]} auto liechtenstein"
    assert set(np.unique(legs.quality)) <= {Quality.ENGINE, Quality.UNREACHABLE}
    assert (legs.quality == Quality.ENGINE).mean() > 0.9


def test_the_engines_agree_on_kilometres_and_roughly_on_minutes(
    osrm: str, valhalla: str, tmp_path: Path
) -> None:
    streets = on_streets(osrm, drawn(AREA))
    origins, destinations = streets.taken(np.arange(40)), streets.taken(np.arange(40, 50))
    with opened("osrm", osrm, tmp_path) as one, opened("valhalla", valhalla, tmp_path) as other:
        first, second = one.matrix(origins, destinations), other.matrix(origins, destinations)

    far = (first.km > 3) & np.isfinite(second.km)
    assert np.median(second.km[far] / first.km[far]) == pytest.approx(1.0, abs=0.15)
    assert np.median(second.minutes[far] / first.minutes[far]) == pytest.approx(1.0, abs=0.4)


def test_a_place_no_road_leads_to_is_never_given_a_time(valhalla: str, tmp_path: Path) -> None:
    origins = Points(np.array([9.52, 30.0]), np.array([47.14, 47.16]))
    destinations = Points(np.array([9.51]), np.array([47.20]))

    with opened("valhalla", valhalla, tmp_path) as travel:
        legs = travel.matrix(origins, destinations)

    assert legs.quality[:, 0].tolist() == [Quality.ENGINE, Quality.ESTIMATE]  # over 400 km away
    assert crow_km(origins.taken(np.array([1])), destinations)[0] > 1_000


def test_a_block_above_the_engines_limit_is_halved_by_a_real_refusal(
    valhalla: str, tmp_path: Path
) -> None:
    origins, destinations = places(70, 5), places(40, 6)

    with opened("valhalla", valhalla, tmp_path, block_places=70) as travel:
        asked = travel.forecast(origins, destinations).requests
        legs = travel.matrix(origins, destinations)

    assert asked == 1  # 2,800 pairs, and 2,500 are allowed
    assert travel.notes == ()
    assert (legs.quality == Quality.ENGINE).mean() > 0.9


def test_in_this_process_osrm_answers_as_its_server_does(
    osrm: str, graphs: Graphs, tmp_path: Path
) -> None:
    origins, destinations = places(30, 7), places(20, 8)
    with opened("osrm", osrm, tmp_path, name=None) as travel:
        legs = travel.matrix(origins, destinations)
        source = travel.source
    ends = [
        [np.round(one.lon_deg, 5).tolist(), np.round(one.lat_deg, 5).tolist()]
        for one in (origins, destinations)
    ]

    done = subprocess.run(  # noqa: S603 - ourselves, on the Python that the wheel is for
        [SIDE / "bin" / "python", "-c", IN_PROCESS, json.dumps([str(graphs.osrm), *ends])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    version, graph, minutes, km = json.loads(done.stdout)
    assert version.startswith("26.")
    assert source == f"osrm driving graph {graph}"  # the two share their cache
    np.testing.assert_allclose(legs.minutes, minutes)
    np.testing.assert_allclose(legs.km, km)


def test_two_graphs_of_one_area_are_told_apart(osrm: str, graphs: Graphs, tmp_path: Path) -> None:
    other = build_osrm(graphs.extract, tmp_path, vehicle="bicycle")

    with (
        running_osrm(replace(graphs, osrm=other)) as url,
        opened("osrm", url, tmp_path, name=None) as there,
        opened("osrm", osrm, tmp_path, name=None) as here,
    ):
        assert there.source != here.source


def test_without_the_package_the_in_process_engine_says_what_to_install(tmp_path: Path) -> None:
    params = TravelParams(provider="osrm_inprocess", path="car.osrm")

    with (
        pytest.raises(ConfigError, match="osrm-bindings, which is missing"),
        travel_time(params, root=tmp_path, now=NOW),
    ):
        pass


def test_the_wheels_lie_where_the_makefile_puts_them() -> None:
    try:
        packages = side_packages()
    except AbsentError as absent:
        pytest.skip(str(absent))

    assert (packages / "valhalla" / "bin" / "valhalla_service").is_file()
