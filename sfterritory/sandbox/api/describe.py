"""Describe: the schema as clients read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfterritory.sandbox.api.accept import check_takes_json
from sfterritory.sandbox.api.answer import Call, Routes, json_answer, not_found
from sfterritory.sandbox.api.conditional import not_modified
from sfterritory.sandbox.api.described_field import field_entry
from sfterritory.sandbox.api.described_since import described_since
from sfterritory.sandbox.api.viewed import recent_items
from sfterritory.sandbox.soql.child import child_relationships
from sfterritory.sandbox.soql.record_scope import record_scopes

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import ObjectDef

MASTER_RECORD_TYPE = "012000000000000AAA"
_MERGEABLE = frozenset({"Account", "Contact", "Lead", "Case"})


def describe_global(call: Call) -> Response:
    """`GET /sobjects`."""
    listed = sorted(call.schema.objects.values(), key=lambda one: one.name)
    return _conditional(
        call,
        lambda: {
            "encoding": "UTF-8",
            "maxBatchSize": 200,
            "sobjects": [_object_flags(one, call.version) for one in listed],
        },
    )


def describe_object(call: Call) -> Response:
    """`GET /sobjects/{name}/describe`."""
    described = object_named(call.schema, call.path["name"])
    return _conditional(
        call,
        lambda: {
            **_object_flags(described, call.version),
            "actionOverrides": [],
            "childRelationships": _children(call.schema, described),
            "compactLayoutable": True,
            "fields": [field_entry(described, one) for one in described.fields],
            "namedLayoutInfos": [],
            "recordTypeInfos": _record_types(call, described),
            "supportedScopes": [
                {"label": label, "name": name}
                for name, (label, _) in record_scopes(call.schema, described).items()
            ],
        },
    )


def describe_basic(call: Call) -> Response:
    """`GET /sobjects/{name}`; what was looked at changes, so that it has no validators."""
    check_takes_json(call)
    described = object_named(call.schema, call.path["name"])
    flags = _object_flags(described, call.version)
    return json_answer({"objectDescribe": flags, "recentItems": recent_items(call, described)})


def object_named(schema: OrgSchema, name: str) -> ObjectDef:
    """Return the object of a path.

    Raises:
        ApiError: 404, as for every unknown path.
    """
    described = schema.find(name)
    if described is None:
        raise not_found()
    return described


def _conditional(call: Call, make: Callable[[], Any]) -> Response:
    check_takes_json(call)
    validators = described_since(call)
    unchanged = not_modified(call, validators)
    return unchanged or json_answer(make(), headers=validators.headers)


def _object_flags(described: ObjectDef, version: str) -> dict[str, Any]:
    root = f"/services/data/v{version}/sobjects/{described.name}"
    is_history = described.history_of is not None
    return {
        "activateable": False,
        "associateEntityType": "History" if is_history else None,
        "associateParentEntity": described.history_of,
        "createable": described.createable,
        "custom": described.name.endswith("__c"),
        "customSetting": False,
        "deepCloneable": False,
        "deletable": described.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": described.key_prefix,
        "label": described.label,
        "labelPlural": described.label_plural,
        "layoutable": not is_history,
        "mergeable": described.name in _MERGEABLE,
        "mruEnabled": not is_history,
        "name": described.name,
        "queryable": True,
        "replicateable": described.replicateable,
        "retrieveable": True,
        "searchable": False,
        "triggerable": not is_history,
        "undeletable": (
            described.deletable and described.undeletable and described.has("IsDeleted")
        ),
        "updateable": described.updateable,
        "urls": {
            "sobject": root,
            "describe": f"{root}/describe",
            "rowTemplate": f"{root}/{{ID}}",
        },
    }


def _children(schema: OrgSchema, described: ObjectDef) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": one.child.history_parent == one.field.name,
            "childSObject": one.child.name,
            "deprecatedAndHidden": False,
            "field": one.field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": one.name,
            "restrictedDelete": False,
        }
        for one in child_relationships(schema, described)
    ]


def _record_types(call: Call, described: ObjectDef) -> list[dict[str, Any]]:
    """Return the object's record types, then the master type that every object has."""
    with call.state.reading() as connection:
        rows = connection.execute(
            "SELECT Id, Name, DeveloperName, IsActive FROM RecordType WHERE SobjectType = ? "
            "ORDER BY Id",
            (described.name,),
        ).fetchall()
    master = (MASTER_RECORD_TYPE, "Master", "Master", 1)
    root = f"/services/data/v{call.version}/sobjects/{described.name}/describe"
    default = rows[0][0] if rows else MASTER_RECORD_TYPE
    return [
        {
            "active": bool(active),
            "available": bool(active),
            "defaultRecordTypeMapping": record_type_id == default,
            "developerName": developer_name,
            "master": record_type_id == MASTER_RECORD_TYPE,
            "name": name,
            "recordTypeId": record_type_id,
            "urls": {"layout": f"{root}/layouts/{record_type_id}"},
        }
        for record_type_id, name, developer_name, active in (*rows, master)
    ]


ROUTES: Routes = {
    "/sobjects": {"GET": describe_global},
    "/sobjects/{name}": {"GET": describe_basic},
    "/sobjects/{name}/describe": {"GET": describe_object},
}
