"""The pull as a whole: forecast, objects one after the other, merges, places, a snapshot."""

from __future__ import annotations

from datetime import datetime

from sfterritory.connectors.salesforce.api_floor import floor_calls
from sfterritory.connectors.salesforce.org import SalesforceOrg
from sfterritory.connectors.salesforce.transport import ApiLimits
from sfterritory.model.document import Document
from sfterritory.model.store.store import Store
from sfterritory.pipeline.locate import LocatedObject, locate_all
from sfterritory.pipeline.org_check import check_org
from sfterritory.pipeline.pull.fetch import Fetcher, PulledObject
from sfterritory.pipeline.pull.forecast import PullForecast
from sfterritory.pipeline.pull.planner import Planned, Planner
from sfterritory.settings.project import Settings

LEASE = "pull"


class PullReport(Document):
    """What a pull did, and which snapshot the store holds now.

    Attributes:
        redirected: References to records that were merged away, which name the winner now.
        calls_predicted: API calls of this pull, before they were made.
        calls_used: API calls of this pull.
        api_calls_used: Of the org's last 24 hours, by everybody.
    """

    org_id: str
    snapshot_id: str
    loaded: int
    redirected: int
    objects: tuple[PulledObject, ...]
    located: tuple[LocatedObject, ...]
    calls_predicted: int
    calls_used: int
    api_calls_used: int | None
    api_calls_allowed: int | None


def pull(
    settings: Settings,
    store: Store,
    org: SalesforceOrg,
    *,
    now: datetime,
    holder: str,
    full: bool = False,
) -> PullReport:
    """Fetch, store, normalise and locate; a second pull without a change loads 0 rows.

    Raises:
        ConfigError: The org is not the one that the project or the store is about, or a field of
            mappings/ cannot be read and `pull.missing_fields` is `refuse`.
        LockHeldError: Another pull runs.
        LimitReachedError: The API calls that are left are for others.
        ConnectorError: Salesforce failed for good; running again goes on where this stopped.
    """
    with store.lease(LEASE, holder), org.keeping_free(_floor_share(settings)) as limits:
        check_org(settings, store, org)
        before = org.calls
        planner = Planner(settings, store, org, full=full)
        planned = planner.plan()
        forecast = _forecast(planned, limits, settings=settings, org=org)
        fetcher = Fetcher(planner)
        pulled = tuple(fetcher.pull(one) for one in planned)
        redirected = store.mirror.follow_merges()
        located = locate_all(settings, store)
        snapshot = store.snapshots.take(now, org_id=org.org_id)
    usage = org.api_usage
    report = PullReport(
        org_id=org.org_id,
        snapshot_id=snapshot.id,
        loaded=sum(one.changed + one.gone for one in pulled),
        redirected=redirected,
        objects=pulled,
        located=located,
        calls_predicted=forecast.calls,
        calls_used=org.calls - before,
        api_calls_used=usage.used if usage else None,
        api_calls_allowed=usage.allowed if usage else None,
    )
    store.log.add(
        "pull",
        at=now,
        by=holder,
        facts={
            "org_id": org.org_id,
            "snapshot": snapshot.id,
            "loaded": report.loaded,
            "calls": report.calls_used,
        },
    )
    return report


def forecast_pull(
    settings: Settings, store: Store, org: SalesforceOrg, *, full: bool = False
) -> PullForecast:
    """Return what a pull would read and cost; nothing is fetched, and the store stays as it is.

    Raises:
        ConfigError: As `pull` would.
        LimitReachedError: The API calls that are left are for others.
        ConnectorError: Salesforce failed for good.
    """
    with org.keeping_free(_floor_share(settings)) as limits:
        check_org(settings, store, org)
        planned = Planner(settings, store, org, full=full).plan()
        return _forecast(planned, limits, settings=settings, org=org)


def _forecast(
    planned: tuple[Planned, ...], limits: ApiLimits, *, settings: Settings, org: SalesforceOrg
) -> PullForecast:
    objects = tuple(one.forecast for one in planned)
    return PullForecast(
        org_id=org.org_id,
        objects=objects,
        calls=sum(one.calls for one in objects),
        api_calls_used=limits.used,
        api_calls_allowed=limits.allowed,
        api_calls_kept=floor_calls(limits, _floor_share(settings)),
    )


def _floor_share(settings: Settings) -> float:
    return settings.salesforce.pull.api_floor_share
