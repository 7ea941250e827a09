"""Apply: the one way by which anything reaches Salesforce."""

from __future__ import annotations

import secrets
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from pydantic import JsonValue

from sfterritory.connectors.salesforce.api_floor import floor_calls
from sfterritory.connectors.salesforce.org import SalesforceOrg
from sfterritory.errors import ExitCode, LimitReachedError, SfTerritoryError
from sfterritory.events import emit
from sfterritory.model.document import Document
from sfterritory.model.plan import Applied, Plan
from sfterritory.model.store.plan_room import StoredPlan
from sfterritory.model.store.run_room import Run, RunState
from sfterritory.model.store.store import Store
from sfterritory.pipeline.account_family import account_ids, side_effects, teams_before
from sfterritory.pipeline.org_check import check_org
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.pipeline.review import Selection, seen_at, settled_keys
from sfterritory.settings.project import Settings
from sfterritory.writeback.apply import apply_changes
from sfterritory.writeback.approvals import Approved, approved_changes, line_keys, only_records
from sfterritory.writeback.freshness import Present, check_fresh
from sfterritory.writeback.side_effect import SideEffects
from sfterritory.writeback.summary import apply_exit_code, apply_line
from sfterritory.writeback.totals import ACCOUNT

LEASE = "apply"

Clock = Callable[[], datetime]


class ApplyReport(Document):
    """How a run ended, record by record.

    Attributes:
        resumed: An earlier run of the plan was cut off, and this one went on with it.
        left: Approved lines that were not looked at, because the run was stopped.
        left_out: Approved lines outside what the run was narrowed to.
        method: The way in which records were written.
        side_effects: What Salesforce changed along with the accounts.
    """

    run_id: str
    plan_hash: str
    summary: str
    exit_code: int
    resumed: bool
    counts: dict[str, int]
    approved: int
    rejected: int
    undecided: int
    left: int
    left_out: int
    method: str
    side_effects: SideEffects
    applied: tuple[Applied, ...]


def apply_plan(  # noqa: PLR0913 - the parts of one run
    settings: Settings,
    store: Store,
    org: SalesforceOrg,
    stored: StoredPlan,
    *,
    selection: Selection,
    clock: Clock,
    holder: str,
    who: str,
) -> ApplyReport:
    """Write what is approved of a plan; a run that was cut off goes on where it stopped.

    Raises:
        NotApprovedError: Nothing is approved, or a check of the plan failed.
        PlanStaleError: The plan expired, or the org has moved away from it.
        LockHeldError: Another apply runs.
        ConnectorError: Salesforce failed for good; running again goes on.
    """
    plan = stored.plan
    with store.lease(LEASE, holder):
        approved = approved_changes(
            plan,
            store.decisions.of(plan.hash),
            policy=settings.project.approval,
            created_by=stored.created_by,
        )
        check_org(settings, store, org)
        narrowed = selection.keys(plan)
        if narrowed:
            approved = only_records(approved, line_keys(plan, narrowed))
        run = store.runs.unfinished(plan.hash)
        check_fresh(plan, now=clock(), present=_present(store, stored, org.org_id, resumed=run))
        resumed = run is not None
        if run is None:
            run = store.runs.open(
                f"R-{secrets.token_hex(4)}",
                plan_hash=plan.hash,
                started_at=clock(),
                who=who,
                host=socket.gethostname(),
            )
        teams = teams_before(
            store, org, account_ids(approved.changes), begun=_begun_accounts(store, run)
        )
        outcomes = _write(settings, store, org, approved, run, clock=clock)
        left = len(approved.changes) - len(
            {one.key for one in outcomes} & {one.key for one in approved.changes}
        )
        effects = SideEffects()
        if not left:  # one that was interrupted stays open, and the next one looks at it all
            effects = side_effects(store, org, plan, outcomes, before=teams)
            fine = _exit_code(outcomes, effects) is ExitCode.DONE
            _close(store, run, RunState.DONE if fine else RunState.PARTLY, effects, at=clock())
        settled = settled_keys(store, plan.hash)
        left_out = sum(one.key not in settled for one in approved.left_out)
        whole = not (left or left_out)
        if plan.source.route_version is not None and whole:
            _take_turns(store, plan.source.route_version)
    return ApplyReport(
        run_id=run.id,
        plan_hash=plan.hash,
        summary=apply_line(outcomes, left=left),
        exit_code=int(_exit_code(outcomes, effects, left=left)),
        resumed=resumed,
        counts=_counts(outcomes),
        approved=len(approved.changes) + len(approved.left_out),
        rejected=len(approved.rejected),
        undecided=len(approved.undecided),
        left=left,
        left_out=left_out,
        method=settings.project.apply.method_for(len(approved.changes)).value,
        side_effects=effects,
        applied=outcomes,
    )


def _write(
    settings: Settings,
    store: Store,
    org: SalesforceOrg,
    approved: Approved,
    run: Run,
    *,
    clock: Clock,
) -> tuple[Applied, ...]:
    """Run the writer and return what the journal holds; a run that a guard ended is closed."""
    journal = store.runs.journal(run.id, clock=clock)
    params, total = settings.project.apply, len(approved.changes)
    done = len(journal.outcomes())
    try:
        with stopping_at_interrupt() as stop:
            for _ in apply_changes(
                approved,
                org,
                journal=journal,
                applied_at=clock(),
                params=params,
                owner_names=_owner_names(store),
                stop=_with_floor(stop, org, params.api_floor_share),
            ):
                done += 1
                emit("apply.progress", what="", done=done, total=total, unit="records")
    except SfTerritoryError as error:
        # A run that a guard ended is over; one that lost Salesforce stays open, to be resumed.
        if error.exit_code is ExitCode.PARTLY_APPLIED:
            _close(store, run, RunState.STOPPED, SideEffects(), at=clock())
        raise
    return tuple(journal.outcomes().values())


def _close(store: Store, run: Run, state: RunState, effects: SideEffects, *, at: datetime) -> None:
    """Close a run and put it into the activity log."""
    counts = _counts(tuple(store.runs.outcomes(run.id).values()))
    store.runs.close(run.id, ended_at=at, state=state, counts=counts)
    facts: dict[str, JsonValue] = {"run": run.id, "plan": run.plan_hash, "state": str(state)}
    facts |= counts
    if effects.unplanned:
        facts["unplanned"] = effects.unplanned
    store.log.add("apply", at=at, by=run.who, facts=facts)


def _exit_code(outcomes: tuple[Applied, ...], effects: SideEffects, *, left: int = 0) -> ExitCode:
    """Return DONE where Salesforce holds what was approved, and nothing else changed with it."""
    return ExitCode.PARTLY_APPLIED if effects.unplanned else apply_exit_code(outcomes, left=left)


def _owner_names(store: Store) -> dict[str, str]:
    people = [(one.id, one.name) for one in store.mirror.users()]
    return dict(people + [(one.id, one.name) for one in store.mirror.queues()])


def _with_floor(
    stop: Callable[[], bool], org: SalesforceOrg, floor_share: float
) -> Callable[[], bool]:
    """Return `stop`, which also ends the run before the org has too few API calls left."""

    def asked() -> bool:
        usage = org.api_usage
        if usage is not None and usage.allowed - usage.used < floor_calls(usage, floor_share):
            raise LimitReachedError(
                f"the org has {usage.allowed - usage.used:,} of {usage.allowed:,} API calls left "
                f"in these 24 hours, and {floor_calls(usage, floor_share):,} are kept for others",
                remedy="run the same command again when the 24-hour window has freed calls: it "
                "goes on where it stopped; or lower apply.api_floor_share in sfterritory.yaml",
            )
        return stop()

    return asked


def _take_turns(store: Store, route_version: str) -> None:
    """Move the pools on; a plan applied again must not undo what a later plan moved since."""
    routed = store.routes.get(route_version)
    if dict(store.routes.pools()) == dict(routed.pools_before):
        store.routes.set_pools(routed.pools_after)


def _present(store: Store, stored: StoredPlan, org_id: str, *, resumed: Run | None) -> Present:
    """Return what happened since the org was last seen in the state of the plan."""
    plan, since = stored.plan, seen_at(store, stored)
    applied_since: dict[str, str] = {}
    for run in reversed(store.runs.list()):
        # What is resumed may have begun before a pull that found nothing written yet.
        if run.started_at >= since or run == resumed:
            outcomes = store.runs.outcomes(run.id)
            applied_since |= {key: run.plan_hash for key, one in outcomes.items() if one.sent}
    if resumed is not None:  # it may have written what it was sending when it was cut off
        sending = (f"{one.object_name}:{one.record_id}" for one in store.runs.unsettled(resumed.id))
        applied_since |= dict.fromkeys(sending, plan.hash)
    snapshot = latest_snapshot(store)
    moved = None if snapshot.id == plan.source.snapshot_id else _moved(store, plan)
    return Present(org_id, snapshot.id, since, applied_since, moved)


def _moved(store: Store, plan: Plan) -> frozenset[str]:
    """Return the plan's records whose owner is not the one that the plan starts from."""
    moved = set()
    for object_name in sorted({change.subject.object_name for change in plan.changes}):
        owner = store.mirror.owners(object_name)
        moved |= {
            change.key
            for change in plan.changes
            if change.subject.object_name == object_name
            and owner.get(change.subject.record_id) != change.before
        }
    return frozenset(moved)


def _begun_accounts(store: Store, run: Run) -> frozenset[str]:
    """Return the accounts that a run has written, or may have; none of one that just began."""
    written = [one for one in store.runs.outcomes(run.id).values() if one.sent]
    begun = {(one.object_name, one.record_id) for one in written}
    begun |= {(one.object_name, one.record_id) for one in store.runs.unsettled(run.id)}
    return frozenset(record_id for object_name, record_id in begun if object_name == ACCOUNT)


@contextmanager
def stopping_at_interrupt() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C or SIGTERM finish the batch; the second one ends at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number: int, _frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        emit("apply.interrupt", signal=number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _counts(applied: tuple[Applied, ...]) -> dict[str, int]:
    return {
        str(outcome): count
        for outcome, count in sorted(Counter(one.outcome for one in applied).items())
    }
