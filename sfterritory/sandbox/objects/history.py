"""The history objects: rows that the server alone writes."""

from __future__ import annotations

from sfterritory.sandbox.objects.customer import ACCOUNT, CONTACT, LEAD
from sfterritory.sandbox.objects.deal import CASE, OPPORTUNITY
from sfterritory.sandbox.objects.making import DELETED, ID, field, reference, text
from sfterritory.sandbox.schema import ObjectDef


def _history(name: str, parent: ObjectDef, id_prefix: str) -> ObjectDef:
    parent_field = f"{parent.name}Id"
    return ObjectDef(
        name=name,
        label=f"{parent.label} History",
        label_plural=f"{parent.label} History",
        key_prefix=None,
        id_prefix=id_prefix,
        createable=False,
        updateable=False,
        deletable=False,
        history_of=parent.name,
        history_parent=parent_field,
        fields=(
            ID,
            DELETED,
            reference(parent_field, f"{parent.label} ID", (parent.name,), nillable=False),
            reference("CreatedById", "Created By ID", ("User",), nillable=False),
            field("CreatedDate", "Created Date", "datetime", nillable=False),
            text("Field", "Changed Field", 255, nillable=False),
            text("DataType", "Datatype", 40),
            text("OldValue", "Old Value", 255, filterable=False),
            text("NewValue", "New Value", 255, filterable=False),
        ),
    )


HISTORIES = (
    _history("AccountHistory", ACCOUNT, "017"),
    _history("ContactHistory", CONTACT, "03h"),
    _history("LeadHistory", LEAD, "02o"),
    _history("OpportunityFieldHistory", OPPORTUNITY, "02n"),
    _history("CaseHistory", CASE, "02v"),
)
