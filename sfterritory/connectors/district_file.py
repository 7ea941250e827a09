"""Unit graphs in networkx "adjacency" JSON, as GerryChain writes them: units, borders, population.

`nodes` is a list of objects with an `id` and columns; `adjacency` has, for each node in the same
order, the list of the nodes it borders on, each with its `id`. The file may be gzipped.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sfterritory.errors import ConfigError
from sfterritory.model.columns import Floats, Ints

POPULATION_COLUMNS = ("TOTPOP", "tot_pop_20", "TOTPOP20", "P0010001", "population", "pop")
MAX_FILE_BYTES = 500_000_000
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_PEOPLE = 1e12  # of a unit: sums stay exact enough to compare
_MOST_PROBLEMS = 20
_FORMAT = '{"nodes": [{"id": ..., "TOTPOP": ...}, ...], "adjacency": [[{"id": ...}, ...], ...]}'


@dataclass(frozen=True, slots=True)
class DistrictFile:
    """Units in the order of their ids, so that the order of the file changes nothing.

    Attributes:
        unit: The `id` of each unit as text, shape (n,).
        population: 0 or more, shape (n,).
        borders: Pairs of rows, each pair once, shape (m, 2).
        column: The column that `population` is from.
    """

    unit: tuple[str, ...]
    population: Floats
    borders: Ints
    column: str


def read_districts(path: Path, *, column: str | None = None) -> DistrictFile:
    """Read a unit graph.

    Args:
        path: JSON or gzipped JSON.
        column: Of the population; None takes the first of POPULATION_COLUMNS that there is.

    Raises:
        ConfigError: Unreadable, or no such graph; each mistake with the unit and the value.
    """
    content = _content(path)
    nodes, adjacency = _lists(path.name, content)
    ids = _ids(path.name, nodes)
    chosen = _column(path.name, nodes[0], column)
    population = _population(path.name, nodes, ids=ids, column=chosen)
    borders = _borders(path.name, adjacency, ids)
    order = sorted(range(len(ids)), key=lambda row: ids[row])
    rank = np.empty(len(ids), dtype=np.int32)
    rank[order] = np.arange(len(ids), dtype=np.int32)
    return DistrictFile(
        unit=tuple(ids[row] for row in order),
        population=population[order],
        borders=np.unique(np.sort(rank[borders], axis=1), axis=0).astype(np.int32),
        column=chosen,
    )


def _content(path: Path) -> Any:
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_FILE_BYTES else None
        if data is not None and data.startswith(_GZIP_MAGIC):
            with gzip.open(path) as file:
                data = file.read(MAX_FILE_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigError(
            f"{path.name} is a broken gzip file: {error}", remedy="fetch the file again"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}", remedy="correct the path of the graph"
        ) from error
    if data is None or len(data) > MAX_FILE_BYTES:
        raise ConfigError(
            f"{path.name} is longer than {MAX_FILE_BYTES:,} bytes", remedy="give a smaller graph"
        )
    if not data.strip():
        raise ConfigError(f"{path.name} is empty", remedy=f"give a graph: {_FORMAT}")
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path.name}:{error.lineno}: no JSON: {error.msg}", remedy=f"give a graph: {_FORMAT}"
        ) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, an endless number, too deep
        raise ConfigError(
            f"{path.name} is no JSON: {error}", remedy=f"give a graph: {_FORMAT}"
        ) from error


def _lists(
    name: str, content: Any
) -> tuple[list[Mapping[str, object]], list[list[Mapping[str, object]]]]:
    """Return nodes and adjacency, checked to be lists of objects and lists of lists of those."""
    if not isinstance(content, dict):
        _refuse(name, [f"{name} holds no object but {str(content)[:40]!r}"])
    nodes, adjacency = content.get("nodes"), content.get("adjacency")
    problems = [
        f"{name}: `{key}` is {'missing' if value is None else 'no list'}"
        for key, value in (("nodes", nodes), ("adjacency", adjacency))
        if not isinstance(value, list)
    ]
    problems += [
        f"{name}: `{key}` is true; borders have no direction and are not repeated"
        for key in ("directed", "multigraph")
        if content.get(key)
    ]
    _refuse(name, problems)
    if not nodes:
        _refuse(name, [f"{name}: `nodes` is empty"])
    if len(nodes) != len(adjacency):
        _refuse(name, [f"{name}: {len(nodes):,} nodes, and {len(adjacency):,} lists in adjacency"])
    _refuse(
        name,
        [
            *(f"{name}: nodes[{row}] is no object" for row in _not(dict, nodes)),
            *(f"{name}: adjacency[{row}] is no list" for row in _not(list, adjacency)),
        ],
    )
    wrong = (
        f"{name}: adjacency[{row}][{place}] is no object"
        for row, listed in enumerate(adjacency)
        for place in _not(dict, listed)
    )
    _refuse(name, list(wrong))
    return nodes, adjacency


def _not(kind: type, values: Sequence[object]) -> Iterator[int]:
    return (row for row, value in enumerate(values) if not isinstance(value, kind))


def _ids(name: str, nodes: Sequence[Mapping[str, object]]) -> list[str]:
    ids, problems = [], []
    row_of: dict[str, int] = {}
    for row, node in enumerate(nodes):
        found = node.get("id")
        if not isinstance(found, str | int) or isinstance(found, bool) or found == "":
            problems.append(f"{name}: nodes[{row}].id is {found!r}, no text and no integer")
            continue
        if str(found) in row_of:
            problems.append(
                f"{name}: nodes[{row}].id is {found!r}, and so is that of "
                f"nodes[{row_of[str(found)]}]"
            )
        row_of[str(found)] = row
        ids.append(str(found))
    _refuse(name, problems)
    return ids


def _column(name: str, node: Mapping[str, object], asked: str | None) -> str:
    columns = [asked] if asked is not None else POPULATION_COLUMNS
    for column in columns:
        if column in node:
            return column
    numbers = [key for key, value in node.items() if isinstance(value, int) and key != "id"]
    raise ConfigError(
        f"{name}: nodes have no column {', '.join(columns)}",
        remedy="name the population's column with --population; columns of whole numbers are "
        + (", ".join(numbers[:20]) or "none"),
    )


def _population(
    name: str, nodes: Sequence[Mapping[str, object]], *, ids: Sequence[str], column: str
) -> Floats:
    population = np.zeros(len(nodes))
    problems = []
    for row, node in enumerate(nodes):
        value = node.get(column)
        if not isinstance(value, int | float) or isinstance(value, bool) or value != value:  # noqa: PLR0124 - NaN
            problems.append(f"{name}: unit {ids[row]}: {column} is {value!r}, no number")
        elif not 0 <= value <= _MOST_PEOPLE:
            limits = f"outside 0 to {_MOST_PEOPLE:g}"
            problems.append(f"{name}: unit {ids[row]}: {column} is {str(value)[:40]}, {limits}")
        else:
            population[row] = float(value)
    if not problems and population.sum() <= 0:
        problems = [f"{name}: {column} is 0 in every unit; nobody can be divided"]
    _refuse(name, problems)
    return population


def _borders(
    name: str, adjacency: Sequence[Sequence[Mapping[str, object]]], ids: Sequence[str]
) -> Ints:
    """Return each pair as it is listed, mostly from both sides, shape (pairs, 2)."""
    row_of = {unit: row for row, unit in enumerate(ids)}
    pairs, problems = [], []
    for row, listed in enumerate(adjacency):
        for other in listed:
            found = str(other.get("id"))
            if found not in row_of:
                problems.append(f"{name}: unit {ids[row]} borders on {found}, which is no node")
            elif row_of[found] == row:
                problems.append(f"{name}: unit {ids[row]} borders on itself")
            else:
                pairs.append((row, row_of[found]))
    _refuse(name, problems)
    return np.array(pairs, dtype=np.int32).reshape(-1, 2)


def _refuse(name: str, problems: Sequence[str]) -> None:
    """Raise where there is a problem; a long list is cut, and says so."""
    if not problems:
        return
    shown = list(problems[:_MOST_PROBLEMS])
    if len(problems) > _MOST_PROBLEMS:
        shown.append(f"... and {len(problems) - _MOST_PROBLEMS:,} more")
    raise ConfigError("\n".join(shown), remedy=f"correct {name}; it holds {_FORMAT}")
