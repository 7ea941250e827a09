"""Locate: one spelling for addresses, and a place for each record; the end of every pull."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfterritory.connectors.reference.country_facts import load_country_facts
from sfterritory.connectors.reference.gazetteer import load_gazetteer
from sfterritory.events import emit
from sfterritory.geography.locate import locate
from sfterritory.geography.location import GivenCoordinates, Locations
from sfterritory.model.columns import Accuracy, NumberColumn, RecordColumns, TextColumn, TimeColumn
from sfterritory.model.document import Document
from sfterritory.model.store import location as kept
from sfterritory.model.store.store import Store
from sfterritory.pipeline.derive import derive_country_facts, derive_places
from sfterritory.pipeline.records import accuracy_counts, typed
from sfterritory.quality.address import AddressColumns, NormalisedAddresses, normalise_addresses
from sfterritory.quality.reference import AddressReference
from sfterritory.settings.project import Settings

# Raise it when a change here or in the stages gives records another place.
LOCATOR_VERSION = "3"

LOCATED_OBJECTS = ("Account", "Lead", "User")


class LocatedObject(Document):
    """How many records of an object are located, how exactly, and what kept the others from it.

    Attributes:
        accuracy: Records by accuracy, the most exact first; `none` are those not located.
        causes: Records that are not located, by cause, the most frequent first.
        changed: Values brought into another spelling.
        rejects: Values refused, by cause, the most frequent first.
        doubts: Coordinates in Salesforce that something speaks against, by what.
    """

    object_name: str
    records: int
    accuracy: dict[str, int]
    causes: dict[str, int]
    changed: int
    rejects: dict[str, int]
    doubts: dict[str, int]

    @property
    def located(self) -> int:
        """Return how many records have a place."""
        return self.records - self.accuracy[Accuracy.NONE.name.lower()]


@dataclass(frozen=True, slots=True)
class _AddressFields:
    """Which fields of an object hold its address."""

    city: str
    state: str
    postal_code: str
    country: str
    latitude: str
    longitude: str
    accuracy: str | None

    @classmethod
    def of(cls, object_name: str) -> _AddressFields:
        prefix = "Billing" if object_name == "Account" else ""
        return cls(
            city=f"{prefix}City",
            state=f"{prefix}State",
            postal_code=f"{prefix}PostalCode",
            country=f"{prefix}Country",
            latitude=f"{prefix}Latitude",
            longitude=f"{prefix}Longitude",
            accuracy=None if object_name == "User" else f"{prefix}GeocodeAccuracy",
        )

    @property
    def names(self) -> tuple[str, ...]:
        fields = (
            self.city, self.state, self.postal_code, self.country,
            self.latitude, self.longitude, self.accuracy,
        )  # fmt: skip
        return tuple(name for name in fields if name is not None)


@dataclass(frozen=True, slots=True)
class _Delivered:
    """One object's records, addresses and coordinates as Salesforce holds them."""

    records: RecordColumns
    fields: _AddressFields

    @property
    def addresses(self) -> AddressColumns:
        return AddressColumns(
            city=self._text(self.fields.city),
            subdivision=self._text(self.fields.state),
            postal_code=self._text(self.fields.postal_code),
            country=self._text(self.fields.country),
        )

    @property
    def given(self) -> GivenCoordinates:
        accuracy = self.fields.accuracy
        return GivenCoordinates(
            lon_deg=typed(self.records.fields[self.fields.longitude], NumberColumn).values,
            lat_deg=typed(self.records.fields[self.fields.latitude], NumberColumn).values,
            accuracy=self._text(accuracy)
            if accuracy
            else TextColumn.of([None] * len(self.records)),
        )

    def _text(self, name: str) -> TextColumn:
        return typed(self.records.fields[name], TextColumn)


def address_fields(object_name: str) -> tuple[str, ...]:
    """Return the fields that hold an object's address as people type it."""
    fields = _AddressFields.of(object_name)
    return fields.city, fields.state, fields.postal_code, fields.country


def locate_all(settings: Settings, store: Store) -> tuple[LocatedObject, ...]:
    """Locate accounts, leads and users, and keep every change, reject and cause."""
    cache = reference_folder(settings)
    delivered = {name: _delivered(store, name) for name in LOCATED_OBJECTS}
    derive_country_facts(cache)
    reference = AddressReference.of(load_country_facts(cache=cache))
    normalised = {
        name: normalise_addresses(one.addresses, reference) for name, one in delivered.items()
    }
    named = {code for one in normalised.values() for code in one.country_code.vocabulary}
    countries = sorted(named)
    derive_places(countries, cache)
    gazetteer = load_gazetteer(countries, cache=cache)
    found = {
        name: locate(normalised[name], one.given, gazetteer) for name, one in delivered.items()
    }
    del gazetteer  # 30 MB that saving, which takes most memory, can do without
    answers = []
    for done, (name, one) in enumerate(delivered.items(), start=1):
        _save(store, one, normalised[name], found[name])
        answers.append(_summed(name, normalised[name], found[name]))
        emit("locate.progress", what="", done=done, total=len(delivered), unit="objects")
    return tuple(answers)


def reference_folder(settings: Settings) -> Path:
    """Return where derived reference data is kept: it can be removed at any time."""
    return settings.root / ".sfterritory" / "reference"


def _delivered(store: Store, object_name: str) -> _Delivered:
    fields = _AddressFields.of(object_name)
    records = store.mirror.columns(object_name, (*fields.names, "SystemModstamp"))
    return _Delivered(records, fields)


def _save(store: Store, one: _Delivered, normalised: NormalisedAddresses, found: Locations) -> None:
    records = one.records
    version = TextColumn.of([LOCATOR_VERSION] * len(records))
    store.locations.save(
        kept.Locations(
            object_name=records.object_name,
            ids=records.ids,
            places=found.places,
            source=found.source,
            country_code=normalised.country_code,
            subdivision_code=normalised.subdivision_code,
            postal_code=normalised.postal_code,
            city=normalised.city,
            cause=found.cause,
            modstamp=typed(records.fields["SystemModstamp"], TimeColumn),
            locator_version=version,
        ),
        normalised=_changes(one, normalised),
        rejects=_rejects(one, normalised, found),
    )


def _changes(one: _Delivered, normalised: NormalisedAddresses) -> Iterator[kept.Normalised]:
    changes, ids = normalised.changes, one.records.ids.tolist()
    columns = (changes.field.values(), changes.before.values(), changes.after.values())
    for row, field, before, after in zip(changes.rows.tolist(), *columns, strict=True):
        yield kept.Normalised(ids[row], field or "", before, after)


def _rejects(
    one: _Delivered, normalised: NormalisedAddresses, found: Locations
) -> Iterator[kept.Reject]:
    """Yield each refused value, one a record and field; the first cause stands."""
    rejects, ids = normalised.rejects, one.records.ids.tolist()
    seen: set[tuple[int, str]] = set()
    columns = (rejects.field.values(), rejects.value.values(), rejects.cause.values())
    for row, field, value, cause in zip(rejects.rows.tolist(), *columns, strict=True):
        if (row, field or "") not in seen:
            seen.add((row, field or ""))
            yield kept.Reject(ids[row], field or "", value, cause or "")
    given = one.given
    for row, doubt in enumerate(found.doubt.values()):
        if doubt is not None:
            place = f"{given.lon_deg[row]:.6f}, {given.lat_deg[row]:.6f}"
            yield kept.Reject(ids[row], "coordinate", place, doubt)


def _summed(object_name: str, normalised: NormalisedAddresses, found: Locations) -> LocatedObject:
    return LocatedObject(
        object_name=object_name,
        records=len(found.places.accuracy),
        accuracy=accuracy_counts(found.places),
        causes=_plain(found.causes()),
        changed=len(normalised.changes),
        rejects=_plain(normalised.rejects.counts()),
        doubts=_plain(found.doubts()),
    )


def _plain(counts: Mapping[Any, int]) -> dict[str, int]:
    return {str(name): count for name, count in counts.items()}
