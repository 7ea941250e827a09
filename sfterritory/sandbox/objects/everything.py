"""All objects of the org as one schema.

Names, types, lengths and flags are those of a standard org.
"""

from __future__ import annotations

from sfterritory.sandbox.objects.activity import EVENT, TASK
from sfterritory.sandbox.objects.customer import ACCOUNT, CONTACT, LEAD
from sfterritory.sandbox.objects.deal import CAMPAIGN, CASE, OPPORTUNITY
from sfterritory.sandbox.objects.history import HISTORIES
from sfterritory.sandbox.objects.making import ID, field, reference, text
from sfterritory.sandbox.objects.organization import (
    APEX_TRIGGER,
    ASSIGNMENT_RULE,
    CURRENCY_TYPE,
    DATED_CONVERSION_RATE,
    FLOW_DEFINITION_VIEW,
    ORGANIZATION,
    RECORD_TYPE,
)
from sfterritory.sandbox.objects.people import (
    GROUP,
    GROUP_MEMBER,
    PROFILE,
    QUEUE_SOBJECT,
    USER,
    USER_LOGIN,
    USER_ROLE,
)
from sfterritory.sandbox.objects.team import ACCOUNT_TEAM_MEMBER, OPPORTUNITY_TEAM_MEMBER
from sfterritory.sandbox.objects.territory import TERRITORY_OBJECTS
from sfterritory.sandbox.org_schema import OrgSchema
from sfterritory.sandbox.schema import ObjectDef

_ALL = (
    ACCOUNT,
    LEAD,
    CONTACT,
    OPPORTUNITY,
    CASE,
    CAMPAIGN,
    TASK,
    EVENT,
    ACCOUNT_TEAM_MEMBER,
    OPPORTUNITY_TEAM_MEMBER,
    USER,
    USER_LOGIN,
    USER_ROLE,
    PROFILE,
    GROUP,
    QUEUE_SOBJECT,
    GROUP_MEMBER,
    ORGANIZATION,
    RECORD_TYPE,
    ASSIGNMENT_RULE,
    FLOW_DEFINITION_VIEW,
    APEX_TRIGGER,
    CURRENCY_TYPE,
    DATED_CONVERSION_RATE,
    *TERRITORY_OBJECTS,
    *HISTORIES,
)

# What a path through a polymorphic lookup (a lead's owner) may name: the fields that users and
# groups have in common, and the kind of the owner.
NAME = ObjectDef(
    name="Name",
    label="Name",
    label_plural="Names",
    key_prefix=None,
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        ID,
        text("Name", "Name", 121),
        text("FirstName", "First Name", 40),
        text("LastName", "Last Name", 80),
        text("Type", "Type", 40),
        text("Username", "Username", 80),
        field("Email", "Email", "email", length=255),
        text("Title", "Title", 80),
        text("Alias", "Alias", 8),
        field("IsActive", "Active", "boolean"),
        reference("ProfileId", "Profile ID", ("Profile",)),
        reference("UserRoleId", "Role ID", ("UserRole",)),
    ),
)

# Everything that some org could have: the tables hold all of it, an org's switches show a part.
EVERYTHING = OrgSchema(_ALL, name=NAME)
