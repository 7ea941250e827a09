"""A user's own matrix: read whole, or refused with every line that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from sfterritory.connectors.road.matrix_file import Place, read_matrix_file
from sfterritory.connectors.road.params import TravelParams
from sfterritory.errors import ConfigError
from sfterritory.geography.travel.estimate import EstimatedTravel
from sfterritory.model.travel import Points, Quality
from sfterritory.pipeline.travel import travel_time

ACCOUNT, OTHER, USER = "001000000000001AAA", "001000000000002AAA", "005000000000001AAA"
PLACES: dict[str, Place] = {ACCOUNT: (9.5, 47.1), OTHER: (9.6, 47.1), USER: (9.55, 47.2)}
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def file_with(folder: Path, *lines: str) -> TravelParams:
    (folder / "drive.csv").write_text("\n".join(lines), encoding="utf-8")
    return TravelParams(provider="file", path="drive.csv")


def test_pairs_of_the_file_hold_and_missing_ones_are_estimated_and_counted(tmp_path: Path) -> None:
    params = file_with(
        tmp_path,
        "from_lon,from_lat,to_lon,to_lat,minutes,km",
        "9.5,47.1,9.6,47.1,12.5,9.1",
        "9.6,47.1,9.5,47.1,unreachable,",
    )
    ends = Points(np.array([9.5, 9.6]), np.array([47.1, 47.1]))

    with travel_time(params, root=tmp_path, now=NOW) as travel:
        known = travel.forecast(ends, ends).known
        travel.matrix(ends, ends)  # what is asked for again is not missing again
        legs = travel.matrix(ends, ends)
        notes = travel.notes

    assert known == 2
    assert (legs.minutes[0, 1], legs.km[0, 1]) == (12.5, 9.1)
    assert legs.quality.tolist() == [
        [Quality.ESTIMATE, Quality.FILE],
        [Quality.UNREACHABLE, Quality.ESTIMATE],
    ]
    assert legs.source == "file drive.csv + estimate"
    assert notes == ("2 drives are not in file drive.csv: they are estimated",)


def test_a_file_may_name_records_and_may_leave_kilometres_out(tmp_path: Path) -> None:
    params = file_with(
        tmp_path,
        "from_id,to_id,minutes",
        f"{USER[:15]},{ACCOUNT},20",
        f"{USER},001000000000009AAA,20",
    )
    start = Points(np.array([9.55]), np.array([47.2]))
    end = Points(np.array([9.5]), np.array([47.1]))

    with travel_time(params, root=tmp_path, now=NOW, places=PLACES) as travel:
        legs = travel.matrix(start, end)
        notes = travel.notes

    assert legs.minutes.tolist() == [[20.0]]
    assert legs.quality.tolist() == [[Quality.FILE]]
    assert legs.km == EstimatedTravel().matrix(start, end).km
    assert legs.km_estimated is not None
    assert legs.km_estimated.all()
    assert notes == (
        "1 rows of file drive.csv name a record that is not located",
        "1 drives of file drive.csv have no km: those are estimated",
    )


def test_every_mistake_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    file_with(
        tmp_path,
        "from_lon,from_lat,to_lon,to_lat,minutes,km",
        "9.5,47.1,9.6,47.1,12.5,9.1",
        "9.5,147.1,9.6,47.1,12.5,9.1",
        "9.5,47.1,9.6,47.1,13,9.1",
        "9.5,47.1,9.7,47.1,-3,9.1",
        "9.5,47.1,9.8,47.1,nan,far",
        "9.5,47.1,9.8",
        "",
        "9.5,47.1,9.9,47.1,,",
    )

    with pytest.raises(ConfigError) as refused:
        read_matrix_file(tmp_path / "drive.csv", name="drive.csv", places={})

    assert refused.value.problem.splitlines() == [
        "drive.csv:3: from_lat is '147.1', not degrees from -90 to 90",
        "drive.csv:4: the same pair as in line 2",
        "drive.csv:5: minutes is '-3', not a number from 0 up or unreachable",
        "drive.csv:6: minutes is 'nan', not a number from 0 up or unreachable",
        "drive.csv:6: km is 'far', not a number from 0 up or unreachable",
        "drive.csv:7: 3 values, 6 expected",
        "drive.csv:9: minutes is '', not a number from 0 up or unreachable",
    ]


def test_a_pair_of_records_stands_once_whether_they_are_located_or_not(tmp_path: Path) -> None:
    gone = "001000000000009AAA"
    lines = [f"{USER},{gone},1", f"{USER},{OTHER},2", f"{USER[:15]},{gone},3", f"{USER},{gone},4"]
    file_with(tmp_path, "from_id,to_id,minutes", *lines)

    with pytest.raises(ConfigError) as refused:
        read_matrix_file(tmp_path / "drive.csv", name="drive.csv", places=PLACES)

    assert refused.value.problem.splitlines() == [
        "drive.csv:4: the same pair as in line 2",
        "drive.csv:5: the same pair as in line 2",
    ]


def test_of_many_mistakes_the_first_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    lines = ["9.5,47.1,9.6,47.1,1" for _ in range(30)] + ["9.5,47.1,9.6,47.1,x" for _ in range(30)]
    file_with(tmp_path, "from_lon,from_lat,to_lon,to_lat,minutes", *lines)

    with pytest.raises(ConfigError) as refused:
        read_matrix_file(tmp_path / "drive.csv", name="drive.csv", places={})

    told = refused.value.problem.splitlines()
    assert told[0] == "drive.csv:3: the same pair as in line 2"
    assert (len(told), told[-1]) == (21, "... and 39 more")


def test_more_rows_than_memory_bears_are_refused_with_what_to_keep(tmp_path: Path) -> None:
    lines = [f"9.5,47.1,9.{number},47.1,1" for number in range(3)]
    file_with(tmp_path, "from_lon,from_lat,to_lon,to_lat,minutes", *lines)
    path = tmp_path / "drive.csv"

    whole = read_matrix_file(path, name="drive.csv", places={}, most_rows=3)
    with pytest.raises(ConfigError, match="has more than 2 rows") as refused:
        read_matrix_file(path, name="drive.csv", places={}, most_rows=2)

    assert len(whole.minutes) == 3
    assert "keep the drives between homes" in refused.value.remedy


def test_a_file_of_strangers_alone_is_read_as_one_that_knows_nothing(tmp_path: Path) -> None:
    params = file_with(tmp_path, "from_id,to_id,minutes", f"{USER},{ACCOUNT},20")
    ends = Points(np.array([9.5, 9.6]), np.array([47.1, 47.1]))

    with travel_time(params, root=tmp_path, now=NOW, places={}) as travel:
        legs = travel.matrix(ends, ends)

    assert (legs.source, legs.quality.max()) == ("estimate", Quality.ESTIMATE)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("", "is missing; found nothing", id="empty"),
        pytest.param("from_id,to_id\n", "column minutes is missing", id="no minutes"),
        pytest.param("from_id,to_id,minutes,seconds\n", "seconds is none of", id="strange"),
        pytest.param("from_id,to_id,minutes\n", "no row below", id="no rows"),
        pytest.param("from_id,to_id,minutes\nann,ben,3\n", "not a Salesforce id", id="no ids"),
        pytest.param('from_id,to_id,minutes\n"001,', "no CSV", id="open quote"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "drive.csv").write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match=words):
        read_matrix_file(tmp_path / "drive.csv", name="drive.csv", places={})


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_matrix_file(tmp_path / "drive.csv", name="drive.csv", places={})

    (tmp_path / "drive.csv").write_bytes("größe".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_matrix_file(tmp_path / "drive.csv", name="drive.csv", places={})
