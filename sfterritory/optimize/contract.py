"""What a request has to keep before anything is built; every breach is told at once."""

from __future__ import annotations

from collections.abc import Iterator, Sized

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Ids
from sfterritory.optimize.request import Demand, TerritoryRequest

_NAMED = 5


def check(request: TerritoryRequest) -> None:
    """Raise ValueError with every breach of the request's contract, with ids and values."""
    accounts, roster = request.accounts, request.roster
    problems = [*_lengths(request)]
    if not problems:
        problems = [
            *_places(request),
            *_rows_of_reps(request),
            *_reps(request),
            *(
                problem
                for demand in request.demands
                for problem in _demand(demand, accounts.ids, roster.ids)
            ),
        ]
        if len(accounts) > 0 and len(roster) == 0:
            problems.append(f"{len(accounts)} accounts and no rep to own them")
    if problems:
        raise ValueError("; ".join(problems))


def _lengths(request: TerritoryRequest) -> Iterator[str]:
    n, k = len(request.accounts), len(request.roster)
    accounts, roster = request.accounts, request.roster
    wanted: dict[str, tuple[Sized, int]] = {
        "lon_deg": (accounts.lon_deg, n),
        "lat_deg": (accounts.lat_deg, n),
        "value_usd": (accounts.value_usd, n),
        "rep": (accounts.rep, n),
        "locks.rep": (request.locks.rep, n),
        "locks.cause": (request.locks.cause.codes, n),
        "fit.group": (request.fit.group, n),
        "unit": (request.unit, n),
        "churn_km": (request.churn_km, n),
        "max_km": (request.max_km, k),
        "home longitude": (roster.lon_deg, k),
        "home latitude": (roster.lat_deg, k),
        "capacity_share": (roster.capacity_share, k),
    }
    if request.one_piece is not None:
        wanted["one_piece"] = (request.one_piece, k)
    yield from (
        f"{name} has {len(column)} rows, not {rows}"
        for name, (column, rows) in wanted.items()
        if len(column) != rows
    )
    if not request.demands:
        yield "no demand: give at least the workload in hours"
    for demand in request.demands:
        if len(demand.amount) != n or any(
            len(limit) != k for limit in (demand.target, demand.lo, demand.hi)
        ):
            yield f"{demand.name}: one amount per account and one limit per rep are needed"
    groups = len(request.fit.cause)
    if request.fit.extra_km.shape != (groups, k) or groups == 0:
        yield f"fit.extra_km has shape {request.fit.extra_km.shape}, not ({groups}, {k})"
    if request.centres is not None and any(len(one) != k for one in request.centres):
        yield f"centres are not {k} longitudes and latitudes"


def _places(request: TerritoryRequest) -> Iterator[str]:
    accounts, roster = request.accounts, request.roster
    for name, degrees, most in (
        ("lon_deg", accounts.lon_deg, 180.0),
        ("lat_deg", accounts.lat_deg, 90.0),
    ):
        yield from _named(~np.isfinite(degrees), accounts.ids, f"{name} is not a number")
        yield from _named(np.abs(degrees) > most, accounts.ids, f"{name} is beyond {most:g}")
    home = ~(np.isnan(roster.lon_deg) | np.isnan(roster.lat_deg))
    wrong = home & ~((np.abs(roster.lon_deg) <= 180.0) & (np.abs(roster.lat_deg) <= 90.0))
    yield from _named(wrong, roster.ids, "home is not on the Earth")
    yield from _named(~(request.churn_km >= 0), accounts.ids, "churn_km is below 0 or not a number")
    yield from _named(np.isinf(request.churn_km), accounts.ids, "churn_km is infinite: lock them")
    yield from _named(~(request.max_km > 0), roster.ids, "max_km is not above 0")
    if request.gap_km is not None and not request.gap_km > 0:
        yield f"gap_km is {request.gap_km}, not above 0"
    if request.one_piece is not None and request.gap_km is None:
        yield "one_piece says whose territory hangs together, and gap_km does not ask for it"


def _rows_of_reps(request: TerritoryRequest) -> Iterator[str]:
    ids, k = request.accounts.ids, len(request.roster)
    groups = len(request.fit.cause)
    for name, rows, least, most in (
        ("rep", request.accounts.rep, -1, k),
        ("locks.rep", request.locks.rep, -1, k),
        ("fit.group", request.fit.group, 0, groups),
    ):
        wrong = (rows < least) | (rows >= most)
        yield from _named(wrong, ids, f"{name} is not in {least} to {most - 1}")
    below = np.flatnonzero((~(request.fit.extra_km >= 0)).any(axis=1))
    yield from (f"fit.extra_km of group {group} is below 0" for group in below.tolist()[:_NAMED])
    for name, column in (("accounts", ids), ("roster", request.roster.ids)):
        if (column[:-1] < column[1:]).all():
            continue
        same = np.sort(column)
        twice = same[1:][same[1:] == same[:-1]]
        if len(twice):
            yield f"{len(twice)} ids appear twice in the {name}: {_some(twice)}"


def _reps(request: TerritoryRequest) -> Iterator[str]:
    share = request.roster.capacity_share
    yield from _named(~(share > 0), request.roster.ids, "capacity_share is not above 0")


def _demand(demand: Demand, accounts: Ids, reps: Ids) -> Iterator[str]:
    amount, name = demand.amount, demand.name
    yield from _named(~np.isfinite(amount), accounts, f"{name} is not a number")
    yield from _named(amount < 0, accounts, f"{name} is below 0")
    wrong = ~((demand.lo >= 0) & (demand.lo <= demand.hi)) | np.isinf(demand.lo)
    yield from _named(wrong, reps, f"limits of {name} are not 0 <= lo <= hi")
    yield from _named(~(demand.target >= 0), reps, f"target of {name} is below 0 or not a number")


def _named(wrong: NDArray[np.bool_], ids: Ids, what: str) -> Iterator[str]:
    rows = np.flatnonzero(wrong)
    if len(rows):
        yield f"{what} in {len(rows)} rows ({_some(ids[rows])})"


def _some(ids: Ids) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(str(one) for one in ids[:_NAMED]) + more
