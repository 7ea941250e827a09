"""`territories`: figures on the terminal, polygons that tile what they own, pictures as files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from end_to_end.conftest import Prepare
from end_to_end.desk import Desk
from sfterritory.cli.render.png import BROWSERS

BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture
def desk(planned: Path, desk_of: Prepare) -> Iterator[Desk]:
    with desk_of(planned) as (desk, _):
        yield desk


def polygons(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return {
        one["id"]: shape(one["geometry"])
        for one in document["features"]
        if one["geometry"] and one["geometry"]["type"] != "Point"
    }


def test_physical_dimensions_stand_beside_counts(desk: Desk) -> None:
    shown = desk.run("territories").out
    report = desk.ask("territories")

    for heading in ("accounts", "driving h", "longest km", "longest min", "spread km", "pieces"):
        assert heading in shown
    for one in report["territories"]:
        figures = one["figures"]
        assert figures["accounts"] > 0
        assert 0 < figures["mean_km"] <= figures["p95_km"] <= figures["longest_km"]
        assert 0 < figures["reock"] <= 1
        assert figures["service_hours_per_year"] < figures["hours_per_year"]
    assert sum(one["figures"]["accounts"] for one in report["territories"]) <= 200
    assert set(report["after"]) >= {"hours", "travel"}


def test_today_is_shown_with_the_same_figures(desk: Desk) -> None:
    today = desk.ask("territories", "--before")
    after = desk.ask("territories")

    assert (today["side"], after["side"]) == ("today", "territories")
    names = {"accounts", "hours_per_year", "drive_hours_per_year", "longest_minutes", "spread_km"}
    assert all(names <= one["figures"].keys() for one in today["territories"])
    assert [one["key"] for one in today["territories"]] == [
        one["key"] for one in after["territories"]
    ]


def test_polygons_tile_what_the_territories_own(desk: Desk, tmp_path: Path) -> None:
    answer = desk.ask("territories", "--geojson", str(tmp_path / "t.geojson"), "--centres")

    areas = polygons(tmp_path / "t.geojson")
    assert areas.keys() == {one["key"] for one in answer["territories"]}
    assert all(area.is_valid for area in areas.values())
    whole = list(areas.values())
    overlap = sum(area.area for area in whole) - shapely.union_all(whole).area
    assert overlap == pytest.approx(0, abs=1e-6)
    corners = np.concatenate([shapely.get_coordinates(area) for area in whole])
    assert (np.abs(corners) <= [180, 90]).all()
    assert answer["outside"] <= 20  # accounts that share a postal code with others
    document = json.loads((tmp_path / "t.geojson").read_text(encoding="utf-8"))
    assert len(document["features"]) == 2 * len(areas)


def test_one_territory_by_its_name_and_an_unknown_one(desk: Desk) -> None:
    first = desk.ask("territories")["territories"][0]

    alone = desk.ask("territories", "--territory", first["name"].upper())
    told = desk.run("territories", "--territory", first["name"]).out
    shown = desk.run("territories", "--territory", "Atlantis", code=1)

    assert alone["territories"] == [first]
    assert "On the road as it is, hours a year" in told
    assert not [name for name in first["figures"] if "_" in name and name in told]
    assert "there is no territory 'Atlantis'" in shown.err
    assert first["key"] in shown.err


def test_map_and_charts_are_files_that_need_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.run("territories", "--svg", str(tmp_path / "map.svg"), "--charts", str(tmp_path / "c"))

    files = {path.name for path in (tmp_path / "c").iterdir()}
    assert {"load-hours.svg", "stages.svg"} <= files
    for path in (tmp_path / "map.svg", *(tmp_path / "c").iterdir()):
        drawing = path.read_text(encoding="utf-8")
        assert drawing.startswith("<svg ")
        assert "var(" not in drawing


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_the_map_as_png_is_a_picture(desk: Desk, tmp_path: Path) -> None:
    desk.run("territories", "--png", str(tmp_path / "map.png"))

    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_without_a_browser_a_png_is_refused_with_a_way_out(
    desk: Desk, tmp_path: Path, environ: Any
) -> None:
    environ({"PATH": str(tmp_path)})

    shown = desk.run("territories", "--png", str(tmp_path / "map.png"), code=1)

    assert "is on the PATH" in shown.err
    assert "--svg" in shown.err


def test_before_the_first_build_the_missing_step_is_named(pulled: Path, desk_of: Prepare) -> None:
    with desk_of(pulled) as (desk, _):
        shown = desk.run("territories", code=1)

    assert "the construction step has no result" in shown.err
    assert "sfterritory build" in shown.err


@pytest.mark.parametrize("kind", ["scenario", "overlay"])
def test_a_scenario_or_overlay_that_there_is_not_is_refused_by_its_name(
    desk: Desk, kind: str
) -> None:
    shown = desk.run("territories", f"--{kind}", "Mars", code=1)

    assert f"no {kind} 'Mars'" in shown.err


def test_a_further_team_has_no_books_of_today(desk: Desk) -> None:
    shown = desk.run("territories", "--before", "--overlay", "Presales", code=64)

    assert "--before" in shown.err
