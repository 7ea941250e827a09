"""Doctor: whether everything that the main job needs is there, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sfterritory.connectors.salesforce.credentials import credentials_from
from sfterritory.connectors.salesforce.description import readable_fields
from sfterritory.connectors.salesforce.org import SalesforceOrg, sign_in
from sfterritory.errors import SfTerritoryError
from sfterritory.model.document import Document
from sfterritory.model.store.store import Store
from sfterritory.pipeline.field_list import ROUTED_OBJECTS, extra_fields, wanted_fields
from sfterritory.pipeline.opening import open_project_store
from sfterritory.pipeline.people import load_people, load_roster
from sfterritory.pipeline.pull import REQUIRED_OBJECTS, check_org
from sfterritory.settings.project import Settings
from sfterritory.writeback.history import FieldSpec, describe_problems

MAX_CLOCK_SKEW_S = 120
LOW_CALLS_SHARE = 0.2

T = TypeVar("T")


class Health(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class HealthCheck(Document):
    """One check; `remedy` says what to do where it is not ok."""

    name: str
    health: Health
    detail: str
    remedy: str = ""


class DoctorReport(Document):
    """Every check, in the order in which they depend on each other."""

    checks: tuple[HealthCheck, ...]

    @property
    def healthy(self) -> bool:
        """Return whether nothing failed; warnings do not count."""
        return all(one.health is not Health.FAILED for one in self.checks)


def examine(settings: Settings, environ: Mapping[str, str], *, now: datetime) -> DoctorReport:
    """Run every check that can be run; one that fails does not stop those that do not need it."""
    checks = [
        HealthCheck(
            name="mappings", health=Health.OK, detail=f"{settings.root} is complete and correct"
        )
    ]
    store_check, store = _tried("store", lambda: open_project_store(settings))
    if store is not None:
        store_check, _ = _tried("store", store.check)
    checks.append(store_check or _ok("store", store.place if store else ""))
    api_version = settings.project.org.api_version
    sign_check, org = _tried(
        "sign-in", lambda: sign_in(credentials_from(environ), api_version=api_version)
    )
    checks.append(
        sign_check or _ok("sign-in", f"org {org.org_id} at {org.instance_url}" if org else "")
    )
    if org is not None:
        with org:
            failed, found = _tried("org", lambda: list(_org_checks(settings, org, now=now)))
            checks += [failed] if failed else found or []
            if store is not None:
                same, _ = _tried("org", lambda: check_org(settings, store, org.org_id))
                checks.append(same or _ok("org", "is the one of this project and its store"))
    if store is not None:
        with store:
            failed, found = _tried("pull", lambda: _store_checks(settings, store))
            checks += [failed] if failed else found or []
    return DoctorReport(checks=tuple(checks))


def _org_checks(settings: Settings, org: SalesforceOrg, *, now: datetime) -> Iterator[HealthCheck]:
    skew_s = abs((org.server_time() - now).total_seconds())
    if skew_s > MAX_CLOCK_SKEW_S:
        yield HealthCheck(
            name="clock",
            health=Health.WARNING,
            detail=f"this machine and Salesforce differ by {skew_s:,.0f} seconds",
            remedy="set this machine's clock by a time server",
        )
    else:
        yield _ok("clock", f"differs from Salesforce's by {skew_s:,.0f} seconds")
    limits = org.limits()
    left = limits.allowed - limits.used
    low = left < LOW_CALLS_SHARE * limits.allowed
    yield HealthCheck(
        name="api calls",
        health=Health.WARNING if low else Health.OK,
        detail=f"{left:,} of {limits.allowed:,} calls are left for 24 hours",
        remedy="wait, or ask which other integration uses them" if low else "",
    )
    for name in REQUIRED_OBJECTS:
        failed, found = _tried(f"object {name}", lambda name=name: _object(settings, org, name))  # type: ignore[misc]
        yield from [failed] if failed else found or ()


def _object(settings: Settings, org: SalesforceOrg, object_name: str) -> list[HealthCheck]:
    description = org.describe(object_name)
    _, missing = readable_fields(description, wanted_fields(settings, object_name))
    named = set(missing) & set(extra_fields(settings, object_name))
    checks = [_ok(f"object {object_name}", f"{len(description.fields)} fields can be read")]
    if named:
        checks[0] = HealthCheck(
            name=f"object {object_name}",
            health=Health.FAILED,
            detail=f"{', '.join(sorted(named))} cannot be read, and mappings/ need them",
            remedy="create the fields and give the integration user access, or remove them from "
            "mappings/",
        )
    if object_name not in ROUTED_OBJECTS:
        return checks
    if not description.fields["OwnerId"].updateable:
        checks.append(
            HealthCheck(
                name=f"{object_name} owner",
                health=Health.FAILED,
                detail=f"the integration user may not change {object_name}.OwnerId",
                remedy="give it edit access to the object and the permission Transfer Record",
            )
        )
    specs = {
        one.name: FieldSpec(one.type, one.length, updateable=one.updateable)
        for one in description.fields.values()
    }
    problems = describe_problems(object_name, settings.history_of(object_name), fields=specs)
    checks.append(
        HealthCheck(
            name=f"{object_name} history fields",
            health=Health.FAILED if problems else Health.OK,
            detail="; ".join(problems)
            or f"{len(settings.history_of(object_name).names)} fields fit their sources",
            remedy="correct the fields in Salesforce or the history part of "
            "mappings/salesforce.yaml"
            if problems
            else "",
        )
    )
    return checks


def _store_checks(settings: Settings, store: Store) -> list[HealthCheck]:
    if store.snapshots.latest() is None:
        return [
            HealthCheck(
                name="pull",
                health=Health.WARNING,
                detail="nothing was pulled yet, so rules and roster were not held against the org",
                remedy="run `sfterritory pull`",
            )
        ]
    failed, people = _tried("users", lambda: load_people(settings, store))
    if failed or people is None:
        return [failed or _ok("users", "")]
    failed, roster = _tried("roster", lambda: load_roster(settings, store, people))
    homes = 0 if roster is None else int((roster.lon_deg == roster.lon_deg).sum())
    size = 0 if roster is None else len(roster)
    return [failed or _ok("roster", f"{size} reps, {homes} with a located home")]


def _tried(name: str, ask: Callable[[], T]) -> tuple[HealthCheck | None, T | None]:
    """Return what `ask` gives, or the failed check that it makes."""
    try:
        return None, ask()
    except SfTerritoryError as error:
        failed = HealthCheck(
            name=name, health=Health.FAILED, detail=error.problem, remedy=error.remedy
        )
        return failed, None


def _ok(name: str, detail: str) -> HealthCheck:
    return HealthCheck(name=name, health=Health.OK, detail=detail)
