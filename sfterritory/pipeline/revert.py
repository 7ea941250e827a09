"""Revert: an ordinary plan that gives back what a run changed, reviewed and applied as any."""

from __future__ import annotations

from datetime import datetime

from sfterritory.connectors.salesforce.org import SalesforceOrg
from sfterritory.errors import StoreError
from sfterritory.model.document import Scalar
from sfterritory.model.plan import Applied, Plan
from sfterritory.model.store.plan_room import StoredPlan
from sfterritory.model.store.run_room import Run
from sfterritory.model.store.store import Store
from sfterritory.pipeline.org_check import check_org
from sfterritory.pipeline.people import load_people
from sfterritory.pipeline.plan import org_facts, plan_policy, plan_source
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.settings.project import Settings
from sfterritory.writeback.revert import fields_to_revert, make_revert, wrote_owner

LATEST = "latest"


def plan_revert(
    settings: Settings,
    store: Store,
    org: SalesforceOrg,
    run_name: str,
    *,
    now: datetime,
    created_by: str,
) -> tuple[Run, StoredPlan]:
    """Make the plan that undoes a run, from what Salesforce holds at this moment.

    Records that others changed since are left to them: they are listed as blocked.

    Raises:
        StoreError: There is no such run, or none has written anything.
        ConfigError: The credentials open another org.
    """
    check_org(settings, store, org)
    run = _latest_writing(store) if run_name == LATEST else find_run(store, run_name)
    written = store.plans.recall(run.plan_hash).plan
    revert = make_revert(
        written,
        _outcomes(store, run),
        _current(org, written),
        org=org_facts(settings, store, load_people(settings, store), as_of=now),
        source=plan_source(settings, latest_snapshot(store), None, reverts_run=run.id),
        policy=plan_policy(settings),
    )
    stored = store.plans.save(revert, created_by, created_at=now)
    store.log.add("revert", at=now, by=created_by, facts={"run": run.id, "plan": revert.hash})
    return run, stored


def find_run(store: Store, name: str) -> Run:
    """Return a run by its id, the start of it, or `latest`.

    Raises:
        StoreError: None or several are meant.
    """
    runs = store.runs.list()
    if not runs:
        raise StoreError("nothing was applied yet", remedy="apply a plan first")
    if name == LATEST:
        return runs[0]
    found = [run for run in runs if run.id.lower().startswith(name.lower())]
    if len(found) == 1:
        return found[0]
    known = ", ".join(run.id for run in runs[:5])
    raise StoreError(
        f"{len(found) or 'no'} runs begin with {name!r}",
        remedy=f"name one of the latest: {known}",
    )


def _latest_writing(store: Store) -> Run:
    """Return the latest run that changed an owner: applying a plan twice adds one that did not."""
    latest = find_run(store, LATEST)
    runs = (run for run in store.runs.list() if any(map(wrote_owner, _outcomes(store, run))))
    return next(runs, latest)


def _outcomes(store: Store, run: Run) -> tuple[Applied, ...]:
    return tuple(store.runs.outcomes(run.id).values())


def _current(org: SalesforceOrg, plan: Plan) -> dict[str, dict[str, Scalar]]:
    current: dict[str, dict[str, Scalar]] = {}
    for object_name, fields in fields_to_revert(plan).items():
        ids = [
            one.subject.record_id for one in plan.changes if one.subject.object_name == object_name
        ]
        for record_id, values in org.read(object_name, ids, fields=fields).items():
            current[f"{object_name}:{record_id}"] = dict(values)
    return current
