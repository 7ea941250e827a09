"""What a person may set about workload and territories; light, since every command reads it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from sfterritory.model.document import Document

Share = Annotated[float, Field(ge=0, le=1)]


class Mode(StrEnum):
    """Where centres come from, and how much of today's structure has to stay."""

    HOMES = "homes"
    """Homes are centres where they are known; today's owners count by the price of a change."""
    GREENFIELD = "greenfield"
    """Centres are free and today's owners do not count; names go to whom they fit best."""
    REPAIR = "repair"
    """Centres are the middles of today's books; only what breaks a limit moves."""


class RampProfile(Document):
    """How much of a full capacity somebody has after the first day; a full one after the last step.

    A list of shares alone means monthly steps.
    """

    shares: tuple[Share, ...] = Field(min_length=1, description="of the full capacity, by step")
    step: Literal["week", "month"] = Field(default="month", description="how long a share holds")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"shares": value} if isinstance(value, (list, tuple)) else value


class WorkloadParams(Document):
    """What a call, a kilometre and a working week are worth; every term of the hours is here."""

    calls_per_year: float = Field(default=4.0, ge=0, le=366, description="where a record has none")
    visit_minutes: float = Field(
        default=45.0, ge=0, le=1440, description="length of a call where a record has none"
    )
    field_hours_per_week: float = Field(default=40.0, gt=0, le=168, description="paid hours")
    days_per_week: float = Field(
        default=5.0, gt=0, le=7, description="working days: a day of absence takes its share"
    )
    paid_weeks_per_year: float = Field(default=52.0, gt=0, le=53, description="before absences")
    absence_days_per_year: float = Field(
        default=40.0, ge=0, le=366, description="holidays, sickness, training: working days"
    )
    absence_attribute: str | None = Field(
        default=None, description="of a rep, a number: absence days where they differ"
    )
    meeting_hours_per_week: float = Field(default=4.0, ge=0, le=168, description="of weeks worked")
    planning_hours_per_week: float = Field(
        default=4.0, ge=0, le=168, description="of weeks worked: preparing, reporting"
    )
    productive_share: float = Field(
        default=0.85, gt=0, le=1, description="of the selling hours: waiting and no-shows are off"
    )
    service_allowance_share: float = Field(
        default=0.05, ge=0, lt=1, description="of the productive hours: kept for unplanned calls"
    )
    ramps: dict[str, RampProfile] = Field(
        default_factory=dict, description="capacity of people who started a short while ago"
    )
    start_attribute: str | None = Field(
        default=None, description="of a rep, a date: the first day of the ramp"
    )
    ramp_attribute: str | None = Field(
        default=None, description="of a rep, text: which profile; none where there is only one"
    )
    tour_hours: float = Field(
        default=8.0, gt=0, le=24, description="hours of a day on the road, home to home"
    )
    leg_minutes_at_1_km: float = Field(
        default=3.15, gt=0, description="drive of 1 km as the crow flies, measured on roads"
    )
    leg_exponent: float = Field(
        default=0.72, gt=0, le=1, description="how minutes grow with kilometres up to the bend"
    )
    linear_from_km: float = Field(default=50.0, gt=0, description="where the curve turns straight")
    minutes_per_km_beyond: float = Field(default=0.75, gt=0, description="on long legs")
    travel_factor: float = Field(
        default=1.1, ge=0, le=10, description="multiplies every drive: traffic, terrain, safety"
    )
    overnight_from_km: float = Field(
        default=300.0, gt=0, description="a leg counts at most this: beyond it the rep stays"
    )

    @model_validator(mode="after")
    def _hours_left(self) -> WorkloadParams:
        other = self.meeting_hours_per_week + self.planning_hours_per_week
        if other >= self.field_hours_per_week:
            raise ValueError(
                f"meeting_hours_per_week {self.meeting_hours_per_week:g} and "
                f"planning_hours_per_week {self.planning_hours_per_week:g} leave nothing of "
                f"field_hours_per_week {self.field_hours_per_week:g}"
            )
        paid_days = self.paid_weeks_per_year * self.days_per_week
        if self.absence_days_per_year >= paid_days:
            raise ValueError(
                f"absence_days_per_year {self.absence_days_per_year:g} leaves nothing of "
                f"{paid_days:g} paid days (paid_weeks_per_year x days_per_week)"
            )
        return self

    @model_validator(mode="after")
    def _ramp_known(self) -> WorkloadParams:
        if bool(self.ramps) != (self.start_attribute is not None):
            raise ValueError(
                "ramps and start_attribute go together: a ramp begins on the day that the "
                "attribute of the rep holds"
            )
        if self.ramp_attribute is None and len(self.ramps) > 1:
            raise ValueError(
                f"ramps has {len(self.ramps)} profiles ({', '.join(sorted(self.ramps))}): "
                "ramp_attribute has to name the attribute that says which one a rep follows"
            )
        if self.ramp_attribute is not None and not self.ramps:
            raise ValueError("ramp_attribute needs ramps: the profiles that it names")
        return self


TENURE, RELATIONSHIP = "tenure", "relationship"
CHURN_SOURCES = frozenset({TENURE, RELATIONSHIP})
"""What can make a change of owner dearer beside fields of Account."""


class TerritoryParams(Document):
    """What a good plan is."""

    mode: Mode = Field(
        default=Mode.HOMES, description="where centres come from: homes, greenfield or repair"
    )
    churn_price_km: float = Field(
        default=30.0, ge=0, le=20_000, description="kilometres that an hour moved must save"
    )
    churn_weights: dict[str, float] = Field(
        default_factory=dict,
        description="what makes a change dearer: number and date fields of Account, tenure (days "
        "that the owner has had it), relationship (the owner's tasks and events with it); an "
        "account with the mean of one costs this much more, as a share of the price",
    )
    within_capacity: bool = Field(
        default=True, description="no territory holds more hours than its rep has"
    )
    max_km: float | None = Field(
        default=None, gt=0, le=20_016, description="longest way from a territory's centre"
    )
    max_neighbour_km: float | None = Field(
        default=None,
        gt=0,
        le=20_016,
        description="longest way between neighbours of a territory; verified on the territories "
        "found, not built by",
    )
    max_drive_hours_per_week: float | None = Field(
        default=None,
        gt=0,
        le=168,
        description="driving of a territory in a week worked; verified on the territories found, "
        "not built by",
    )
    connected: bool = Field(default=False, description="territories in one piece")
    connected_except: tuple[str, ...] = Field(
        default=(), description="usernames of reps whose territory may be in several pieces"
    )
    water_gap_km: float | None = Field(
        default=None, gt=0, description="a wider gap between neighbours counts as water"
    )
    drive_rounds: int = Field(
        default=2,
        ge=0,
        le=10,
        description="times that driving is reckoned anew from the territories found, and they "
        "are built again",
    )
    heavy_value_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="of a mean territory's value: a single account counts at most this",
    )
    loss_share: float = Field(
        default=0.15,
        ge=0,
        le=1,
        description="of a moved account's yearly value: what a change of owner is taken to lose",
    )

    @model_validator(mode="after")
    def _exceptions_have_a_rule(self) -> Self:
        if self.connected_except and not self.connected:
            raise ValueError("connected_except: give `connected: true` too, or take the names out")
        return self

    @field_validator("churn_weights")
    @classmethod
    def _not_negative(cls, weights: dict[str, float]) -> dict[str, float]:
        for name, weight in weights.items():
            if not 0 <= weight <= 100:
                raise ValueError(f"{name} weighs {weight:g}; give a number from 0 to 100")
        return weights
