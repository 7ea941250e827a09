"""Files of areas, engines of travel times and clusters that are wrong, through `build`."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from end_to_end.child import plain_environ, running_child
from end_to_end.conftest import Prepare
from end_to_end.desk import Desk
from sfterritory.errors import ExitCode
from sfterritory.model.store.store import open_store

FILE = "mappings/territories.yaml"
START = "territories:\n  mode: homes"
AREAS = "geography:\n  area_sets: [{name: mine, by: polygon, file: shapes.geojson}]\n"
WAIT_S = 60.0

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(pulled: Path, desk_of: Prepare) -> Iterator[Desk]:
    with desk_of(pulled) as (found, _):
        yield found


def square(name: str, *sides: float) -> dict[str, Any]:
    """Return a rectangle between west, south, east and north."""
    west, south, east, north = sides
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return feature({"name": name}, [ring])


def feature(properties: dict[str, Any], rings: Any, kind: str = "Polygon") -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": rings}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def refused(desk: Desk, *words: str) -> str:
    """Return what a build says that has to fail, with something to do and without a traceback."""
    said = desk.run("build", "--no-curve", *words, code=1).err
    assert "What to do" in said
    assert "nobody foresaw" not in said
    assert "Traceback" not in said
    return said


def counting(desk: Desk) -> str | None:
    """Return the version that routing and plans go by."""
    with open_store(desk.store_url) as store:
        version = store.territories.latest()
    return None if version is None else version.id


@contextmanager
def listener() -> Iterator[socket.socket]:
    """Return a socket that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(WAIT_S)
        yield server


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def test_every_fault_of_a_file_of_areas_is_named(desk: Desk) -> None:
    desk.edit(FILE, "units: {by: account, families: ignore}", "units: {by: area, area_set: mine}")
    desk.edit(FILE, START, AREAS + START)
    shapes = desk.root / "mappings" / "shapes.geojson"
    assert "shapes.geojson cannot be read" in refused(desk)

    for content, said in (
        ("", "is empty"),
        ("{}", "but not GeoJSON"),
        ("name,area\n", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        (collection(), "holds no features"),
        (collection(feature({"nom": "a"}, square("a", -100, 30, -90, 40))), "no property 'name'"),
        (collection(square("a", 30, -100, 40, -90)), "longitude and latitude are swapped"),
        (collection(square("a", -100, 30, -90, 40)).replace("30", "NaN"), "is not JSON"),
        (collection(square("a", -9, 3, -8, 4), square("a", -8, 3, -7, 4)), "has the same name"),
        (collection(feature({"name": "a"}, [1, 2], "Point")), "its geometry is Point"),
    ):
        shapes.write_text(content, encoding="utf-8")
        assert said in refused(desk), content[:80]
    os.truncate(shapes, 60_000_000)
    assert "60,000,000 bytes long, more than" in refused(desk)
    shapes.write_bytes(b"PK\xff\xfe")
    assert "is no text" in refused(desk)


def test_accounts_in_no_area_or_in_several_are_told(desk: Desk) -> None:
    desk.edit(FILE, "units: {by: account, families: ignore}", "units: {by: area, area_set: mine}")
    desk.edit(FILE, START, AREAS + START)
    shapes = desk.root / "mappings" / "shapes.geojson"
    bow_tie = [[[-91, 30], [-90, 31], [-90, 30], [-91, 31], [-91, 30]]]
    shapes.write_text(
        collection(
            square("a", 10, 40, 12, 42),
            square("b", -99, 35, -98, 36),
            square("c", -99, 32, -90, 36),
            feature({"name": "bow tie"}, bow_tie),
        ),
        encoding="utf-8",
    )

    report = desk.ask("build", "--no-curve", "--accept-limits", "a trial")

    notes = "\n".join(report["notes"])
    assert "of 191 accounts lie in no area of mine: each is a unit of its own" in notes
    assert "bow tie" in notes


@pytest.mark.parametrize(
    ("geography", "content", "said"),
    [
        ("barriers: b.geojson", None, "b.geojson cannot be read"),
        ("barriers: b.geojson", collection(), "holds no features"),
        (
            "restricted: b.geojson",
            collection(feature({"name": "river"}, [[-90, 25], [-90, 49]], "LineString")),
            "its geometry is LineString",
        ),
        (
            "restricted: b.geojson",
            collection(square("x", -9, 3, -8, 4) | {"properties": {"name": "x", "reps": ["y@z"]}}),
            "no user is called 'y@z'",
        ),
    ],
)
def test_every_fault_of_a_file_of_barriers_is_named(
    desk: Desk, geography: str, content: str | None, said: str
) -> None:
    desk.edit(FILE, START, f"geography:\n  {geography}\n{START}")
    if content is not None:
        (desk.root / "mappings" / "b.geojson").write_text(content, encoding="utf-8")

    assert said in refused(desk)


def test_a_restricted_area_over_everything_leaves_all_but_the_locked_out(desk: Desk) -> None:
    desk.edit(FILE, START, f"geography:\n  restricted: b.geojson\n{START}")
    everything = collection(square("all", -179, 0, -50, 80))
    (desk.root / "mappings" / "b.geojson").write_text(everything, encoding="utf-8")

    report = desk.ask("build", "--accept-limits", "a trial")

    assert report["left_out"] == {"no rep may have it: restricted area all": 186}
    assert report["accounts"] == 5
    desk.run("route")
    desk.run("plan")


@pytest.mark.parametrize(
    ("travel", "said"),
    [
        ("provider: osrm", "provider osrm needs url"),
        ("provider: osrm, url: hello", "'hello', not the address of a server"),
        ("provider: osrm, url: 'https://router.project-osrm.org'", "a public demonstration server"),
        ("provider: google", "'google' is not allowed"),
        ("provider: file, path: m.csv", "m.csv cannot be read"),
        ("speed_factor: .inf", "inf is no number here"),
    ],
)
def test_a_source_of_travel_times_that_cannot_be_asked_is_named(
    desk: Desk, travel: str, said: str
) -> None:
    desk.edit(FILE, START, f"travel: {{{travel}}}\n{START}")

    assert said in refused(desk)


def test_an_engine_that_nobody_runs_ends_the_build_and_keeps_the_territories(desk: Desk) -> None:
    before = desk.ask("build", "--no-curve")["version"]
    with listener() as gone:
        nobody = address(gone)
    desk.edit(FILE, START, f"travel: {{provider: osrm, url: '{nobody}'}}\n{START}")

    assert "refused" in refused(desk)

    assert counting(desk) == before
    desk.edit(FILE, f"travel: {{provider: osrm, url: '{nobody}'}}\n", "")
    desk.run("route")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scheduler", "tcp://127.0.0.1:9"], "needs both --engine dask and --scheduler"),
        (["--engine", "dask"], "needs both --engine dask and --scheduler"),
        (["--engine", "dask", "--scheduler", "hello"], "'hello' is no address"),
        (["--tolerance", "hours=nan"], "write NAME=NUMBER"),
        (["--tolerance", "nope=0.1"], "nope is not shared out"),
        (["--only", "region=West"], "reps have no 'region'"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(desk: Desk, words: list[str], said: str) -> None:
    assert said in refused(desk, *words)


def test_two_builds_at_once_are_refused_and_nothing_is_touched(desk: Desk) -> None:
    with open_store(desk.store_url) as store, store.lease("build", "ben"):
        said = desk.run("build", code=5).err

    assert "ben" in said
    assert counting(desk) is None
    desk.run("build", "--no-curve")


def test_a_store_that_is_none_is_told(desk: Desk) -> None:
    kept = desk.store_file.read_bytes()
    desk.store_file.write_bytes(b"not a database at all")
    assert "is not a database" in refused(desk)

    desk.store_file.unlink()
    desk.store_file.mkdir()
    assert "unable to open" in refused(desk)

    desk.store_file.rmdir()
    desk.store_file.write_bytes(kept)
    desk.run("build", "--no-curve")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, -signal.SIGTERM)]
)
def test_a_build_that_is_stopped_leaves_what_counted_before(
    desk: Desk, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    before = desk.ask("build", "--no-curve")["version"]
    said = tmp_path / "said.txt"
    with listener() as silent:
        slow = f"travel: {{provider: osrm, url: '{address(silent)}'}}\n"
        desk.edit(FILE, START, slow + START)
        words = ["build", "--project", str(desk.root)]
        with running_child(words, plain_environ(), out=str(said), err=str(said)) as child:
            connection, _ = silent.accept()
            with connection:
                assert connection.recv(1)
                os.kill(child.pid or 0, number)
                child.join(WAIT_S)
            found = child.exitcode

    assert found == code, said.read_text("utf-8")
    assert "Traceback" not in said.read_text("utf-8")
    assert counting(desk) == before
    desk.edit(FILE, slow, "")
    desk.run("route")
    assert desk.ask("build", "--no-curve")["version"] == before
