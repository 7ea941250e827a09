"""Which table mirrors which Salesforce object, and which column holds which field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """

    object_name: str
    table: Table
    columns: Mapping[str, Column[Any]]
    cursor: str
    constants: Mapping[str, str] = field(default_factory=dict)


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


def _mirror(object_name: str, model: type[SQLModel]) -> Mirror:
    table = table_of(model)
    columns = {c.info["salesforce"]: c for c in table.columns if "salesforce" in c.info}
    return Mirror(object_name, table, MappingProxyType(columns), "SystemModstamp")


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
            _mirror("Group", mirror_table.Queue),
            _mirror("QueueSobject", mirror_table.QueueObject),
            _history("AccountHistory", tracks="Account", parent_field="AccountId"),
            _history("LeadHistory", tracks="Lead", parent_field="LeadId"),
            _history("ContactHistory", tracks="Contact", parent_field="ContactId"),
            _history("CaseHistory", tracks="Case", parent_field="CaseId"),
            _history("OpportunityFieldHistory", tracks="Opportunity", parent_field="OpportunityId"),
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
