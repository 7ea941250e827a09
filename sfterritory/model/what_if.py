"""What-if: what a scenario changes, as a document.

Each part may be written as a mapping or as the words of its option: `{count: 2, near:
region=West}` or `2@region=West`. Names are not looked up here: who and what they mean only the
roster and the accounts know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sfterritory.model.document import Document

ModeName = Literal["homes", "greenfield", "repair"]
MAX_ADDED = 999  # ids of planned reps have three digits

NUMBER = r"[-+]?\d+(?:\.\d+)?"
_LON_LAT = re.compile(rf"\s*({NUMBER})\s*,\s*({NUMBER})\s*\Z")
_ADD = re.compile(rf"\s*(\d+)\s*(?:@\s*(.*?))?\s*(?:\*\s*({NUMBER}))?\s*\Z")
_CADENCE = re.compile(rf"\s*(.+?)\s*([*:])\s*({NUMBER})\s*\Z")

Text = Annotated[str, Field(strict=True, pattern=r"\S")]
Size = Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class FieldValue(Document):
    """Whatever holds this value in this field; `region=West` in words."""

    field: Text
    value: Text

    @model_validator(mode="before")
    @classmethod
    def _of_words(cls, found: Any) -> Any:
        if not isinstance(found, str):
            return found
        name, sign, value = found.partition("=")
        if not (sign and name.strip() and value.strip()):
            raise ValueError(f"{found!r} is not FIELD=VALUE, as in region=West")
        return {"field": name.strip(), "value": value.strip()}

    def __str__(self) -> str:
        return f"{self.field} {self.value}"


class AddedReps(Document):
    """Reps yet to be hired; `2@region=West`, and `2@region=West*0.5` for halves, in words.

    Attributes:
        near: A rep, `lon,lat`, an attribute and its value (`region=West`), or such a value alone;
            '' leaves the place to construction.
        capacity: Size of the territory of each.
    """

    count: int = Field(ge=1, le=MAX_ADDED)
    near: str = ""
    capacity: Size = 1.0

    @model_validator(mode="before")
    @classmethod
    def _of_words(cls, found: Any) -> Any:
        if not isinstance(found, str):
            return found
        match = _ADD.match(found)
        if match is None:
            raise ValueError(f"{found!r} is not COUNT or COUNT@PLACE, as in 2@region=West")
        count, near, capacity = match.groups()
        return {"count": int(count), "near": near or "", "capacity": float(capacity or 1)}

    @model_validator(mode="after")
    def _on_earth(self) -> AddedReps:
        place = lon_lat_of(self.near)
        if place is not None and not (abs(place[0]) <= 180 and abs(place[1]) <= 90):
            swapped = abs(place[1]) <= 180 and abs(place[0]) <= 90
            hint = "; longitude comes first" if swapped else ""
            raise ValueError(f"{self.near!r} is no longitude and latitude{hint}")
        return self


class CadenceChange(Document):
    """Other numbers of calls; `Tier__c=C*0.5`, `Tier__c=C:12` or `all*0.8` in words.

    Attributes:
        where: Which accounts, None for all.
        factor: Multiplies their calls a year.
        calls_per_year: Takes the place of their calls a year.
    """

    where: FieldValue | None = None
    factor: Factor | None = None
    calls_per_year: float | None = Field(default=None, ge=0, le=366, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _of_words(cls, found: Any) -> Any:
        if isinstance(found, Mapping):
            return {**found, "where": None} if found.get("where") == "all" else found
        if not isinstance(found, str):
            return found
        match = _CADENCE.match(found)
        if match is None:
            raise ValueError(
                f"{found!r} is not FIELD=VALUE*FACTOR, FIELD=VALUE:CALLS or all*FACTOR, "
                "as in Tier__c=C*0.5"
            )
        who, sign, number = match.groups()
        meaning = "factor" if sign == "*" else "calls_per_year"
        return {"where": None if who == "all" else who, meaning: float(number)}

    @model_validator(mode="after")
    def _one_number(self) -> CadenceChange:
        if (self.factor is None) == (self.calls_per_year is None):
            raise ValueError("a change of cadence has either factor or calls_per_year")
        return self


class WhatIf(Document):
    """Everything a scenario changes; what is left out stays as it is.

    Attributes:
        without: Reps who leave, by username, name or id.
        add: Reps yet to be hired.
        cadence: Other numbers of calls, one after the other.
        visit_minutes_factor: Multiplies the length of every call.
        mode: Where centres come from.
        tolerance: Allowed distance from a fair part, by what is shared out (`hours`).
        churn_price_km: Kilometres that an hour of work must save before it changes owner.
        only: Only reps with this value of this attribute are planned again.
        capacity: Sizes of territories, by rep.
        unlock: Locked accounts of reps who leave are set free.
    """

    without: tuple[Text, ...] = ()
    add: tuple[AddedReps, ...] = ()
    cadence: tuple[CadenceChange, ...] = ()
    visit_minutes_factor: Factor = 1.0
    mode: ModeName | None = None
    tolerance: dict[Text, Annotated[float, Field(gt=0, le=2, allow_inf_nan=False)]] = Field(
        default_factory=dict
    )
    churn_price_km: float | None = Field(default=None, ge=0, le=20_000, allow_inf_nan=False)
    only: FieldValue | None = None
    capacity: dict[Text, Size] = Field(default_factory=dict)
    unlock: bool = False

    @model_validator(mode="after")
    def _not_too_many(self) -> WhatIf:
        planned = sum(one.count for one in self.add)
        if planned > MAX_ADDED:
            raise ValueError(f"{planned:,} reps are added, more than {MAX_ADDED}")
        return self

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is changed."""
        return self == WhatIf()

    @property
    def account_fields(self) -> tuple[str, ...]:
        """Return the fields of Account that have to be read."""
        return tuple(dict.fromkeys(one.where.field for one in self.cadence if one.where))

    def followed_by(self, later: WhatIf) -> WhatIf:
        """Return both changes; where they disagree the later one counts."""
        single: dict[str, Any] = {
            name: getattr(later, name)
            for name in ("visit_minutes_factor", "mode", "churn_price_km", "only", "unlock")
            if name in later.model_fields_set
        }
        return self.model_copy(
            update={
                "without": tuple(dict.fromkeys((*self.without, *later.without))),
                "add": (*self.add, *later.add),
                "cadence": (*self.cadence, *later.cadence),
                "tolerance": {**self.tolerance, **later.tolerance},
                "capacity": {**self.capacity, **later.capacity},
                **single,
            }
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return each change as a sentence."""
        return tuple(_sentences(self))


def lon_lat_of(text: str) -> tuple[float, float] | None:
    """Return `-98.5,39.1` as numbers, None for anything else."""
    match = _LON_LAT.match(text)
    return None if match is None else (float(match[1]), float(match[2]))


def _sentences(asked: WhatIf) -> Iterator[str]:
    yield from _people(asked)
    yield from _work(asked)
    if asked.only is not None:
        yield f"Only reps with {asked.only} are planned again; the others keep what they have."
    if asked.mode is not None:
        yield _MODES[asked.mode]
    for name, share in asked.tolerance.items():
        yield f"A territory's {name} may differ by {share * 100:g} % from its fair part."
    if asked.churn_price_km is not None:
        yield f"An hour of work changes owner where it saves {asked.churn_price_km:g} km."


def _people(asked: WhatIf) -> Iterator[str]:
    for rep in asked.without:
        yield f"Without {rep}."
    for new in asked.add:
        yield f"Plus {_reps(new)}{_place(new.near)}."
    for rep, size in asked.capacity.items():
        yield f"{rep} gets a territory of size {size:g}."
    if asked.unlock:
        yield "Locked accounts of reps who leave are set free."


def _work(asked: WhatIf) -> Iterator[str]:
    for change in asked.cadence:
        who = f"accounts with {change.where}" if change.where else "all accounts"
        if change.factor is None:
            yield f"Calls on {who}: {change.calls_per_year:g} a year."
        else:
            yield f"Calls on {who} times {change.factor:g}."
    if asked.visit_minutes_factor != 1.0:
        yield f"Every call takes {asked.visit_minutes_factor:g} times as long."


_MODES: Mapping[ModeName, str] = {
    "homes": "Territories lie round the homes of reps.",
    "greenfield": "Territories are drawn afresh: neither homes nor today's owners count.",
    "repair": "Today's territories stay where no limit is broken.",
}


def _reps(new: AddedReps) -> str:
    size = "" if new.capacity == 1.0 else f" of size {new.capacity:g}"
    return f"{new.count} {'rep' if new.count == 1 else 'reps'}{size}"


def _place(near: str) -> str:
    if not near:
        return ", wherever they fit best"
    if lon_lat_of(near) is not None:
        return f" at {near}"
    return f" in {near.replace('=', ' ')}" if "=" in near else f" near {near}"


UNCHANGED = WhatIf()
