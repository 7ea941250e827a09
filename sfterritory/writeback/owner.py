"""Who can own records, and why somebody may not own this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sfterritory.model.ids import QUEUE_PREFIX

# Salesforce lets only these be owned by a queue; custom objects too where an admin allows it.
QUEUE_OWNED = frozenset({"Lead", "Case"})


class OwnerKind(StrEnum):
    """What an owner id stands for."""

    USER = "user"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True)
class Owner:
    """A user or a queue as the last pull saw it.

    Attributes:
        active: `User.IsActive`; queues are always active.
        standard: `User.UserType` is `Standard`; automated and portal users cannot own records.
        queue_objects: Objects that a queue may hold; empty where that is not known.
        territory: Name of the territory that a user has; None without one.
    """

    id: str
    name: str
    kind: OwnerKind = OwnerKind.USER
    active: bool = True
    standard: bool = True
    queue_objects: frozenset[str] = frozenset()
    territory: str | None = None


@dataclass(frozen=True, slots=True)
class OrgFacts:
    """What the org says of owners and fields.

    Attributes:
        owners: Users and queues by 18-character id.
        text_lengths: Longest text by object, then field; a field that is absent is not cut.
    """

    owners: Mapping[str, Owner]
    text_lengths: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def name(self, owner_id: str | None) -> str:
        """Return the owner's name, its id where the pull does not know it, '' for nobody."""
        if owner_id is None:
            return ""
        owner = self.owners.get(owner_id)
        return owner.name if owner else owner_id

    def territory(self, owner_id: str) -> str | None:
        """Return the name of the owner's territory, None for whoever has none."""
        owner = self.owners.get(owner_id)
        return owner.territory if owner else None

    def is_person(self, owner_id: str | None) -> bool:
        """Tell whether a user owns it, rather than a queue or nobody."""
        if owner_id is None:
            return False
        owner = self.owners.get(owner_id)
        if owner is None:  # not pulled: the key prefix tells users and queues apart
            return not owner_id.startswith(QUEUE_PREFIX)
        return owner.kind is OwnerKind.USER


def cannot_own(owner_id: str, object_name: str, *, org: OrgFacts) -> str | None:
    """Return why this owner may not get a record of this object, None where nothing forbids it."""
    owner = org.owners.get(owner_id)
    if owner is None:
        return f"{owner_id} is neither a user nor a queue of the last pull"
    if owner.kind is OwnerKind.QUEUE:
        return _queue_cannot_own(owner, object_name)
    if not owner.active:
        return f"{owner.name} is inactive"
    if not owner.standard:
        return f"{owner.name} is not a standard user"
    return None


def _queue_cannot_own(queue: Owner, object_name: str) -> str | None:
    if object_name not in QUEUE_OWNED and not object_name.endswith("__c"):
        return f"{queue.name} is a queue, and a queue cannot own {object_name} records"
    if queue.queue_objects and object_name not in queue.queue_objects:
        return f"queue {queue.name} is not set up for {object_name} records"
    return None
