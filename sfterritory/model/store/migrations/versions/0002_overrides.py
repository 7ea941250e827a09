"""Overrides of people, and cadences that they accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sfterritory.model.store.column_type import Day, Number, TZDateTime, Words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assignment_override",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("rep_id", Words(), nullable=False),
        sa.Column("until", Day(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("at", TZDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_assignment_override_account_id"),
        "assignment_override",
        ["account_id"],
        unique=False,
    )
    op.create_table(
        "assignment_override_end",
        sa.Column("override", sa.Integer(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("at", TZDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["override"], ["assignment_override.number"]),
        sa.PrimaryKeyConstraint("override"),
        sqlite_strict=True,
    )
    op.create_table(
        "cadence_adjustment",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("proposal_id", Words(), nullable=False),
        sa.Column("territory_version", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("calls_before", Number(), nullable=False),
        sa.Column("calls_after", Number(), nullable=False),
        sa.Column("hours_saved", Number(), nullable=False),
        sa.Column("cause", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("at", TZDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_cadence_adjustment_account_id"),
        "cadence_adjustment",
        ["account_id"],
        unique=False,
    )
    op.create_table(
        "cadence_withdrawal",
        sa.Column("adjustment", sa.Integer(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("at", TZDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["adjustment"], ["cadence_adjustment.number"]),
        sa.PrimaryKeyConstraint("adjustment"),
        sqlite_strict=True,
    )
