"""Scenarios, and versions of territories that count from a date on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sfterritory.model.store.column_type import TZDateTime, Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "territory_choice",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version_id", Words(), nullable=False),
        sa.Column("effective_at", TZDateTime(), nullable=False),
        sa.Column("chosen_at", TZDateTime(), nullable=False),
        sa.Column("scenario", Words(), nullable=True),
        sa.Column("withdrawn_at", TZDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["territory_version.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number"),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_territory_choice_version_id"), "territory_choice", ["version_id"], unique=False
    )
    op.create_table(
        "scenario",
        sa.Column("id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("created_at", TZDateTime(), nullable=False),
        sa.Column("created_by", Words(), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.Column("based_on", Words(), nullable=False),
        sa.Column("what_if", Words(), nullable=False),
        sa.Column("version_id", Words(), nullable=False),
        sa.Column("built_at", TZDateTime(), nullable=False),
        sa.Column("effective_at", TZDateTime(), nullable=True),
        sa.Column("chosen_at", TZDateTime(), nullable=True),
        sa.Column("chosen_by", Words(), nullable=True),
        sa.Column("accepted_limits", Words(), nullable=True),
        sa.Column("withdrawn_at", TZDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sa.ForeignKeyConstraint(["version_id"], ["territory_version.id"]),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_scenario_version_id"), "scenario", ["version_id"], unique=False)
    op.execute(
        "INSERT INTO territory_choice (version_id, effective_at, chosen_at) "
        "SELECT id, chosen_at, chosen_at FROM territory_version ORDER BY chosen_at, id DESC"
    )
    op.drop_column("territory_version", "chosen_at")
