"""Sales Territories: models, territories, and who and what is in them.

Verbs are those of the platform's reference: associations are created and deleted, never changed;
which rules fill which territory is read-only. The prefixes of the association objects are not
documented; clients read them from describe.
"""

from __future__ import annotations

from sfterritory.sandbox.objects.making import (
    CURRENCY,
    DELETED,
    ID,
    READ_ONLY,
    STAMPS,
    TERRITORIES,
    field,
    picklist,
    reference,
    text,
)
from sfterritory.sandbox.schema import FieldDef, ObjectDef

MANUAL = "Territory2Manual"
BY_RULE = "Territory2AssignmentRule"
MODEL_STATES = (
    "Planning",
    "Activating",
    "Activation Failed",
    "Active",
    "Archiving",
    "Archiving Failed",
    "Archived",
    "Deleting",
    "Deletion Failed",
)
OPERATIONS = (
    "equals",
    "notEqual",
    "contains",
    "notContain",
    "startsWith",
    "lessThan",
    "lessOrEqual",
    "greaterThan",
    "greaterOrEqual",
)
_OPEN_LEVELS = ("Read", "Edit", "All")
_CLOSED_LEVELS = ("None", "Read", "Edit")


def _level(name: str, label: str, levels: tuple[str, ...], **facts: object) -> FieldDef:
    return picklist(name, label, levels, length=40, default=levels[0], **facts)


_TERRITORY = reference(
    "Territory2Id", "Territory ID", ("Territory2",), nillable=False, updateable=False
)

TERRITORY2_MODEL = ObjectDef(
    name="Territory2Model",
    label="Territory Model",
    label_plural="Territory Models",
    key_prefix="0MA",
    feature=TERRITORIES,
    fields=(
        ID,
        text("Name", "Label", 80, nillable=False),
        text("DeveloperName", "Territory Model Name", 80, nillable=False, unique=True),
        text("Description", "Description", 1000),
        picklist("State", "State", MODEL_STATES, nillable=False, default="Planning"),
        field("ActivatedDate", "Activated Date", "datetime", **READ_ONLY),
        field("DeactivatedDate", "Deactivated Date", "datetime", **READ_ONLY),
        field("LastRunRulesEndDate", "Last Run Rules End", "datetime", **READ_ONLY),
        *STAMPS,
    ),
)

TERRITORY2_TYPE = ObjectDef(
    name="Territory2Type",
    label="Territory Type",
    label_plural="Territory Types",
    key_prefix="0M5",
    feature=TERRITORIES,
    fields=(
        ID,
        text("DeveloperName", "Territory Type Name", 80, nillable=False, unique=True),
        text("MasterLabel", "Label", 80, nillable=False),
        text("Description", "Description", 1000),
        field("Priority", "Priority", "int", precision=9, nillable=False),
        *STAMPS,
    ),
)

TERRITORY2 = ObjectDef(
    name="Territory2",
    label="Territory",
    label_plural="Territories",
    key_prefix="0MI",
    feature=TERRITORIES,
    replicateable=False,
    fields=(
        ID,
        text("Name", "Label", 80, nillable=False),
        text("DeveloperName", "Territory Name", 80, nillable=False, unique=True),
        text("Description", "Description", 1000),
        reference(
            "Territory2ModelId",
            "Territory Model ID",
            ("Territory2Model",),
            nillable=False,
            updateable=False,
        ),
        reference("Territory2TypeId", "Territory Type ID", ("Territory2Type",), nillable=False),
        reference("ParentTerritory2Id", "Parent Territory ID", ("Territory2",)),
        _level("AccountAccessLevel", "Account Access", _OPEN_LEVELS),
        _level("OpportunityAccessLevel", "Opportunity Access", _CLOSED_LEVELS),
        _level("CaseAccessLevel", "Case Access", _CLOSED_LEVELS),
        _level("ContactAccessLevel", "Contact Access", _CLOSED_LEVELS, createable=False),
        reference("ForecastUserId", "Forecast Manager ID", ("User",), createable=False),
        *STAMPS[2:],
        CURRENCY,
    ),
)

USER_TERRITORY = ObjectDef(
    name="UserTerritory2Association",
    label="User Territory Association",
    label_plural="User Territory Associations",
    key_prefix="01J",
    feature=TERRITORIES,
    updateable=False,
    unique_together=("UserId", "Territory2Id"),
    fields=(
        ID,
        reference("UserId", "User ID", ("User",), nillable=False, updateable=False),
        _TERRITORY,
        picklist(
            "RoleInTerritory2",
            "Role in Territory",
            ("Owner", "Administrator", "Sales Rep"),
            length=40,
        ),
        field("IsActive", "Active", "boolean", nillable=False, default=1, **READ_ONLY),
        *STAMPS[2:],
    ),
)

OBJECT_TERRITORY = ObjectDef(
    name="ObjectTerritory2Association",
    label="Object Territory Association",
    label_plural="Object Territory Associations",
    key_prefix="01K",
    feature=TERRITORIES,
    updateable=False,
    undeletable=False,
    unique_together=("ObjectId", "Territory2Id"),
    fields=(
        ID,
        reference(
            "ObjectId",
            "Object ID",
            ("Account", "Lead"),
            nillable=False,
            updateable=False,
            names_table="_Record",
            relationship_name="Object",
        ),
        _TERRITORY,
        picklist(
            "AssociationCause",
            "Association Cause",
            (MANUAL, BY_RULE),
            length=40,
            nillable=False,
            restricted=True,
        ),
        text("SobjectType", "Object Type", 40, **READ_ONLY),
        DELETED,
        *STAMPS[2:],
    ),
)

TERRITORY_RULE = ObjectDef(
    name="ObjectTerritory2AssignmentRule",
    label="Object Territory Assignment Rule",
    label_plural="Object Territory Assignment Rules",
    key_prefix="0M7",
    feature=TERRITORIES,
    fields=(
        ID,
        text("DeveloperName", "Rule Name", 80, nillable=False, unique=True),
        text("MasterLabel", "Label", 80, nillable=False),
        picklist(
            "ObjectType", "Object", ("Account", "Lead"), length=40, nillable=False, updateable=False
        ),
        reference(
            "Territory2ModelId",
            "Territory Model ID",
            ("Territory2Model",),
            nillable=False,
            updateable=False,
        ),
        field("IsActive", "Active", "boolean", nillable=False, default=0),
        text("BooleanFilter", "Filter Logic", 255),
        *STAMPS,
    ),
)

TERRITORY_RULE_ITEM = ObjectDef(
    name="ObjectTerritory2AssignmentRuleItem",
    label="Object Territory Assignment Rule Item",
    label_plural="Object Territory Assignment Rule Items",
    key_prefix="0M8",
    feature=TERRITORIES,
    fields=(
        ID,
        reference(
            "RuleId",
            "Rule ID",
            ("ObjectTerritory2AssignmentRule",),
            nillable=False,
            updateable=False,
        ),
        text("Field", "Field", 255, nillable=False),
        picklist("Operation", "Operation", OPERATIONS, length=40, nillable=False, restricted=True),
        text("Value", "Value", 255),
        field("SortOrder", "Sort Order", "int", precision=4, nillable=False),
        *STAMPS,
    ),
)

RULE_TERRITORY = ObjectDef(
    name="RuleTerritory2Association",
    label="Rule Territory Association",
    label_plural="Rule Territory Associations",
    key_prefix="0M9",
    feature=TERRITORIES,
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        ID,
        reference("RuleId", "Rule ID", ("ObjectTerritory2AssignmentRule",), nillable=False),
        _TERRITORY,
        field("IsInherited", "Inherited", "boolean", nillable=False, default=0),
        *STAMPS,
    ),
)

TERRITORY_EXCLUSION = ObjectDef(
    name="Territory2ObjectExclusion",
    label="Territory Object Exclusion",
    label_plural="Territory Object Exclusions",
    key_prefix="0Ne",
    feature=TERRITORIES,
    unique_together=("ObjectId", "Territory2Id"),
    fields=(
        ID,
        reference(
            "ObjectId",
            "Object ID",
            ("Account",),
            nillable=False,
            updateable=False,
            relationship_name="Object",
        ),
        _TERRITORY,
        text("Note", "Note", 255),
        *STAMPS,
    ),
)

TERRITORY_ADMIN = ObjectDef(
    name="TerritoryAdminAssignment",
    label="Territory Admin Assignment",
    label_plural="Territory Admin Assignments",
    key_prefix="0Nf",
    feature=TERRITORIES,
    unique_together=("UserId", "Territory2Id"),
    fields=(
        ID,
        reference("UserId", "User ID", ("User",), nillable=False, updateable=False),
        _TERRITORY,
        *STAMPS,
    ),
)

TERRITORY_OBJECTS = (
    TERRITORY2_MODEL,
    TERRITORY2_TYPE,
    TERRITORY2,
    USER_TERRITORY,
    OBJECT_TERRITORY,
    TERRITORY_RULE,
    TERRITORY_RULE_ITEM,
    RULE_TERRITORY,
    TERRITORY_EXCLUSION,
    TERRITORY_ADMIN,
)
