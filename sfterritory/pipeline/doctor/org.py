"""Checks of the org as a whole: is it the one that was meant, which API, and what is left of it."""

from __future__ import annotations

from sfterritory.connectors.salesforce.api_version import offered_versions
from sfterritory.connectors.salesforce.organization import Organization
from sfterritory.connectors.salesforce.transport import ApiLimits
from sfterritory.pipeline.doctor.report import HealthCheck, failed, ok, tried, warning
from sfterritory.settings.project import Settings

# Salesforce stops supporting 31.0 to 40.0 in Summer '27 and removes them in Summer '28.
OLDEST_TO_LAST = 41.0
NEARLY_SHARE = 0.1  # so near to the floor is worth a word


def identity_check(settings: Settings, organization: Organization, *, pinned: bool) -> HealthCheck:
    """Tell which org it is; `pinned` says that the store holds one already."""
    detail = f"{organization.id} is {organization.kind}"
    detail += f", {organization.edition}" if organization.edition else ""
    if not (settings.says_which_org or pinned):
        return warning(
            "org",
            f"{detail}; nothing says which org this project is about",
            remedy=f"set org.id to {organization.id} in sfterritory.yaml, or describe a profile",
        )
    return ok("org", f"{detail}, and the one of this project and its store")


def version_check(wanted: str, origin: str) -> HealthCheck:
    """Hold the configured API version against those that the org offers."""
    wrong, offered = tried("api version", lambda: offered_versions(origin))
    if wrong or not offered:
        return wrong or failed(
            "api version", "the org offers no API version", remedy="ask the Salesforce admin"
        )
    newest = offered[-1]
    if wanted not in offered:
        return failed(
            "api version",
            f"the org does not serve {wanted}: it offers {offered[0]} to {newest}",
            remedy=f'set org.api_version to "{newest}" in sfterritory.yaml',
        )
    if float(wanted) < OLDEST_TO_LAST:
        return warning(
            "api version",
            f"{wanted} will be retired; the org offers {newest}",
            remedy=f'set org.api_version to "{newest}" in sfterritory.yaml',
        )
    return ok("api version", f"{wanted}; the org's newest is {newest}")


def calls_check(limits: ApiLimits, *, floor_share: float) -> HealthCheck:
    """Hold the calls left against the share that is kept for the org's other integrations."""
    left = limits.allowed - limits.used
    share = left / limits.allowed if limits.allowed else 0.0
    detail = (
        f"{left:,} of {limits.allowed:,} calls are left for 24 hours, and {floor_share:.0%} are "
        "kept for others"
    )
    if share <= floor_share:
        return failed(
            "api calls",
            detail,
            remedy="wait until the 24-hour window frees some, or ask which other integration uses "
            "them (Setup > Company Information)",
        )
    if share <= floor_share + NEARLY_SHARE:
        return warning("api calls", detail, remedy="run large pulls later")
    return ok("api calls", detail)
