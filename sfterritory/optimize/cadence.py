"""How often an account may be called on less, and what is too dear; light: settings read it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from sfterritory.model.document import Document

CallsPerYear = Annotated[float, Field(gt=0, le=366)]


class ProposalParams(Document):
    """What adjustments may be proposed; nothing is changed by itself."""

    ladder: tuple[CallsPerYear, ...] = Field(
        default=(52.0, 36.0, 26.0, 24.0, 18.0, 12.0, 10.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.0),
        min_length=1,
        description="calls a year that people plan with",
    )
    least_share: float = Field(
        default=0.5, gt=0, lt=1, description="of its calls, that an account keeps at least"
    )
    least_calls: float = Field(
        default=1.0, ge=0, le=366, description="calls a year that an account keeps at least"
    )
    worth_share: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="of the book's value an hour: an account that is mostly travel and brings less "
        "has too many calls; 0 asks for nothing",
    )

    @field_validator("ladder")
    @classmethod
    def _highest_first(cls, ladder: tuple[float, ...]) -> tuple[float, ...]:
        if list(ladder) != sorted(set(ladder), reverse=True):
            raise ValueError("calls a year go from the highest to the lowest, each once")
        return ladder


def steps_below(calls: float, *, params: ProposalParams) -> tuple[float, ...]:
    """Return the numbers of calls that may be proposed in place of this one, highest first."""
    least = max(params.least_calls, params.least_share * calls)
    return tuple(step for step in params.ladder if least <= step < calls)
