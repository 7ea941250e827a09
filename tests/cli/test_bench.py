from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfterritory.cli.main import run
from sfterritory.errors import ExitCode

SQUARE = "4 2\n0 0 9 4\n0 1 9 5\n30 0 9 4\n30 1 9 5\n"
TWO_REPS = (
    "TERR 4 2 0.5 1.5 0\n-9 53 1\n-8 53 1\n-9 53.1 1 0 -1 -1\n-9 53.2 1 0 1 -1\n"
    "-8 53.1 1 0 -1 -1\n-8 53.2 1 0 0 0\n"
)


def solved(
    folder: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, object], list[str]]:
    (folder / "some.txt").write_text(text)
    out = folder / "answer.csv"
    words = ["bench", "territory", str(folder / "some.txt"), "--out", str(out), "--json"]
    code = run([*words, "--effort", "0.01"])
    answer = json.loads(capsys.readouterr().out)["territory"]
    return code, answer, out.read_text().splitlines()


def test_a_median_file_is_answered_with_the_row_of_each_median(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, rows = solved(tmp_path, SQUARE, capsys)

    assert code == ExitCode.DONE
    assert rows[0] == "customer_index,center_index"
    centres = [int(row.split(",")[1]) for row in rows[1:]]
    assert centres[0] == centres[1] in {0, 1}
    assert centres[2] == centres[3] in {2, 3}
    assert answer["value"] == 2.0
    assert answer["feasible"] is True


def test_a_territory_file_is_answered_with_the_rep_of_each_account_and_a_bound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, rows = solved(tmp_path, TWO_REPS, capsys)

    assert code == ExitCode.DONE
    assert rows[1:] == ["0,0", "1,0", "2,1", "3,0"]
    assert isinstance(answer["bound"], float)
    assert isinstance(answer["value"], float)
    assert answer["bound"] <= answer["value"]


def test_an_answer_that_breaks_a_limit_is_written_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = "4 2\n0 0 10 6\n0 1 10 6\n30 0 10 6\n30 1 10 2\n"

    code, answer, rows = solved(tmp_path, pairs, capsys)

    assert code == ExitCode.ERROR
    assert len(rows) == 5
    assert answer["feasible"] is False
    assert answer["broken"] == 2.0
    problems = answer["problems"]
    assert isinstance(problems, list)
    assert problems[0].endswith("serves 12, and its capacity is 10")


def test_demand_above_every_capacity_is_refused_with_the_sums(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "some.txt").write_text(SQUARE.replace(" 9 ", " 8 "))

    code = run(
        ["bench", "territory", str(tmp_path / "some.txt"), "--out", str(tmp_path / "out.csv")]
    )

    assert code == ExitCode.ERROR
    assert "the demand is 18, and the 2 largest capacities hold 16" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "some.txt is empty", id="empty"),
        pytest.param(SQUARE[:-9], "3 rows below the first line, 4 expected", id="truncated"),
        pytest.param(
            SQUARE.replace("9 5", "9 -5"), "some.txt:3: demand is -5, below 0", id="minus"
        ),
        pytest.param(SQUARE.replace("9 5", "9 nan"), "some.txt:3: demand is 'nan'", id="nan"),
        pytest.param(SQUARE.replace("0 1 9 5", "0 1 9 10"), "some.txt:3: demand is 10", id="heavy"),
        pytest.param(
            SQUARE.replace("4 2", "4 5"), "some.txt:1: p is 5, more than n", id="p above n"
        ),
        pytest.param("<xml>\n", "some.txt:1: the first line is '<xml>'", id="another format"),
        pytest.param("9" * 5000 + " 2\n", "some.txt:1: the first line is", id="no such count"),
    ],
)
def test_a_wrong_instance_is_refused_with_its_line_and_a_remedy_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    (tmp_path / "some.txt").write_text(text)
    out = tmp_path / "out.csv"

    code = run(["bench", "territory", str(tmp_path / "some.txt"), "--out", str(out)])

    told = capsys.readouterr().err
    assert code == ExitCode.ERROR
    assert says in told
    assert "Traceback" not in told
    assert not out.exists()


def ring(folder: Path, population: list[int]) -> str:
    n = len(population)
    nodes = [{"id": f"u{row}", "TOTPOP": people} for row, people in enumerate(population)]
    adjacency = [
        [{"id": f"u{(row + 1) % n}"}, {"id": f"u{row - 1 if row else n - 1}"}] for row in range(n)
    ]
    path = folder / "ring.json"
    path.write_text(json.dumps({"nodes": nodes, "adjacency": adjacency}))
    return str(path)


def test_a_graph_is_divided_into_contiguous_districts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plan.csv"
    words = ["bench", "districts", ring(tmp_path, [5, 5, 3, 7]), "--out", str(out)]

    code = run([*words, "--districts", "2", "--effort", "0.001", "--json"])

    answer = json.loads(capsys.readouterr().out)["districts"]
    assert code == ExitCode.DONE
    assert (answer["cut_edges"], answer["contiguous"], answer["feasible"]) == (2, True, True)
    assert out.read_text().splitlines() == ["unit,district", "u0,1", "u1,1", "u2,2", "u3,2"]


def test_a_plan_outside_the_tolerance_is_written_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plan.csv"
    words = ["bench", "districts", ring(tmp_path, [5, 2, 5, 2]), "--out", str(out)]

    code = run([*words, "--districts", "3", "--tolerance", "0.1", "--effort", "0.001"])

    assert code == ExitCode.ERROR
    assert "people outside the limits" in capsys.readouterr().out
    assert len(out.read_text().splitlines()) == 5


def test_a_unit_too_large_for_a_district_is_named_by_its_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bench", "districts", ring(tmp_path, [1, 9, 1, 1]), "--districts", "2"]

    code = run([*words, "--out", str(tmp_path / "plan.csv")])

    assert code == ExitCode.ERROR
    assert "unit u1 has a population of 9" in capsys.readouterr().err
