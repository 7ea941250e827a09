"""Tasks and events: when somebody last spoke to a customer."""

from __future__ import annotations

from sfterritory.sandbox.objects.making import (
    CURRENCY,
    DELETED,
    ID,
    READ_ONLY,
    STAMPS,
    field,
    owner,
    picklist,
    reference,
    text,
)
from sfterritory.sandbox.objects.values import TASK_STATUSES
from sfterritory.sandbox.schema import ObjectDef

_RELATED = (
    reference(
        "WhoId", "Name ID", ("Contact", "Lead"), relationship_name="Who", names_table="_Record"
    ),
    reference(
        "WhatId",
        "Related To ID",
        ("Account", "Campaign", "Case", "Opportunity"),
        relationship_name="What",
        names_table="_Record",
    ),
)
# The server fills it from WhatId, or from the account of the contact.
_ACCOUNT = reference("AccountId", "Account ID", ("Account",), **READ_ONLY)

TASK = ObjectDef(
    name="Task",
    label="Task",
    label_plural="Tasks",
    key_prefix="00T",
    queue_owners=True,
    fields=(
        ID,
        *_RELATED,
        text("Subject", "Subject", 255),
        field("ActivityDate", "Due Date Only", "date"),
        picklist("Status", "Status", TASK_STATUSES, nillable=False, default=TASK_STATUSES[0]),
        picklist(
            "Priority", "Priority", ("High", "Normal", "Low"), nillable=False, default="Normal"
        ),
        owner("Group", "User"),
        field("Description", "Description", "textarea", length=32000, filterable=False),
        DELETED,
        _ACCOUNT,
        field("IsClosed", "Closed", "boolean", nillable=False, default=0, **READ_ONLY),
        picklist("TaskSubtype", "Task Subtype", ("Task", "Email", "Call"), default="Task"),
        field("CompletedDateTime", "Completed Date", "datetime", **READ_ONLY),
        *STAMPS,
        CURRENCY,
    ),
)

EVENT = ObjectDef(
    name="Event",
    label="Event",
    label_plural="Events",
    key_prefix="00U",
    fields=(
        ID,
        *_RELATED,
        text("Subject", "Subject", 255),
        text("Location", "Location", 255),
        field("IsAllDayEvent", "All-Day Event", "boolean", nillable=False, default=0),
        field("ActivityDateTime", "Due Date Time", "datetime"),
        field("ActivityDate", "Due Date Only", "date"),
        field("DurationInMinutes", "Duration", "int", precision=8),
        field("Description", "Description", "textarea", length=32000, filterable=False),
        _ACCOUNT,
        owner("User"),
        DELETED,
        *STAMPS,
        CURRENCY,
    ),
)
