from __future__ import annotations

from typing import get_args

import pytest
from pydantic import BaseModel

from docs.page import quoted, sections, text_of
from sfterritory.connectors import polygon_file
from sfterritory.geography import fit_group, zone
from sfterritory.geography.location import CONTRADICTION_KM
from sfterritory.geography.params import AreaSet
from sfterritory.pipeline.geo.area import TERRITORY, WHY_UNKNOWN, AreaReport, AreaSetReport
from sfterritory.pipeline.geo.barrier import BarrierReport
from sfterritory.pipeline.geo.border import BorderReport
from sfterritory.pipeline.geo.cluster import ClusterReport, ClusterRow
from sfterritory.pipeline.geo.detour import DetourReport
from sfterritory.pipeline.geo.zone import ZoneReport


@pytest.mark.parametrize(
    ("name", "reports"),
    [
        pytest.param("geo detour", (DetourReport,), id="detour"),
        pytest.param("geo clusters", (ClusterReport, ClusterRow), id="clusters"),
        pytest.param("geo barriers", (BarrierReport,), id="barriers"),
        pytest.param("geo areas", (AreaReport, AreaSetReport), id="areas"),
        pytest.param("geo zone", (ZoneReport,), id="zone"),
        pytest.param("geo borders", (BorderReport,), id="borders"),
    ],
)
def test_the_page_of_commands_lists_the_keys_of_every_report(
    name: str, reports: tuple[type[BaseModel], ...]
) -> None:
    listed = set(quoted(sections("commands.md")[name].split("\nJSON: ")[1]))

    assert {key for report in reports for key in report.model_fields} <= listed


def test_the_numbers_of_the_page_are_those_of_the_program() -> None:
    page = text_of("geography.md")

    told = (
        f"{polygon_file.MAX_FILE_BYTES // 1_000_000} MB",
        f"{polygon_file.MAX_POSITIONS:,} positions",
        f"within {CONTRADICTION_KM:.0f} km of the postal code",
        f"cells are\n{fit_group.NARROWEST_KM:.0f} km wide",
        f"{fit_group.MAX_LEGS // 2:,} ways",
        f"homes within {fit_group.NEAR_KM:.0f} km",
        f"{zone.FASTEST_KMH:.0f} km/h",
    )
    assert [one for one in told if one not in page] == []


def test_the_page_tells_every_way_to_divide_the_land() -> None:
    listed = set(quoted(sections("geography.md")["Sets of areas"]))

    kinds = set(get_args(AreaSet.model_fields["by"].annotation))
    assert kinds | {TERRITORY} == set(WHY_UNKNOWN)
    assert kinds <= listed
