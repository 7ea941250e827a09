"""Answers are kept: across runs, cut-offs, graphs and time."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from sfterritory.errors import StoreError
from sfterritory.model.store.travel_cache import TravelCache
from sfterritory.model.travel import Points, Quality

from .conftest import NOW, OpenIt
from .fault_engine import FaultEngine

CACHE = ".sfterritory/travel.db"
STARTS = Points(np.linspace(9.5, 9.6, 40), np.linspace(47.1, 47.2, 40))
ENDS = Points(np.linspace(9.7, 9.8, 30), np.linspace(47.2, 47.1, 30))
SCRIPT = """
import json, sys
from datetime import datetime, UTC
from pathlib import Path
import numpy as np
from sfterritory.connectors.road.params import TravelParams
from sfterritory.model.travel import Points
from sfterritory.pipeline.travel import travel_time
asked = json.loads(sys.argv[1])
params = TravelParams(provider="osrm", url=asked["url"], concurrency=1, block_places=10)
with travel_time(params, root=Path(asked["root"]), now=datetime(2026, 11, 2, tzinfo=UTC)) as travel:
    travel.matrix(*(Points(np.array(lon), np.array(lat)) for lon, lat in asked["ends"]))
"""


def test_what_was_asked_once_is_not_asked_again_and_is_told_from_a_fresh_answer(
    engine: FaultEngine, opened: OpenIt
) -> None:
    with opened() as travel:
        first = travel.matrix(STARTS, ENDS)
    engine.tables.clear()

    with opened() as travel:
        forecast = travel.forecast(STARTS, ENDS)
        again = travel.matrix(STARTS, ENDS)
        back = travel.matrix(ENDS, STARTS)

    assert (forecast.known, forecast.requests) == (1200, 0)
    assert (again.quality == Quality.CACHE).all()
    assert again.source == first.source
    np.testing.assert_array_equal(again.minutes, first.minutes)
    assert (back.quality == Quality.ENGINE).all()  # the way back is another drive


def test_a_matrix_asks_only_for_what_earlier_pairs_left_open(
    engine: FaultEngine, opened: OpenIt
) -> None:
    with opened() as travel:
        travel.matrix(STARTS.taken(np.arange(20)), ENDS)
        engine.tables.clear()

        legs = travel.matrix(STARTS, ENDS)

    assert (legs.quality[:20] == Quality.CACHE).all()
    assert (legs.quality[20:] == Quality.ENGINE).all()
    assert {start for one in engine.tables for start in one.sources} == {
        (round(lon, 5), round(lat, 5))
        for lon, lat in zip(STARTS.lon_deg[20:].tolist(), STARTS.lat_deg[20:].tolist(), strict=True)
    }


def test_without_a_cache_file_a_run_still_asks_once(
    engine: FaultEngine, opened: OpenIt, tmp_path: Path
) -> None:
    with opened(cache=None) as travel:
        first = travel.matrix(STARTS, ENDS)
        asked = len(engine.tables)
        again = travel.pairs(STARTS, ENDS, rows=(np.arange(30, dtype=np.int32),) * 2)

    assert len(engine.tables) == asked
    assert (again.quality == Quality.CACHE).all()
    np.testing.assert_array_equal(again.minutes, np.diagonal(first.minutes))
    assert not (tmp_path / ".sfterritory").exists()


def test_another_road_graph_does_not_get_the_answers_of_the_last_one(
    engine: FaultEngine, opened: OpenIt
) -> None:
    with opened() as travel:
        travel.matrix(STARTS, ENDS)
    engine.graph = "g2"

    with opened() as travel:
        legs = travel.matrix(STARTS, ENDS)

    assert (legs.quality == Quality.ENGINE).all()
    assert "g2" in legs.source


def test_a_missing_way_is_believed_for_a_time(engine: FaultEngine, opened: OpenIt) -> None:
    engine.nowhere = {(9.5, 47.1)}
    with opened() as travel:
        travel.matrix(STARTS, ENDS)
    engine.nowhere = set()

    with opened(now=NOW + timedelta(days=29)) as travel:
        soon = travel.matrix(STARTS, ENDS)
    with opened(now=NOW + timedelta(days=31)) as travel:
        later = travel.matrix(STARTS, ENDS)

    assert (soon.quality[0] == Quality.UNREACHABLE).all()
    assert (later.quality[0] == Quality.ENGINE).all()
    assert (later.quality[1:] == Quality.CACHE).all()


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_with_the_next_block(
    engine: FaultEngine, opened: OpenIt, tmp_path: Path
) -> None:
    ends = [[one.lon_deg.tolist(), one.lat_deg.tolist()] for one in (STARTS, ENDS)]
    engine.delay_seconds = 0.05
    words = json.dumps({"url": engine.url, "root": str(tmp_path), "ends": ends})
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, words])  # noqa: S603 - ourselves
    until = time.monotonic() + 30
    while len(engine.tables) < 10 and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    engine.delay_seconds = 0.0
    asked_before = len(engine.tables)

    with opened(block_places=10) as travel:
        known = travel.forecast(STARTS, ENDS).known
        legs = travel.matrix(STARTS, ENDS)

    assert 25 * 8 <= known < 1200
    assert int((legs.quality == Quality.CACHE).sum()) == known
    assert len(engine.tables) - asked_before <= 48 - known // 25 + 2  # other seams, same work


def test_a_file_that_is_no_cache_is_refused_and_left_as_it_is(
    opened: OpenIt, tmp_path: Path
) -> None:
    (tmp_path / ".sfterritory").mkdir()
    other = tmp_path / CACHE
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    before = other.read_bytes()

    with pytest.raises(StoreError, match="no cache of travel times"), opened():
        pass
    assert other.read_bytes() == before
    assert [one.name for one in other.parent.iterdir()] == [other.name]

    other.write_bytes(b"not a database, by far" * 100)
    with pytest.raises(StoreError, match="not a database") as failed, opened():
        pass
    assert "delete" in failed.value.remedy


def test_two_processes_may_keep_answers_in_one_file(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    month = timedelta(days=30)
    path = tmp_path / "travel.db"

    with (
        TravelCache(path, now=moment, unreachable_for=month) as one,
        TravelCache(path, now=moment, unreachable_for=month) as other,
    ):
        graph = one.graph("osrm", "g1", "driving")

        assert other.graph("osrm", "g1", "driving") == graph
        assert other.graph("osrm", "g1", "walking") != graph
