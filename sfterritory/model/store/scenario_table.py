"""Scenarios: territories that somebody tries out beside those that count."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from sfterritory.model.store.column_type import TZDateTime, Words
from sfterritory.model.store.mirror_table import STRICT


class ScenarioRow(SQLModel, table=True):
    """One named scenario: what it changes, and the territories that came of it."""

    __tablename__ = "scenario"
    __table_args__ = STRICT

    id: str = Field(primary_key=True, sa_type=Words)
    name: str = Field(sa_type=Words, unique=True)
    created_at: datetime = Field(sa_type=TZDateTime)
    created_by: str = Field(sa_type=Words)
    note: str = Field(sa_type=Words)
    based_on: str = Field(sa_type=Words)
    what_if: str = Field(sa_type=Words)
    version_id: str = Field(sa_type=Words, foreign_key="territory_version.id", index=True)
    built_at: datetime = Field(sa_type=TZDateTime)
    effective_at: datetime | None = Field(default=None, sa_type=TZDateTime)
    chosen_at: datetime | None = Field(default=None, sa_type=TZDateTime)
    chosen_by: str | None = Field(default=None, sa_type=Words)
    accepted_limits: str | None = Field(default=None, sa_type=Words)
    withdrawn_at: datetime | None = Field(default=None, sa_type=TZDateTime)
