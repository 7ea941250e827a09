"""Tables in windows of any width: no figure and no id is ever cut."""

from __future__ import annotations

import io

import pytest

from sfterritory.cli.render.layout import render_table
from sfterritory.cli.render.style import console_for

COLUMNS = ("key", "rep", "reckoned hours", "value", "longest km", "limits kept")
ROWS = [
    ("T01", "Omar Petrov (005Sb000000000CIAQ)", 1119, 1_584_726_000, 142.2, "yes"),
    ("T02", "Ann Bell", None, 950, 1195.1, "no, not by experts: see below"),
]


def printed(width: int) -> str:
    out = io.StringIO()
    console = console_for(out, environ={"COLUMNS": str(width)})
    render_table("Territories", COLUMNS, ROWS, console=console)
    return out.getvalue()


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 160])
def test_no_figure_and_no_id_is_cut_in_a_window_of_any_width(width: int) -> None:
    said = printed(width)

    assert max(map(len, said.splitlines())) <= width
    assert {"T01", "(005Sb000000000CIAQ)", "1,119", "1,584,726,000", "142.2"} <= set(said.split())


def test_columns_that_do_not_fit_follow_below_with_what_names_their_rows() -> None:
    assert printed(160).count("T01") == 1
    assert printed(100).count("T01") == 1
    below = printed(40)
    assert below.count("T01") == below.count("key") > 1


def test_a_column_with_a_missing_figure_is_still_set_to_the_right() -> None:
    (row,) = [line for line in printed(160).splitlines() if line.startswith("T01")]
    (heading,) = [line for line in printed(160).splitlines() if line.startswith("key")]
    ends = heading.index("reckoned hours") + len("reckoned hours")
    assert row[:ends].endswith("1,119")
