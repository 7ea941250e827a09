"""What people decided and what was written: plans, decisions, runs, journal, activity log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from sfterritory.model.store.column_type import TZDateTime, Words
from sfterritory.model.store.mirror_table import STRICT


class PlanRow(SQLModel, table=True):
    """A plan under its hash; `document` is its canonical JSON, compressed."""

    __tablename__ = "plan"
    __table_args__ = STRICT

    hash: str = Field(primary_key=True, sa_type=Words)
    document: bytes
    counts: str = Field(sa_type=Words)
    created_by: str = Field(sa_type=Words)
    created_at: datetime = Field(sa_type=TZDateTime)
    made_again_at: datetime = Field(sa_type=TZDateTime)


class DecisionRow(SQLModel, table=True):
    """What one reviewer said; rows are only ever added."""

    __tablename__ = "decision"
    __table_args__ = STRICT

    number: int | None = Field(default=None, primary_key=True)
    plan_hash: str = Field(sa_type=Words, foreign_key="plan.hash", index=True)
    verdict: str = Field(sa_type=Words)
    decided_by: str = Field(sa_type=Words)
    decided_at: datetime = Field(sa_type=TZDateTime)
    records: str = Field(sa_type=Words)
    reason: str = Field(sa_type=Words)
    summary: str = Field(sa_type=Words)


class RunRow(SQLModel, table=True):
    """One run of apply."""

    __tablename__ = "run"
    __table_args__ = STRICT

    id: str = Field(primary_key=True, sa_type=Words)
    plan_hash: str = Field(sa_type=Words, foreign_key="plan.hash", index=True)
    started_at: datetime = Field(sa_type=TZDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=TZDateTime)
    who: str = Field(sa_type=Words)
    host: str = Field(sa_type=Words)
    state: str = Field(sa_type=Words)
    counts: str = Field(sa_type=Words)


class JournalRow(SQLModel, table=True):
    """One record of a run: `sending` until it is known how it ended, then `settled`."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_record_id", "record_id"), STRICT)

    run_id: str = Field(primary_key=True, sa_type=Words, foreign_key="run.id")
    object_name: str = Field(primary_key=True, sa_type=Words)
    record_id: str = Field(primary_key=True, sa_type=Words)
    batch_id: int | None = None
    job_id: str | None = Field(default=None, sa_type=Words)
    state: str = Field(sa_type=Words)
    outcome: str | None = Field(default=None, sa_type=Words)
    code: str = Field(default="", sa_type=Words)
    message: str = Field(default="", sa_type=Words)
    sent: str = Field(sa_type=Words)
    found: str = Field(sa_type=Words)
    read_back: str = Field(sa_type=Words)
    at: datetime = Field(sa_type=TZDateTime)


class ActivityRow(SQLModel, table=True):
    """One line of the activity log."""

    __tablename__ = "activity"
    __table_args__ = STRICT

    number: int | None = Field(default=None, primary_key=True)
    kind: str = Field(sa_type=Words)
    at: datetime = Field(sa_type=TZDateTime)
    by: str = Field(sa_type=Words)
    facts: str = Field(sa_type=Words)


class LeaseRow(SQLModel, table=True):
    """Who last held a lease; the lease itself is the operating system's or PostgreSQL's lock."""

    __tablename__ = "lease"
    __table_args__ = STRICT

    name: str = Field(primary_key=True, sa_type=Words)
    holder: str = Field(sa_type=Words)
