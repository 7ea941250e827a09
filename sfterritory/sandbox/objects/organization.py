"""The organization, and what its administrators declare: rules, flows, triggers, currencies."""

from __future__ import annotations

from sfterritory.sandbox.objects.making import (
    ID,
    MONEY,
    PERSONS,
    STAMPS,
    address,
    field,
    picklist,
    text,
)
from sfterritory.sandbox.objects.values import CURRENCIES
from sfterritory.sandbox.schema import ObjectDef

ORGANIZATION = ObjectDef(
    name="Organization",
    label="Organization",
    label_plural="Organization",
    key_prefix="00D",
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        ID,
        text("Name", "Name", 80, nillable=False),
        *address("", ""),
        field("IsSandbox", "Is Sandbox", "boolean", nillable=False, default=1),
        picklist("OrganizationType", "Edition", ("Enterprise Edition",)),
        text("InstanceName", "Instance Name", 5),
        picklist("LanguageLocaleKey", "Language", ()),
        picklist("DefaultLocaleSidKey", "Locale", ()),
        picklist("TimeZoneSidKey", "Time Zone", ()),
        text("NamespacePrefix", "Namespace Prefix", 15),
        field("TrialExpirationDate", "Trial Expiration Date", "datetime"),
        *STAMPS,
    ),
)

RECORD_TYPE = ObjectDef(
    name="RecordType",
    label="Record Type",
    label_plural="Record Types",
    key_prefix="012",
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        ID,
        text("Name", "Name", 80, nillable=False),
        text("DeveloperName", "Record Type Name", 80, nillable=False),
        text("SobjectType", "SObject Type Name", 40, nillable=False),
        field("IsActive", "Active", "boolean", nillable=False, default=1),
        field(
            "IsPersonType",
            "Is Person Type",
            "boolean",
            nillable=False,
            default=0,
            feature=PERSONS,
        ),
        *STAMPS,
    ),
)

ASSIGNMENT_RULE = ObjectDef(
    name="AssignmentRule",
    label="Assignment Rule",
    label_plural="Assignment Rules",
    key_prefix="01Q",
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        ID,
        text("Name", "Name", 120),
        picklist("SobjectType", "SObject Type", ("Case", "Lead"), length=40),
        field("Active", "Active", "boolean", nillable=False, default=0),
        *STAMPS,
    ),
)

FLOW_DEFINITION_VIEW = ObjectDef(
    name="FlowDefinitionView",
    label="Flow Definition",
    label_plural="Flow Definitions",
    key_prefix="3dd",
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        ID,
        text("DurableId", "Durable ID", 255),
        text("ApiName", "Flow API Name", 255),
        text("Label", "Flow Label", 255),
        picklist("ProcessType", "Process Type", ("AutoLaunchedFlow", "Flow", "Workflow")),
        picklist("TriggerType", "Trigger", ("RecordAfterSave", "RecordBeforeSave", "Scheduled")),
        picklist("RecordTriggerType", "Trigger Type", ("Create", "CreateAndUpdate", "Update")),
        text("TriggerObjectOrEventLabel", "Triggering Object", 255),
        field("IsActive", "Active", "boolean", nillable=False, default=0),
        field("LastModifiedDate", "Last Modified Date", "datetime"),
    ),
)

APEX_TRIGGER = ObjectDef(
    name="ApexTrigger",
    label="Apex Trigger",
    label_plural="Apex Triggers",
    key_prefix="01q",
    createable=False,
    updateable=False,
    deletable=False,
    fields=(
        ID,
        text("NamespacePrefix", "Namespace Prefix", 15),
        text("Name", "Name", 255, nillable=False),
        text("TableEnumOrId", "Custom Object Definition ID", 40),
        field("UsageBeforeInsert", "Before Insert", "boolean", nillable=False, default=0),
        field("UsageAfterInsert", "After Insert", "boolean", nillable=False, default=0),
        field("UsageBeforeUpdate", "Before Update", "boolean", nillable=False, default=0),
        field("UsageAfterUpdate", "After Update", "boolean", nillable=False, default=0),
        picklist("Status", "Status", ("Active", "Inactive", "Deleted"), nillable=False),
        *STAMPS,
    ),
)

CURRENCY_TYPE = ObjectDef(
    name="CurrencyType",
    label="Currency Type",
    label_plural="Currency Types",
    key_prefix="01L",
    deletable=False,
    feature=MONEY,
    fields=(
        ID,
        picklist("IsoCode", "Currency ISO Code", CURRENCIES, length=3, nillable=False),
        field("ConversionRate", "Conversion Rate", "double", precision=18, scale=9, nillable=False),
        field("DecimalPlaces", "Decimal Places", "int", precision=1, nillable=False),
        field("IsActive", "Active", "boolean", nillable=False, default=1),
        field("IsCorporate", "Corporate", "boolean", nillable=False, default=0),
        *STAMPS,
    ),
)

DATED_CONVERSION_RATE = ObjectDef(
    name="DatedConversionRate",
    label="Dated Exchange Rate",
    label_plural="Dated Exchange Rates",
    key_prefix="04w",
    feature=MONEY,
    fields=(
        ID,
        picklist("IsoCode", "Currency ISO Code", CURRENCIES, length=3, nillable=False),
        field("StartDate", "Start Date", "date", nillable=False),
        field("NextStartDate", "Next Start Date", "date", createable=False, updateable=False),
        field("ConversionRate", "Conversion Rate", "double", precision=18, scale=9, nillable=False),
        *STAMPS,
    ),
)
