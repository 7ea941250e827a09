"""Hours a year that a rep has for accounts, term by term: absences, meetings, ramp and the rest.

Net hours = paid hours - absences - meetings - planning - unproductive time - service reserve -
what is missing while somebody is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import (
    MISSING_CODE,
    Floats,
    NumberColumn,
    RosterColumns,
    TextColumn,
    TimeColumn,
)
from sfterritory.optimize.params import RampProfile, WorkloadParams

WEEKS = 52
Days = NDArray[np.datetime64]
C = TypeVar("C", NumberColumn, TextColumn, TimeColumn)
_HOLDS: dict[type, str] = {NumberColumn: "numbers", TextColumn: "text", TimeColumn: "dates"}


@dataclass(frozen=True, slots=True)
class CapacityTerms:
    """Where the hours of a full rep without a ramp go in a year, and what each rep has left.

    `net_hours` = `gross_hours` - `absence_hours` - `meeting_hours` - `planning_hours` -
    `unproductive_hours` - `service_hours`.

    Attributes:
        rep_hours: Net hours of each rep, with own absences, share and ramp, shape (k,).
    """

    gross_hours: float
    absence_hours: float
    meeting_hours: float
    planning_hours: float
    unproductive_hours: float
    service_hours: float
    net_hours: float
    rep_hours: Floats


@dataclass(frozen=True, slots=True)
class RepCapacity:
    """The same terms for each rep, hours of the next 52 weeks, all of shape (k,) but the last.

    `net_hours` = `gross_hours` less all other hours, `ramp_hours` among them.

    Attributes:
        share_today: Of a full capacity while the ramp lasts, 1 for everybody else.
        share_year: Its mean over the next 52 weeks.
        share_by_week: At the beginning of each of them, shape (k, 52).
    """

    gross_hours: Floats
    absence_hours: Floats
    meeting_hours: Floats
    planning_hours: Floats
    unproductive_hours: Floats
    service_hours: Floats
    ramp_hours: Floats
    net_hours: Floats
    share_today: Floats
    share_year: Floats
    share_by_week: Floats


def capacity_hours_per_year(
    params: WorkloadParams, roster: RosterColumns, *, as_of: date | None = None
) -> CapacityTerms:
    """Return what is left of paid hours, term by term, for a full rep, and the sum for each rep.

    Raises:
        ValueError: See `rep_capacity`.
    """
    gross, absence, meeting, planning, unproductive, service, net = (
        float(term[0]) for term in _terms(params, np.array([params.absence_days_per_year]))
    )
    return CapacityTerms(
        gross_hours=gross,
        absence_hours=absence,
        meeting_hours=meeting,
        planning_hours=planning,
        unproductive_hours=unproductive,
        service_hours=service,
        net_hours=net,
        rep_hours=rep_capacity(params, roster, as_of=as_of).net_hours,
    )


def rep_capacity(
    params: WorkloadParams, roster: RosterColumns, *, as_of: date | None = None
) -> RepCapacity:
    """Return every term for each rep; `as_of` is the first day of the year that is looked at.

    All terms of somebody with a part of a territory are that part of a full rep's.

    Raises:
        ValueError: An attribute is missing or of the wrong kind, names an unknown profile, or holds
            absences below 0 or beyond the paid days; or ramps are asked for without `as_of`.
    """
    days = _absence_days(params, roster)
    gross, absence, meeting, planning, unproductive, service, net = (
        roster.capacity_share * term for term in _terms(params, days)
    )
    by_week = _ramp_by_week(params, roster, as_of=as_of)
    year: Floats = by_week.mean(axis=1)
    return RepCapacity(
        gross_hours=gross,
        absence_hours=absence,
        meeting_hours=meeting,
        planning_hours=planning,
        unproductive_hours=unproductive,
        service_hours=service,
        ramp_hours=net * (1.0 - year),
        net_hours=net * year,
        share_today=by_week[:, 0].copy(),
        share_year=year,
        share_by_week=by_week,
    )


def ramp_share(profile: RampProfile, start: Days, *, on: Days) -> Floats:
    """Return the share of a full capacity on days; the shapes broadcast.

    0 before the first day, the share of each step while it lasts, 1 after the last and where the
    first day is not known. A month is over on the same day of the next one.
    """
    begin, day = np.broadcast_arrays(start.astype("datetime64[D]"), on.astype("datetime64[D]"))
    known = ~np.isnat(begin)
    begin = np.where(known, begin, day)
    passed = (day - begin).astype(np.int64) // 7
    if profile.step == "month":
        first, last = begin.astype("datetime64[M]"), day.astype("datetime64[M]")
        passed = (last - first).astype(np.int64) - ((day - last) < (begin - first))
    steps = np.array([*profile.shares, 1.0])
    share = np.where(day < begin, 0.0, steps[np.clip(passed, 0, len(steps) - 1)])
    answer: Floats = np.where(known, share, 1.0)
    return answer


def _terms(params: WorkloadParams, absence_days: Floats) -> tuple[Floats, ...]:
    """Return gross, absence, meeting, planning, unproductive, service and net hours, each (k,)."""
    weekly = params.field_hours_per_week
    gross = np.full(len(absence_days), weekly * params.paid_weeks_per_year)
    absence = absence_days * weekly / params.days_per_week
    weeks = (gross - absence) / weekly
    meeting = params.meeting_hours_per_week * weeks
    planning = params.planning_hours_per_week * weeks
    selling = gross - absence - meeting - planning
    unproductive = selling * (1.0 - params.productive_share)
    service = (selling - unproductive) * params.service_allowance_share
    net = selling - unproductive - service
    return gross, absence, meeting, planning, unproductive, service, net


def _absence_days(params: WorkloadParams, roster: RosterColumns) -> Floats:
    usual = np.full(len(roster), params.absence_days_per_year)
    if params.absence_attribute is None:
        return usual
    key = "absence_attribute"
    column = _attribute(roster, key, name=params.absence_attribute, kind=NumberColumn)
    days = np.where(np.isnan(column.values), usual, column.values)
    paid = params.paid_weeks_per_year * params.days_per_week
    wrong = np.flatnonzero(~((days >= 0) & (days <= paid)))
    if len(wrong):
        listed = ", ".join(f"{roster.names[row]} {days[row]:g}" for row in wrong[:5].tolist())
        raise ValueError(
            f"{key}: {params.absence_attribute} has to lie between 0 and the {paid:g} paid days "
            f"of a year; {len(wrong)} reps do not: {listed}"
        )
    return days


def _ramp_by_week(params: WorkloadParams, roster: RosterColumns, *, as_of: date | None) -> Floats:
    share = np.ones((len(roster), WEEKS))
    if params.start_attribute is None:
        return share
    if as_of is None:
        raise ValueError("ramps need a day to be reckoned from: as_of is missing")
    column = _attribute(roster, "start_attribute", name=params.start_attribute, kind=TimeColumn)
    weeks = np.datetime64(as_of, "D") + 7 * np.arange(WEEKS)
    for name, rows in _followers(params, roster):
        start = column.values[rows][:, None]
        share[rows] = ramp_share(params.ramps[name], start, on=weeks[None, :])
    return share


def _followers(
    params: WorkloadParams, roster: RosterColumns
) -> list[tuple[str, NDArray[np.int64]]]:
    """Return each profile with the reps who follow it."""
    if params.ramp_attribute is None:
        return [(name, np.arange(len(roster))) for name in params.ramps]
    column = _attribute(roster, "ramp_attribute", name=params.ramp_attribute, kind=TextColumn)
    used = np.unique(column.codes[column.codes != MISSING_CODE]).tolist()
    names = [column.vocabulary[code] for code in used]
    if unknown := sorted(set(names) - set(params.ramps)):
        raise ValueError(
            f"ramp_attribute: {params.ramp_attribute} names {', '.join(unknown)}; ramps has "
            f"{', '.join(sorted(params.ramps))}"
        )
    return [
        (name, np.flatnonzero(column.codes == code)) for name, code in zip(names, used, strict=True)
    ]


def _attribute(roster: RosterColumns, key: str, *, name: str, kind: type[C]) -> C:
    found = roster.attributes.get(name)
    if isinstance(found, kind):
        return found
    if found is None:
        known = ", ".join(sorted(roster.attributes)) or "none"
        raise ValueError(f"{key}: reps have no attribute {name}, only {known}")
    raise ValueError(f"{key}: {name} has to hold {_HOLDS[kind]}")
