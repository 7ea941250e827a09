"""Checks of the store: opened, whole, of this program's schema, and who holds it."""

from __future__ import annotations

from collections.abc import Iterator

from sfterritory.errors import LockHeldError
from sfterritory.model.store.migrate import newest_revision
from sfterritory.model.store.store import Store
from sfterritory.pipeline.apply import LEASE as APPLY_LEASE
from sfterritory.pipeline.doctor.report import HealthCheck, ok, tried, warning
from sfterritory.pipeline.opening import open_project_store
from sfterritory.pipeline.pull.job import LEASE as PULL_LEASE
from sfterritory.settings.project import Settings

LEASES = (PULL_LEASE, APPLY_LEASE)


def opened_store(settings: Settings) -> tuple[HealthCheck, Store | None]:
    """Open the store, migrating an older one, and read all of it; the caller closes it."""
    wrong, store = tried("store", lambda: open_project_store(settings))
    if store is None:
        return wrong or ok("store", ""), None
    wrong, _ = tried("store", store.check)
    return wrong or ok("store", f"{store.place} is whole, schema {newest_revision()}"), store


def lock_checks(store: Store, *, holder: str) -> Iterator[HealthCheck]:
    """Try each lease for a moment; one that is held names its holder."""
    for name in LEASES:
        try:
            with store.lease(name, holder):
                pass
        except LockHeldError as error:
            yield warning(f"lock {name}", error.problem, remedy=error.remedy)
        else:
            yield ok(f"lock {name}", "free")
