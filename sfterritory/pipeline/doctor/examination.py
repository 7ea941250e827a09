"""Every check in turn: what fails stops only the checks that cannot be asked without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from sfterritory.connectors.salesforce.org import SalesforceOrg, sign_in
from sfterritory.model.store.store import Store
from sfterritory.pipeline.doctor.access import access_checks
from sfterritory.pipeline.doctor.land import land_checks, travel_checks
from sfterritory.pipeline.doctor.machine import (
    clock_check,
    disk_check,
    keyring_check,
    secret_file_checks,
    zone_check,
)
from sfterritory.pipeline.doctor.mover import mover_checks
from sfterritory.pipeline.doctor.org import calls_check, identity_check, version_check
from sfterritory.pipeline.doctor.people import people_checks
from sfterritory.pipeline.doctor.report import DoctorReport, HealthCheck, ok, tried
from sfterritory.pipeline.doctor.store import lock_checks, opened_store
from sfterritory.pipeline.org_check import check_org
from sfterritory.settings.project import Settings

Clock = Callable[[], datetime]


def examine(
    settings: Settings, environ: Mapping[str, str], *, clock: Clock, holder: str
) -> DoctorReport:
    """Run every check that can be run.

    Args:
        settings: Of the project; that they could be read is a check of its own.
        environ: Where secrets and TZ are looked up.
        clock: This machine's, in its zone.
        holder: Who asks for the store's leases, for whoever finds one held meanwhile.
    """
    checks = [
        ok("mappings", f"{settings.root} is complete and correct"),
        disk_check(settings),
        *secret_file_checks(settings, environ),
        keyring_check(settings, environ),
        *land_checks(settings),
        *travel_checks(settings, now=clock()),
    ]
    store_check, store = opened_store(settings)
    checks.append(store_check)
    try:
        if store is not None:
            wrong, locks = tried("lock", lambda: list(lock_checks(store, holder=holder)))
            checks += [wrong] if wrong else locks or []
        checks += _signed_in(settings, store, environ, clock=clock)
        if store is not None:
            wrong, people = tried("pull", lambda: list(people_checks(settings, store)))
            checks += [wrong] if wrong else people or []
    finally:
        if store is not None:
            store.close()
    return DoctorReport(checks=tuple(checks))


def _signed_in(
    settings: Settings, store: Store | None, environ: Mapping[str, str], *, clock: Clock
) -> list[HealthCheck]:
    """Return the checks that need the org, or only why there is none."""
    version = settings.project.org.api_version
    wrong, org = tried(
        "sign-in", lambda: sign_in(settings.credentials(environ), api_version=version)
    )
    if org is None:
        return [wrong] if wrong else []
    with org:
        checks = [
            ok("sign-in", f"{settings.org_name}: org {org.org_id} at {org.instance_url}"),
            version_check(version, org.instance_url),
        ]
        for name, family in (
            ("org", lambda: _org_checks(settings, store, org, environ=environ, clock=clock)),
            ("api calls", lambda: _limit_checks(settings, org, clock=clock)),
            ("objects", lambda: access_checks(settings, org)),
            ("automation", lambda: mover_checks(org)),
        ):
            checks += _family(name, family)
    return checks


def _family(name: str, ask: Callable[[], Iterator[HealthCheck]]) -> list[HealthCheck]:
    """Return the checks of a family; where Salesforce fails in the middle, those before it too."""
    found: list[HealthCheck] = []
    wrong, _ = tried(name, lambda: found.extend(ask()))
    return [*found, wrong] if wrong else found


def _org_checks(
    settings: Settings,
    store: Store | None,
    org: SalesforceOrg,
    *,
    environ: Mapping[str, str],
    clock: Clock,
) -> Iterator[HealthCheck]:
    if store is None:
        return  # which org it should be stands there too
    pinned = store.snapshots.latest() is not None
    organization = check_org(settings, store, org)
    yield identity_check(settings, organization, pinned=pinned)
    yield zone_check(
        clock(), org_zone=organization.time_zone, machine_zone=environ.get("TZ", "").strip()
    )


def _limit_checks(settings: Settings, org: SalesforceOrg, *, clock: Clock) -> Iterator[HealthCheck]:
    limits = org.limits()
    yield clock_check(clock(), org.server_time())
    floors = (settings.project.apply.api_floor_share, settings.salesforce.pull.api_floor_share)
    yield calls_check(limits, floor_share=max(floors))
