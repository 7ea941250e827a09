"""What travel is reckoned from: distances to centres, or arcs that somebody else supplies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sfterritory.model.columns import Floats
from sfterritory.model.sphere import Vectors
from sfterritory.optimize.engine.bound import cheapest_of_all
from sfterritory.optimize.engine.candidate import Arcs, candidate_arcs
from sfterritory.optimize.engine.kernel import compiled
from sfterritory.optimize.engine.rows import Blocks, Rows
from sfterritory.optimize.engine.terms import Terms


class Basis(Protocol):
    """Who may have each row, and at what cost."""

    @property
    def hours(self) -> Floats:
        """Return the workload of each row, above 0, shape (n,)."""

    def arcs(self, psi: Floats) -> Arcs:
        """Return the arcs worth having at prices `psi`, shape (k,)."""

    def least_km(self, psi: Floats) -> Floats:
        """Return each row's least cost less price over everybody who may have it, shape (n,)."""


@dataclass(frozen=True, slots=True)
class Distances:
    """Great-circle distances to centres.

    Attributes:
        rows: In the order of their blocks.
        blocks: Of those rows.
        centres: Unit vectors, shape (k, 3).
        terms: Who may have what, and at what price.
    """

    rows: Rows
    blocks: Blocks
    centres: Vectors
    terms: Terms

    @property
    def hours(self) -> Floats:
        """Return the workload of each row."""
        return self.rows.hours

    def arcs(self, psi: Floats) -> Arcs:
        """Return the nearest and the cheapest reps of each row, and those that reach for it."""
        return candidate_arcs(self.rows, self.blocks, self.centres, terms=self.terms, psi=psi)

    def least_km(self, psi: Floats) -> Floats:
        """Return the least cost less price over all reps, not only candidates."""
        least, _ = cheapest_of_all(self.rows, self.blocks, self.centres, self.terms, psi)
        return least


@dataclass(frozen=True, slots=True)
class GivenArcs:
    """Arcs that are all there is, at the costs they come with.

    Attributes:
        hours: Workload of each row, above 0, shape (n,).
        given: At least one arc for each row.
    """

    hours: Floats
    given: Arcs

    def arcs(self, psi: Floats) -> Arcs:  # noqa: ARG002 - prices change nothing about them
        """Return the arcs that were given."""
        return self.given

    def least_km(self, psi: Floats) -> Floats:
        """Return the least cost less price over the arcs of each row."""
        return _least(self.given, psi)


@compiled
def _least(arcs: Arcs, psi: Floats) -> Floats:
    least = np.full(len(arcs.start) - 1, np.inf)
    for arc in range(len(arcs.rep)):
        km = arcs.cost_km[arc] - psi[arcs.rep[arc]]
        least[arcs.row[arc]] = min(least[arcs.row[arc]], km)
    return least
