"""Checks of this machine: clock, time zone, disk, files of secrets, keyring."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sfterritory.connectors.salesforce.credentials import SECRETS
from sfterritory.connectors.salesforce.secret import SecretSource, exposure, keyring_reached
from sfterritory.pipeline.doctor.report import HealthCheck, failed, ok, tried, unknown, warning
from sfterritory.settings.project import Settings

# A JWT lives three minutes; the times of a plan and of its approval are this machine's.
DOUBTFUL_SKEW_S = 120
WRONG_SKEW_S = 3600
LEAST_FREE_BYTES = 200_000_000
SPARE_BYTES = 1_000_000_000
_MB = 1_000_000


def clock_check(here: datetime, server: datetime) -> HealthCheck:
    """Compare this machine's clock with Salesforce's."""
    skew_s = abs((server - here).total_seconds())
    detail = f"this machine and Salesforce differ by {skew_s:,.0f} seconds"
    remedy = "set this machine's clock by a time server"
    if skew_s > WRONG_SKEW_S:
        return failed("clock", detail, remedy=remedy)
    if skew_s > DOUBTFUL_SKEW_S:
        return warning("clock", detail, remedy=remedy)
    return ok("clock", detail)


def zone_check(here: datetime, *, org_zone: str, machine_zone: str) -> HealthCheck:
    """Tell the zones of org and machine; days in conditions are days in UTC in either.

    Args:
        here: The present, in this machine's zone.
        org_zone: As the org names it, "" where the user may not read it.
        machine_zone: What the variable TZ says, "" where it is not set.
    """
    if machine_zone and not machine_zone.startswith((":", "/")) and not _is_zone(machine_zone):
        return warning(
            "time zone",
            f"TZ is {machine_zone!r}, which names no time zone; UTC is used in its place",
            remedy="set TZ to a name like Europe/Berlin, or unset it",
        )
    mine = f"this machine is at UTC{_offset(here)}"
    if not org_zone:
        return unknown(
            "time zone",
            f"{mine}; the user may not read the org's",
            remedy="let the integration user read Organization.TimeZoneSidKey",
        )
    if not _is_zone(org_zone):
        return warning(
            "time zone",
            f"{mine}; this machine has no time zone data for the org's {org_zone!r}",
            remedy="install the package tzdata",
        )
    theirs = _offset(here.astimezone(ZoneInfo(org_zone)))
    return ok("time zone", f"{mine}, the org in {org_zone} at UTC{theirs}; rules use days in UTC")


def disk_check(settings: Settings) -> HealthCheck:
    """Ask for the space beside a SQLite store."""
    prefix = "sqlite:///"
    if not settings.store_url.startswith(prefix):
        return ok("disk", "the store is on a server of its own")
    path = Path(settings.store_url.removeprefix(prefix))
    folder = next(one for one in path.parents if one.is_dir())  # the store's may yet be made
    store_bytes = path.stat().st_size if path.is_file() else 0
    free_bytes = shutil.disk_usage(folder).free
    return space_check(free_bytes, store_bytes=store_bytes, place=str(folder))


def space_check(free_bytes: int, *, store_bytes: int, place: str) -> HealthCheck:
    """Judge the space left: a migration copies the store, and a pull may double it."""
    detail = (
        f"{free_bytes / _MB:,.0f} MB are free in {place}; the store has {store_bytes / _MB:,.0f} MB"
    )
    remedy = "free space there, or move the store (`store` in sfterritory.yaml)"
    if free_bytes < LEAST_FREE_BYTES:
        return failed("disk", detail, remedy=remedy)
    if free_bytes < store_bytes + SPARE_BYTES:
        return warning("disk", detail, remedy=remedy)
    return ok("disk", detail)


def secret_file_checks(settings: Settings, environ: Mapping[str, str]) -> Iterator[HealthCheck]:
    """Check who else may use the files of secrets."""
    paths = [Path(one.file) for one in secret_sources(settings, environ) if one.file is not None]
    wrong = [(path, open_to) for path in paths if (open_to := exposure(path))]
    for path, open_to in wrong:
        say = warning if open_to == "its group may read it" else failed
        yield say("secrets", f"{path} holds a secret, and {open_to}", remedy=f"chmod 600 {path}")
    if not wrong:
        yield ok(
            "secrets",
            f"{len(paths)} file(s) of secrets, for this user alone" if paths else "none is a file",
        )


def keyring_check(settings: Settings, environ: Mapping[str, str]) -> HealthCheck:
    """Check the keyring, where a secret stands in it."""
    if not any(one.keyring for one in secret_sources(settings, environ)):
        return ok("keyring", "no secret stands in it")
    wrong, backend = tried("keyring", keyring_reached)
    return wrong or ok("keyring", f"reached: {backend}")


def secret_sources(settings: Settings, environ: Mapping[str, str]) -> Sequence[SecretSource]:
    """Return where the secrets of the chosen org stand, paths made absolute."""
    if settings.profile is None:
        files = (environ.get(f"{name}_FILE", "").strip() for name in SECRETS)
        return [SecretSource(file=path) for path in files if path]
    return settings.profile.placed_sources(settings.root)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _offset(moment: datetime) -> str:
    """Return the distance from UTC, `+02:00`."""
    text = moment.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"
