"""Mirrored records joined with their places: what conditions, construction and routing read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from sfterritory.errors import ConfigError, StepMissingError
from sfterritory.model.columns import (
    Accuracy,
    Column,
    Flags,
    Floats,
    NumberColumn,
    Places,
    RecordColumns,
    TextColumn,
)
from sfterritory.model.store.snapshot import Snapshot
from sfterritory.model.store.store import Store
from sfterritory.pipeline.field_list import DERIVED_FIELDS
from sfterritory.routing.conditions import compile_mask
from sfterritory.routing.field_kind import check_condition, field_kinds
from sfterritory.routing.rules import Condition
from sfterritory.settings.project import Settings

C = TypeVar("C", bound=Column)

# How far a territory reaches beyond its outermost accounts, and so how far away a new record may
# lie and still have a territory. Wide enough to close the gaps between the metropolitan areas that
# accounts cluster in; oceans and other countries stay out by the rules on country.
AREA_REACH_KM = 200.0


@dataclass(frozen=True, slots=True)
class PlacedRecords:
    """Records of one object and where they are, row by row; derived fields are among the fields."""

    records: RecordColumns
    places: Places

    def text(self, name: str) -> TextColumn:
        """Return a field that holds text."""
        return typed(self.records.fields[name], TextColumn)

    def number(self, name: str | None) -> Floats:
        """Return a field that holds numbers, NaN everywhere where there is no such field."""
        if name is None:
            return np.full(len(self.records), np.nan)
        column = self.records.fields[name]
        if not isinstance(column, NumberColumn):
            raise ConfigError(
                f"mappings/salesforce.yaml: {self.records.object_name}.{name} holds no numbers",
                remedy="name a number or currency field, or null",
            )
        return column.values

    def matching(
        self, condition: Condition, *, settings: Settings, where: tuple[str | int, ...], file: str
    ) -> Flags:
        """Return which records a condition of a mapping holds for.

        Raises:
            ConfigError: The condition asks what the records cannot answer.
        """
        problems = check_condition(
            condition,
            object_name=self.records.object_name,
            fields=field_kinds(self.records),
            lists=settings.lists,
        )
        if problems:
            raise ConfigError(
                "\n".join(f"{file}: {one.under(*where)}" for one in problems),
                remedy="correct the condition",
            )
        return compile_mask(condition, self.records, lists=settings.lists)


def load_placed(store: Store, object_name: str, fields: Iterable[str]) -> PlacedRecords:
    """Return an object's live records with the fields asked for, their places, and derived fields.

    Raises:
        StepMissingError: The records have not been located since they were pulled.
    """
    names = [name for name in dict.fromkeys(fields) if name not in DERIVED_FIELDS]
    records = store.mirror.columns(object_name, names)
    kept = store.locations.of(object_name)
    if not np.array_equal(kept.ids, records.ids):
        raise StepMissingError(
            f"{object_name} records were pulled and not located: the pull was cut off",
            remedy="run `sfterritory pull` again: it goes on where it stopped",
        )
    derived: dict[str, Column] = {
        "country_code": kept.country_code,
        "subdivision_code": kept.subdivision_code,
        "postal_code": kept.postal_code,
        "city": kept.city,
    }
    joined = RecordColumns(object_name, records.ids, {**records.fields, **derived})
    return PlacedRecords(joined, kept.places)


def with_fields(placed: PlacedRecords, more: Mapping[str, Column]) -> PlacedRecords:
    """Return the same records with further fields."""
    records = placed.records
    joined = RecordColumns(records.object_name, records.ids, {**records.fields, **more})
    return PlacedRecords(joined, placed.places)


def latest_snapshot(store: Store) -> Snapshot:
    """Return what the last pull left.

    Raises:
        StepMissingError: Nothing was pulled yet.
    """
    snapshot = store.snapshots.latest()
    if snapshot is None:
        raise StepMissingError(
            "the geography step has no result: nothing was pulled and located yet",
            remedy="run `sfterritory pull` first",
        )
    return snapshot


def accuracy_counts(places: Places) -> dict[str, int]:
    """Return how many records have each accuracy, the most exact first."""
    return {
        level.name.lower(): int((places.accuracy == level).sum())
        for level in sorted(Accuracy, reverse=True)
    }


def typed(column: Column, kind: type[C]) -> C:
    """Return a column as the kind that its field has in every org.

    Raises:
        TypeError: It has another kind.
    """
    if not isinstance(column, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(column).__name__}")
    return column
