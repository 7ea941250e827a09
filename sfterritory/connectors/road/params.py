"""What a person may set about travel times; light, since every command reads it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from sfterritory.model.document import Document

Provider = Literal["estimate", "osrm", "valhalla", "osrm_inprocess", "file"]
LEAST_FACTOR, MOST_FACTOR = 0.1, 10.0  # of a calibration; beyond, the drives are wrong
BANDS = 7  # of the estimate, one factor each
MOST_OSRM_PLACES = 2_000  # an address holds 65,536 characters, and OSRM takes places in the address


class TravelParams(Document):
    """Where travel times come from, and how carefully an engine is asked."""

    provider: Provider = Field(default="estimate", description="what knows travel times")
    url: str | None = Field(
        default=None, description="address of the OSRM or Valhalla server, with its port"
    )
    path: str | None = Field(
        default=None,
        description="of osrm_inprocess the graph (car.osrm), of file the CSV; from the project's "
        "folder",
    )
    profile: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_.-]{1,40}$",
        description="kind of vehicle as the engine calls it; null is driving (OSRM) or auto "
        "(Valhalla)",
    )
    name: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_. -]{1,60}$",
        description="what reports call the road graph: germany-2026-10",
    )
    speed_factor: float = Field(
        default=1.0, gt=0.1, le=5, description="speed compared with what the provider assumes"
    )
    calibration: float | tuple[float, ...] = Field(
        default=1.0,
        description="of the estimate: real minutes over estimated ones, one factor or seven, one "
        "for each band of distance",
    )
    block_places: int | None = Field(
        default=None,
        ge=2,
        le=10_000,
        description="most places of one request: OSRM both ends together, Valhalla each end; null "
        "is 100 and 50",
    )
    concurrency: int = Field(
        default=2, ge=1, le=16, description="requests at a time to this machine; elsewhere always 1"
    )
    allow_public_host: bool = Field(
        default=False, description="let public demonstration servers be asked"
    )
    cache: str | None = Field(
        default=".sfterritory/travel.db", description="file of answers; null keeps them for one run"
    )
    unreachable_days: float = Field(
        default=30.0, ge=0, le=3650, description="how long a missing way is believed"
    )
    connect_timeout_seconds: float = Field(
        default=5.0, gt=0, le=600, description="until the server takes the connection"
    )
    read_timeout_seconds: float = Field(
        default=60.0, gt=0, le=3600, description="until the server says something"
    )

    @property
    def factors(self) -> tuple[float, ...]:
        """Return the calibration, one factor or seven."""
        given = self.calibration
        return given if isinstance(given, tuple) else (given,)

    @field_validator("calibration")
    @classmethod
    def _is_plausible(cls, value: float | tuple[float, ...]) -> float | tuple[float, ...]:
        factors = value if isinstance(value, tuple) else (value,)
        if isinstance(value, tuple) and len(value) != BANDS:
            raise ValueError(f"{len(value)} factors; give one, or {BANDS}, one for each band")
        wrong = [factor for factor in factors if not LEAST_FACTOR <= factor <= MOST_FACTOR]
        if wrong:
            raise ValueError(f"{wrong[0]:g} is not between {LEAST_FACTOR:g} and {MOST_FACTOR:g}")
        return value

    @model_validator(mode="after")
    def _fits_the_provider(self) -> Self:
        needs = {"osrm": "url", "valhalla": "url", "osrm_inprocess": "path", "file": "path"}
        needed = needs.get(self.provider)
        for key, value in (("url", self.url), ("path", self.path)):
            if key == needed and not value:
                raise ValueError(f"provider {self.provider} needs {key}")
            if key != needed and value:
                raise ValueError(f"{key} is given, and provider {self.provider} does not use it")
        if self.provider == "osrm" and (self.block_places or 0) > MOST_OSRM_PLACES:
            raise ValueError(
                f"block_places is {self.block_places:,}; a request to OSRM holds at most "
                f"{MOST_OSRM_PLACES:,}"
            )
        return self
