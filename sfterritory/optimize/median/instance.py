"""A capacitated p-median instance, what is wrong with it, and the value of an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.document import Document

_LOAD_SLACK = 1e-6  # part of a unit by which a sum of loads may be rounded


class MedianParams(Document):
    """How long to search, and from which seed."""

    effort: float = Field(
        default=60.0, gt=0, le=1e6, description="about CPU seconds; counted in work, not by a clock"
    )
    seed: int = Field(default=0, ge=0, description="of the dice")


@dataclass(frozen=True, slots=True)
class MedianInstance:
    """Customers, each of whom may become a median.

    Attributes:
        x: Shape (n,); the unit of distance is that of the coordinates.
        y: Shape (n,).
        capacity: Of the cluster whose median the customer is, shape (n,).
        demand: Shape (n,).
        medians: How many customers become medians.
        floored: Whether distances are rounded down to integers.
    """

    x: Floats
    y: Floats
    capacity: Floats
    demand: Floats
    medians: int
    floored: bool = False


@dataclass(frozen=True, slots=True)
class MedianAnswer:
    """An assignment.

    Attributes:
        centre: Row of the median of each customer, shape (n,); medians have their own row.
        travel: Sum of distances to the medians.
        overload: Demand above capacity, 0.0 where the answer is feasible.
        bound: No feasible answer has less travel; None where none was computed.
        work: Work done, in the unit of `MedianParams.effort`.
    """

    centre: Ints
    travel: float
    overload: float
    bound: float | None
    work: float

    @property
    def gap_share(self) -> float | None:
        """Return how far the answer may be from the best one: (travel - bound) / travel."""
        if self.bound is None or self.overload > 0:
            return None
        return max(0.0, 1.0 - self.bound / self.travel) if self.travel > 0 else 0.0


def problems_of(instance: MedianInstance) -> list[str]:
    """Return every known reason why no answer can be feasible, with values."""
    n, p = len(instance.x), instance.medians
    if not 1 <= p <= n:
        return [f"{p} medians are asked for among {n} customers: give 1 to {n}"]
    largest = np.sort(instance.capacity)[::-1]
    found = []
    total, most = float(instance.demand.sum()), float(largest[:p].sum())
    if total > most + _LOAD_SLACK:
        found.append(f"the demand is {total:g}, and the {p} largest capacities hold {most:g}")
    too_heavy = np.flatnonzero(instance.demand > largest[0] + _LOAD_SLACK)
    found += [
        f"customer {row} needs {instance.demand[row]:g}, and no capacity is above {largest[0]:g}"
        for row in too_heavy[:10].tolist()
    ]
    return found


def distances(instance: MedianInstance, centre: Ints) -> Floats:
    """Return the distance of each customer to the customer that `centre` names, shape (n,)."""
    dx = instance.x - instance.x[centre]
    dy = instance.y - instance.y[centre]
    length: Floats = np.sqrt(dx * dx + dy * dy)
    return np.floor(length) if instance.floored else length


def overload(instance: MedianInstance, centre: Ints) -> float:
    """Return the demand above the capacities of the medians."""
    load = np.bincount(centre, weights=instance.demand, minlength=len(centre))
    chosen = np.unique(centre)
    above = load[chosen] - instance.capacity[chosen]
    return float(above[above > _LOAD_SLACK].sum())
