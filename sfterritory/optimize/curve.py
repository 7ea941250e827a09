"""The price of change: what fewer moved accounts cost in travel, point by point.

Centres stay where the plan has them; only the price of a change of owner differs between points, so
that each point is a warm re-plan. The knee is the point farthest from the straight line between the
first and the last point, both axes scaled to 0 to 1 (moved accounts across, kilometres up).

Source: Satopaa, Albrecht, Irwin and Raghavan (2011), "Finding a kneedle in a haystack".
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np

from sfterritory.model.columns import Ints
from sfterritory.model.sphere import Vectors, km_between, unit_vectors
from sfterritory.optimize.alignment import TerritoryPlan
from sfterritory.optimize.band import band_of
from sfterritory.optimize.beside import beside
from sfterritory.optimize.engine import curve as engine_curve
from sfterritory.optimize.engine.answer import Start
from sfterritory.optimize.engine.problem import Problem
from sfterritory.optimize.metrics import Balance, balance
from sfterritory.optimize.replan import Replan
from sfterritory.optimize.request import TerritoryRequest

PRICES_KM = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 10_000.0)
LOSS_SHARE = 0.15
"""Of a customer's yearly revenue; 0.13 to 0.18 is the published range."""


@dataclass(frozen=True, slots=True)
class PricePoint:
    """One answer at one price.

    Attributes:
        price_km: Kilometres that an hour had to save before it changed owner.
        accounts_moved: Accounts that leave a rep of the roster.
        hours_moved: Their hours a year.
        value_moved_usd: Their value.
        risk_usd: Loss share times `value_moved_usd`.
        mean_km: Mean distance to the centres, weighted by hours.
        balance: Of each demand, by name.
        territories_outside: How many break a limit.
        saved_km_hours_per_move: What each account moved on top of the point before saves, km hours
            a year; NaN for the first point.
        is_knee: Whether this is the knee.
    """

    price_km: float
    accounts_moved: int
    hours_moved: float
    value_moved_usd: float
    risk_usd: float
    mean_km: float
    balance: dict[str, Balance]
    territories_outside: int
    saved_km_hours_per_move: float
    is_knee: bool


@dataclass(frozen=True, slots=True)
class PriceCurve:
    """Points from the fewest moves to the most; none is beaten by another on moves and travel.

    Attributes:
        points: At least one.
        loss_share: What a change of owner is taken to cost of a customer's yearly value.
    """

    points: tuple[PricePoint, ...]
    loss_share: float

    @property
    def knee(self) -> PricePoint | None:
        """Return the knee, None where fewer than three points leave none."""
        return next((point for point in self.points if point.is_knee), None)


def price_curve(
    request: TerritoryRequest,
    plan: TerritoryPlan,
    *,
    prices_km: Sequence[float] = PRICES_KM,
    loss_share: float = LOSS_SHARE,
    executor: Executor | None = None,
) -> PriceCurve:
    """Return what the plan would be at other prices of change, measured by great-circle distance.

    At its own price the plan itself is the point.

    Args:
        request: What `plan` answers.
        plan: Its centres stay.
        prices_km: Each at least 0; accounts keep their prices' relations to each other.
        loss_share: 0 to 1; 0.13 to 0.18 is the published range.
        executor: Works out points beside each other; it never changes the answer.

    Raises:
        ValueError: A price or the loss share is out of range.
    """
    _check(prices_km, loss_share)
    replan = Replan.of(request, plan)
    measure = _Measure(
        request,
        unit_vectors(plan.centre_lon_deg, plan.centre_lat_deg),
        loss_share,
    )
    own_km = _mean_price_km(replan.problem)
    others = [price for price in prices_km if not np.isclose(price, own_km)]
    priced = partial(_curve_point, _priced_at_one(replan.problem), replan.start)
    points = [
        measure.point(one.scale, replan.given(one.territory))
        for one in beside(executor, priced, others)
    ]
    if len(others) < len(prices_km):
        points.append(measure.point(own_km, plan.territory))
    kept = _marginal(_undominated(points), float(plan.hours.sum()))
    return PriceCurve(tuple(_with_knee(kept)), loss_share)


def _curve_point(problem: Problem, start: Start, price_km: float) -> engine_curve.CurvePoint:
    """Return one point; it does not depend on its neighbours."""
    (point,) = engine_curve.price_curve(problem, [price_km], start=start)
    return point


@dataclass(frozen=True, slots=True)
class _Measure:
    """What points are measured with; alignments are in the order of the accounts given."""

    request: TerritoryRequest
    centres: Vectors
    loss_share: float

    def point(self, price_km: float, territory: Ints) -> PricePoint:
        accounts, demands = self.request.accounts, self.request.demands
        hours, held = demands[0].amount, territory >= 0
        moved = held & (accounts.rep >= 0) & (accounts.rep != territory)
        vectors = unit_vectors(accounts.lon_deg[held], accounts.lat_deg[held])
        km = km_between(vectors, self.centres[territory[held]])
        weight = float(hours[held].sum())
        bands = {one.name: band_of(one, territory) for one in demands}
        value_usd = float(accounts.value_usd[moved].sum())
        return PricePoint(
            price_km=float(price_km),
            accounts_moved=int(moved.sum()),
            hours_moved=float(hours[moved].sum()),
            value_moved_usd=value_usd,
            risk_usd=self.loss_share * value_usd,
            mean_km=float((hours[held] * km).sum()) / weight if weight > 0 else 0.0,
            balance={name: balance(band) for name, band in bands.items()},
            territories_outside=int(np.any([one.outside for one in bands.values()], axis=0).sum()),
            saved_km_hours_per_move=np.nan,
            is_knee=False,
        )


def _check(prices_km: Sequence[float], loss_share: float) -> None:
    wrong = [price for price in prices_km if not 0 <= price < np.inf]
    if wrong or not prices_km:
        raise ValueError(f"prices of change are {list(prices_km)}: give numbers of at least 0")
    if not 0 <= loss_share <= 1:
        raise ValueError(f"loss_share is {loss_share}: give a share from 0 to 1")


def _priced_at_one(problem: Problem) -> Problem:
    """Return the problem with a mean price of 1 km; who was dearer than others stays so."""
    owned, mean_km = problem.rep >= 0, _mean_price_km(problem)
    relation = problem.churn_km / mean_km if mean_km > 0 else np.ones(len(owned))
    return replace(problem, churn_km=np.where(owned, relation, 0.0))


def _mean_price_km(problem: Problem) -> float:
    """Return what a change costs on the mean of those that cost something, km."""
    priced = problem.churn_km[(problem.rep >= 0) & (problem.churn_km > 0)]
    return float(priced.mean()) if len(priced) else 0.0


def _undominated(points: Sequence[PricePoint]) -> list[PricePoint]:
    """Return points by rising moves, each with fewer kilometres or fewer broken limits."""
    kept: list[PricePoint] = []
    for point in sorted(
        points, key=lambda one: (one.accounts_moved, one.territories_outside, one.mean_km)
    ):
        beaten = any(
            other.territories_outside <= point.territories_outside
            and other.mean_km <= point.mean_km
            for other in kept
        )
        if not beaten:
            kept.append(point)
    return kept


def _marginal(points: Sequence[PricePoint], hours: float) -> list[PricePoint]:
    return [
        points[0],
        *(
            replace(
                point,
                saved_km_hours_per_move=(before.mean_km - point.mean_km)
                * hours
                / (point.accounts_moved - before.accounts_moved),
            )
            if point.accounts_moved > before.accounts_moved
            else point
            for before, point in pairwise(points)
        ),
    ]


def _with_knee(points: Sequence[PricePoint]) -> list[PricePoint]:
    moves = np.array([point.accounts_moved for point in points], dtype=np.float64)
    km = np.array([point.mean_km for point in points])
    if len(points) < 3 or np.ptp(moves) == 0 or np.ptp(km) == 0:
        return list(points)
    across = (moves - moves[0]) / (moves[-1] - moves[0])
    up = (km - km.min()) / np.ptp(km)
    chord = up[0] + (up[-1] - up[0]) * across
    below = chord - up
    knee = int(np.argmax(below))
    if below[knee] <= 0:
        return list(points)
    return [replace(point, is_knee=at == knee) for at, point in enumerate(points)]
