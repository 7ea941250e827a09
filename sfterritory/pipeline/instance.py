"""Solve an instance file and write who gets whom, so that anybody can score the answer."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal

from sfterritory.connectors.instance_file import MedianFile, Metric, TerritoryFile, read_instance
from sfterritory.errors import ConfigError
from sfterritory.model.columns import Ints
from sfterritory.model.document import Document
from sfterritory.model.sphere import unit_vectors
from sfterritory.optimize.engine.problem import Measure, Problem
from sfterritory.optimize.engine.solve import construct
from sfterritory.optimize.median.instance import MedianInstance, MedianParams
from sfterritory.optimize.median.solve import solve_medians
from sfterritory.pipeline.instance_check import AnswerCheck, check_medians, check_territories


class InstanceReport(Document):
    """What the answer to an instance is worth, counted by a checker apart from the solver.

    Attributes:
        kind: `median` for a capacitated p-median file, `territory` for a TERR file.
        value: What is minimised: the sum of distances, or workload x km and the price of changes.
        feasible: Whether every capacity, or band and lock, is kept.
        broken: Demand or workload outside the limits, 0 where the answer is feasible.
        problems: What the answer breaks, a line each.
        bound: No feasible answer is worth less; None where none was proven.
        gap_share: (value - bound) / value; None without a bound or a feasible answer.
        effort_used: In the unit of `--effort`; None where the engine ends by itself.
    """

    file: str
    kind: Literal["median", "territory"]
    customers: int
    centres: int
    value: float
    feasible: bool
    broken: float
    problems: tuple[str, ...]
    bound: float | None
    gap_share: float | None
    seed: int
    effort_used: float | None
    out: str


def solve_instance(
    path: Path, out: Path, *, params: MedianParams, metric: Metric = "auto"
) -> InstanceReport:
    """Solve the instance in a file and write rows `customer_index,center_index`.

    The centre of a p-median customer is the row of his median, that of an account its rep.

    Raises:
        ConfigError: The file is wrong, has no feasible answer for a reason that can be named, or
            the answer cannot be written.
    """
    found = read_instance(path, metric=metric)
    if isinstance(found, MedianFile):
        return _solve_medians(found, path, out, params=params)
    return _solve_territories(found, path, out, params=params)


def _solve_medians(
    found: MedianFile, path: Path, out: Path, *, params: MedianParams
) -> InstanceReport:
    instance = MedianInstance(
        found.x, found.y, found.capacity, found.demand, found.medians, found.floored
    )
    try:
        answer = solve_medians(instance, params=params)
    except ValueError as error:
        raise ConfigError(
            f"{path.name} has no feasible answer: {error}",
            remedy="raise capacities or the number of medians",
        ) from error
    check = check_medians(found, answer.centre.tolist())
    _write(out, answer.centre)
    return InstanceReport(
        file=path.name,
        kind="median",
        customers=len(found.x),
        centres=found.medians,
        value=check.value,
        feasible=not check.problems,
        broken=check.outside,
        problems=check.problems,
        bound=answer.bound,
        gap_share=_gap(check, answer.bound),
        seed=params.seed,
        effort_used=answer.work,
        out=str(out),
    )


def _solve_territories(
    found: TerritoryFile, path: Path, out: Path, *, params: MedianParams
) -> InstanceReport:
    """Solve with the engine of `build`; it needs neither effort nor seed."""
    target = found.workload.sum() * found.capacity_share / found.capacity_share.sum()
    problem = Problem.plain(
        vectors=unit_vectors(found.place[:, 0], found.place[:, 1]),
        measures=(Measure("workload", found.workload, target * found.lo, target * found.hi),),
        rep=found.rep,
        lock=found.lock,
        homes=unit_vectors(found.rep_place[:, 0], found.rep_place[:, 1]),
        churn_price_km=found.churn_price_km,
    )
    answer = construct(problem)
    check = check_territories(found, answer.territory.tolist())
    _write(out, answer.territory)
    return InstanceReport(
        file=path.name,
        kind="territory",
        customers=len(found.workload),
        centres=len(found.rep_place),
        value=check.value,
        feasible=not check.problems,
        broken=check.outside,
        problems=check.problems,
        bound=answer.bound_km_hours,
        gap_share=_gap(check, answer.bound_km_hours),
        seed=params.seed,
        effort_used=None,
        out=str(out),
    )


def _gap(check: AnswerCheck, bound: float | None) -> float | None:
    """Return (value - bound) / value of a feasible answer."""
    if bound is None or check.problems:
        return None
    return max(0.0, 1.0 - bound / check.value) if check.value > 0 else 0.0


def _write(out: Path, centre: Ints) -> None:
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("customer_index", "center_index"))
            writer.writerows(enumerate(centre.tolist()))
    except OSError as error:
        raise ConfigError(
            f"{out} cannot be written: {error.strerror}", remedy="choose another file for --out"
        ) from error
