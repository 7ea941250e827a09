"""Describe: the schema as clients read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.answer import Call, Routes, json_answer, not_found
from sfterritory.sandbox.schema import TEXT_TYPES

if TYPE_CHECKING:
    from starlette.responses import Response

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import FieldDef, ObjectDef

MASTER_RECORD_TYPE = "012000000000000AAA"
_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}


def describe_global(call: Call) -> Response:
    """`GET /sobjects`."""
    listed = sorted(call.schema.objects.values(), key=lambda one: one.name)
    return json_answer(
        {
            "encoding": "UTF-8",
            "maxBatchSize": 200,
            "sobjects": [_object_flags(one, call.version) for one in listed],
        }
    )


def describe_object(call: Call) -> Response:
    """`GET /sobjects/{name}/describe`."""
    described = object_named(call.schema, call.path["name"])
    return json_answer(
        {
            **_object_flags(described, call.version),
            "actionOverrides": [],
            "childRelationships": _children(call.schema, described),
            "compactLayoutable": True,
            "fields": [_field(described, one) for one in described.fields],
            "namedLayoutInfos": [],
            "recordTypeInfos": [_master_record_type(described, call.version)],
            "supportedScopes": [{"label": f"All {described.label_plural}", "name": "everything"}],
        }
    )


def describe_basic(call: Call) -> Response:
    """`GET /sobjects/{name}`."""
    described = object_named(call.schema, call.path["name"])
    flags = _object_flags(described, call.version)
    return json_answer({"objectDescribe": flags, "recentItems": []})


def object_named(schema: OrgSchema, name: str) -> ObjectDef:
    """Return the object of a path.

    Raises:
        ApiError: 404, as for every unknown path.
    """
    described = schema.find(name)
    if described is None:
        raise not_found()
    return described


def _object_flags(described: ObjectDef, version: str) -> dict[str, Any]:
    root = f"/services/data/v{version}/sobjects/{described.name}"
    return {
        "activateable": False,
        "associateEntityType": "History" if described.history_of else None,
        "associateParentEntity": described.history_of,
        "createable": described.createable,
        "custom": False,
        "customSetting": False,
        "deletable": described.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": described.key_prefix,
        "label": described.label,
        "labelPlural": described.label_plural,
        "layoutable": described.history_of is None,
        "mergeable": described.name in {"Account", "Contact", "Lead", "Case"},
        "mruEnabled": described.history_of is None,
        "name": described.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": described.history_of is None,
        "triggerable": described.history_of is None,
        "undeletable": described.deletable and described.has("IsDeleted"),
        "updateable": described.updateable,
        "urls": {
            "sobject": root,
            "describe": f"{root}/describe",
            "rowTemplate": f"{root}/{{ID}}",
        },
    }


def _field(described: ObjectDef, field: FieldDef) -> dict[str, Any]:
    is_name = field.name == "Name"
    text = field.type in TEXT_TYPES
    return {
        "aggregatable": field.stored,
        "aiPredictionField": False,
        "autoNumber": field.name == "CaseNumber",
        "byteLength": field.length * 3 if text else field.length,
        "calculated": False,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": False,
        "compoundFieldName": _compound_name(described, field),
        "controllerName": None,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": False if field.type == "boolean" else None,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.default is not None or field.name == "OwnerId",
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": field.precision if field.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": False,
        "extraTypeInfo": None,
        "filterable": field.filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": field.filterable and field.type not in {"double", "currency", "datetime"},
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.type == "id" or field.name in {"Email", "Username"},
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": is_name,
        "namePointing": field.polymorphic,
        "nillable": field.nillable,
        "permissionable": field.nillable and field.updateable and field.type != "id",
        "picklistValues": [_picklist_value(field, value) for value in field.picklist],
        "polymorphicForeignKey": field.polymorphic,
        "precision": field.precision if field.type in {"double", "currency"} else 0,
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
        "sortable": field.stored and field.length <= 4000,
        "type": field.type,
        "unique": False,
        "updateable": field.updateable,
        "writeRequiresMasterRead": False,
    }


def _compound_name(described: ObjectDef, field: FieldDef) -> str | None:
    for other in described.fields:
        if any(name == field.name for _, name in other.components):
            return other.name
    if field.name in {"FirstName", "LastName"} and described.has("FirstName"):
        return "Name"
    return None


def _picklist_value(field: FieldDef, value: str) -> dict[str, Any]:
    return {
        "active": True,
        "defaultValue": field.default == value,
        "label": value,
        "validFor": None,
        "value": value,
    }


def _children(schema: OrgSchema, described: ObjectDef) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": False,
            "childSObject": other.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": _child_relationship(other, field),
            "restrictedDelete": False,
        }
        for other in schema.objects.values()
        for field in other.fields
        if described.name in field.reference_to
    ]


def _child_relationship(child: ObjectDef, field: FieldDef) -> str | None:
    if child.history_parent == field.name:
        return "Histories"
    return child.label_plural if field.name in {"AccountId", "ContactId"} else None


def _master_record_type(described: ObjectDef, version: str) -> dict[str, Any]:
    root = f"/services/data/v{version}/sobjects/{described.name}/describe"
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": MASTER_RECORD_TYPE,
        "urls": {"layout": f"{root}/layouts/{MASTER_RECORD_TYPE}"},
    }


ROUTES: Routes = {
    "/sobjects": {"GET": describe_global},
    "/sobjects/{name}": {"GET": describe_basic},
    "/sobjects/{name}/describe": {"GET": describe_object},
}
