"""Which objects are pulled, in which order, and which of their rows."""

from __future__ import annotations

from typing import get_args

from sfterritory.connectors.salesforce import soql
from sfterritory.model.store.mirror_registry import MIRRORS
from sfterritory.model.store.people import OWNER_FIELDS
from sfterritory.settings.mapping import OptionalObject, PullParams

# Owners first, so that a pull cut off in the middle never holds records of unknown owners.
REQUIRED_OBJECTS = ("User", "Group", "QueueSobject", "Account", "Lead")
# An org may have these switched off, or hide them from the integration user.
OPTIONAL_OBJECTS: tuple[str, ...] = get_args(OptionalObject)

_ROUTED = ("Account", "Lead")


def objects_to_pull(params: PullParams) -> tuple[str, ...]:
    """Return what a project pulls, in order."""
    return (*REQUIRED_OBJECTS, *(name for name in OPTIONAL_OBJECTS if name in params.objects))


def required_fields(object_name: str) -> tuple[str, ...]:
    """Return the fields without which an object cannot be pulled."""
    mirror = MIRRORS[object_name]
    own = (mirror.key,) if mirror.read_whole else (mirror.key, mirror.cursor)
    return (*own, "OwnerId", "LastModifiedDate") if object_name in _ROUTED else own


def is_history(object_name: str) -> bool:
    """Tell whether rows are only ever added, and age out of Salesforce after two years."""
    return MIRRORS[object_name].cursor == "CreatedDate"


def is_counted(object_name: str) -> bool:
    """Tell whether rows can be counted; what has no id of a record's form is a view on metadata."""
    return MIRRORS[object_name].key == "Id"


def row_conditions(object_name: str) -> list[str]:
    """Return the conditions that pick the rows of an object that matter here at all."""
    match object_name:
        case "Group":
            return [soql.condition("Type", "=", "Queue")]
        case "GroupMember":
            return [soql.condition("Group.Type", "=", "Queue")]
    return [soql.among("Field", OWNER_FIELDS)] if is_history(object_name) else []
