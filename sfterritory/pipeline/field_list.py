"""Which fields of which objects a project needs, gathered from everything that names one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sfterritory.model.store.mirror_registry import MIRRORS
from sfterritory.settings.project import Settings

# What this tool works out itself; rules may ask for it, Salesforce cannot be.
DERIVED_FIELDS = frozenset({"country_code", "subdivision_code", "postal_code", "city", "territory"})

ROUTED_OBJECTS = ("Account", "Lead")


def wanted_fields(settings: Settings, object_name: str) -> tuple[str, ...]:
    """Return the fields to ask Salesforce for: the mirror's own, then what mappings/ name."""
    mirror = MIRRORS[object_name]
    own = (*mirror.columns, *mirror.others)
    extra = dict.fromkeys(_named(settings, object_name))
    return (*own, *(name for name in extra if name not in own))


def extra_fields(settings: Settings, object_name: str) -> tuple[str, ...]:
    """Return the fields that mappings/ name beyond those that every mirror has."""
    own = MIRRORS[object_name].columns
    return tuple(name for name in dict.fromkeys(_named(settings, object_name)) if name not in own)


def named_fields(settings: Settings, object_name: str) -> tuple[str, ...]:
    """Return the fields that mappings/ name, those that every mirror has included."""
    return tuple(dict.fromkeys(_named(settings, object_name)))


def rule_fields(settings: Settings, object_name: str) -> tuple[str, ...]:
    """Return the Salesforce fields that routing rules of an object ask for."""
    rules = settings.routing.objects.get(object_name)
    return _salesforce_names(rules.fields if rules else ())


def user_fields(settings: Settings) -> tuple[str, ...]:
    """Return the fields of User that conditions and `people.yaml` ask for."""
    work = settings.territories.workload
    named = (work.absence_attribute, work.start_attribute, work.ramp_attribute)
    asked = {*settings.territories.roster.levels, *filter(None, named)}
    for _, condition in settings.territories.user_conditions:
        asked |= condition.fields
    for pool in settings.routing.pools.values():
        asked |= pool.where.fields if pool.where else set()
    asked -= settings.people.attribute_names
    return _salesforce_names(asked | {*settings.people.params.user_fields} - {"Id"})


def _named(settings: Settings, object_name: str) -> Iterable[str]:
    yield from settings.extra_fields_of(object_name)
    yield from rule_fields(settings, object_name)
    yield from settings.history_of(object_name).names
    if object_name == "Account":
        yield from _account_names(settings)
    if object_name in ("Opportunity", "Case"):
        yield from _salesforce_names(settings.territories.child_fields(object_name))
    if object_name == "User":
        yield from user_fields(settings)


def _account_names(settings: Settings) -> Iterable[str]:
    meaning: Mapping[str, str | None] = settings.salesforce.account.model_dump()
    yield from (name for name in meaning.values() if name)
    yield from _salesforce_names(settings.territories.account_fields)


def _salesforce_names(fields: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in sorted(fields) if name not in DERIVED_FIELDS and name != "Id")
