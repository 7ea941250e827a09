"""Units with a population and who borders on whom; what is asked for, and what cannot be had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.document import Document

SLACK = 1e-9  # part of a district's mean by which a sum of populations may be rounded


class DistrictParams(Document):
    """How many districts, how alike in population, how long to search, and from which seed."""

    districts: int = Field(ge=1, description="number of districts")
    tolerance: float = Field(
        default=0.005,
        ge=0,
        le=1,
        description="share of the mean population by which a district may differ from it",
    )
    effort: float = Field(
        default=20.0, gt=0, le=1e6, description="about CPU seconds; counted in work, not by a clock"
    )
    seed: int = Field(default=0, ge=0, description="of the dice")


@dataclass(frozen=True, slots=True)
class UnitGraph:
    """Units and borders.

    Attributes:
        population: Finite, 0 or more, shape (n,).
        borders: Pairs of different units that border on each other, each pair once, shape (m, 2).
    """

    population: Floats
    borders: Ints


@dataclass(frozen=True, slots=True)
class Limits:
    """Least and most population of a district."""

    least: float
    most: float


@dataclass(frozen=True, slots=True)
class DistrictAnswer:
    """A plan; every district is contiguous.

    Attributes:
        district: 0 to k-1 of each unit, shape (n,); numbered in the order of their first units.
        population: Of each district, shape (k,).
        cut_edges: Borders between units of different districts.
        outside: People above or below the limits; 0.0 where the plan keeps them.
        limits: Of a district's population.
        work: Work done, in the unit of `DistrictParams.effort`.
    """

    district: Ints
    population: Floats
    cut_edges: int
    outside: float
    limits: Limits
    work: float


def limits_of(graph: UnitGraph, params: DistrictParams) -> Limits:
    """Return the least and most population that the tolerance leaves a district."""
    mean = float(graph.population.sum()) / params.districts
    slack = SLACK * mean
    return Limits(mean * (1 - params.tolerance) - slack, mean * (1 + params.tolerance) + slack)


def parts_of(graph: UnitGraph) -> Ints:
    """Return the number, from 0, of the connected part of the graph that each unit is in."""
    n = len(graph.population)
    ends = (graph.borders[:, 0], graph.borders[:, 1])
    matrix = coo_array((np.ones(len(graph.borders), dtype=np.int8), ends), shape=(n, n))
    return np.asarray(connected_components(matrix, directed=False)[1], dtype=np.int32)


def people_of(graph: UnitGraph, group: Ints) -> Floats:
    """Return the population of each group, numbered from 0."""
    return np.asarray(np.bincount(group, weights=graph.population), dtype=np.float64)


def shares_of(graph: UnitGraph, part: Ints, *, params: DistrictParams) -> Ints:
    """Return how many districts each connected part of the graph is to hold, shape (parts,).

    Every part gets the least number that it needs; whoever has most people a district gets more.
    """
    people = people_of(graph, part)
    share, most = (bound.copy() for bound in _share_bounds(graph, part, params=params))
    for _ in range(params.districts - int(share.sum())):
        crowded = np.where(share < most, people / share, -1.0)
        share[int(np.argmax(crowded))] += 1
    return share


def problems_of(graph: UnitGraph, params: DistrictParams) -> list[str]:
    """Return every known reason why no plan can keep the limits, with units by row and values."""
    n, k = len(graph.population), params.districts
    if k > n:
        return [f"{k} districts are asked for among {n} units: give 1 to {n}"]
    limits = limits_of(graph, params)
    found = [
        f"unit {row} has a population of {graph.population[row]:g}, above the {limits.most:.10g} "
        "that a district may have"
        for row in np.flatnonzero(graph.population > limits.most)[:10].tolist()
    ]
    part = parts_of(graph)
    if part.max() == 0:
        return found
    people = people_of(graph, part)
    least, most = _share_bounds(graph, part, params=params)
    for number in np.flatnonzero(least > most)[:10].tolist():
        rows = np.flatnonzero(part == number)
        found.append(
            f"unit {rows[0]} and {len(rows) - 1} more have no border with the rest, and their "
            f"population of {people[number]:g} makes no whole number of districts of "
            f"{limits.least:.10g} to {limits.most:.10g}"
        )
    if not found and not least.sum() <= k <= most.sum():
        found.append(
            f"the {len(people)} parts of the graph that have no border with each other hold "
            f"{least.sum()} to {most.sum()} districts, not {k}"
        )
    return found


def _share_bounds(graph: UnitGraph, part: Ints, *, params: DistrictParams) -> tuple[Ints, Ints]:
    """Return the least and the most districts that each part can hold by its people and units."""
    limits = limits_of(graph, params)
    people = people_of(graph, part)
    units = np.bincount(part)
    least = np.maximum(1, np.ceil(people / limits.most)) if limits.most > 0 else np.ones_like(units)
    most = np.floor(people / limits.least) if limits.least > 0 else units
    return least.astype(np.int32), np.minimum(most, units).astype(np.int32)
