"""What people say of their geography: barriers, restricted areas, sets of areas."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from sfterritory.model.document import Document

Name = Annotated[str, Field(min_length=1, pattern=r"\S")]


class AreaSet(Document):
    """One way to divide the land, which accounts and homes are looked up in.

    Attributes:
        by: What an area is made of.
        areas: Names of areas, each with the codes or patterns of postal codes it consists of;
            without it every code is an area of its own.
        country: ISO 3166-1 code of postal patterns that name none.
        prefix_length: How many characters of a postal code make an area, where `areas` is empty.
        file: GeoJSON of polygons, or a table of `postal_code,metro`; in the folder of mappings.
        name_property: The property that names a polygon.
    """

    name: Name
    by: Literal["country", "state", "county", "metro", "postal_code", "polygon"]
    areas: dict[str, tuple[Name, ...]] = Field(default_factory=dict)
    country: str = Field(default="US", pattern=r"^[A-Z]{2}$")
    prefix_length: int | None = Field(default=None, ge=1, le=10)
    file: str | None = None
    name_property: str = "name"

    @model_validator(mode="after")
    def _complete(self) -> AreaSet:
        needs_file = self.by in {"polygon", "metro"}
        if needs_file != (self.file is not None):
            raise ValueError(
                f"by: {self.by} {'needs a file' if needs_file else 'takes no file'}"
                + (": no table of metropolitan areas comes along" if self.by == "metro" else "")
            )
        if self.by == "polygon" and self.areas:
            raise ValueError("by: polygon takes its areas from the file, not from `areas`")
        if self.prefix_length is not None and (self.by != "postal_code" or self.areas):
            raise ValueError("prefix_length goes with by: postal_code without `areas`")
        return self


class GeographyParams(Document):
    """`geography` in mappings/territories.yaml.

    Attributes:
        barriers: GeoJSON of lines, polygons and points (bridges), in the folder of mappings.
        crossing_km: What a rep costs more for accounts beyond a barrier; null: may not have them.
        bridge_radius_km: How far around a bridge the barrier is open.
        restricted: GeoJSON of polygons that only some reps may work in, or nobody.
        area_sets: Ways to divide the land.
    """

    barriers: str | None = None
    crossing_km: float | None = Field(default=40.0, gt=0, le=20_000)
    bridge_radius_km: float = Field(default=2.0, gt=0, le=200)
    restricted: str | None = None
    area_sets: tuple[AreaSet, ...] = ()

    @field_validator("area_sets")
    @classmethod
    def _names_differ(cls, sets: tuple[AreaSet, ...]) -> tuple[AreaSet, ...]:
        twice = sorted(name for name, times in Counter(s.name for s in sets).items() if times > 1)
        if twice:
            raise ValueError(f"area_sets: {twice[0]!r} stands twice")
        return sets
