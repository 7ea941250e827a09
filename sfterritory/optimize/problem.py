"""What construction has to solve: a book and a roster in ascending order of id, and the limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sfterritory.model.columns import Flags, Floats, Ints
from sfterritory.optimize.band import limits
from sfterritory.optimize.candidate import Arcs
from sfterritory.optimize.centre import Book, home_pulls
from sfterritory.optimize.params import TerritoryParams
from sfterritory.optimize.price import Limits
from sfterritory.optimize.sphere import Vectors, totals

_IDLE_WEIGHT = 0.01  # of the mean account: one without hours still knows its rep


@dataclass(frozen=True, slots=True)
class Problem:
    """A book, its measures and the limits; rows are accounts, columns territories.

    Attributes:
        book: Places, owners, homes.
        hours: Hours a year, shape (n,).
        value_usd: Value, shape (n,).
        counted_usd: Value as the limits count it, heavy accounts capped, shape (n,).
        locked: Accounts that stay, shape (n,).
        shared_home: Reps whose home is another's as well, shape (k,).
        hours_limits: Target, lo and hi, each of shape (k,).
        value_limits: The same for value.
        params: As given.
    """

    book: Book
    hours: Floats
    value_usd: Floats
    counted_usd: Floats
    locked: Flags
    shared_home: Flags
    hours_limits: tuple[Floats, Floats, Floats]
    value_limits: tuple[Floats, Floats, Floats]
    params: TerritoryParams

    @property
    def n_reps(self) -> int:
        """Return how many territories there are."""
        return len(self.book.homes)

    @property
    def amounts(self) -> Floats:
        """Return hours and counted value, shape (2, n)."""
        return np.vstack((self.hours, self.counted_usd))

    @property
    def limit_prices(self) -> tuple[float, float]:
        """Return what it may cost to bring a mean load of hours, or value, into its limits."""
        mean_weight = float(self.book.weight.sum()) / self.n_reps
        params = self.params
        return (
            params.hours_limit_price_km * mean_weight,
            params.value_limit_price_km * mean_weight,
        )

    def loads(self, territory: Ints, *, rows: Flags) -> Floats:
        """Return hours and counted value of each territory over some rows, shape (2, k)."""
        return np.vstack(
            [totals(territory[rows], amount[rows], n_groups=self.n_reps) for amount in self.amounts]
        )

    def free_limits(self) -> tuple[Limits, Limits]:
        """Return what locked accounts leave of the limits of both measures."""
        hours, value = self.loads(self.book.rep, rows=self.locked)
        return (
            Limits.less_locked(self.hours_limits[1], self.hours_limits[2], hours),
            Limits.less_locked(self.value_limits[1], self.value_limits[2], value),
        )

    def cost(self, arcs: Arcs) -> Floats:
        """Return the cost of each arc whose rows are the accounts: weight x (km + churn)."""
        rep = self.book.rep[arcs.row]
        leaves = (rep >= 0) & (rep != arcs.territory)
        cost: Floats = self.book.weight[arcs.row] * (arcs.km + self.params.churn_price_km * leaves)
        return cost


def make_problem(
    vectors: Vectors,
    homes: Vectors,
    *,
    amounts: tuple[Floats, Floats],
    owners: tuple[Ints, Flags],
    capacity: tuple[Floats, Floats],
    params: TerritoryParams,
) -> Problem:
    """Return the problem of a book that holds an account and a roster that holds a rep.

    `amounts` are hours and value, `owners` today's rep and the lock, `capacity` the share and the
    hours a year of each rep.
    """
    hours, value_usd = amounts
    rep, locked = owners
    capacity_share, capacity_hours = capacity
    pull, shared_home = home_pulls(homes, home_pull=params.home_pull)
    counted = np.minimum(value_usd, params.heavy_value_share * value_usd.sum() / len(homes))
    target, lo, hi = limits(float(hours.sum()), capacity_share, tolerance=params.hours_tolerance)
    if hours.sum() <= capacity_hours.sum():  # else everyone is overloaded, and as evenly as asked
        hi = np.minimum(hi, np.maximum(capacity_hours, target))
    return Problem(
        book=Book(vectors, _weights(hours), rep, homes, pull),
        hours=hours,
        value_usd=value_usd,
        counted_usd=counted,
        locked=locked,
        shared_home=shared_home,
        hours_limits=(target, lo, hi),
        value_limits=limits(float(counted.sum()), capacity_share, tolerance=params.value_tolerance),
        params=params,
    )


def _weights(hours: Floats) -> Floats:
    """Return the hours, and for idle accounts a token: free ones would move for nothing."""
    working = hours > 0
    if not working.any():
        return np.ones(len(hours))
    weights: Floats = np.where(working, hours, _IDLE_WEIGHT * float(hours[working].mean()))
    return weights
