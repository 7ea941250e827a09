"""The command `travel` on a project, from its settings to its tables."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from connectors.road.fault_engine import fault_engine

from pipeline.conftest import PULLED_AT
from sfterritory.cli.main import run
from sfterritory.errors import ConfigError
from sfterritory.geography.travel.estimate import crow_km
from sfterritory.model.store.store import Store
from sfterritory.model.travel import Points, TravelCurve
from sfterritory.pipeline.travel import travel_time
from sfterritory.pipeline.travel_report import calibration_report, places_by_id, travel_report
from sfterritory.settings.project import Settings, load_settings


def test_a_project_that_says_nothing_estimates_and_tells_how_far_off_that_is(
    settings: Settings, store: Store
) -> None:
    report = travel_report(settings, store, now=PULLED_AT)

    assert (report.provider, report.source, report.requests) == ("estimate", "estimate", 0)
    assert len(report.checks) == 8
    assert all(one.minutes == one.estimated_minutes for one in report.checks)
    assert {one.quality for one in report.checks} == {"estimate"}
    assert [one.band for one in report.estimate_error][:2] == ["0-1 km", "1-2 km"]


def test_a_calibration_is_printed_as_the_line_that_sets_it(
    project: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    places = places_by_id(store)
    ids = sorted(places)[:60]
    pairs = list(itertools.pairwise(ids))
    starts, ends = (Points(*np.array([places[pair[end]] for pair in pairs]).T) for end in range(2))
    minutes = 1.2 * TravelCurve().minutes(crow_km(starts, ends))
    lines = [f"{a},{b},{took}" for (a, b), took in zip(pairs, minutes.tolist(), strict=True)]
    legs = project / "legs.csv"
    legs.write_text("\n".join(["from_id,to_id,minutes", *lines]), encoding="utf-8")

    words = ["travel", "calibrate", "--legs", str(legs), "--project", str(project)]
    code = run(words)
    shown = capsys.readouterr().out

    report = calibration_report(legs, store=store)
    assert code == 0
    assert f"travel: {{calibration: {[*report.calibration]}}}" in shown
    assert report.legs <= 59
    assert {one.factor for one in report.bands} == {1.2}


@pytest.mark.parametrize(
    ("times", "cause"),
    [
        pytest.param(60.0, "its minutes may be seconds", id="seconds"),
        pytest.param(1 / 60, "its minutes may be hours", id="hours"),
    ],
)
def test_a_factor_that_settings_would_refuse_is_refused_with_its_cause(
    store: Store, tmp_path: Path, times: float, cause: str
) -> None:
    legs = tmp_path / "legs.csv"
    lines = [
        f"9,47,9.2,{47 + row / 100:.2f},{times * float(TravelCurve().minutes(np.array(15.0)))}"
        for row in range(60)
    ]
    legs.write_text(
        "\n".join(["from_lon,from_lat,to_lon,to_lat,minutes", *lines]), encoding="utf-8"
    )

    with pytest.raises(ConfigError, match=cause) as refused:
        calibration_report(legs, store=store)

    assert "(10-20 km)" in refused.value.problem
    assert "takes factors from 0.1 to 10" in refused.value.problem


def test_the_command_answers_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["travel", "--project", str(project), "--json"])

    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert answer["travel"]["source"] == "estimate"


def test_an_engine_is_asked_for_a_few_drives_and_the_rest_is_forecast(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fault_engine() as engine:
        set_travel(project, f"{{provider: osrm, url: '{engine.url}', name: west}}")

        code = run(["travel", "--project", str(project)])

        shown = capsys.readouterr().out
        asked = {end for table in engine.tables for end in table.targets}
    assert code == 0
    assert "Travel times come from: osrm driving west" in shown
    assert 1 <= len(asked) <= 8
    assert "by its answers just now" in shown
    assert (project / ".sfterritory" / "travel.db").is_file()


def test_drives_are_those_that_construction_asks_for(
    project: Path, settings: Settings, store: Store
) -> None:
    with fault_engine() as engine:
        set_travel(project, f"{{provider: osrm, url: '{engine.url}', block_places: 200}}")
        asked = load_settings(project, {})
        places = places_by_id(store)
        ids, homes = (store.locations.of(name).ids.tolist() for name in ("Account", "User"))
        accounts, starts = (
            Points(*np.array([places[one] for one in some if one in places]).T)
            for some in (ids, homes)
        )
        with travel_time(asked.territories.travel, root=settings.root, now=PULLED_AT) as travel:
            travel.matrix(starts, accounts)

        report = travel_report(asked, store, now=PULLED_AT)

    assert report.legs == report.known > 0
    assert {one.quality for one in report.checks} == {"cache"}


def set_travel(project: Path, words: str) -> None:
    mapping = project / "mappings" / "territories.yaml"
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(f"{text}\ntravel: {words}\n", encoding="utf-8")


def test_a_url_without_its_provider_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_travel(project, "{url: 'http://127.0.0.1:5000'}")

    code = run(["travel", "--project", str(project)])

    assert code == 1
    assert "provider estimate does not use it" in capsys.readouterr().err
