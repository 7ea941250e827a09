"""What-if options as they are typed, made a document; every mistake is reported at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from sfterritory.errors import ConfigError
from sfterritory.model.what_if import NUMBER, AddedReps, CadenceChange, FieldValue, WhatIf

T = TypeVar("T")

_NOT_GIVEN: tuple[Any, ...] = (None, (), {})


@dataclass(frozen=True, slots=True)
class WhatIfWords:
    """What-if options as they were typed; None and () where an option was not given."""

    without: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    cadence: tuple[str, ...] = ()
    visit_minutes_factor: float | None = None
    mode: str | None = None
    tolerance: tuple[str, ...] = ()
    churn_price_km: float | None = None
    only: str | None = None
    capacity: tuple[str, ...] = ()
    unlock: bool = False


def parse_what_if(words: WhatIfWords) -> WhatIf:
    """Return the document for typed options.

    Raises:
        ConfigError: Lists every option that cannot be read.
    """
    problems: list[str] = []
    given: dict[str, Any] = {
        "without": words.without,
        "add": _each("--add", AddedReps, words.add, problems=problems),
        "cadence": _each("--cadence", CadenceChange, words.cadence, problems=problems),
        "tolerance": _pairs("--tolerance", words.tolerance, "hours=0.1", problems=problems),
        "capacity": _pairs("--capacity", words.capacity, "ann@example.com=0.5", problems=problems),
        "only": _each("--only", FieldValue, filter(None, [words.only]), problems=problems),
        "visit_minutes_factor": words.visit_minutes_factor,
        "mode": words.mode,
        "churn_price_km": words.churn_price_km,
        "unlock": words.unlock or None,
    }
    given["only"] = given["only"][0] if given["only"] else None
    if not problems:
        try:
            return WhatIf.model_validate(
                {name: value for name, value in given.items() if value not in _NOT_GIVEN}
            )
        except ValidationError as error:
            problems += [f"--{_option(one['loc'])}: {_message(one)}" for one in error.errors()]
    raise ConfigError("\n".join(problems), remedy="correct these options; nothing was done")


def _each(
    option: str, kind: type[T], texts: Iterable[str], *, problems: list[str]
) -> tuple[T, ...]:
    found: list[T] = []
    for text in texts:
        try:
            found.append(TypeAdapter(kind).validate_python(text))
        except ValidationError as error:
            problems += [f"{option} {text!r}: {_message(one)}" for one in error.errors()]
    return tuple(found)


def _pairs(
    option: str, texts: Iterable[str], example: str, *, problems: list[str]
) -> dict[str, float]:
    """Return numbers by name of texts like `hours=0.1`; a name may hold the sign itself."""
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = (part.strip() for part in text.rpartition("="))
        if name and re.fullmatch(NUMBER, number):
            found[name] = float(number)
        else:
            problems.append(f"{option} {text!r}: write NAME=NUMBER, as in {example}")
    return found


def _option(location: tuple[int | str, ...]) -> str:
    names = [str(part).replace("_", "-") for part in location if isinstance(part, str)]
    return " ".join(names) or "add"


def _message(detail: Mapping[str, Any]) -> str:
    said = str(detail["msg"])
    if detail["type"] == "value_error":
        return said.removeprefix("Value error, ")
    return f"{detail.get('input')!r} is not allowed: {said[:1].lower()}{said[1:]}"
