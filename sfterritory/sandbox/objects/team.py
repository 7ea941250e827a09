"""Account and opportunity teams: who works on a customer besides its owner."""

from __future__ import annotations

from sfterritory.sandbox.objects.making import (
    CURRENCY,
    DELETED,
    ID,
    READ_ONLY,
    STAMPS,
    picklist,
    reference,
    text,
)
from sfterritory.sandbox.objects.values import TEAM_ROLES
from sfterritory.sandbox.schema import FieldDef, ObjectDef


def _access(name: str, label: str) -> FieldDef:
    return picklist(name, label, ("None", "Read", "Edit", "All"), length=40, default="Read")


ACCOUNT_TEAM_MEMBER = ObjectDef(
    name="AccountTeamMember",
    label="Account Team Member",
    label_plural="Account Team Members",
    key_prefix="01M",
    unique_together=("AccountId", "UserId"),
    fields=(
        ID,
        reference("AccountId", "Account ID", ("Account",), nillable=False, updateable=False),
        reference("UserId", "User ID", ("User",), nillable=False, updateable=False),
        picklist("TeamMemberRole", "Team Role", TEAM_ROLES, length=40),
        _access("AccountAccessLevel", "Account Access"),
        _access("OpportunityAccessLevel", "Opportunity Access"),
        _access("CaseAccessLevel", "Case Access"),
        *STAMPS,
        DELETED,
        CURRENCY,
    ),
)

OPPORTUNITY_TEAM_MEMBER = ObjectDef(
    name="OpportunityTeamMember",
    label="Opportunity Team Member",
    label_plural="Opportunity Team Members",
    key_prefix="00q",
    unique_together=("OpportunityId", "UserId"),
    fields=(
        ID,
        reference(
            "OpportunityId", "Opportunity ID", ("Opportunity",), nillable=False, updateable=False
        ),
        reference("UserId", "User ID", ("User",), nillable=False, updateable=False),
        text("Name", "Name", 361, **READ_ONLY),
        picklist("TeamMemberRole", "Member Role", TEAM_ROLES, length=40),
        _access("OpportunityAccessLevel", "Opportunity Access"),
        *STAMPS,
        DELETED,
        CURRENCY,
    ),
)
