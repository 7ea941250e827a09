from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from pydantic import ValidationError

from sfterritory.model.columns import Column, NumberColumn, RosterColumns, TextColumn, TimeColumn
from sfterritory.optimize.capacity import capacity_hours_per_year, ramp_share, rep_capacity
from sfterritory.optimize.params import RampProfile, WorkloadParams

from .books import roster_of

TODAY = date(2026, 3, 31)
NEW_HIRE = {"new_hire": [0.25, 0.5, 0.75]}


def roster_with(k: int, **attributes: Column) -> RosterColumns:
    plain = roster_of(k, capacity_share=0.5)
    return RosterColumns(
        plain.ids, plain.names, plain.lon_deg, plain.lat_deg, plain.capacity_share, attributes
    )


def dates(*texts: str) -> TimeColumn:
    return TimeColumn(np.array(texts, dtype="datetime64[ms]"))


def test_the_hours_of_every_rep_are_what_all_terms_leave() -> None:
    params = WorkloadParams.model_validate({"ramps": NEW_HIRE, "start_attribute": "hired"})
    roster = roster_with(3, hired=dates("2026-03-01", "NaT", "2026-12-01"))

    found = rep_capacity(params, roster, as_of=TODAY)

    np.testing.assert_allclose(
        found.net_hours,
        found.gross_hours
        - found.absence_hours
        - found.meeting_hours
        - found.planning_hours
        - found.unproductive_hours
        - found.service_hours
        - found.ramp_hours,
    )
    assert found.net_hours[1] == pytest.approx(0.5 * 1136.96)
    np.testing.assert_array_equal(found.share_today, [0.25, 1.0, 0.0])
    np.testing.assert_allclose(found.share_year, found.share_by_week.mean(axis=1))
    assert found.share_by_week[2, :34].sum() == 0  # not here before December
    np.testing.assert_array_equal(
        capacity_hours_per_year(params, roster, as_of=TODAY).rep_hours, found.net_hours
    )


def test_own_absences_replace_the_usual_ones_where_a_rep_has_them() -> None:
    params = WorkloadParams(absence_attribute="off")
    roster = roster_with(3, off=NumberColumn(np.array([0.0, np.nan, 260.0])))

    found = rep_capacity(params, roster)

    np.testing.assert_allclose(found.absence_hours, [0.0, 160.0, 1040.0])
    assert found.net_hours[0] > found.net_hours[1]
    np.testing.assert_allclose(found.net_hours[2], 0.0, atol=1e-9)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        pytest.param(NumberColumn(np.array([-1.0])), "0 and the 260 paid days.*Rep 0 -1", id="low"),
        pytest.param(NumberColumn(np.array([261.0])), "1 reps do not: Rep 0 261", id="high"),
        pytest.param(TextColumn.of(["ten"]), "has to hold numbers", id="text"),
        pytest.param(None, "no attribute off, only none", id="missing"),
    ],
)
def test_absences_that_cannot_be_are_refused(column: Column | None, words: str) -> None:
    roster = roster_with(1) if column is None else roster_with(1, off=column)

    with pytest.raises(ValueError, match=words):
        rep_capacity(WorkloadParams(absence_attribute="off"), roster)


@pytest.mark.parametrize(
    ("step", "day", "share"),
    [
        pytest.param("month", "2026-01-30", 0.0, id="before"),
        pytest.param("month", "2026-01-31", 0.25, id="first day"),
        pytest.param("month", "2026-02-28", 0.25, id="no 31st in February"),
        pytest.param("month", "2026-03-31", 0.75, id="two months later"),
        pytest.param("month", "2026-04-30", 0.75, id="day before"),
        pytest.param("month", "2026-05-01", 1.0, id="full"),
        pytest.param("week", "2026-02-06", 0.25, id="sixth day"),
        pytest.param("week", "2026-02-07", 0.5, id="a week later"),
        pytest.param("week", "2031-01-01", 1.0, id="years later"),
    ],
)
def test_a_ramp_climbs_step_by_step_from_the_first_day(step: str, day: str, share: float) -> None:
    profile = RampProfile.model_validate({"shares": [0.25, 0.5, 0.75], "step": step})

    found = ramp_share(profile, np.array("2026-01-31", "M8[D]"), on=np.array(day, "M8[D]"))

    assert found == share


def test_each_rep_follows_the_ramp_that_an_attribute_names() -> None:
    params = WorkloadParams.model_validate(
        {
            "ramps": {"junior": [0.1], "senior": {"shares": [0.8], "step": "week"}},
            "start_attribute": "hired",
            "ramp_attribute": "level",
        }
    )
    roster = roster_with(
        3,
        hired=dates("2026-03-30", "2026-03-30", "2026-03-30"),
        level=TextColumn.of(["senior", "junior", None]),
    )

    assert rep_capacity(params, roster, as_of=TODAY).share_today.tolist() == [0.8, 0.1, 1.0]

    strange = roster_with(1, hired=dates("2026-03-30"), level=TextColumn.of(["trainee"]))
    with pytest.raises(ValueError, match="names trainee; ramps has junior, senior"):
        rep_capacity(params, strange, as_of=TODAY)
    with pytest.raises(ValueError, match="as_of is missing"):
        rep_capacity(params, roster)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"ramps": NEW_HIRE}, "start_attribute go together", id="no start"),
        pytest.param({"start_attribute": "hired"}, "go together", id="no ramp"),
        pytest.param({"ramp_attribute": "level"}, "needs ramps", id="attribute alone"),
        pytest.param(
            {"ramps": {"a": [1], "b": [1]}, "start_attribute": "hired"},
            "ramps has 2 profiles .a, b.",
            id="which",
        ),
        pytest.param(
            {"ramps": {"a": [1.5]}, "start_attribute": "hired"}, "less than or equal", id="share"
        ),
        pytest.param({"absence_days_per_year": 260}, "leaves nothing of 260 paid days", id="away"),
        pytest.param({"planning_hours_per_week": 40}, "leave nothing of", id="planning"),
    ],
)
def test_terms_that_do_not_fit_together_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        WorkloadParams.model_validate(given)
