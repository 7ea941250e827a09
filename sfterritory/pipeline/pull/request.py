"""What to ask of one object: fields that can be read, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sfterritory.connectors.salesforce import soql
from sfterritory.connectors.salesforce.description import ObjectDescription, readable_fields
from sfterritory.model.store.column_type import Kind
from sfterritory.model.store.mirror_registry import MIRRORS, Mirror
from sfterritory.model.store.page_sql import PageLoad
from sfterritory.model.store.pull_state import Pulled
from sfterritory.pipeline.field_list import wanted_fields
from sfterritory.pipeline.pull.objects import is_history, required_fields, row_conditions
from sfterritory.settings.project import Settings

_KINDS = {
    "boolean": Kind.FLAG,
    "currency": Kind.NUMBER,
    "date": Kind.DAY,
    "datetime": Kind.INSTANT,
    "double": Kind.NUMBER,
    "int": Kind.NUMBER,
    "long": Kind.NUMBER,
    "percent": Kind.NUMBER,
}


@dataclass(frozen=True, slots=True)
class ObjectRequest:
    """What to ask of one object.

    Attributes:
        missing: Fields that something names and the user cannot read.
        kept: Those of them that an earlier pull could read, each with the time up to which the
            store knows their values.
        type_changes: Fields whose type in Salesforce is another than at the last pull:
            `Tier__c: picklist is now double`.
        since: From where changes are asked; None for everything.
        known: The object was pulled before, so reading everything has to find what is gone.
    """

    object_name: str
    fields: tuple[str, ...]
    missing: tuple[str, ...]
    kept: Mapping[str, datetime]
    field_types: Mapping[str, str]
    kinds: Mapping[str, Kind]
    text_lengths: Mapping[str, int]
    type_changes: tuple[str, ...]
    since: datetime | None
    known: bool

    @property
    def mirror(self) -> Mirror:
        """Return where the rows go."""
        return MIRRORS[self.object_name]

    @property
    def shows_deleted(self) -> bool:
        """Tell whether deleted rows come too, marked as such."""
        return "IsDeleted" in self.fields

    @property
    def load(self) -> PageLoad:
        """Return what the store has to know of the pages."""
        instants = (name for name, kind in self.kinds.items() if kind is Kind.INSTANT)
        return PageLoad(frozenset(self.kept), frozenset(instants), first=not self.known)

    @property
    def query(self) -> soql.Query:
        """Return the query of the changes, or of everything."""
        conditions = row_conditions(self.object_name)
        if self.since is not None:
            conditions.append(soql.condition(self.mirror.cursor, ">=", self.since))
        elif self.shows_deleted:
            conditions.append(self._live_or_merged())
        return soql.select(self.object_name, self.fields, where=soql.every(conditions))

    def live(self, *, created_before: datetime | None = None) -> soql.Query:
        """Return the query of the ids of all live rows, or of those created before a time."""
        conditions = row_conditions(self.object_name)
        if self.shows_deleted:
            conditions.append(soql.condition("IsDeleted", "=", value=False))
        if created_before is not None:
            conditions.append(soql.condition("CreatedDate", "<", created_before))
        where = soql.every(conditions)
        return soql.select(self.object_name, [self.mirror.key], where=where)

    def pulled(self, watermark: datetime) -> Pulled:
        """Return what the store has to know once everything is stored."""
        return Pulled(
            watermark=watermark,
            fields=(*self.fields, *sorted(self.kept)),
            kept=self.kept,
            field_types=self.field_types,
            extra_kinds=self.kinds,
            text_lengths=self.text_lengths,
        )

    def _live_or_merged(self) -> str:
        """Return the condition of a full read: a record merged away tells who it lives on in."""
        live = soql.condition("IsDeleted", "=", value=False)
        if "MasterRecordId" not in self.fields:
            return live
        return soql.either([live, soql.condition("MasterRecordId", "!=", None)])


def object_request(
    settings: Settings,
    description: ObjectDescription,
    before: Pulled | None,
    *,
    now: datetime,
    full: bool,
) -> ObjectRequest:
    """Return what to ask, from what the user may see and what the last pull left.

    Args:
        settings: Names the fields.
        description: What Salesforce describes.
        before: What the last completed pull left; None where there was none.
        now: Salesforce's time.
        full: Everything is to be read again.

    Raises:
        ConnectorError: A field without which nothing works cannot be read; all are named.
    """
    name = description.name
    mirror = MIRRORS[name]
    wanted = [field for field in wanted_fields(settings, name) if _is_asked(field, mirror)]
    fields, missing = readable_fields(description, wanted, required=required_fields(name))
    types = {one: description.fields[one].type for one in fields if one in description.fields}
    kept = _kept(missing, before)
    # Users have no recycle bin; and what nobody but the mirror names is no loss to anybody.
    unread = tuple(one for one in missing if one not in {"IsDeleted", *mirror.others})
    changed = _changed_types(types, before)
    others = {one: kind for one, kind in types.items() if one not in mirror.columns}
    request = ObjectRequest(
        object_name=name,
        fields=fields,
        missing=tuple(dict.fromkeys((*unread, *kept))),
        kept=kept,
        field_types=types,
        kinds={one: kind_of_type(kind) for one, kind in others.items()},
        text_lengths={
            one: description.fields[one].length for one in types if description.fields[one].length
        },
        type_changes=tuple(f"{one}: {was} is now {types[one]}" for one, was in changed.items()),
        since=None,
        known=before is not None,
    )
    another_kind = any(
        kind_of_type(was) != kind_of_type(types[one]) for one, was in changed.items()
    )
    if before is None or full or mirror.read_whole or another_kind:
        return request
    return _of_changes(request, before, now=now, longest=_longest(settings))


def kind_of_type(field_type: str) -> Kind:
    """Return what a field of a type of Salesforce holds, as far as storing it goes."""
    return _KINDS.get(field_type, Kind.TEXT)


def _is_asked(field: str, mirror: Mirror) -> bool:
    """Tell whether a field says anything: an object that is read whole shows no deleted rows."""
    return not (mirror.read_whole and field == "IsDeleted")


def _longest(settings: Settings) -> timedelta:
    return timedelta(days=settings.salesforce.pull.full_after_days)


def _of_changes(
    request: ObjectRequest, before: Pulled, *, now: datetime, longest: timedelta
) -> ObjectRequest:
    """Return the request for changes alone, where they bring everything up to date."""
    covered = before.covers(request.fields, tuple(request.kept))
    # Rows of a history never change, and stay here when Salesforce forgets them.
    too_old = before.watermark < now - longest and not is_history(request.object_name)
    # Salesforce's clock went back: what was edited since may bear an older stamp than the pull.
    if not covered or too_old or before.watermark > now:
        return request
    return replace(request, since=before.watermark)


def _kept(missing: tuple[str, ...], before: Pulled | None) -> Mapping[str, datetime]:
    """Return the fields whose stored values stay, with the time up to which they are known."""
    if before is None:
        return {}
    stored = {field.casefold(): field for field in before.fields}
    names = (stored[one.casefold()] for one in missing if one.casefold() in stored)
    return {name: before.kept.get(name, before.watermark) for name in sorted(names)}


def _changed_types(types: Mapping[str, str], before: Pulled | None) -> Mapping[str, str]:
    """Return the former types of fields that have another one now."""
    known = before.field_types if before else {}
    return {
        name: known[name] for name in sorted(types) if known.get(name, types[name]) != types[name]
    }
