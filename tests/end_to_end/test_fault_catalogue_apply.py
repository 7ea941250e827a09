"""The fault catalogue against an apply: each change is written once, or told why not.

docs/faults.md lists the rows by the numbers in the ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from end_to_end.conftest import at_desk
from end_to_end.desk import Desk, Row, environment, owner_moves, owners, records
from end_to_end.test_killed import killed, read_back, write
from end_to_end.test_ways_of_writing import set_apply
from end_to_end.twin import Settled, settled
from sfterritory.connectors.salesforce.credentials import credentials_from
from sfterritory.connectors.salesforce.org import sign_in
from sfterritory.errors import ConnectorError, ExitCode
from sfterritory.pipeline.apply import apply_plan
from sfterritory.pipeline.opening import open_project_store
from sfterritory.pipeline.review import Selection, find_plan
from sfterritory.sandbox.running import SandboxHandle
from sfterritory.sandbox.switches import Switches
from sfterritory.settings.project import load_settings

pytestmark = pytest.mark.slow  # an org to serve for each

CopyOf = Callable[[Path], Path]
Fault = dict[str, Any]
METHODS = ("collections", "conditional", "bulk")
AN_HOUR_S = 3600  # a wait that the policy does not make: the run ends at once


@pytest.fixture(scope="module")
def twin(applied: Path) -> Settled:
    """What an apply leaves that met no fault."""
    with at_desk(applied) as (desk, org):
        return settled(desk, org)


def assert_same(found: Settled, twin: Settled) -> None:
    """Compare part by part, so that a difference says where it is."""
    assert found.outcomes == twin.outcomes
    assert found.history == twin.history
    assert found.records == twin.records


def changes_of(desk: Desk) -> dict[str, Row]:
    """Return the lines of the latest plan by record."""
    return {one["subject"]["record_id"]: one for one in desk.ask("show")["plan"]["changes"]}


def counted(org: SandboxHandle, **where: Any) -> int:
    """Add a fault that does no harm; how often it fired is the number of such requests."""
    return org.fault("slow", **where)


@pytest.mark.parametrize(
    ("method", "faults"),
    [
        *(
            pytest.param(
                method,
                [{"kind": "cut", "on": on, "probability": 0.3, "seed": seed, "times": 6}],
                id=f"row 3: {method}, connections cut at random bytes, seed {seed}",
            )
            for method, on, seed in (
                ("collections", "any", 3),
                ("collections", "data", 4),
                ("conditional", "data", 5),
                ("bulk", "data", 6),
            )
        ),
        *(
            pytest.param(
                method,
                [{"kind": "server_error", "status": status, "after": after, "times": 2}],
                id=f"row 5: {method}, {status}",
            )
            for method, status, after in (
                ("collections", 500, 5),
                ("conditional", 502, 9),
                ("bulk", 503, 7),
                ("collections", 504, 1),
                ("bulk", 420, 8),
            )
        ),
        pytest.param(
            "collections",
            [{"kind": "server_error", "retry_after_s": 1, "on": "write", "times": 1}],
            id="row 5: collections, 503 with Retry-After",
        ),
        pytest.param(
            "collections",
            [
                {"kind": "limit", "which": "too_many", "on": "write", "times": 1},
                {"kind": "limit", "which": "concurrent", "on": "write", "nth": 3},
            ],
            id="row 6: collections, too many at a time, for a moment",
        ),
        *(
            pytest.param(
                "collections",
                [{"kind": "lock_rows", "share": share, "attempts": 2, "seed": seed}],
                id=f"row 7: collections, {share:.0%} of the records locked",
            )
            for share, seed in ((0.01, 1), (0.1, 2), (0.3, 3))
        ),
        *(
            pytest.param(
                method,
                [{"kind": "lock_rows", "share": 0.1, "attempts": 4 if method == "bulk" else 2}],
                id=f"row 7: {method}, 10% of the records locked",
            )
            for method in ("conditional", "bulk")
        ),
        *(
            pytest.param(
                method,
                [{"kind": "end_sessions", **where}],
                id=f"row 8: {method}, the session ends {when}",
            )
            for method, where, when in (
                ("collections", {"on": "write", "nth": 1}, "before a batch"),
                ("collections", {"after_rows": 40, "on": "read"}, "before a read-back"),
                ("conditional", {"on": "write", "nth": 20}, "amid a batch"),
                ("bulk", {"on": "poll", "nth": 1}, "while a job is waited for"),
                ("bulk", {"on": "results", "nth": 2}, "between two files of a job"),
            )
        ),
        *(
            pytest.param(
                method,
                [{"kind": kind, "on": "write", "nth": nth, **more}],
                id=f"row 10: {method}, {what}",
            )
            for method, nth in (("collections", 1), ("conditional", 9), ("bulk", 1))
            for kind, more, what in (
                ("lost_answer", {}, "an error in place of the answer"),
                ("hang_up", {"processed": True, "reset": True}, "no answer"),
                ("short_body", {"at_byte": 20}, "an answer that ends too early"),
                ("broken_json", {"how": "garbled", "at_byte": 0}, "an answer that is no JSON"),
            )
            if not (method == "conditional" and what.startswith("an answer"))  # it has no body
        ),
        pytest.param(
            "collections",
            [{"kind": "lost_answer", "nth": 1}, {"kind": "lost_answer", "nth": 2}],
            id="row 10: collections, two answers in turn",
        ),
    ],
)
def test_an_apply_that_met_a_passing_fault_leaves_what_its_twin_leaves(
    approved: Path, copy_of: CopyOf, twin: Settled, method: str, faults: list[Fault]
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method=method)
        plan = desk.ask("show")
        numbers = [org.fault(**fault) for fault in faults]
        logins = counted(org, on="sign_in")

        report = desk.ask("apply", plan["hash"])

        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert all(org.fired(number) for number in numbers)
        if any(one["kind"] == "end_sessions" for one in faults):
            assert org.fired(logins) == 2
        assert_same(settled(desk, org), twin)


@pytest.mark.parametrize(
    ("method", "faults", "code", "says"),
    [
        pytest.param(
            "collections",
            [{"kind": "server_error", "retry_after_s": AN_HOUR_S, "on": "write", "after": 2}],
            ExitCode.ERROR,
            "HTTP 503",
            id="row 5: 503 until the time for one request is over",
        ),
        *(
            pytest.param(
                method,
                [{"kind": "limit", "on": on, "after": after}],
                ExitCode.LIMIT_REACHED,
                "REQUEST_LIMIT_EXCEEDED",
                id=f"row 6: {method}, the day's calls are used up {when}",
            )
            for method, on, after, when in (
                ("collections", "write", 2, "between two batches"),
                ("collections", "data", 7, "amid a batch"),
                ("conditional", "write", 9, "amid a batch"),
                ("bulk", "poll", 0, "while a job is waited for"),
            )
        ),
        pytest.param(
            "collections",
            [
                {
                    "kind": "limit",
                    "which": "too_many",
                    "retry_after_s": AN_HOUR_S,
                    "on": "write",
                    "after": 1,
                }
            ],
            ExitCode.LIMIT_REACHED,
            "TOO_MANY_REQUESTS",
            id="row 6: 429 for an hour",
        ),
        *(
            pytest.param(
                method,
                [
                    {"kind": "end_sessions", "on": "write", "nth": nth},
                    {"kind": "refuse_sign_in", "after": 1},
                ],
                ExitCode.SIGN_IN,
                "invalid_grant",
                id=f"row 8: {method}, the session ends and is not renewed",
            )
            for method, nth in (("collections", 2), ("conditional", 9), ("bulk", 1))
        ),
    ],
)
def test_an_apply_that_a_fault_ends_says_so_and_the_next_one_leaves_what_its_twin_leaves(
    approved: Path,
    copy_of: CopyOf,
    twin: Settled,
    *,
    method: str,
    faults: list[Fault],
    code: ExitCode,
    says: str,
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method=method, batch_size=15)
        plan = desk.ask("show")
        numbers = [org.fault(**fault) for fault in faults]
        logins = counted(org, on="sign_in")

        shown = desk.run("apply", plan["hash"], code=code)

        assert says in shown.err
        assert "What to do: " in shown.err
        # The last fault ends the run, so nothing more is asked that it would strike.
        assert [org.fired(number) for number in numbers] == [1] * len(numbers)
        assert org.fired(logins) == len(numbers)
        org.clear_faults()
        report = desk.ask("apply", plan["hash"])
        assert report["resumed"]
        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert_same(settled(desk, org), twin)


@pytest.mark.parametrize(
    ("at", "fault"),
    [
        pytest.param(
            read_back, {"kind": "lost_answer", "nth": 1}, id="row 10, after a lost answer"
        ),
        pytest.param(write, {"kind": "lock_rows", "share": 0.3, "attempts": 1}, id="row 7"),
        pytest.param(write, {"kind": "end_sessions", "on": "read", "nth": 2}, id="row 8"),
    ],
)
def test_row_2_an_apply_killed_amid_a_fault_writes_each_change_exactly_once(
    approved: Path, copy_of: CopyOf, twin: Settled, at: Any, fault: Fault
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        plan = desk.ask("show")
        number = org.fault(**fault)
        assert killed(desk, org, "apply", plan["hash"], at=at, after=True)

        report = desk.ask("apply", plan["hash"])

        assert org.fired(number)
        assert report["resumed"]
        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert_same(settled(desk, org), twin)


def assert_adds_up(desk: Desk, org: SandboxHandle, report: Any, before: dict[str, str]) -> None:
    """Hold every line of the plan against its outcome, and that against the org."""
    changes, now = changes_of(desk), owners(org)
    outcomes = {one["record_id"]: one["outcome"] for one in report["applied"]}
    assert outcomes.keys() == changes.keys()
    assert sum(report["counts"].values()) == report["approved"] == len(changes)
    wanted = {
        key: changes[key]["after"] if outcomes.get(key) == "done" else owner
        for key, owner in before.items()
    }
    assert {key: now.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("method", "stops"),
    [
        *(pytest.param(method, 0, id=method) for method in METHODS),
        pytest.param("bulk", 30, id="bulk, 35 rows unprocessed"),
    ],
)
def test_row_9_what_is_refused_and_what_is_not_reached_adds_up_with_what_is_written(
    approved: Path, copy_of: CopyOf, method: str, stops: int
) -> None:
    switches = Switches(bulk_stop_after_rows=stops)
    with at_desk(copy_of(approved), switches=switches) as (desk, org):
        set_apply(desk, method=method)
        before, moves = owners(org), owner_moves(org)
        org.fault("fail_rows", share=0.2, seed=2)

        report = desk.ask("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        assert set(report["counts"]) == {"done", "failed"}
        assert_adds_up(desk, org, report, before)
        pairs = Counter(owner_moves(org)) - Counter(moves)
        assert pairs.total() == report["counts"]["done"] == len(pairs)


@pytest.mark.parametrize("method", METHODS)
def test_row_12_a_record_that_somebody_moved_after_the_plan_is_left_and_the_rest_is_written(
    approved: Path, copy_of: CopyOf, method: str
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method=method)
        changes = changes_of(desk)
        victims = sorted(changes)[:3]
        for victim in victims:
            others = {one["after"] for one in changes.values()} - {
                changes[victim]["before"],
                changes[victim]["after"],
            }
            users = sorted(one for one in others if one.startswith("005"))
            org.edit(changes[victim]["subject"]["object_name"], victim, {"OwnerId": users[0]})
        before = owners(org)

        report = desk.ask("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        drifted = {one["record_id"] for one in report["applied"] if one["outcome"] == "drifted"}
        assert drifted == set(victims)
        assert_adds_up(desk, org, report, before)


def test_row_12_a_record_that_somebody_moves_during_an_apply_is_left(
    approved: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, batch_size=15)
        before = owners(org)
        victim = max(key for key in changes_of(desk) if key.startswith("001"))
        org.fault("edit", id=victim)  # at the first write, before its own batch is read

        report = desk.ask("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        (moved,) = [one for one in report["applied"] if one["outcome"] == "drifted"]
        assert (moved["record_id"], moved["code"]) == (victim, "OWNER_CHANGED")
        assert moved["found"]["OwnerId"] == owners(org)[victim] != before.pop(victim)
        assert_adds_up(desk, org, report, before)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["delete_record", "merge_record"])
def test_row_19_a_record_that_is_gone_is_told_and_the_rest_is_written(
    approved: Path, copy_of: CopyOf, method: str, kind: str
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method=method)
        changes, before = changes_of(desk), owners(org)
        victim = min(key for key in changes if key.startswith("001"))
        winner = max(key for key in before.keys() - changes.keys() if key.startswith("001"))
        into = {"into": winner} if kind == "merge_record" else {}
        org.fault(kind, on="any", id=victim, **into)

        report = desk.ask("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        (gone,) = [one for one in report["applied"] if one["outcome"] != "done"]
        assert (gone["record_id"], gone["outcome"]) == (victim, "drifted")
        assert gone["code"] == "ENTITY_IS_DELETED"
        assert_adds_up(desk, org, report, before)


@pytest.mark.parametrize("method", METHODS)
def test_row_19_a_record_that_is_deleted_in_the_moment_of_writing_is_told(
    approved: Path, copy_of: CopyOf, method: str
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method=method)
        before = owners(org)
        victim = min(key for key in changes_of(desk) if key.startswith("001"))
        org.fault("delete_record", on="write", id=victim)

        report = desk.ask("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        (gone,) = [one for one in report["applied"] if one["outcome"] != "done"]
        assert gone["record_id"] == victim
        assert "the record was deleted or merged meanwhile" in gone["message"]
        assert_adds_up(desk, org, report, before)


def test_row_19_a_record_that_was_undeleted_is_written(
    approved: Path, copy_of: CopyOf, twin: Settled
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        victim = min(key for key in changes_of(desk) if key.startswith("001"))
        org.fault("delete_record", on="any", id=victim)
        desk.run("doctor")
        org.fault("delete_record", on="any", id=victim, undelete=True)

        report = desk.ask("apply", desk.ask("show")["hash"])

        assert set(report["counts"]) == {"done"}
        assert_same(settled(desk, org), twin)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        pytest.param("deactivate_user", "005", id="a user leaves"),
        pytest.param("delete_queue", "00G", id="a queue is deleted"),
    ],
)
def test_row_21_who_cannot_own_any_more_gets_nothing_and_the_others_what_is_theirs(
    approved: Path, copy_of: CopyOf, method: str, kind: str, prefix: str
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method=method)
        changes, before = changes_of(desk), owners(org)
        got = Counter(one["after"] for one in changes.values())
        run_as = org.state.credentials().run_as_user_id
        leaver = min(one for one in got if one.startswith(prefix) and one != run_as)
        org.fault(kind, on="any", id=leaver)

        report = desk.ask("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        refused = {one["record_id"] for one in report["applied"] if one["outcome"] == "failed"}
        assert refused == {key for key, one in changes.items() if one["after"] == leaver}
        assert all(one["message"] for one in report["applied"] if one["outcome"] == "failed")
        assert_adds_up(desk, org, report, before)


@pytest.mark.parametrize("method", METHODS)
def test_row_23_an_owner_that_automation_rewrites_is_found_by_the_read_back(
    approved: Path, copy_of: CopyOf, method: str
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method=method)
        changes = changes_of(desk)
        number = org.fault("rewrite_rows", share=0.1, object="Account", seed=2)

        report = desk.ask("apply", desk.ask("show")["hash"], code=ExitCode.PARTLY_APPLIED)

        now = owners(org)
        other = {key for key, one in changes.items() if now[key] != one["after"]}
        told = [one for one in report["applied"] if one["outcome"] == "unverified"]
        assert org.fired(number)
        assert {one["record_id"] for one in told} == other != set()
        for one in told:
            assert one["code"] == "ENDED_WITH_OTHER_OWNER"
            assert "ended with other owner" in one["message"]
            assert one["read_back"]["OwnerId"] == now[one["record_id"]]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param({"state": "Failed"}, ExitCode.DONE, id="a job fails"),
        pytest.param({"state": "Aborted"}, ExitCode.ERROR, id="an admin aborts a job"),
    ],
)
def test_row_24_what_a_job_left_is_written_once_in_the_end(
    approved: Path, copy_of: CopyOf, twin: Settled, fault: Fault, code: ExitCode
) -> None:
    hanging = Switches(bulk_stop_after_rows=10, bulk_stopped_jobs_hang=True)
    folder = copy_of(approved)
    with at_desk(folder, switches=hanging) as (desk, org):
        set_apply(desk, method="bulk")
        plan = desk.ask("show")
        number = org.fault("job_ended", after=1, times=None, **fault)

        shown = desk.run("apply", plan["hash"], code=code)

        assert org.fired(number)
        if code is ExitCode.ERROR:
            assert "job 750" in shown.err
    with at_desk(folder) as (desk, org):
        if code is ExitCode.ERROR:
            assert desk.ask("apply", plan["hash"])["resumed"]
        assert_same(settled(desk, org), twin)


def test_row_24_a_job_that_never_ends_is_left_after_an_hour_and_attached_to_by_the_next_run(
    approved: Path, copy_of: CopyOf, twin: Settled
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        set_apply(desk, method="bulk")
        plan = desk.ask("show")
        org.fault("job_stuck")

        error, waits_seconds = failed_without_waiting(desk, org)

        assert error.exit_code is ExitCode.STILL_RUNNING
        assert "job 750" in error.problem
        assert AN_HOUR_S <= sum(waits_seconds) < 2 * AN_HOUR_S
        org.clear_faults()
        report = desk.ask("apply", plan["hash"])
        assert report["resumed"]
        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert_same(settled(desk, org), twin)


def failed_without_waiting(
    desk: Desk, org: SandboxHandle
) -> tuple[ConnectorError, Sequence[float]]:
    """Return how an apply ends, and the pauses in seconds that it would have made.

    It runs as the command does, but for its clock: no setting shortens the pauses of a command.
    """
    waits_seconds: list[float] = []
    settings = load_settings(desk.root, {})
    with (
        open_project_store(settings) as store,
        sign_in(credentials_from(environment(org)), sleep=waits_seconds.append) as salesforce,
    ):
        plan = find_plan(store, None)
        with pytest.raises(ConnectorError) as ended:
            apply_plan(
                settings,
                store,
                salesforce,
                plan,
                selection=Selection(),
                clock=lambda: plan.created_at,
                holder="ann",
                who="ann",
            )
    return ended.value, waits_seconds


def test_row_20_a_field_that_is_gone_stops_the_apply_before_anything_is_written(
    approved: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        before = records(org, "Account", "Lead")
        org.fault("field_gone", on="any", field="Previous_Owner__c")

        shown = desk.run("apply", desk.ask("show")["hash"], code=ExitCode.ERROR)

        assert "Previous_Owner__c" in shown.err
        assert records(org, "Account", "Lead") == before
