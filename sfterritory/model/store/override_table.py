"""What people decided about single accounts: who has them, and how often they are called on."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from sfterritory.model.store.column_type import Day, Number, TZDateTime, Words
from sfterritory.model.store.mirror_table import STRICT


class AssignmentOverrideRow(SQLModel, table=True):
    """An account that a person gave to a rep; rows are only ever added."""

    __tablename__ = "assignment_override"
    __table_args__ = STRICT

    number: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(sa_type=Words, index=True)
    rep_id: str = Field(sa_type=Words)
    until: date = Field(sa_type=Day)
    reason: str = Field(sa_type=Words)
    by: str = Field(sa_type=Words)
    at: datetime = Field(sa_type=TZDateTime)


class OverrideEndRow(SQLModel, table=True):
    """The end of an override before its day; rows are only ever added."""

    __tablename__ = "assignment_override_end"
    __table_args__ = STRICT

    override: int = Field(primary_key=True, foreign_key="assignment_override.number")
    reason: str = Field(sa_type=Words)
    by: str = Field(sa_type=Words)
    at: datetime = Field(sa_type=TZDateTime)


class CadenceAdjustmentRow(SQLModel, table=True):
    """Another number of calls that a person accepted for an account; rows are only ever added."""

    __tablename__ = "cadence_adjustment"
    __table_args__ = STRICT

    number: int | None = Field(default=None, primary_key=True)
    proposal_id: str = Field(sa_type=Words)
    territory_version: str = Field(sa_type=Words)
    account_id: str = Field(sa_type=Words, index=True)
    calls_before: float = Field(sa_type=Number)
    calls_after: float = Field(sa_type=Number)
    hours_saved: float = Field(sa_type=Number)
    cause: str = Field(sa_type=Words)
    reason: str = Field(sa_type=Words)
    by: str = Field(sa_type=Words)
    at: datetime = Field(sa_type=TZDateTime)


class CadenceWithdrawalRow(SQLModel, table=True):
    """The end of an accepted adjustment; rows are only ever added."""

    __tablename__ = "cadence_withdrawal"
    __table_args__ = STRICT

    adjustment: int = Field(primary_key=True, foreign_key="cadence_adjustment.number")
    reason: str = Field(sa_type=Words)
    by: str = Field(sa_type=Words)
    at: datetime = Field(sa_type=TZDateTime)
