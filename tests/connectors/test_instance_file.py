from __future__ import annotations

from pathlib import Path

import pytest

from sfterritory.connectors.instance_file import MedianFile, TerritoryFile, read_instance
from sfterritory.errors import ConfigError

MEDIAN = " 3 2\n1 2 10 4\n\n 3.5\t4 10 5 \r\n-5 6e1 10 6\n"
TERRITORY = "TERR 2 1 0.95 1.05 25\n-8.9 53.4 1\n-9 53 4.5 100 -1 0\n-9.1 53 0 0 0 -1\n"


def read(folder: Path, text: str | bytes, name: str = "some.txt") -> MedianFile | TerritoryFile:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_instance(path)


def test_a_median_file_is_read_with_its_blanks_tabs_and_empty_lines(tmp_path: Path) -> None:
    found = read(tmp_path, MEDIAN)

    assert isinstance(found, MedianFile)
    assert found.medians == 2
    assert found.x.tolist() == [1.0, 3.5, -5.0]
    assert found.y.tolist() == [2.0, 4.0, 60.0]
    assert found.demand.tolist() == [4.0, 5.0, 6.0]
    assert not found.floored


def test_the_name_of_a_median_file_tells_its_metric(tmp_path: Path) -> None:
    found = read(tmp_path, MEDIAN, "cpmp07.txt")

    assert isinstance(found, MedianFile)
    assert found.floored


def test_a_territory_file_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, TERRITORY)

    assert isinstance(found, TerritoryFile)
    assert (found.lo, found.hi, found.churn_price_km) == (0.95, 1.05, 25.0)
    assert found.rep_place.tolist() == [[-8.9, 53.4]]
    assert found.workload.tolist() == [4.5, 0.0]
    assert found.rep.tolist() == [-1, 0]
    assert found.lock.tolist() == [0, -1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "some.txt is empty", id="empty"),
        pytest.param("a b\n", "some.txt:1: the first line is 'a b'", id="no counts"),
        pytest.param("\n2 3\n1 2 3 4\n1 2 3 4\n", "some.txt:2: p is 3", id="too many medians"),
        pytest.param("2 1\n1 2 3 4\n", "1 rows below the first line, 2 expected", id="too short"),
        pytest.param("1 1\n1 2 3 4\n1 2 3 4\n", "some.txt:3: 2 rows", id="too long"),
        pytest.param("1 1\n1 2 3\n", "some.txt:2: 3 values, not 4", id="a column short"),
        pytest.param("1 1\n1 2 nan 4\n", "some.txt:2: capacity is 'nan'", id="not a number"),
        pytest.param("1 1\n1 2 3 -4\n", "some.txt:2: demand is -4, below 0", id="negative"),
        pytest.param("1 1\n1 1e300 3 2\n", "some.txt:2: y is 1e+300, beyond 1e+12", id="huge"),
        pytest.param("1 1\n1 2 3 4\n", "some.txt:2: demand is 4, and no capacity", id="heavy"),
        pytest.param(b"\xff\xfe1\x001", "is not text", id="not text"),
        pytest.param(TERRITORY.replace("0.95", "x"), "some.txt:1: lo is 'x'", id="no band"),
        pytest.param(TERRITORY.replace("0.95", "1.1"), "lo 1.1, hi 1.05", id="band upside down"),
        pytest.param(TERRITORY.replace("53.4 1", "53.4 0"), "every capacity_share", id="no share"),
        pytest.param(
            TERRITORY.replace("100 -1 0", "100 -1 7"), ":3: locked is 7", id="no such rep"
        ),
        pytest.param(TERRITORY.replace("-9 53", "53 -99"), "longitude comes first", id="swapped"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)

    assert says in refused.value.problem
    assert "\n" not in refused.value.problem


def test_every_wrong_row_is_listed_and_a_long_list_is_cut(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, "30 1\n" + "1 2 x 4\n" * 30)

    lines = refused.value.problem.splitlines()
    assert lines[0].startswith("some.txt:2: ")
    assert lines[-1] == "... and 10 more"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.txt cannot be read"):
        read_instance(tmp_path / "nothing.txt")
