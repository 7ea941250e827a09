"""What is asked of an engine, and what becomes of whole and of wrong answers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sfterritory.errors import ConfigError, ConnectorError
from sfterritory.model.travel import Points, Quality

from .conftest import OpenIt
from .fault_engine import (
    Answer,
    Asked,
    FaultEngine,
    json_answer,
    refused_by_osrm,
    refused_by_valhalla,
)


def places(n: int, *, lon_deg: float = 9.5) -> Points:
    rng = np.random.default_rng(n)
    return Points(np.round(lon_deg + rng.random(n) / 5, 5), np.round(47.1 + rng.random(n) / 10, 5))


def told(engine: FaultEngine, origins: Points, destinations: Points) -> np.ndarray:
    """Return the minutes that the engine would say."""
    starts, ends = (
        list(zip(one.lon_deg.tolist(), one.lat_deg.tolist(), strict=True))
        for one in (origins, destinations)
    )
    return np.array([[engine.minutes(a, b) for b in ends] for a in starts])


@pytest.mark.parametrize("provider", ["osrm", "valhalla"])
def test_a_matrix_holds_each_cell_of_many_blocks_in_its_place(
    engine: FaultEngine, opened: OpenIt, provider: str
) -> None:
    origins, destinations = places(70), places(55, lon_deg=9.6)

    with opened(provider, block_places=20) as travel:
        legs = travel.matrix(origins, destinations)

    assert_allclose(legs.minutes, told(engine, origins, destinations))
    assert (legs.quality == Quality.ENGINE).all()
    assert legs.source.startswith(provider)
    most = max(len({*one.sources, *one.targets}) for one in engine.tables)
    assert most <= (20 if provider == "osrm" else 40)


def test_pairs_ask_only_for_what_was_named_and_share_blocks(
    engine: FaultEngine, opened: OpenIt
) -> None:
    accounts, homes = places(600), places(3, lon_deg=9.6)
    rows = (np.arange(600, dtype=np.int32), np.arange(600, dtype=np.int32) % 3)

    with opened() as travel:
        forecast = travel.forecast(accounts, homes, rows=rows)
        legs = travel.pairs(accounts, homes, rows=rows)

    assert_allclose(legs.minutes, told(engine, accounts, homes)[rows])
    assert forecast.legs == 600
    assert forecast.requests == len(engine.tables) <= 8


def test_two_requests_at_a_time_give_the_same_answer(engine: FaultEngine, opened: OpenIt) -> None:
    origins, destinations = places(40), places(40, lon_deg=9.6)

    with opened(concurrency=2, block_places=10, cache=None) as travel:
        legs = travel.matrix(origins, destinations)

    assert_allclose(legs.minutes, told(engine, origins, destinations))


def test_the_order_of_rows_changes_no_request(engine: FaultEngine, opened: OpenIt) -> None:
    origins, destinations = places(30), places(30, lon_deg=9.6)
    turned = np.arange(30)[::-1]

    with opened(block_places=10, cache=None) as travel:
        legs = travel.matrix(origins, destinations)
    first = [*engine.tables]
    engine.tables.clear()
    with opened(block_places=10, cache=None) as travel:
        again = travel.matrix(origins.taken(turned), destinations)

    assert engine.tables == first
    assert_allclose(again.minutes, legs.minutes[::-1])


def test_no_way_is_unreachable_and_a_direction_counts(engine: FaultEngine, opened: OpenIt) -> None:
    ends = Points(np.array([9.5, 9.6, 9.7]), np.array([47.1, 47.1, 47.1]))
    engine.nowhere = {(9.7, 47.1)}

    with opened() as travel:
        legs = travel.matrix(ends, ends)

    assert legs.quality[0, 2] == Quality.UNREACHABLE
    assert np.isinf(legs.minutes[0, 2])
    assert np.isinf(legs.km[2, 1])
    assert legs.minutes[0, 1] == pytest.approx(11.0)
    assert legs.minutes[1, 0] == pytest.approx(10.0)


def test_a_speed_factor_shortens_every_drive(opened: OpenIt) -> None:
    start, end = places(1), places(1, lon_deg=9.9)
    with opened() as travel:
        plain = travel.matrix(start, end)

    with opened(speed_factor=1.25) as travel:
        fast = travel.matrix(start, end)

    assert_allclose(fast.minutes, plain.minutes / 1.25)
    assert fast.quality[0, 0] == Quality.CACHE


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(502, b"bad gateway"), id="502"),
        pytest.param(Answer(503), id="503"),
        pytest.param(Answer(504), id="504"),
        pytest.param(Answer(drop=True), id="hung up"),
        pytest.param(Answer(body=b'{"code": "Ok", "dur', cut_bytes=500), id="cut off"),
        pytest.param(Answer(body=b"<html>welcome</html>"), id="no JSON"),
    ],
)
def test_a_passing_fault_is_asked_again_after_growing_waits(
    engine: FaultEngine, opened: OpenIt, waits_seconds: list[float], answer: Answer
) -> None:
    with opened() as travel:
        engine.script.extend([answer] * 3)
        legs = travel.matrix(places(2), places(2, lon_deg=9.9))

    assert (legs.quality == Quality.ENGINE).all()
    assert len(waits_seconds) == 3
    assert waits_seconds == sorted(waits_seconds)


def test_a_server_that_is_busy_gets_the_time_it_asks_for(
    engine: FaultEngine, opened: OpenIt, waits_seconds: list[float]
) -> None:
    dated = {
        "Date": "Mon, 02 Nov 2026 10:00:00 GMT",
        "Retry-After": "Mon, 02 Nov 2026 10:00:40 GMT",
    }

    with opened() as travel:
        engine.script.extend([Answer(429, headers={"Retry-After": "17"}), Answer(429, b"", dated)])
        legs = travel.matrix(places(1), places(1, lon_deg=9.9))

    assert legs.quality[0, 0] == Quality.ENGINE
    assert waits_seconds == [17.0, 40.0]


def test_a_refused_block_is_halved_and_its_size_not_asked_for_again(
    engine: FaultEngine, opened: OpenIt
) -> None:
    def at_most_30(asked: Asked) -> Answer | None:
        large = len(asked.sources) + len(asked.targets) > 30
        return refused_by_osrm("TooBig") if large else None

    engine.rule = at_most_30
    origins, destinations = places(98), places(98, lon_deg=9.6)

    with opened() as travel:
        legs = travel.matrix(origins, destinations)

    assert_allclose(legs.minutes, told(engine, origins, destinations))
    sizes = [len(one.sources) + len(one.targets) for one in engine.tables]
    refused = [size for size in sizes if size > 30]
    assert refused == sorted(set(refused), reverse=True)


@pytest.mark.parametrize(
    ("number", "quality"),
    [
        pytest.param(171, Quality.UNREACHABLE, id="no road near"),
        pytest.param(154, Quality.ESTIMATE, id="too far"),
    ],
)
def test_one_place_that_the_engine_refuses_spoils_no_other(
    engine: FaultEngine, opened: OpenIt, number: int, quality: Quality
) -> None:
    origins, destinations = places(16), places(4, lon_deg=9.6)
    bad = (float(origins.lon_deg[5]), float(origins.lat_deg[5]))
    engine.rule = lambda asked: refused_by_valhalla(number) if bad in asked.sources else None

    with opened("valhalla") as travel:
        legs = travel.matrix(origins, destinations)

    assert (legs.quality[5] == quality).all()
    assert (np.delete(legs.quality, 5, axis=0) == Quality.ENGINE).all()


def test_after_five_failures_in_a_row_the_rest_is_estimated_at_the_engines_level(
    engine: FaultEngine, opened: OpenIt
) -> None:
    origins, destinations = places(150), places(10, lon_deg=9.7)
    engine.calibration = 3.0

    with opened(block_places=20, cache=None) as travel:
        blocks = travel.forecast(origins, destinations).requests
        engine.rule = lambda _: Answer(500) if len(engine.tables) > 1 else None
        legs = travel.matrix(origins, destinations)
        asked = len(engine.tables)
        travel.matrix(origins, destinations)

    assert asked == 6 < blocks
    assert len(engine.tables) == asked  # at once after, the breaker is still open
    answered = legs.quality == Quality.ENGINE
    assert 0 < answered.sum() < legs.quality.size
    assert (legs.quality[~answered] == Quality.ESTIMATE).all()
    assert legs.source.startswith("estimate + osrm driving")
    real = told(engine, origins, destinations)
    assert np.median(legs.minutes[~answered] / real[~answered]) == pytest.approx(1.0, abs=0.15)


def test_an_engine_that_is_back_after_a_pause_is_asked_again(
    engine: FaultEngine, opened: OpenIt
) -> None:
    origins, destinations = places(150), places(10, lon_deg=9.7)
    moment = [0.0]

    with opened(block_places=20, clock=lambda: moment[0]) as travel:
        engine.rule = lambda _: Answer(500)
        travel.matrix(origins, destinations)
        moment[0] += 59
        travel.matrix(origins, destinations)
        asked_while_open = len(engine.tables)
        moment[0] += 2
        travel.matrix(origins, destinations)
        asked_to_try = len(engine.tables) - asked_while_open
        engine.rule = lambda _: None
        moment[0] += 121
        legs = travel.matrix(origins, destinations)
        notes = travel.notes

    assert (asked_while_open, asked_to_try) == (5, 1)
    assert (legs.quality == Quality.ENGINE).all()
    assert "6 requests got no answer, and after five in a row nothing was asked for" in notes[0]


def test_of_a_halved_block_the_parts_that_were_answered_are_kept(
    engine: FaultEngine, opened: OpenIt
) -> None:
    origins, destinations = places(40), places(40, lon_deg=9.6)
    bad = (float(origins.lon_deg[5]), float(origins.lat_deg[5]))

    def large_or_bad(asked: Asked) -> Answer | None:
        if len(asked.sources) + len(asked.targets) > 50:
            return refused_by_osrm("TooBig")
        return Answer(500) if bad in asked.sources else None

    engine.rule = large_or_bad
    with opened(block_places=100) as travel:
        legs = travel.matrix(origins, destinations)
        notes = travel.notes
    engine.tables.clear()
    with opened(block_places=100) as travel:
        forecast = travel.forecast(origins, destinations)

    answered = legs.quality == Quality.ENGINE
    assert answered.sum() == 800
    assert (legs.quality[5] == Quality.ESTIMATE).all()
    assert_allclose(legs.minutes[answered], told(engine, origins, destinations)[answered])
    assert forecast.known == 800
    assert notes[0].startswith("1 request got no answer; the last: ")


def test_a_pair_refused_for_no_known_reason_spoils_no_other(
    engine: FaultEngine, opened: OpenIt
) -> None:
    origins, destinations = places(16), places(12, lon_deg=9.6)
    bad = (float(origins.lon_deg[0]), float(origins.lat_deg[0]))
    engine.rule = lambda asked: refused_by_valhalla(999) if bad in asked.sources else None

    with opened("valhalla") as travel:
        legs = travel.matrix(origins, destinations)

    assert (legs.quality[0] == Quality.ESTIMATE).all()
    assert (legs.quality[1:] == Quality.ENGINE).all()


def test_an_engine_that_refuses_everything_is_not_asked_for_each_pair(
    engine: FaultEngine, opened: OpenIt
) -> None:
    engine.rule = lambda _: refused_by_osrm("InvalidOptions")

    with opened() as travel:
        legs = travel.matrix(places(49), places(49, lon_deg=9.9))
        notes = travel.notes

    assert len(engine.tables) == 50
    assert (legs.quality == Quality.ESTIMATE).all()
    assert "the engine refuses 50 requests in a row" in notes[0]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"code": "Ok"}, id="no table"),
        pytest.param({"code": "Ok", "durations": [[1]], "distances": [[1]]}, id="too small"),
        pytest.param(
            {"code": "Ok", "durations": [[1, 2], [3, -400]], "distances": [[1, 2], [3, 4]]},
            id="below 0",
        ),
        pytest.param(
            {"code": "Ok", "durations": [[1, "2"], [3, 4]], "distances": [[1, 2], [3, 4]]},
            id="text",
        ),
        pytest.param(
            {"code": "Ok", "durations": [[1, float("nan")], [3, 4]], "distances": [[1, 2], [3, 4]]},
            id="not a number",
        ),
        pytest.param([1, 2], id="a list"),
        pytest.param(
            {"code": "Ok", "durations": [[1, 10**400], [3, 4]], "distances": [[1, 2], [3, 4]]},
            id="more than a float holds",
        ),
    ],
)
def test_an_answer_of_the_wrong_shape_is_never_taken_for_travel_times(
    engine: FaultEngine, opened: OpenIt, content: object
) -> None:
    with opened() as travel:
        engine.script.append(json_answer(content))
        legs = travel.matrix(places(2), places(2, lon_deg=9.9))

    assert (legs.quality == Quality.ESTIMATE).all()
    assert legs.source == "estimate"


def test_a_few_metres_below_nothing_are_nothing_as_osrm_means_them(
    engine: FaultEngine, opened: OpenIt
) -> None:
    with opened() as travel:
        engine.script.append(
            json_answer({"code": "Ok", "durations": [[0]], "distances": [[-86.8]]})
        )
        legs = travel.matrix(places(1), places(1, lon_deg=9.9))

    assert (legs.minutes[0, 0], legs.km[0, 0]) == (0.0, 0.0)
    assert legs.quality[0, 0] == Quality.ENGINE


def test_nothing_at_the_address_is_told_before_anything_is_asked(
    engine: FaultEngine, opened: OpenIt
) -> None:
    with pytest.raises(ConnectorError, match="4 times"), opened(url="http://127.0.0.1:9"):
        pass


def test_another_engine_than_expected_is_told(engine: FaultEngine, opened: OpenIt) -> None:
    engine.probe = json_answer({"version": "3.9.1"})

    with pytest.raises(ConnectorError, match="no table of OSRM"), opened():
        pass


def test_a_server_that_snaps_to_near_roads_only_is_known_by_its_name(
    engine: FaultEngine, opened: OpenIt
) -> None:
    engine.probe = refused_by_osrm("NoSegment")

    with opened(name="alps-1") as travel:
        travel.matrix(places(1), places(1, lon_deg=9.9))
    with opened(name="alps-2") as travel:
        legs = travel.matrix(places(1), places(1, lon_deg=9.9))

    assert legs.source == "osrm driving alps-2"
    assert legs.quality[0, 0] == Quality.ENGINE


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("https://router.project-osrm.org", "public", id="a demonstration server"),
        pytest.param("https://router.project-osrm.org.", "public", id="with the dot of the root"),
        pytest.param("http://999.1.1.1", "not the address", id="no number of a machine"),
        pytest.param("http://router..lan", "not the address", id="a part without a name"),
        pytest.param("router:5000", "not the address", id="no scheme"),
        pytest.param("http://me:pass@router:5000", "not the address", id="a password"),
        pytest.param("http://router:99999", "not the address", id="no port"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(opened: OpenIt, url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused, opened(url=url):
        pass

    assert "pass@" not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(json_answer([1, 2]), id="a list"),
        pytest.param(json_answer({"code": "Ok", "durations": [[1]]}), id="another engine's"),
        pytest.param(
            json_answer(
                {"sources_to_targets": {"durations": [[1]], "distances": [[1]]}, "units": "miles"}
            ),
            id="miles",
        ),
        pytest.param(
            json_answer(
                {"sources_to_targets": {"durations": [[1]], "distances": [[1]]}, "units": []}
            ),
            id="units in a list",
        ),
    ],
)
def test_valhalla_is_not_believed_either_where_its_answer_is_none(
    engine: FaultEngine, opened: OpenIt, answer: Answer
) -> None:
    with opened("valhalla") as travel:
        engine.script.append(answer)
        legs = travel.matrix(places(1), places(1, lon_deg=9.9))
        notes = travel.notes

    assert legs.quality[0, 0] == Quality.ESTIMATE
    assert "1 request got no answer; the last" in notes[0]


def test_an_engine_that_refuses_every_request_is_not_taken_for_a_country_without_roads(
    engine: FaultEngine, opened: OpenIt
) -> None:
    engine.rule = lambda _: refused_by_osrm("InvalidOptions")

    with opened() as travel:
        legs = travel.matrix(places(2), places(2, lon_deg=9.9))

    assert (legs.quality == Quality.ESTIMATE).all()
    assert "refuses even one pair" in travel.notes[0]


def test_a_server_that_wants_an_hour_is_not_waited_for(
    engine: FaultEngine, opened: OpenIt, waits_seconds: list[float]
) -> None:
    with opened() as travel:
        engine.script.append(Answer(429, headers={"Retry-After": "3600"}))
        legs = travel.matrix(places(1), places(1, lon_deg=9.9))

    assert waits_seconds == []
    assert legs.quality[0, 0] == Quality.ESTIMATE


def test_nothing_asked_is_nothing_answered(engine: FaultEngine, opened: OpenIt) -> None:
    none = Points(np.zeros(0), np.zeros(0))

    with opened() as travel:
        legs = travel.matrix(none, places(3))
        pairs = travel.pairs(places(2), places(3), rows=(np.zeros(0, np.int32),) * 2)

    assert legs.minutes.shape == (0, 3)
    assert pairs.minutes.shape == (0,)
    assert engine.tables == []
