"""Which table mirrors which Salesforce object, and which column holds which field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Table
from sqlmodel import SQLModel

from sfterritory.errors import StoreError
from sfterritory.model.store import mirror_table
from sfterritory.model.store.tables import table_of


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where the records of one Salesforce object are kept.

    Attributes:
        columns: The column of each Salesforce field that has one; others go into `extra`.
        cursor: The Salesforce field that orders changes: `SystemModstamp`, or `CreatedDate` for
            history, whose rows never change.
        constants: Columns that hold one value for the whole object, in a table that several share.
        key: The Salesforce field that names a record.
        others: Fields that every pull asks for beside those with a column.
        read_whole: Every pull reads all of it: a small object, or one that shows neither changes
            nor deletions.
    """

    object_name: str
    table: Table
    columns: Mapping[str, Column[Any]]
    cursor: str
    constants: Mapping[str, str] = field(default_factory=dict)
    key: str = "Id"
    others: tuple[str, ...] = ()
    read_whole: bool = False


def mirror_of(object_name: str) -> Mirror:
    """Return the mirror of an object.

    Raises:
        StoreError: No table mirrors it.
    """
    try:
        return MIRRORS[object_name]
    except KeyError as error:
        raise StoreError(
            f"the store mirrors no object {object_name!r}",
            remedy=f"use one of {', '.join(sorted(MIRRORS))}",
        ) from error


def _mirror(object_name: str, model: type[SQLModel], *, read_whole: bool = False) -> Mirror:
    table = table_of(model)
    columns = {c.info["salesforce"]: c for c in table.columns if "salesforce" in c.info}
    return Mirror(
        object_name, table, MappingProxyType(columns), "SystemModstamp", read_whole=read_whole
    )


def _history(object_name: str, *, tracks: str, parent_field: str) -> Mirror:
    mirror = _mirror(object_name, mirror_table.OwnerHistory)
    columns = {**mirror.columns, parent_field: mirror.table.columns["record_id"]}
    return Mirror(
        object_name,
        mirror.table,
        MappingProxyType(columns),
        "CreatedDate",
        MappingProxyType({"object_name": tracks}),
    )


def _activity(object_name: str, *absent: str) -> Mirror:
    mirror = _mirror(object_name, mirror_table.CustomerActivity)
    columns = {name: column for name, column in mirror.columns.items() if name not in absent}
    return replace(
        mirror,
        columns=MappingProxyType(columns),
        constants=MappingProxyType({"object_name": object_name}),
    )


def _related(object_name: str, columns: Mapping[str, str], *others: str) -> Mirror:
    """Return the mirror of an object that shares its table; see `_RELATED`."""
    table = table_of(mirror_table.RelatedRecord)
    by_field = {field: table.columns[column] for field, column in columns.items()}
    key = next(field for field, column in columns.items() if column == "id")
    return Mirror(
        object_name,
        table,
        MappingProxyType(by_field),
        "SystemModstamp" if "SystemModstamp" in columns else key,
        MappingProxyType({"object_name": object_name}),
        key=key,
        others=others,
        read_whole="IsDeleted" not in columns,
    )


_ID = {"Id": "id", "SystemModstamp": "system_modstamp"}
_BINNED = {**_ID, "IsDeleted": "is_deleted"}  # a deleted row is shown as such, for a while

# Those without IsDeleted never show a deletion, so all of them is read each time.
_RELATED = (
    _related(
        "AccountTeamMember",
        {**_BINNED, "AccountId": "record_id", "UserId": "user_id"},
        "TeamMemberRole",
        "AccountAccessLevel",
        "OpportunityAccessLevel",
        "CaseAccessLevel",
        "ContactAccessLevel",
    ),
    _related(
        "OpportunityTeamMember",
        {**_BINNED, "OpportunityId": "record_id", "UserId": "user_id", "Name": "name"},
        "TeamMemberRole",
        "OpportunityAccessLevel",
    ),
    _related("GroupMember", {**_ID, "GroupId": "record_id", "UserOrGroupId": "user_id"}),
    _related("UserRole", {**_ID, "ParentRoleId": "record_id", "Name": "name"}, "DeveloperName"),
    _related("Profile", {**_ID, "Name": "name"}, "UserType"),
    _related(
        "Territory2Model",
        {**_ID, "Name": "name"},
        "DeveloperName",
        "State",
        "ActivatedDate",
        "DeactivatedDate",
        "LastRunRulesEndDate",
    ),
    _related("Territory2Type", {**_ID, "MasterLabel": "name"}, "DeveloperName", "Priority"),
    _related(
        "Territory2",
        {**_ID, "Name": "name", "Territory2ModelId": "record_id", "ForecastUserId": "user_id"},
        "DeveloperName",
        "Territory2TypeId",
        "ParentTerritory2Id",
        "AccountAccessLevel",
        "OpportunityAccessLevel",
        "CaseAccessLevel",
        "ContactAccessLevel",
    ),
    _related(
        "UserTerritory2Association",
        {**_ID, "Territory2Id": "record_id", "UserId": "user_id"},
        "RoleInTerritory2",
        "IsActive",
    ),
    _related(
        "ObjectTerritory2Association",
        {**_BINNED, "ObjectId": "record_id"},
        "Territory2Id",
        "SobjectType",
        "AssociationCause",
    ),
    _related("AssignmentRule", {**_ID, "Name": "name"}, "SobjectType", "Active"),
    _related(
        "FlowDefinitionView",
        {"DurableId": "id", "Label": "name"},
        "ApiName",
        "ProcessType",
        "TriggerType",
        "IsActive",
        "TriggerObjectOrEventLabel",
    ),
    _related("ApexTrigger", {**_ID, "Name": "name"}, "TableEnumOrId", "Status"),
)

MIRRORS: Mapping[str, Mirror] = MappingProxyType(
    {
        mirror.object_name: mirror
        for mirror in (
            _mirror("Account", mirror_table.Account),
            _mirror("Lead", mirror_table.Lead),
            _mirror("Contact", mirror_table.Contact),
            _mirror("Opportunity", mirror_table.Opportunity),
            _mirror("Case", mirror_table.CaseRecord),
            _mirror("User", mirror_table.SalesforceUser),
            _mirror("Group", mirror_table.Queue, read_whole=True),
            _mirror("QueueSobject", mirror_table.QueueObject, read_whole=True),
            _history("AccountHistory", tracks="Account", parent_field="AccountId"),
            _history("LeadHistory", tracks="Lead", parent_field="LeadId"),
            _history("ContactHistory", tracks="Contact", parent_field="ContactId"),
            _history("CaseHistory", tracks="Case", parent_field="CaseId"),
            _history("OpportunityFieldHistory", tracks="Opportunity", parent_field="OpportunityId"),
            _activity("Task"),
            _activity("Event", "CompletedDateTime", "IsClosed"),
            *_RELATED,
        )
    }
)

# What planning reads: a change in any live row of these makes another snapshot.
PLANNING_OBJECTS = (
    "Account",
    "Case",
    "Contact",
    "Group",
    "Lead",
    "Opportunity",
    "QueueSobject",
    "User",
)
