"""The section of territories in the report: what is known is shown, what is not is left out."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from render.plans import SEEN_AT, SUMMARY, small_plan

from sfterritory.pipeline.territory_metrics import DemandLoads, PricePoint, VersionMetrics
from sfterritory.web.chart_scale import Scale, round_ticks
from sfterritory.web.construction import Construction, chart_drawings, section_of
from sfterritory.web.load_chart import load_chart
from sfterritory.web.map_drawing import draw_map
from sfterritory.web.picture_file import chart_file, map_file, size_of
from sfterritory.web.price_chart import price_lines
from sfterritory.web.report import plan_html

from .maps import points_of

BALANCE = {"gini": 0.2, "variation": 0.4, "max_over_mean": 1.9, "min_over_mean": 0.5}
STAGES = [
    {"name": "today", "objective": 30.0, "mean_km": 9.0, "territories_outside": 2,
     "accounts_moved": 0, "shares": [{"name": "hours", "least": 0.4, "most": 1.8}]},
    {"name": "improved", "objective": 20.0, "mean_km": 6.0, "territories_outside": 0,
     "accounts_moved": 7},
]  # fmt: skip
CURVE = [
    {"price_km": 100.0, "accounts_moved": 2, "mean_km": 8.0, "knee": True},
    {"price_km": 0.0, "accounts_moved": 12, "mean_km": 5.0},
    {"price_km": 10.0, "accounts_moved": 7, "mean_km": 6.0},
]


def demand(before: list[float], after: list[float], *, tolerance: float = 0.05) -> dict[str, Any]:
    k, fair = len(after), sum(after) / len(after)
    return {
        "name": "hours",
        "unit": "h",
        "before": before,
        "after": after,
        "target": [fair] * k,
        "lo": [fair * (1 - tolerance)] * k,
        "hi": [fair * (1 + tolerance)] * k,
    }


def construction(names: tuple[str, ...] = ("Rome", "Oslo"), **metrics: Any) -> Construction:
    keys = tuple(f"T{row}" for row in range(1, len(names) + 1))
    return Construction(VersionMetrics.of(metrics), keys, names, names)


def everything() -> Construction:
    return construction(
        before={"hours": BALANCE, "travel": {"mean_km": 9.0, "p95_km": 40.0}},
        after={"hours": BALANCE | {"gini": 0.01}, "travel": {"mean_km": 6.0, "p95_km": 44.0}},
        stages=STAGES,
        bound={"objective": 20.0, "lower_bound": 19.9, "gap_share": 0.005},
        curve=CURVE,
        demands=[demand([150.0, 50.0], [102.0, 98.0])],
        territories={
            "T1": {"accounts": 20.0, "mean_km": 3.25, "off_main_share": 0.125},
            "T2": {"accounts": 30.0, "mean_km": 4.0},
        },
    )


def page(found: Construction | None) -> str:
    return plan_html(small_plan(), summary=SUMMARY, seen_at=SEEN_AT, construction=found)


def words_of(html: str) -> str:
    section = html.split('<section id="territories">')[1].split("</section>", maxsplit=1)[0]
    text = re.sub(r"<[^>]+>", " ", section)
    return " ".join(unescape(text).split())


def test_the_section_shows_balance_loads_stages_price_and_physical_dimensions() -> None:
    words = words_of(page(everything()))

    for part in (
        "hours 0.200 → 0.010",
        "Mean distance, km to the middle: 9.0 → 6.0",
        "Rome: 150 → 102 h",
        "No plan within the limits costs less. The improved plan costs at most 0.50 % more",
        "today 9.0 2 0 hours 40 to 180 %",
        "knee",
        "7 6.0 400 m this plan",
        "Rome T1 Rome 20 3.2 12.5",
    ):
        assert part in words


def test_worse_than_before_is_marked_as_worse() -> None:
    html = page(everything())

    assert '<b class="gain">0.010</b>' in html
    assert '<b class="loss">44.0</b>' in html


@pytest.mark.parametrize("found", [None, construction()], ids=["revert", "version without figures"])
def test_without_figures_there_is_no_section(found: Construction | None) -> None:
    html = page(found)

    assert 'id="territories"' not in html
    assert "#territories" not in html


def test_each_part_is_left_out_alone() -> None:
    found = section_of(construction(stages=STAGES))

    assert found.stages_drawn is not None
    assert (found.price, found.loads, found.rows, found.balance) == (None, [], [], [])


def test_two_thousand_territories_are_counted_in_bins_and_the_drawing_stays_small() -> None:
    rng = np.random.default_rng(1)
    after = rng.uniform(95, 105, 2_000)
    loads = DemandLoads.model_validate(
        demand(rng.lognormal(4.5, 0.5, 2_000).tolist(), after.tolist())
    )

    drawing = load_chart(loads, [f"Place {row}" for row in range(2_000)])

    after_bars = re.findall(r'<rect class="is"[^>]*><title>([\d,]+) at', drawing)
    assert sum(int(number.replace(",", "")) for number in after_bars) == 2_000
    assert len(drawing) < 20_000


def test_a_load_outside_its_limits_is_marked_and_one_on_the_limit_is_not() -> None:
    loads = DemandLoads.model_validate(demand([100.0] * 3, [95.0, 94.0, 111.0]))

    drawing = load_chart(loads, ["A", "B", "C"])

    marked = re.findall(r'<circle class="is out"[^>]*><title>(\w):', drawing)
    assert marked == ["B", "C"]


def test_a_load_far_beyond_the_drawing_points_out_of_it() -> None:
    loads = DemandLoads.model_validate(demand([1_000.0, 10.0], [100.0, 100.0]))

    drawing = load_chart(loads, ["A", "B"])

    assert re.search(r'<path class="was" d="[^"]*z"><title>A: 1,000 → 100 h', drawing)


def test_each_point_of_the_curve_says_what_one_more_moved_account_saves() -> None:
    points = tuple(PricePoint.model_validate(one) for one in CURVE)

    found = [(line.point.accounts_moved, line.saved_m_per_account) for line in price_lines(points)]

    assert found == [(2, None), (7, pytest.approx(400.0)), (12, pytest.approx(200.0))]


def test_every_drawing_tells_a_screen_reader_what_it_shows() -> None:
    drawings = chart_drawings(everything())

    assert [name for name, _ in drawings] == ["load-hours", "stages", "price-of-change"]
    for _, drawing in drawings:
        assert re.match(
            r'<svg class="chart" role="img" [^>]*><title>[^<]+</title><desc>[^<]+<', drawing
        )


def test_a_hostile_name_stays_text_in_a_drawing() -> None:
    loads = DemandLoads.model_validate(demand([1.0, 1.0], [1.0, 1.0]))

    loads = loads.model_copy(update={"name": "a\x0bb", "unit": "\ufffe"})

    drawing = load_chart(loads, ["<script>x</script>", "\u202eB\ud800"])

    assert "<script>" not in drawing
    assert "\u202e" not in drawing
    ET.fromstring(chart_file(drawing))  # noqa: S314 - our own; what XML cannot hold would raise


def test_demands_whose_names_make_one_name_of_a_file_get_two_files() -> None:
    loads = demand([150.0, 50.0], [102.0, 98.0])
    alike = [loads | {"name": name} for name in ("a b", "a/b", "A b")]

    names = [name for name, _ in chart_drawings(construction(demands=alike))]

    assert names == ["load-a-b", "load-a-b-2", "load-A-b-3"]


@pytest.mark.parametrize("kind", ["chart", "map"])
def test_a_file_of_its_own_needs_nothing_from_elsewhere(kind: str) -> None:
    if kind == "chart":
        drawn = chart_file(chart_drawings(everything())[0][1])
    else:
        drawn = map_file(draw_map(points_of(120, 4), which="after"))

    width, height = size_of(drawn)
    assert width > 0
    assert height > 0
    assert "var(" not in drawn
    assert "href" not in drawn
    assert "<rect width=" in drawn


def test_a_thing_without_a_size_is_no_picture() -> None:
    with pytest.raises(ValueError, match="no size"):
        size_of(Markup("<svg></svg>"))


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6))
@settings(max_examples=80, deadline=None)
def test_ticks_are_few_evenly_apart_and_within_the_range(low: float, span: float) -> None:
    found = round_ticks(low, low + span)

    assert 1 <= len(found) <= 7
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in found)
    assert np.allclose(np.diff(found), np.diff(found)[:1])


def test_what_lies_beyond_a_scale_is_put_on_its_edge() -> None:
    x = Scale(0.0, 2.0, 100.0, 300.0)

    assert [x(-1.0), x(1.0), x(9.0)] == [100.0, 200.0, 300.0]
