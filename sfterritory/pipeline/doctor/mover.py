"""Checks of what else in the org moves owners: assignment rules, triggers, flows; and who tells.

What the user may not read is said to be unknown. It is never taken for absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sfterritory.connectors.salesforce import soql
from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.org import SalesforceOrg
from sfterritory.connectors.salesforce.soql import Query
from sfterritory.model.store.people import OWNER_FIELDS
from sfterritory.pipeline.doctor.report import HealthCheck, ok, unknown, warning
from sfterritory.pipeline.field_list import ROUTED_OBJECTS

# How Salesforce says that a user may not see an object or field, or that the org has none of it.
_HIDDEN = frozenset(
    {
        "INVALID_TYPE",
        "INVALID_FIELD",
        "MALFORMED_QUERY",
        "NOT_FOUND",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_TYPE_FOR_OPERATION",
    }
)
_RECORD_TRIGGERED = ("RecordBeforeSave", "RecordAfterSave")

Row = Mapping[str, str]


def mover_checks(org: SalesforceOrg) -> Iterator[HealthCheck]:
    """Look for everything that may move an owner behind our back."""
    yield _asked("assignment rules", lambda: _assignment_rules(org))
    yield _asked("triggers", lambda: _triggers(org))
    yield _asked("flows", lambda: _flows(org))
    for name in ROUTED_OBJECTS:
        yield _asked(f"{name} owner history", lambda name=name: _owner_history(org, name))  # type: ignore[misc]  # mypy cannot type a lambda's default


def _asked(name: str, ask: Callable[[], HealthCheck]) -> HealthCheck:
    try:
        return ask()
    except RefusedError as error:
        if error.code not in _HIDDEN:
            raise
        return unknown(
            name,
            f"this user may not read it ({error.code}), so nobody knows",
            remedy="ask the Salesforce admin, or give the integration user the permission View "
            "Setup and Configuration",
        )


def _assignment_rules(org: SalesforceOrg) -> HealthCheck:
    rules = _rows(
        org,
        soql.select(
            "AssignmentRule",
            ("Id", "Name", "SobjectType"),
            where=soql.condition("Active", "=", True),
        ),
    )
    found = _listed((row["SobjectType"], row["Name"]) for row in rules)
    if found:
        return warning(
            "assignment rules",
            f"active: {found}. apply switches them off for its own writes; others' edits may run "
            "them",
            remedy="let such a rule agree with mappings/routing.yaml, or deactivate it",
        )
    return ok("assignment rules", "none is active for what is routed")


def _triggers(org: SalesforceOrg) -> HealthCheck:
    triggers = _rows(
        org,
        soql.select(
            "ApexTrigger",
            ("Id", "Name", "TableEnumOrId"),
            where=soql.condition("Status", "=", "Active"),
        ),
    )
    found = _listed((row["TableEnumOrId"], row["Name"]) for row in triggers)
    return _running("triggers", found) or ok("triggers", "none is active on what is routed")


def _flows(org: SalesforceOrg) -> HealthCheck:
    flows = _rows(
        org,
        soql.select(
            "FlowDefinitionView",
            ("ApiName", "TriggerObjectOrEventLabel"),
            where=soql.every(
                [
                    soql.condition("IsActive", "=", True),
                    soql.among("TriggerType", _RECORD_TRIGGERED),
                ]
            ),
        ),
    )
    found = _listed((row["TriggerObjectOrEventLabel"], row["ApiName"]) for row in flows)
    # Flows name their object by its label, which an org may have changed or translated.
    others = f"; {len(flows)} are on other objects" if flows else ""
    return _running("flows", found) or ok(
        "flows", f"no record-triggered flow is active on what is routed{others}"
    )


def _running(name: str, found: str) -> HealthCheck | None:
    """Warn of automation that runs at each owner change, None where nothing was found."""
    if not found:
        return None
    return warning(
        name,
        f"active: {found}. They run at each owner change and may set another owner",
        remedy="ask the Salesforce admin what they do with OwnerId; try a small plan first: "
        "apply reads every owner back",
    )


def _owner_history(org: SalesforceOrg, object_name: str) -> HealthCheck:
    """Tell whether owner changes are recorded; the describe does not say whether tracking is on."""
    name = f"{object_name} owner history"
    query = soql.select(
        f"{object_name}History", ("Id",), where=soql.among("Field", list(OWNER_FIELDS[:2]))
    )
    rows = org.count(query)
    if rows == 0:
        return warning(
            name,
            f"no change of {object_name}.OwnerId was ever recorded: tracking is probably off",
            remedy=f"track Owner in Setup > Object Manager > {object_name} > Set History Tracking",
        )
    return ok(name, f"{rows:,} owner changes are recorded")


def _rows(org: SalesforceOrg, query: Query) -> list[Row]:
    pages = org.query_pages(query)
    return [dict(zip(page.header, row, strict=True)) for page in pages for row in page.rows]


def _listed(pairs: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> str:
    """Return `Account: A, B; Lead: C` for what touches objects that are routed."""
    of: dict[str, list[str]] = {}
    for object_name, name in pairs:
        if object_name in ROUTED_OBJECTS:
            of.setdefault(object_name, []).append(name)
    return "; ".join(f"{name}: {', '.join(sorted(of[name]))}" for name in sorted(of))
