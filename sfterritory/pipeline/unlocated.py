"""Unlocated: every record without a place and every value that was refused, one by one."""

from __future__ import annotations

from sfterritory.geography.location import Doubt, Unlocated
from sfterritory.model.document import Document
from sfterritory.model.store.store import Store
from sfterritory.pipeline.locate import LOCATED_OBJECTS, address_fields
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.quality.cause import Cause

_WORDS = {
    **{str(one): one.words for one in Unlocated},
    **{str(one): one.words for one in Cause},
    **{str(one): one.words for one in Doubt},
}


class UnlocatedRecord(Document):
    """A record that is in no territory because nobody knows where it is."""

    object_name: str
    record_id: str
    name: str
    address: str
    cause: str
    words: str


class RefusedValue(Document):
    """A value of an address that could not be used as it stands."""

    object_name: str
    record_id: str
    field: str
    value: str
    cause: str
    words: str


class LocationReport(Document):
    """What somebody has to correct in Salesforce."""

    unlocated: tuple[UnlocatedRecord, ...]
    refused: tuple[RefusedValue, ...]


def location_report(store: Store) -> LocationReport:
    """Return what the last pull could not locate or understand, by object and id.

    Raises:
        StepMissingError: Nothing was pulled yet.
    """
    latest_snapshot(store)
    unlocated = tuple(one for name in LOCATED_OBJECTS for one in _unlocated(store, name))
    refused = tuple(
        RefusedValue(
            object_name=name,
            record_id=one.record_id,
            field=one.field,
            value=one.value or "",
            cause=one.cause,
            words=_WORDS.get(one.cause, one.cause),
        )
        for name in LOCATED_OBJECTS
        for one in store.locations.rejects(name)
    )
    return LocationReport(unlocated=unlocated, refused=refused)


def _unlocated(store: Store, object_name: str) -> list[UnlocatedRecord]:
    kept = store.locations.of(object_name)
    fields = address_fields(object_name)
    found = []
    for row, cause in enumerate(kept.cause.values()):
        if cause is None:
            continue
        record_id = str(kept.ids[row])
        record = store.mirror.record(object_name, record_id) or {}
        parts = (record.get(name) for name in fields)
        found.append(
            UnlocatedRecord(
                object_name=object_name,
                record_id=record_id,
                name=str(record.get("Name") or ""),
                address=", ".join(str(part) for part in parts if part),
                cause=cause,
                words=_WORDS.get(cause, cause),
            )
        )
    return found
