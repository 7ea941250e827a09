"""Check a plan of districts from nothing but the graph: written apart from the search."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DistrictCheck:
    """What a plan is, counted afresh.

    Attributes:
        population: Of each district 0 to k-1.
        cut_edges: Borders between units of different districts.
        broken: Districts that hang together in more than one piece, or have no unit.
        outside: People above `most` or below `least`, over all districts.
    """

    population: tuple[float, ...]
    cut_edges: int
    broken: tuple[int, ...]
    outside: float


def check_districts(
    population: Sequence[float],
    borders: Sequence[Sequence[int]],
    *,
    district: Sequence[int],
    districts: int,
    least: float,
    most: float,
) -> DistrictCheck:
    """Count a plan's people and cut edges, and visit each district from one of its units.

    Raises:
        ValueError: A unit has no district, or one outside 0 to `districts` - 1.
    """
    if len(district) != len(population):
        raise ValueError(f"{len(district)} units have a district, of {len(population)}")
    if wrong := [unit for unit, number in enumerate(district) if not 0 <= number < districts]:
        raise ValueError(f"unit {wrong[0]} is in district {district[wrong[0]]}")
    people = [0.0] * districts
    mates: list[list[int]] = [[] for _ in population]
    for unit, number in enumerate(district):
        people[number] += population[unit]
    for one, other in borders:
        if district[one] == district[other]:
            mates[one].append(other)
            mates[other].append(one)
    cut_edges = sum(district[one] != district[other] for one, other in borders)
    outside = sum(max(0.0, amount - most, least - amount) for amount in people)
    pieces = _pieces(mates, district, districts)
    broken = tuple(number for number, count in enumerate(pieces) if count != 1)
    return DistrictCheck(tuple(people), cut_edges, broken, outside)


def _pieces(mates: list[list[int]], district: Sequence[int], districts: int) -> list[int]:
    """Return in how many pieces each district is."""
    pieces = [0] * districts
    seen = [False] * len(district)
    for start, number in enumerate(district):
        if seen[start]:
            continue
        pieces[number] += 1
        seen[start] = True
        waiting = deque([start])
        while waiting:
            for other in mates[waiting.popleft()]:
                if not seen[other]:
                    seen[other] = True
                    waiting.append(other)
    return pieces
