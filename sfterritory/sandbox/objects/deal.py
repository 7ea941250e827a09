"""Opportunities, cases and campaigns."""

from __future__ import annotations

from sfterritory.sandbox.objects.making import (
    CURRENCY,
    DELETED,
    ID,
    READ_ONLY,
    STAMPS,
    TERRITORIES,
    field,
    owner,
    picklist,
    reference,
    text,
)
from sfterritory.sandbox.objects.values import CASE_STATUSES, SOURCES, STAGES
from sfterritory.sandbox.schema import ObjectDef

OPPORTUNITY = ObjectDef(
    name="Opportunity",
    label="Opportunity",
    label_plural="Opportunities",
    key_prefix="006",
    fields=(
        ID,
        DELETED,
        reference("AccountId", "Account ID", ("Account",)),
        text("Name", "Name", 120, nillable=False),
        picklist("StageName", "Stage", STAGES, nillable=False, tracked=True),
        field("Amount", "Amount", "currency", precision=18, scale=2, tracked=True),
        field("Probability", "Probability (%)", "double", precision=3),
        field("CloseDate", "Close Date", "date", nillable=False),
        picklist("Type", "Opportunity Type", ("Existing Business", "New Business")),
        picklist("LeadSource", "Lead Source", SOURCES),
        field("IsClosed", "Closed", "boolean", nillable=False, default=0, **READ_ONLY),
        field("IsWon", "Won", "boolean", nillable=False, default=0, **READ_ONLY),
        owner("User"),
        *STAMPS,
        field("LastActivityDate", "Last Activity", "date", **READ_ONLY),
        CURRENCY,
        reference("Territory2Id", "Territory ID", ("Territory2",), feature=TERRITORIES),
        field(
            "IsExcludedFromTerritory2Filter",
            "Excluded from Territory Filter",
            "boolean",
            nillable=False,
            default=0,
            feature=TERRITORIES,
        ),
        reference("CampaignId", "Campaign ID", ("Campaign",)),
    ),
)

CASE = ObjectDef(
    name="Case",
    label="Case",
    label_plural="Cases",
    key_prefix="500",
    auto_assigned=True,
    queue_owners=True,
    fields=(
        ID,
        DELETED,
        text("CaseNumber", "Case Number", 30, nillable=False, **READ_ONLY),
        reference("ContactId", "Contact ID", ("Contact",)),
        reference("AccountId", "Account ID", ("Account",)),
        picklist("Type", "Case Type", ("Problem", "Feature Request", "Question")),
        picklist("Status", "Status", CASE_STATUSES, nillable=False, default="New", tracked=True),
        picklist("Origin", "Case Origin", ("Phone", "Email", "Web")),
        text("Subject", "Subject", 255),
        picklist("Priority", "Priority", ("High", "Medium", "Low")),
        field("IsClosed", "Closed", "boolean", nillable=False, default=0, **READ_ONLY),
        field("ClosedDate", "Closed Date", "datetime", **READ_ONLY),
        owner("Group", "User"),
        *STAMPS,
        CURRENCY,
    ),
)

CAMPAIGN = ObjectDef(
    name="Campaign",
    label="Campaign",
    label_plural="Campaigns",
    key_prefix="701",
    fields=(
        ID,
        DELETED,
        text("Name", "Name", 80, nillable=False),
        field("IsActive", "Active", "boolean", nillable=False, default=0),
        owner("User"),
        *STAMPS,
        CURRENCY,
    ),
)
