"""What a person may set about workload and territories; light, since every command reads it."""

from __future__ import annotations

from pydantic import Field

from sfterritory.model.document import Document


class WorkloadParams(Document):
    """What a call, a kilometre and a working week are worth; every term of the hours is here."""

    calls_per_year: float = Field(default=4.0, ge=0, le=366, description="where a record has none")
    visit_minutes: float = Field(
        default=45.0, ge=0, le=1440, description="length of a call where a record has none"
    )
    field_hours_per_week: float = Field(default=40.0, gt=0, le=168, description="paid hours")
    weeks_per_year: float = Field(
        default=44.0, gt=0, le=53, description="weeks worked: holidays and absences are off"
    )
    non_selling_hours_per_week: float = Field(
        default=8.0, ge=0, le=168, description="meetings, planning, reports"
    )
    productive_share: float = Field(
        default=0.85, gt=0, le=1, description="of the selling hours: waiting and no-shows are off"
    )
    service_allowance_share: float = Field(
        default=0.05, ge=0, lt=1, description="of the productive hours: kept for unplanned calls"
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


class TerritoryParams(Document):
    """What a good plan is, and how long to look for it."""

    seed: int = Field(default=0, ge=0, description="decides ties between equal moves")
    hours_tolerance: float = Field(
        default=0.05, ge=0.005, le=0.5, description="allowed distance from a fair part of the hours"
    )
    value_tolerance: float | None = Field(
        default=0.15, ge=0.01, le=2, description="the same for value; none leaves value out"
    )
    churn_price_km: float = Field(
        default=30.0, ge=0, le=20_000, description="kilometres that an hour moved must save"
    )
    home_pull: float = Field(
        default=1.0, ge=0, le=1, description="1 measures from homes, 0 from middles of accounts"
    )
    heavy_value_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="of a mean territory's value: a single account counts at most this",
    )
    hours_limit_price_km: float = Field(
        default=2_000.0,
        gt=0,
        le=20_000,
        description="kilometres an hour that keeping the limits of hours may cost; above it, the "
        "territory stays outside and is named",
    )
    value_limit_price_km: float = Field(
        default=300.0, gt=0, le=20_000, description="the same for the limits of value"
    )
    rounds: int = Field(default=8, ge=1, le=100, description="of moving centres")
    polish_rounds: int = Field(default=60, ge=1, le=10_000, description="of moves and exchanges")
    micro_cells_per_rep: int = Field(
        default=50, ge=5, le=1_000, description="places that the coarse rounds move as one"
    )
    neighbours: int = Field(
        default=10, ge=2, le=100, description="nearest territories that an account may join"
    )
