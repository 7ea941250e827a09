"""Checks of what the integration user may read and change, object by object, field by field."""

from __future__ import annotations

from collections.abc import Iterator

from sfterritory.connectors.salesforce.description import ObjectDescription, readable_fields
from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.org import SalesforceOrg
from sfterritory.pipeline.doctor.report import HealthCheck, failed, ok, tried, warning
from sfterritory.pipeline.field_list import ROUTED_OBJECTS, named_fields, wanted_fields
from sfterritory.pipeline.pull.objects import (
    OPTIONAL_OBJECTS,
    REQUIRED_OBJECTS,
    objects_to_pull,
    required_fields,
)
from sfterritory.pipeline.pull.planner import ABSENT
from sfterritory.settings.project import Settings
from sfterritory.writeback.history import FieldSpec, describe_problems

_IN_EVERY_ORG = frozenset({"Contact", "Opportunity", "Case", "AccountHistory", "LeadHistory"})
# Users and queues have no recycle bin.
_NOT_EVERYWHERE = frozenset({"IsDeleted"})


def access_checks(settings: Settings, org: SalesforceOrg) -> Iterator[HealthCheck]:
    """Check every object that a pull reads; one that is hidden does not stop the others."""
    for name in REQUIRED_OBJECTS:
        wrong, description = tried(f"object {name}", lambda name=name: org.describe(name))  # type: ignore[misc]  # mypy cannot type a lambda's default
        if description is None:
            yield wrong or ok(f"object {name}", "")
            continue
        yield _readable(settings, description)
        if name in ROUTED_OBJECTS:
            yield _owner_changeable(description)
            yield _history_fields(settings, description)
    yield _optional(settings, org)


def _readable(settings: Settings, description: ObjectDescription) -> HealthCheck:
    object_name = description.name
    check = f"object {object_name}"
    _, missing = readable_fields(description, wanted_fields(settings, object_name))
    lost = {
        "every pull": sorted(set(missing) & {*required_fields(object_name)}),
        "mappings/": sorted(set(missing) & {*named_fields(settings, object_name)}),
    }
    if any(lost.values()):
        return failed(
            check,
            "; ".join(
                f"needed by {who} and not readable: {', '.join(names)}"
                for who, names in lost.items()
                if names
            ),
            remedy="create the fields and give the integration user access (field-level "
            "security), or remove them from mappings/",
        )
    left_out = sorted(set(missing) - _NOT_EVERYWHERE)
    without = f"; the org has no {', '.join(left_out)}, or hides them" if left_out else ""
    return ok(check, f"{len(description.fields)} fields can be read{without}")


def _owner_changeable(description: ObjectDescription) -> HealthCheck:
    name = description.name
    owner = description.fields.get("OwnerId")
    if owner is None or not owner.updateable or not description.updateable:
        return failed(
            f"{name} owner",
            f"the integration user may not change {name}.OwnerId",
            remedy="give it edit access to the object and the permission Transfer Record",
        )
    return ok(f"{name} owner", f"{name}.OwnerId can be changed")


def _history_fields(settings: Settings, description: ObjectDescription) -> HealthCheck:
    name = description.name
    history = settings.history_of(name)
    specs = {
        one.name: FieldSpec(one.type, one.length, updateable=one.updateable)
        for one in description.fields.values()
    }
    problems = describe_problems(name, history, fields=specs)
    if problems:
        return failed(
            f"{name} history fields",
            "; ".join(problems),
            remedy="correct the fields in Salesforce or the history part of "
            "mappings/salesforce.yaml",
        )
    return ok(f"{name} history fields", f"{len(history.names)} fields fit their sources")


def _optional(settings: Settings, org: SalesforceOrg) -> HealthCheck:
    """Name what a pull leaves out; only some of it is missed in every org."""
    names = [one for one in objects_to_pull(settings.salesforce.pull) if one in OPTIONAL_OBJECTS]
    hidden = [name for name in names if not _is_readable(org, name)]
    told = f"{len(names) - len(hidden)} of {len(names)} objects can be read"
    if not hidden:
        return ok("optional objects", told)
    detail = f"{told}; the org has no {', '.join(hidden)}, or hides them, and pull leaves them out"
    if set(hidden) & _IN_EVERY_ORG:
        return warning(
            "optional objects",
            detail,
            remedy="give the integration user access to them (object permissions)",
        )
    return ok("optional objects", detail)


def _is_readable(org: SalesforceOrg, object_name: str) -> bool:
    try:
        org.describe(object_name)
    except RefusedError as error:
        if error.code not in ABSENT:
            raise
        return False
    return True
