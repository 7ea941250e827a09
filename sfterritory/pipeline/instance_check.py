"""Check the answer to an instance file from the file alone, apart from the solvers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, floor, fsum, hypot, radians, sin, sqrt

from sfterritory.connectors.instance_file import MedianFile, TerritoryFile

_EARTH_RADIUS_KM = 6371.0088
_LOAD_SLACK = 1e-6  # part of a unit by which a sum of loads may be rounded
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class AnswerCheck:
    """What an answer is, counted afresh.

    Attributes:
        value: What is minimised.
        outside: Demand above the capacities, or workload outside the bands.
        problems: Whatever the answer breaks, a line each; empty where it is feasible.
    """

    value: float
    outside: float
    problems: tuple[str, ...]


def check_medians(found: MedianFile, centre: Sequence[int]) -> AnswerCheck:
    """Check that p medians serve everybody, themselves too, within their capacities."""
    n = len(found.x)
    if problem := _wrong_rows(centre, customers=n, centres=n):
        return AnswerCheck(0.0, 0.0, (problem,))
    medians = sorted(set(centre))
    problems = []
    if len(medians) != found.medians:
        problems.append(f"{len(medians)} medians, not {found.medians}")
    astray = [median for median in medians if centre[median] != median]
    problems += [f"median {row} is served by {centre[row]}" for row in astray[:_SHOWN]]
    load = dict.fromkeys(medians, 0.0)
    lengths = []
    x, y, demand, capacity = (
        column.tolist() for column in (found.x, found.y, found.demand, found.capacity)
    )
    for customer, median in enumerate(centre):
        load[median] += demand[customer]
        away = hypot(x[customer] - x[median], y[customer] - y[median])
        lengths.append(floor(away) if found.floored else away)
    above = {median: amount - capacity[median] for median, amount in load.items()}
    above = {median: excess for median, excess in above.items() if excess > _LOAD_SLACK}
    problems += [
        f"median {median} serves {load[median]:g}, and its capacity is {capacity[median]:g}"
        for median in list(above)[:_SHOWN]
    ]
    return AnswerCheck(fsum(lengths), fsum(above.values()), tuple(problems))


def check_territories(found: TerritoryFile, rep: Sequence[int]) -> AnswerCheck:
    """Check that everybody has a rep, locks are kept, and each rep's workload is in its band."""
    k = len(found.capacity_share)
    if problem := _wrong_rows(rep, customers=len(found.workload), centres=k):
        return AnswerCheck(0.0, 0.0, (problem,))
    locks, today, hours = (column.tolist() for column in (found.lock, found.rep, found.workload))
    problems = [
        f"account {row} is locked to rep {locks[row]} and goes to rep {number}"
        for row, number in enumerate(rep)
        if locks[row] not in (-1, number)
    ][:_SHOWN]
    shares = found.capacity_share.tolist()
    unit = fsum(hours) / fsum(shares)
    load = [0.0] * k
    costs = []
    place, home = found.place.tolist(), found.rep_place.tolist()
    for row, number in enumerate(rep):
        load[number] += hours[row]
        costs.append(hours[row] * _km(place[row], home[number]))
        if today[row] not in (-1, number):
            costs.append(hours[row] * found.churn_price_km)
    outside = []
    for number, amount in enumerate(load):
        target = unit * shares[number]
        wrong = max(amount - found.hi * target, found.lo * target - amount)
        if wrong > _LOAD_SLACK * max(1.0, target):
            outside.append(wrong)
            band = f"{found.lo * target:g} to {found.hi * target:g}"
            problems.append(f"rep {number} has a workload of {amount:g}, and the band is {band}")
    return AnswerCheck(fsum(costs), fsum(outside), tuple(problems))


def _wrong_rows(centre: Sequence[int], *, customers: int, centres: int) -> str | None:
    if len(centre) != customers:
        return f"{len(centre)} customers are answered, of {customers}"
    for row, number in enumerate(centre):
        if not 0 <= number < centres:
            return f"customer {row} goes to {number}, which is no centre"
    return None


def _km(one: Sequence[float], other: Sequence[float]) -> float:
    """Return great-circle kilometres between two places, longitude first (haversine)."""
    lon, lat, to_lon, to_lat = (radians(degree) for degree in (*one, *other))
    part = sin((to_lat - lat) / 2) ** 2
    part += cos(lat) * cos(to_lat) * sin((to_lon - lon) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * asin(min(1.0, sqrt(part)))
