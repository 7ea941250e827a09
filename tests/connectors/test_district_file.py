from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from sfterritory.connectors.district_file import DistrictFile, read_districts
from sfterritory.errors import ConfigError

NODES: list[object] = [{"id": 2, "TOTPOP": 5}, {"id": 1, "TOTPOP": 7.5}, {"id": "x", "TOTPOP": 0}]
ADJACENCY: list[object] = [[{"id": 1}], [{"id": 2}, {"id": "x"}], [{"id": 1}]]


def read(folder: Path, content: object, *, column: str | None = None) -> DistrictFile:
    path = folder / "some.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return read_districts(path, column=column)


def graph(**changed: object) -> dict[str, object]:
    return {"directed": False, "nodes": NODES, "adjacency": ADJACENCY, **changed}


def test_a_graph_is_read_in_the_order_of_its_ids_each_border_once(tmp_path: Path) -> None:
    found = read(tmp_path, graph())

    assert found.unit == ("1", "2", "x")
    assert found.population.tolist() == [7.5, 5.0, 0.0]
    assert found.borders.tolist() == [[0, 1], [0, 2]]
    assert found.column == "TOTPOP"


def test_a_gzipped_graph_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, gzip.compress(json.dumps(graph()).encode()))

    assert found.unit == ("1", "2", "x")


def test_another_column_is_read_where_it_is_named(tmp_path: Path) -> None:
    nodes = [{"id": 1, "TOTPOP": 3, "VAP": 2}]

    found = read(tmp_path, graph(nodes=nodes, adjacency=[[]]), column="VAP")

    assert found.population.tolist() == [2.0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "some.json is empty", id="empty"),
        pytest.param(b'{"nodes": [\n', "some.json:2: no JSON", id="truncated"),
        pytest.param(b"[" * 100_000, "some.json is no JSON", id="deep"),
        pytest.param(b"\xff\xfe\xfa", "some.json is no JSON", id="not text"),
        pytest.param(gzip.compress(b"{}")[:-9], "broken gzip file", id="broken gzip"),
        pytest.param([1], "holds no object", id="no object"),
        pytest.param({"nodes": NODES}, "`adjacency` is missing", id="no adjacency"),
        pytest.param(graph(directed=True), "`directed` is true", id="directed"),
        pytest.param(graph(nodes=[], adjacency=[]), "`nodes` is empty", id="no nodes"),
        pytest.param(graph(adjacency=[[]]), "3 nodes, and 1 lists", id="another length"),
        pytest.param(graph(adjacency=[[], [7], []]), "adjacency[1][0] is no object", id="no id"),
        pytest.param(
            graph(nodes=[*NODES[:2], {"id": 2, "TOTPOP": 1}]),
            "nodes[2].id is 2, and so",
            id="twice",
        ),
        pytest.param(graph(nodes=[*NODES[:2], {"id": None}]), "nodes[2].id is None", id="nameless"),
        pytest.param(
            graph(adjacency=[[{"id": 9}], [], []]), "unit 2 borders on 9, which is no", id="unknown"
        ),
        pytest.param(graph(adjacency=[[{"id": 2}], [], []]), "unit 2 borders on itself", id="loop"),
        pytest.param(
            graph(nodes=[*NODES[:2], {"id": 3, "TOTPOP": -4}]),
            "TOTPOP is -4, outside 0",
            id="below",
        ),
        pytest.param(graph(nodes=[*NODES[:2], {"id": 3, "TOTPOP": 10**400}]), "1e+12", id="huge"),
        pytest.param(
            graph(nodes=[*NODES[:2], {"id": 3, "TOTPOP": float("nan")}]),
            "unit 3: TOTPOP is nan, no number",
            id="nan",
        ),
        pytest.param(
            graph(nodes=[{"id": 1, "TOTPOP": 0}], adjacency=[[]]), "is 0 in every unit", id="nobody"
        ),
    ],
)
def test_a_wrong_graph_is_refused_with_the_unit_and_value(
    tmp_path: Path, content: object, says: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, content)

    assert says in refused.value.problem
    assert refused.value.remedy


def test_a_column_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, graph(nodes=[{"id": 1, "persons": 4}], adjacency=[[]]))

    assert "no column TOTPOP, tot_pop_20" in refused.value.problem
    assert "--population" in refused.value.remedy
    assert "persons" in refused.value.remedy
