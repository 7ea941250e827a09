"""What the tool worked out: locations, rejects, snapshots, territory and route versions."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from sfterritory.model.store.column_type import Flag, Number, TZDateTime, Words
from sfterritory.model.store.mirror_table import STRICT


class SnapshotRow(SQLModel, table=True):
    """A state of the mirror, named by its content."""

    __tablename__ = "snapshot"
    __table_args__ = STRICT

    id: str = Field(primary_key=True, sa_type=Words)
    org_id: str = Field(sa_type=Words)
    taken_at: datetime = Field(sa_type=TZDateTime)
    confirmed_at: datetime = Field(sa_type=TZDateTime)
    counts: str = Field(sa_type=Words)


class LocationRow(SQLModel, table=True):
    """Where one record is, or why nobody knows."""

    __tablename__ = "location"
    __table_args__ = STRICT

    object_name: str = Field(primary_key=True, sa_type=Words)
    record_id: str = Field(primary_key=True, sa_type=Words)
    lon_deg: float | None = Field(default=None, sa_type=Number)
    lat_deg: float | None = Field(default=None, sa_type=Number)
    accuracy: float = Field(sa_type=Number)
    source: str | None = Field(default=None, sa_type=Words)
    country_code: str | None = Field(default=None, sa_type=Words)
    subdivision_code: str | None = Field(default=None, sa_type=Words)
    postal_code: str | None = Field(default=None, sa_type=Words)
    city: str | None = Field(default=None, sa_type=Words)
    cause: str | None = Field(default=None, sa_type=Words)
    modstamp: datetime | None = Field(default=None, sa_type=TZDateTime)
    locator_version: str | None = Field(default=None, sa_type=Words)


class NormalisedRow(SQLModel, table=True):
    """A value as delivered and as understood."""

    __tablename__ = "normalised"
    __table_args__ = STRICT

    object_name: str = Field(primary_key=True, sa_type=Words)
    record_id: str = Field(primary_key=True, sa_type=Words)
    field: str = Field(primary_key=True, sa_type=Words)
    before: str | None = Field(default=None, sa_type=Words)
    after: str | None = Field(default=None, sa_type=Words)


class RejectRow(SQLModel, table=True):
    """A value that could not be understood, and why."""

    __tablename__ = "reject"
    __table_args__ = STRICT

    object_name: str = Field(primary_key=True, sa_type=Words)
    record_id: str = Field(primary_key=True, sa_type=Words)
    field: str = Field(primary_key=True, sa_type=Words)
    value: str | None = Field(default=None, sa_type=Words)
    cause: str = Field(sa_type=Words)


class TerritoryVersionRow(SQLModel, table=True):
    """One set of territories, named by its content."""

    __tablename__ = "territory_version"
    __table_args__ = STRICT

    id: str = Field(primary_key=True, sa_type=Words)
    snapshot_id: str = Field(sa_type=Words)
    params_hash: str = Field(sa_type=Words)
    seed: int
    status: str = Field(sa_type=Words)
    metrics: str = Field(sa_type=Words)
    created_at: datetime = Field(sa_type=TZDateTime)


class TerritoryChoiceRow(SQLModel, table=True):
    """From when on a version counts; a withdrawn choice stays, and counts no more."""

    __tablename__ = "territory_choice"
    __table_args__ = STRICT

    number: int | None = Field(default=None, primary_key=True)
    version_id: str = Field(
        sa_type=Words, foreign_key="territory_version.id", ondelete="CASCADE", index=True
    )
    effective_at: datetime = Field(sa_type=TZDateTime)
    chosen_at: datetime = Field(sa_type=TZDateTime)
    scenario: str | None = Field(default=None, sa_type=Words)
    withdrawn_at: datetime | None = Field(default=None, sa_type=TZDateTime)


class TerritoryRow(SQLModel, table=True):
    """One territory of a version; `area_wkb` is its outline."""

    __tablename__ = "territory"
    __table_args__ = STRICT

    version_id: str = Field(
        primary_key=True, sa_type=Words, foreign_key="territory_version.id", ondelete="CASCADE"
    )
    key: str = Field(primary_key=True, sa_type=Words)
    name: str = Field(sa_type=Words)
    rep_id: str | None = Field(default=None, sa_type=Words)
    hours_per_year: float = Field(sa_type=Number)
    value_usd: float = Field(sa_type=Number)
    accounts: int
    lon_deg: float | None = Field(default=None, sa_type=Number)
    lat_deg: float | None = Field(default=None, sa_type=Number)
    area_wkb: bytes


class AlignmentRow(SQLModel, table=True):
    """Which territory one account belongs to."""

    __tablename__ = "alignment"
    __table_args__ = STRICT

    version_id: str = Field(
        primary_key=True, sa_type=Words, foreign_key="territory_version.id", ondelete="CASCADE"
    )
    account_id: str = Field(primary_key=True, sa_type=Words)
    territory: str | None = Field(default=None, sa_type=Words)
    hours_per_year: float | None = Field(default=None, sa_type=Number)
    distance_km: float | None = Field(default=None, sa_type=Number)
    runner_up: str | None = Field(default=None, sa_type=Words)
    runner_up_km: float | None = Field(default=None, sa_type=Number)
    locked: bool = Field(sa_type=Flag)
    reason: str | None = Field(default=None, sa_type=Words)
    would_change: str | None = Field(default=None, sa_type=Words)


class RouteVersionRow(SQLModel, table=True):
    """One run of the routing rules, named by its content."""

    __tablename__ = "route_version"
    __table_args__ = STRICT

    id: str = Field(primary_key=True, sa_type=Words)
    snapshot_id: str = Field(sa_type=Words)
    rules_hash: str = Field(sa_type=Words)
    territory_version: str | None = Field(default=None, sa_type=Words)
    pools_before: str = Field(sa_type=Words)
    pools_after: str = Field(sa_type=Words)
    created_at: datetime = Field(sa_type=TZDateTime)
    chosen_at: datetime = Field(sa_type=TZDateTime)


class RouteDecisionRow(SQLModel, table=True):
    """Who should own one record, and why."""

    __tablename__ = "route_decision"
    __table_args__ = STRICT

    version_id: str = Field(
        primary_key=True, sa_type=Words, foreign_key="route_version.id", ondelete="CASCADE"
    )
    object_name: str = Field(primary_key=True, sa_type=Words)
    record_id: str = Field(primary_key=True, sa_type=Words)
    owner_id: str | None = Field(default=None, sa_type=Words)
    rule: str | None = Field(default=None, sa_type=Words)
    destination: str | None = Field(default=None, sa_type=Words)
    reason: str | None = Field(default=None, sa_type=Words)
    runner_up: str | None = Field(default=None, sa_type=Words)
    cause: str | None = Field(default=None, sa_type=Words)


class PoolRow(SQLModel, table=True):
    """Whose turn it is in a pool, as the last applied plan left it."""

    __tablename__ = "pool"
    __table_args__ = STRICT

    name: str = Field(primary_key=True, sa_type=Words)
    pointer: str = Field(sa_type=Words)
