"""What a person may set about workload and territories; light, since every command reads it."""

from __future__ import annotations

from pydantic import Field, field_validator

from sfterritory.model.document import Document
from sfterritory.optimize.mode import Mode


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
    """What a good plan is."""

    seed: int = Field(default=0, ge=0, description="decides ties between equal moves")
    mode: Mode = Field(
        default=Mode.HOMES, description="where centres come from: homes, greenfield or repair"
    )
    churn_price_km: float = Field(
        default=30.0, ge=0, le=20_000, description="kilometres that an hour moved must save"
    )
    churn_weights: dict[str, float] = Field(
        default_factory=dict,
        description="fields of Account that make a change dearer: an account with the mean of the "
        "field costs this much more, as a share of the price",
    )
    within_capacity: bool = Field(
        default=True, description="no territory holds more hours than its rep has"
    )
    max_km: float | None = Field(
        default=None, gt=0, le=20_016, description="longest way from a territory's centre"
    )
    connected: bool = Field(default=False, description="territories in one piece")
    water_gap_km: float | None = Field(
        default=None, gt=0, description="a wider gap between neighbours counts as water"
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

    @field_validator("churn_weights")
    @classmethod
    def _not_negative(cls, weights: dict[str, float]) -> dict[str, float]:
        for name, weight in weights.items():
            if not 0 <= weight <= 100:
                raise ValueError(f"{name} weighs {weight:g}; give a number from 0 to 100")
        return weights

    # Read by the former construction until it is gone.
    hours_tolerance: float = 0.05
    value_tolerance: float | None = 0.15
    home_pull: float = 1.0
    hours_limit_price_km: float = 2_000.0
    value_limit_price_km: float = 300.0
    rounds: int = 8
    polish_rounds: int = 60
    micro_cells_per_rep: int = 50
    neighbours: int = 10
