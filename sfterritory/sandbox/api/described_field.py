"""One field as describe shows it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.country import STATES
from sfterritory.sandbox.schema import NUMBER_TYPES, TEXT_TYPES
from sfterritory.sandbox.soql.ability import can_aggregate, can_filter, can_group, can_sort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfterritory.sandbox.schema import FieldDef, ObjectDef

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
# Filled by the server whatever a client sends or leaves out.
_SERVER_FILLED = frozenset(
    {"Id", "OwnerId", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById"}
    | {"SystemModstamp", "CurrencyIsoCode"}
)
_NAME_FIELDS = {"Case": "CaseNumber", "Task": "Subject", "Event": "Subject"}
_VALID_FOR_STEP = 3  # bytes: so that the text needs no padding


def field_entry(described: ObjectDef, field: FieldDef) -> dict[str, Any]:
    """Return the field's entry in `fields`."""
    text = field.type in TEXT_TYPES
    return {
        "aggregatable": can_aggregate(field),
        "aiPredictionField": False,
        "autoNumber": field.name == "CaseNumber",
        "byteLength": field.length * 3 if text else field.length,
        "calculated": False,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": False,
        "compoundFieldName": _compound_name(described, field),
        "controllerName": field.controller or None,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": bool(field.default) if field.type == "boolean" else field.default,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.default is not None or field.name in _SERVER_FILLED,
        "dependentPicklist": bool(field.controller),
        "deprecatedAndHidden": False,
        "digits": field.precision if field.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": field.external_id,
        "extraTypeInfo": None,
        "filterable": can_filter(field),
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": can_group(field),
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.id_lookup,
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": field.name == _NAME_FIELDS.get(described.name, "Name"),
        "namePointing": field.polymorphic,
        "nillable": field.nillable,
        "permissionable": field.nillable and field.updateable and field.type != "id",
        "picklistValues": picklist_values(described, field),
        "polymorphicForeignKey": field.polymorphic,
        "precision": field.precision if field.type in NUMBER_TYPES - {"int"} else 0,
        "queryByDistance": field.type == "address",
        "referenceTargetField": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship_name,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": False,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": can_sort(field),
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable,
        "writeRequiresMasterRead": False,
    }


def picklist_values(described: ObjectDef, field: FieldDef) -> list[dict[str, Any]]:
    """Return the values of a picklist; those of a dependent one say for what they are valid."""
    controller = described.find(field.controller) if field.controller else None
    return [
        {
            "active": True,
            "defaultValue": field.default == value,
            "label": value,
            "validFor": _valid_for(value, controller.picklist) if controller else None,
            "value": value,
        }
        for value in field.picklist
    ]


def _valid_for(state_code: str, countries: Sequence[str]) -> str:
    """Return the countries that have the state as a bitmap in base64, the first one leftmost.

    State codes are the only picklists of the org that depend on another.
    """
    bits = bytearray(-(-len(countries) // (8 * _VALID_FOR_STEP)) * _VALID_FOR_STEP)
    for place, country in enumerate(countries):
        if state_code in STATES.get(country, {}):
            bits[place // 8] |= 0x80 >> place % 8
    return base64.b64encode(bytes(bits)).decode()


def _compound_name(described: ObjectDef, field: FieldDef) -> str | None:
    for other in described.fields:
        if any(name == field.name for _, name in other.components):
            return other.name
    if field.name in {"FirstName", "LastName"} and described.has("FirstName"):
        return "Name"
    return None
