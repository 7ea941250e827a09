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

from sfterritory.connectors.salesforce.org import SalesforceOrg
from sfterritory.errors import ExitCode, SfTerritoryError
from sfterritory.events import emit
from sfterritory.model.document import Document
from sfterritory.model.plan import Applied, Plan
from sfterritory.model.store.plan_room import StoredPlan
from sfterritory.model.store.run_room import Run, RunState
from sfterritory.model.store.store import Store
from sfterritory.pipeline.pull import check_org
from sfterritory.pipeline.records import latest_snapshot
from sfterritory.pipeline.review import Selection, seen_at
from sfterritory.settings.project import Settings
from sfterritory.writeback.apply import apply_changes
from sfterritory.writeback.approvals import Approved, approved_changes, line_keys, only_records
from sfterritory.writeback.freshness import Present, check_fresh
from sfterritory.writeback.summary import apply_exit_code, apply_line

LEASE = "apply"

Clock = Callable[[], datetime]


class ApplyReport(Document):
    """How a run ended, record by record.

    Attributes:
        resumed: An earlier run of the plan was cut off, and this one went on with it.
        left: Approved lines that were not looked at, because the run was stopped.
        left_out: Approved lines outside what the run was narrowed to.
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
        check_org(settings, store, org.org_id)
        approved = approved_changes(
            plan,
            store.decisions.of(plan.hash),
            policy=settings.project.approval,
            created_by=stored.created_by,
        )
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
        outcomes, left = _write(settings, store, org, approved, run, clock=clock)
        whole = not (left or approved.left_out)
        if plan.source.route_version is not None and whole:
            _take_turns(store, plan.source.route_version)
    return ApplyReport(
        run_id=run.id,
        plan_hash=plan.hash,
        summary=apply_line(outcomes, left=left),
        exit_code=int(apply_exit_code(outcomes, left=left)),
        resumed=resumed,
        counts=_counts(outcomes),
        approved=len(approved.changes) + len(approved.left_out),
        rejected=len(approved.rejected),
        undecided=len(approved.undecided),
        left=left,
        left_out=len(approved.left_out),
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
) -> tuple[tuple[Applied, ...], int]:
    """Run the writer, close the run however it ends, and return what the journal holds."""
    journal = store.runs.journal(run.id, clock=clock)
    total = len(approved.changes)

    def outcomes() -> tuple[Applied, ...]:
        return tuple(journal.outcomes().values())

    def close(state: RunState) -> None:
        counts = _counts(outcomes())
        store.runs.close(run.id, ended_at=clock(), state=state, counts=counts)
        store.log.add(
            "apply",
            at=clock(),
            by=run.who,
            facts={"run": run.id, "plan": run.plan_hash, "state": str(state), **counts},
        )

    done = len(journal.outcomes())
    try:
        with stopping_at_interrupt() as stop:
            for _ in apply_changes(
                approved,
                org,
                journal=journal,
                applied_at=clock(),
                params=settings.project.apply,
                stop=stop,
            ):
                done += 1
                emit("apply.progress", what="", done=done, total=total, unit="records")
    except SfTerritoryError as error:
        # A run that a guard ended is over; one that lost Salesforce stays open, to be resumed.
        if error.exit_code is ExitCode.PARTLY_APPLIED:
            close(RunState.STOPPED)
        raise
    settled = outcomes()
    left = total - len({one.key for one in settled} & {one.key for one in approved.changes})
    if not left:
        fine = apply_exit_code(settled) is ExitCode.DONE
        close(RunState.DONE if fine else RunState.PARTLY)
    return settled, left


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
