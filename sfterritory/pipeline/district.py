"""Divide a unit graph into districts and write who is where, so that anybody can score the plan."""

from __future__ import annotations

import csv
from pathlib import Path

from sfterritory.connectors.district_file import DistrictFile, read_districts
from sfterritory.errors import ConfigError
from sfterritory.model.document import Document
from sfterritory.optimize.district.check import check_districts
from sfterritory.optimize.district.solve import solve_districts
from sfterritory.optimize.district.unit_graph import DistrictAnswer, DistrictParams, UnitGraph


class DistrictReport(Document):
    """What a plan of districts is worth; all of it counted by a checker apart from the search.

    Attributes:
        column: Of the population.
        least: Population that the tolerance leaves a district.
        most: As `least`.
        worst_deviation_share: Largest difference from the mean population, as a share of it.
        contiguous: Whether every district hangs together.
        cut_edges: Borders between units of different districts.
        outside: People above or below the limits, 0 where the plan keeps them.
        feasible: Contiguous and within the limits.
        effort_used: In the unit of `--effort`.
    """

    file: str
    units: int
    borders: int
    column: str
    districts: int
    least: float
    most: float
    worst_deviation_share: float
    contiguous: bool
    cut_edges: int
    outside: float
    feasible: bool
    seed: int
    effort_used: float
    out: str


def solve_district_file(
    path: Path, out: Path, *, params: DistrictParams, column: str | None = None
) -> DistrictReport:
    """Divide the graph in a file and write rows `unit,district`; districts count from 1.

    Raises:
        ConfigError: The file is wrong, has no feasible plan for a reason that can be named, or the
            plan cannot be written.
    """
    found = read_districts(path, column=column)
    graph = UnitGraph(found.population, found.borders)
    try:
        answer = solve_districts(graph, params=params)
    except ValueError as error:
        raise ConfigError(
            f"{path.name} has no such plan: {_named(str(error), found)}",
            remedy="raise --tolerance, or ask for another number of --districts",
        ) from error
    report = _report(path, out, found=found, answer=answer, params=params)
    _write(out, found, answer)
    return report


def _named(problem: str, found: DistrictFile) -> str:
    """Return the problem with the ids of the units it names by row."""
    lines = []
    for line in problem.splitlines():
        words = line.split(" ")
        if words[0] == "unit" and words[1].isdigit():
            words[1] = found.unit[int(words[1])]
        lines.append(" ".join(words))
    return "\n".join(lines)


def _report(
    path: Path, out: Path, *, found: DistrictFile, answer: DistrictAnswer, params: DistrictParams
) -> DistrictReport:
    check = check_districts(
        found.population.tolist(),
        found.borders.tolist(),
        district=answer.district.tolist(),
        districts=params.districts,
        least=answer.limits.least,
        most=answer.limits.most,
    )
    mean = sum(check.population) / params.districts
    return DistrictReport(
        file=path.name,
        units=len(found.unit),
        borders=len(found.borders),
        column=found.column,
        districts=params.districts,
        least=answer.limits.least,
        most=answer.limits.most,
        worst_deviation_share=max(abs(one - mean) for one in check.population) / mean,
        contiguous=not check.broken,
        cut_edges=check.cut_edges,
        outside=check.outside,
        feasible=not check.broken and check.outside == 0.0,
        seed=params.seed,
        effort_used=answer.work,
        out=str(out),
    )


def _write(out: Path, found: DistrictFile, answer: DistrictAnswer) -> None:
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("unit", "district"))
            writer.writerows(zip(found.unit, (answer.district + 1).tolist(), strict=True))
    except OSError as error:
        raise ConfigError(
            f"{out} cannot be written: {error.strerror}", remedy="choose another file for --out"
        ) from error
