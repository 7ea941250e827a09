"""What of Salesforce is pulled, and which of its fields carry a meaning for territories."""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

from pydantic import Field, field_validator

from sfterritory.model.document import Document

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


OptionalObject = Literal[
    "Contact",
    "Opportunity",
    "Case",
    "AccountHistory",
    "LeadHistory",
    "ContactHistory",
    "CaseHistory",
    "OpportunityFieldHistory",
    "AccountTeamMember",
    "OpportunityTeamMember",
    "GroupMember",
    "UserRole",
    "Profile",
    "Territory2Model",
    "Territory2Type",
    "Territory2",
    "UserTerritory2Association",
    "ObjectTerritory2Association",
    "AssignmentRule",
    "FlowDefinitionView",
    "ApexTrigger",
    "Task",
    "Event",
]

# Tasks and events are many, and histories of records that are not routed only tell the past.
_ON_REQUEST: Final = frozenset(
    {"ContactHistory", "CaseHistory", "OpportunityFieldHistory", "Task", "Event"}
)
_USED: Final[tuple[OptionalObject, ...]] = tuple(
    name for name in get_args(OptionalObject) if name not in _ON_REQUEST
)


class PullParams(Document):
    """How records are fetched."""

    bulk_threshold: int = Field(
        default=2000, ge=0, description="more rows than this are fetched by Bulk API 2.0"
    )
    page_rows: int = Field(default=50_000, ge=200, le=1_000_000, description="rows a Bulk page")
    overlap_minutes: int = Field(
        default=15,
        ge=0,
        le=1440,
        description="read again what changed shortly before the last pull",
    )
    full_after_days: int = Field(
        default=14,
        ge=1,
        le=14,
        description="a pull older than this is done in full: deletions "
        "leave Salesforce's recycle bin after 15 days",
    )
    objects: tuple[OptionalObject, ...] = Field(
        default=_USED,
        description="what is pulled beside users, queues, accounts and leads, where the org has it",
    )
    missing_fields: Literal["warn", "refuse"] = Field(
        default="warn",
        description="what to do about a field of mappings/ that cannot be read: name it and go "
        "on without it, or stop before anything is read",
    )
    api_floor_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="share of the org's daily API calls that is left to others",
    )

    @field_validator("objects")
    @classmethod
    def _each_once(cls, names: tuple[OptionalObject, ...]) -> tuple[OptionalObject, ...]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands twice")
        return names


class AccountMeaning(Document):
    """Which Account field answers which question; null where the org has none."""

    value: str | None = "AnnualRevenue"
    calls_per_year: str | None = None
    visit_minutes: str | None = None
    tier: str | None = None

    @field_validator("*")
    @classmethod
    def _is_a_field_name(cls, name: str | None) -> str | None:
        if name is not None and not _FIELD.match(name):
            raise ValueError(f"{name!r} is not a Salesforce field name")
        return name
