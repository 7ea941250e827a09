"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sfterritory.model.store.column_type import Day, Flag, Number, TZDateTime, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("created_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_by_id", Words(), nullable=True),
        sa.Column("system_modstamp", TZDateTime(), nullable=False),
        sa.Column("extra", Words(), nullable=True),
        sa.Column("master_record_id", Words(), nullable=True),
        sa.Column("name", Words(), nullable=True),
        sa.Column("owner_id", Words(), nullable=True),
        sa.Column("parent_id", Words(), nullable=True),
        sa.Column("type", Words(), nullable=True),
        sa.Column("industry", Words(), nullable=True),
        sa.Column("annual_revenue", Number(), nullable=True),
        sa.Column("number_of_employees", Number(), nullable=True),
        sa.Column("account_source", Words(), nullable=True),
        sa.Column("rating", Words(), nullable=True),
        sa.Column("phone", Words(), nullable=True),
        sa.Column("website", Words(), nullable=True),
        sa.Column("billing_street", Words(), nullable=True),
        sa.Column("billing_city", Words(), nullable=True),
        sa.Column("billing_state", Words(), nullable=True),
        sa.Column("billing_postal_code", Words(), nullable=True),
        sa.Column("billing_country", Words(), nullable=True),
        sa.Column("billing_latitude", Number(), nullable=True),
        sa.Column("billing_longitude", Number(), nullable=True),
        sa.Column("billing_geocode_accuracy", Words(), nullable=True),
        sa.CheckConstraint("length(id) = 18", name="account_id_has_18_characters"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_account_owner_id"), "account", ["owner_id"], unique=False)
    op.create_index(
        op.f("ix_account_system_modstamp"), "account", ["system_modstamp"], unique=False
    )
    op.create_table(
        "activity",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("at", TZDateTime(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("facts", Words(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_strict=True,
    )
    op.create_table(
        "case_record",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("created_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_by_id", Words(), nullable=True),
        sa.Column("system_modstamp", TZDateTime(), nullable=False),
        sa.Column("extra", Words(), nullable=True),
        sa.Column("case_number", Words(), nullable=True),
        sa.Column("owner_id", Words(), nullable=True),
        sa.Column("account_id", Words(), nullable=True),
        sa.Column("contact_id", Words(), nullable=True),
        sa.Column("subject", Words(), nullable=True),
        sa.Column("status", Words(), nullable=True),
        sa.Column("priority", Words(), nullable=True),
        sa.Column("origin", Words(), nullable=True),
        sa.Column("is_closed", Flag(), nullable=True),
        sa.CheckConstraint("length(id) = 18", name="case_record_id_has_18_characters"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_case_record_account_id"), "case_record", ["account_id"], unique=False)
    op.create_index(op.f("ix_case_record_owner_id"), "case_record", ["owner_id"], unique=False)
    op.create_index(
        op.f("ix_case_record_system_modstamp"), "case_record", ["system_modstamp"], unique=False
    )
    op.create_table(
        "contact",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("created_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_by_id", Words(), nullable=True),
        sa.Column("system_modstamp", TZDateTime(), nullable=False),
        sa.Column("extra", Words(), nullable=True),
        sa.Column("master_record_id", Words(), nullable=True),
        sa.Column("name", Words(), nullable=True),
        sa.Column("owner_id", Words(), nullable=True),
        sa.Column("account_id", Words(), nullable=True),
        sa.Column("email", Words(), nullable=True),
        sa.Column("phone", Words(), nullable=True),
        sa.Column("title", Words(), nullable=True),
        sa.Column("department", Words(), nullable=True),
        sa.CheckConstraint("length(id) = 18", name="contact_id_has_18_characters"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_contact_account_id"), "contact", ["account_id"], unique=False)
    op.create_index(op.f("ix_contact_owner_id"), "contact", ["owner_id"], unique=False)
    op.create_index(
        op.f("ix_contact_system_modstamp"), "contact", ["system_modstamp"], unique=False
    )
    op.create_table(
        "lead",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("created_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_by_id", Words(), nullable=True),
        sa.Column("system_modstamp", TZDateTime(), nullable=False),
        sa.Column("extra", Words(), nullable=True),
        sa.Column("master_record_id", Words(), nullable=True),
        sa.Column("name", Words(), nullable=True),
        sa.Column("owner_id", Words(), nullable=True),
        sa.Column("company", Words(), nullable=True),
        sa.Column("title", Words(), nullable=True),
        sa.Column("email", Words(), nullable=True),
        sa.Column("phone", Words(), nullable=True),
        sa.Column("website", Words(), nullable=True),
        sa.Column("status", Words(), nullable=True),
        sa.Column("lead_source", Words(), nullable=True),
        sa.Column("rating", Words(), nullable=True),
        sa.Column("industry", Words(), nullable=True),
        sa.Column("annual_revenue", Number(), nullable=True),
        sa.Column("number_of_employees", Number(), nullable=True),
        sa.Column("street", Words(), nullable=True),
        sa.Column("city", Words(), nullable=True),
        sa.Column("state", Words(), nullable=True),
        sa.Column("postal_code", Words(), nullable=True),
        sa.Column("country", Words(), nullable=True),
        sa.Column("latitude", Number(), nullable=True),
        sa.Column("longitude", Number(), nullable=True),
        sa.Column("geocode_accuracy", Words(), nullable=True),
        sa.Column("is_converted", Flag(), nullable=True),
        sa.Column("converted_account_id", Words(), nullable=True),
        sa.CheckConstraint("length(id) = 18", name="lead_id_has_18_characters"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_lead_owner_id"), "lead", ["owner_id"], unique=False)
    op.create_index(op.f("ix_lead_system_modstamp"), "lead", ["system_modstamp"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", Words(), nullable=False),
        sa.Column("holder", Words(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_strict=True,
    )
    op.create_table(
        "location",
        sa.Column("object_name", Words(), nullable=False),
        sa.Column("record_id", Words(), nullable=False),
        sa.Column("lon_deg", Number(), nullable=True),
        sa.Column("lat_deg", Number(), nullable=True),
        sa.Column("accuracy", Number(), nullable=False),
        sa.Column("source", Words(), nullable=True),
        sa.Column("country_code", Words(), nullable=True),
        sa.Column("subdivision_code", Words(), nullable=True),
        sa.Column("postal_code", Words(), nullable=True),
        sa.Column("city", Words(), nullable=True),
        sa.Column("cause", Words(), nullable=True),
        sa.Column("modstamp", TZDateTime(), nullable=True),
        sa.Column("locator_version", Words(), nullable=True),
        sa.PrimaryKeyConstraint("object_name", "record_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "normalised",
        sa.Column("object_name", Words(), nullable=False),
        sa.Column("record_id", Words(), nullable=False),
        sa.Column("field", Words(), nullable=False),
        sa.Column("before", Words(), nullable=True),
        sa.Column("after", Words(), nullable=True),
        sa.PrimaryKeyConstraint("object_name", "record_id", "field"),
        sqlite_strict=True,
    )
    op.create_table(
        "opportunity",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("created_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_by_id", Words(), nullable=True),
        sa.Column("system_modstamp", TZDateTime(), nullable=False),
        sa.Column("extra", Words(), nullable=True),
        sa.Column("name", Words(), nullable=True),
        sa.Column("owner_id", Words(), nullable=True),
        sa.Column("account_id", Words(), nullable=True),
        sa.Column("type", Words(), nullable=True),
        sa.Column("stage_name", Words(), nullable=True),
        sa.Column("is_closed", Flag(), nullable=True),
        sa.Column("is_won", Flag(), nullable=True),
        sa.Column("amount", Number(), nullable=True),
        sa.Column("close_date", Day(), nullable=True),
        sa.CheckConstraint("length(id) = 18", name="opportunity_id_has_18_characters"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_opportunity_account_id"), "opportunity", ["account_id"], unique=False)
    op.create_index(op.f("ix_opportunity_owner_id"), "opportunity", ["owner_id"], unique=False)
    op.create_index(
        op.f("ix_opportunity_system_modstamp"), "opportunity", ["system_modstamp"], unique=False
    )
    op.create_table(
        "owner_history",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("object_name", Words(), nullable=False),
        sa.Column("record_id", Words(), nullable=False),
        sa.Column("field", Words(), nullable=True),
        sa.Column("data_type", Words(), nullable=True),
        sa.Column("old_value", Words(), nullable=True),
        sa.Column("new_value", Words(), nullable=True),
        sa.Column("created_by_id", Words(), nullable=True),
        sa.Column("created_date", TZDateTime(), nullable=False),
        sa.Column("extra", Words(), nullable=True),
        sa.CheckConstraint("length(id) = 18", name="owner_history_id_has_18_characters"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_owner_history_record_id"), "owner_history", ["record_id"], unique=False
    )
    op.create_table(
        "plan",
        sa.Column("hash", Words(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("counts", Words(), nullable=False),
        sa.Column("created_by", Words(), nullable=False),
        sa.Column("created_at", TZDateTime(), nullable=False),
        sa.Column("made_again_at", TZDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
        sqlite_strict=True,
    )
    op.create_table(
        "pool",
        sa.Column("name", Words(), nullable=False),
        sa.Column("pointer", Words(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_strict=True,
    )
    op.create_table(
        "pull_cursor",
        sa.Column("object_name", Words(), nullable=False),
        sa.Column("fields", Words(), nullable=False),
        sa.Column("fields_hash", Words(), nullable=False),
        sa.Column("job_id", Words(), nullable=False),
        sa.Column("locator", Words(), nullable=True),
        sa.Column("since", TZDateTime(), nullable=True),
        sa.Column("started_at", TZDateTime(), nullable=False),
        sa.Column("rows_loaded", sa.Integer(), nullable=False),
        sa.Column("pages_loaded", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("object_name"),
        sqlite_strict=True,
    )
    op.create_table(
        "pull_watermark",
        sa.Column("object_name", Words(), nullable=False),
        sa.Column("watermark", TZDateTime(), nullable=False),
        sa.Column("fields", Words(), nullable=False),
        sa.Column("kept", Words(), nullable=False),
        sa.Column("field_types", Words(), nullable=False),
        sa.Column("extra_kinds", Words(), nullable=False),
        sa.Column("text_lengths", Words(), nullable=False),
        sa.PrimaryKeyConstraint("object_name"),
        sqlite_strict=True,
    )
    op.create_table(
        "queue",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("created_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_by_id", Words(), nullable=True),
        sa.Column("system_modstamp", TZDateTime(), nullable=False),
        sa.Column("extra", Words(), nullable=True),
        sa.Column("name", Words(), nullable=True),
        sa.Column("developer_name", Words(), nullable=True),
        sa.Column("type", Words(), nullable=True),
        sa.CheckConstraint("length(id) = 18", name="queue_id_has_18_characters"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_queue_system_modstamp"), "queue", ["system_modstamp"], unique=False)
    op.create_table(
        "queue_object",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("queue_id", Words(), nullable=True),
        sa.Column("sobject_type", Words(), nullable=True),
        sa.Column("system_modstamp", TZDateTime(), nullable=True),
        sa.Column("extra", Words(), nullable=True),
        sa.CheckConstraint("length(id) = 18", name="queue_object_id_has_18_characters"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_queue_object_queue_id"), "queue_object", ["queue_id"], unique=False)
    op.create_table(
        "reject",
        sa.Column("object_name", Words(), nullable=False),
        sa.Column("record_id", Words(), nullable=False),
        sa.Column("field", Words(), nullable=False),
        sa.Column("value", Words(), nullable=True),
        sa.Column("cause", Words(), nullable=False),
        sa.PrimaryKeyConstraint("object_name", "record_id", "field"),
        sqlite_strict=True,
    )
    op.create_table(
        "route_version",
        sa.Column("id", Words(), nullable=False),
        sa.Column("snapshot_id", Words(), nullable=False),
        sa.Column("rules_hash", Words(), nullable=False),
        sa.Column("territory_version", Words(), nullable=True),
        sa.Column("pools_before", Words(), nullable=False),
        sa.Column("pools_after", Words(), nullable=False),
        sa.Column("created_at", TZDateTime(), nullable=False),
        sa.Column("chosen_at", TZDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "sf_user",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("created_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_date", TZDateTime(), nullable=True),
        sa.Column("last_modified_by_id", Words(), nullable=True),
        sa.Column("system_modstamp", TZDateTime(), nullable=False),
        sa.Column("extra", Words(), nullable=True),
        sa.Column("username", Words(), nullable=True),
        sa.Column("name", Words(), nullable=True),
        sa.Column("email", Words(), nullable=True),
        sa.Column("is_active", Flag(), nullable=True),
        sa.Column("user_type", Words(), nullable=True),
        sa.Column("title", Words(), nullable=True),
        sa.Column("department", Words(), nullable=True),
        sa.Column("division", Words(), nullable=True),
        sa.Column("manager_id", Words(), nullable=True),
        sa.Column("employee_number", Words(), nullable=True),
        sa.Column("street", Words(), nullable=True),
        sa.Column("city", Words(), nullable=True),
        sa.Column("state", Words(), nullable=True),
        sa.Column("postal_code", Words(), nullable=True),
        sa.Column("country", Words(), nullable=True),
        sa.Column("latitude", Number(), nullable=True),
        sa.Column("longitude", Number(), nullable=True),
        sa.Column("geocode_accuracy", Words(), nullable=True),
        sa.Column("time_zone_sid_key", Words(), nullable=True),
        sa.CheckConstraint("length(id) = 18", name="sf_user_id_has_18_characters"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_sf_user_system_modstamp"), "sf_user", ["system_modstamp"], unique=False
    )
    op.create_table(
        "snapshot",
        sa.Column("id", Words(), nullable=False),
        sa.Column("org_id", Words(), nullable=False),
        sa.Column("taken_at", TZDateTime(), nullable=False),
        sa.Column("confirmed_at", TZDateTime(), nullable=False),
        sa.Column("counts", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "territory_version",
        sa.Column("id", Words(), nullable=False),
        sa.Column("snapshot_id", Words(), nullable=False),
        sa.Column("params_hash", Words(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("status", Words(), nullable=False),
        sa.Column("metrics", Words(), nullable=False),
        sa.Column("created_at", TZDateTime(), nullable=False),
        sa.Column("chosen_at", TZDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "alignment",
        sa.Column("version_id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("territory", Words(), nullable=True),
        sa.Column("hours_per_year", Number(), nullable=True),
        sa.Column("distance_km", Number(), nullable=True),
        sa.Column("runner_up", Words(), nullable=True),
        sa.Column("runner_up_km", Number(), nullable=True),
        sa.Column("locked", Flag(), nullable=False),
        sa.Column("reason", Words(), nullable=True),
        sa.Column("would_change", Words(), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["territory_version.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("version_id", "account_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "related_record",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("object_name", Words(), nullable=False),
        sa.Column("name", Words(), nullable=True),
        sa.Column("record_id", Words(), nullable=True),
        sa.Column("user_id", Words(), nullable=True),
        sa.Column("system_modstamp", TZDateTime(), nullable=True),
        sa.Column("extra", Words(), nullable=True),
        sa.CheckConstraint(
            "length(id) = 18 OR object_name = 'FlowDefinitionView'",
            name="related_record_id_has_18_characters",
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_related_record_object_name"), "related_record", ["object_name"], unique=False
    )
    op.create_index(
        op.f("ix_related_record_record_id"), "related_record", ["record_id"], unique=False
    )
    op.create_table(
        "customer_activity",
        sa.Column("id", Words(), nullable=False),
        sa.Column("is_deleted", Flag(), nullable=False),
        sa.Column("object_name", Words(), nullable=False),
        sa.Column("what_id", Words(), nullable=True),
        sa.Column("who_id", Words(), nullable=True),
        sa.Column("account_id", Words(), nullable=True),
        sa.Column("owner_id", Words(), nullable=True),
        sa.Column("activity_date", Day(), nullable=True),
        sa.Column("completed_at", TZDateTime(), nullable=True),
        sa.Column("is_closed", Flag(), nullable=True),
        sa.Column("system_modstamp", TZDateTime(), nullable=False),
        sa.Column("extra", Words(), nullable=True),
        sa.CheckConstraint("length(id) = 18", name="customer_activity_id_has_18_characters"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_customer_activity_account_id"), "customer_activity", ["account_id"], unique=False
    )
    op.create_table(
        "decision",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("plan_hash", Words(), nullable=False),
        sa.Column("verdict", Words(), nullable=False),
        sa.Column("decided_by", Words(), nullable=False),
        sa.Column("decided_at", TZDateTime(), nullable=False),
        sa.Column("records", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("summary", Words(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_hash"],
            ["plan.hash"],
        ),
        sa.PrimaryKeyConstraint("number"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_decision_plan_hash"), "decision", ["plan_hash"], unique=False)
    op.create_table(
        "route_decision",
        sa.Column("version_id", Words(), nullable=False),
        sa.Column("object_name", Words(), nullable=False),
        sa.Column("record_id", Words(), nullable=False),
        sa.Column("owner_id", Words(), nullable=True),
        sa.Column("rule", Words(), nullable=True),
        sa.Column("destination", Words(), nullable=True),
        sa.Column("reason", Words(), nullable=True),
        sa.Column("runner_up", Words(), nullable=True),
        sa.Column("cause", Words(), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["route_version.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("version_id", "object_name", "record_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "run",
        sa.Column("id", Words(), nullable=False),
        sa.Column("plan_hash", Words(), nullable=False),
        sa.Column("started_at", TZDateTime(), nullable=False),
        sa.Column("ended_at", TZDateTime(), nullable=True),
        sa.Column("who", Words(), nullable=False),
        sa.Column("host", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("counts", Words(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_hash"],
            ["plan.hash"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_run_plan_hash"), "run", ["plan_hash"], unique=False)
    op.create_table(
        "territory",
        sa.Column("version_id", Words(), nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("rep_id", Words(), nullable=True),
        sa.Column("hours_per_year", Number(), nullable=False),
        sa.Column("value_usd", Number(), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.Column("lon_deg", Number(), nullable=True),
        sa.Column("lat_deg", Number(), nullable=True),
        sa.Column("area_wkb", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["territory_version.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("version_id", "key"),
        sqlite_strict=True,
    )
    op.create_table(
        "journal",
        sa.Column("run_id", Words(), nullable=False),
        sa.Column("object_name", Words(), nullable=False),
        sa.Column("record_id", Words(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("job_id", Words(), nullable=True),
        sa.Column("state", Words(), nullable=False),
        sa.Column("outcome", Words(), nullable=True),
        sa.Column("code", Words(), nullable=False),
        sa.Column("message", Words(), nullable=False),
        sa.Column("sent", Words(), nullable=False),
        sa.Column("found", Words(), nullable=False),
        sa.Column("read_back", Words(), nullable=False),
        sa.Column("at", TZDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "object_name", "record_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_journal_record_id", "journal", ["record_id"], unique=False)
