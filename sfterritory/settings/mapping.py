"""What of Salesforce is pulled, and which of its fields carry a meaning for territories."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from sfterritory.model.document import Document

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


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


class AccountMeaning(Document):
    """Which Account field answers which question; null where the org has none."""

    value: str | None = "AnnualRevenue"
    calls_per_year: str | None = None
    visit_minutes: str | None = None

    @field_validator("*")
    @classmethod
    def _is_a_field_name(cls, name: str | None) -> str | None:
        if name is not None and not _FIELD.match(name):
            raise ValueError(f"{name!r} is not a Salesforce field name")
        return name
