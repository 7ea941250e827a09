"""Is this the org that was meant? Asked before anything is read into the store or written."""

from __future__ import annotations

from sfterritory.connectors.salesforce.org import SalesforceOrg
from sfterritory.connectors.salesforce.organization import Organization, read_organization
from sfterritory.errors import ConfigError
from sfterritory.events import emit
from sfterritory.model.store.store import Store
from sfterritory.settings.project import Settings
from sfterritory.settings.reader import PROJECT_FILE


def check_org(settings: Settings, store: Store, org: SalesforceOrg) -> Organization:
    """Return what the org says of itself, or refuse to mix orgs.

    What the project says of the org has to hold: `org.id`, and `org_id` and `sandbox` of the
    profile. A project that says nothing takes any org at first, and stays with the one it pulled.

    Raises:
        ConfigError: Names both orgs, or what the org is and what it should be.
        ConnectorError: Salesforce failed for good.
    """
    _check_id(settings, org.org_id)
    snapshot = store.snapshots.latest()
    if snapshot is not None and snapshot.org_id != org.org_id:
        raise ConfigError(
            f"the store {store.place} holds org {snapshot.org_id}, "
            f"and the credentials open org {org.org_id}",
            remedy="keep a project folder for each org, or a profile with a `store` of its own; "
            "or remove the store to start over",
        )
    organization = read_organization(org)
    _check_kind(settings, organization)
    emit(
        "org.checked",
        org_id=org.org_id,
        kind=organization.kind,
        expected=settings.says_which_org,
    )
    return organization


def _check_id(settings: Settings, org_id: str) -> None:
    wanted = settings.project.org.id
    if wanted is not None and wanted != org_id:
        raise ConfigError(
            f"{PROJECT_FILE} is about org {wanted}, and the credentials open org {org_id}",
            remedy="use the credentials of the right org, or correct org.id",
        )
    profile = settings.profile
    if profile is not None and profile.org_id not in {None, org_id}:
        raise ConfigError(
            f"profile {settings.org_name} of {PROJECT_FILE} is org {profile.org_id}, and its "
            f"credentials open org {org_id}",
            remedy=f"correct the credentials or profiles.{settings.org_name}.org_id",
        )


def _check_kind(settings: Settings, organization: Organization) -> None:
    profile = settings.profile
    if profile is None or profile.sandbox in {None, organization.is_sandbox}:
        return
    key = f"profiles.{settings.org_name}.sandbox"
    wanted = "a sandbox" if profile.sandbox else "production"
    if organization.is_sandbox is None:
        raise ConfigError(
            f"{key} says {wanted}, and the user may not read Organization.IsSandbox of org "
            f"{organization.id}",
            remedy=f"let the integration user read Organization, or remove {key}",
        )
    raise ConfigError(
        f"{key} says {wanted}, and org {organization.id} is {organization.kind}; nothing was done",
        remedy=f"choose another profile with --org, or correct {key}",
    )
