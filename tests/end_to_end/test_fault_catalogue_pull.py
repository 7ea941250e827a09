"""The fault catalogue against a pull: each row ends in the store of a pull that met no fault.

docs/faults.md lists the rows by the numbers in the ids.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from end_to_end.conftest import at_desk
from end_to_end.desk import Desk, environment, records
from end_to_end.test_killed import killed, second_page
from end_to_end.twin import Stored, stored
from sfterritory.connectors.salesforce.bulk import BulkParams
from sfterritory.connectors.salesforce.credentials import credentials_from
from sfterritory.connectors.salesforce.org import sign_in
from sfterritory.errors import ConnectorError, ExitCode
from sfterritory.pipeline.opening import open_project_store
from sfterritory.pipeline.pull.job import pull
from sfterritory.sandbox.running import SandboxHandle
from sfterritory.sandbox.switches import Switches
from sfterritory.settings.project import load_settings

pytestmark = pytest.mark.slow  # an org to serve and to read for each

CopyOf = Callable[[Path], Path]
Fault = dict[str, Any]
BY_JOBS = ("Account", "Contact", "Opportunity")
NEW_JOB = {"method": "POST", "path": "*/jobs/query"}
NOW = datetime(2026, 7, 1, tzinfo=UTC)
AN_HOUR_S = 3600  # a wait that the policy does not make: the run ends at once


def by_jobs(desk: Desk) -> None:
    """Fetch accounts, contacts and opportunities by Bulk jobs; that of contacts has two pages."""
    desk.edit(
        "mappings/salesforce.yaml", "bulk_threshold: 2000", "bulk_threshold: 150\n  page_rows: 200"
    )


@pytest.fixture(scope="module")
def twin(started: Path, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """What a pull leaves that met no fault."""
    folder = tmp_path_factory.mktemp("twin")
    shutil.copytree(started, folder, dirs_exist_ok=True)
    with at_desk(folder) as (desk, _):
        by_jobs(desk)
        desk.run("pull")
        return stored(desk)


def assert_same(found: Stored, twin: Stored) -> None:
    """Compare table by table, so that a difference says where it is."""
    assert found.tables.keys() == twin.tables.keys()
    for table, rows in twin.tables.items():
        assert found.tables[table] == rows, table
    assert found.snapshot_id == twin.snapshot_id


@pytest.mark.parametrize(
    "faults",
    [
        *(
            pytest.param(
                [{"kind": "cut", "seed": seed, "probability": 0.2, "reset": reset, "times": 9}],
                id=f"row 3: connections cut at random bytes, seed {seed}",
            )
            for seed, reset in ((1, False), (2, True))
        ),
        pytest.param(
            [{"kind": "slow", "on": "results", "piece_bytes": 4096, "pause_s": 0.01}],
            id="row 3: answers that drip",
        ),
        pytest.param(
            [
                {"kind": "short_body", "on": "results", "nth": 1, "whole_rows": True},
                {"kind": "short_body", "on": "results", "nth": 3, "framing": "close"},
                {"kind": "short_body", "on": "results", "nth": 5, "framing": "gzip"},
            ],
            id="row 4: result pages shorter than they say",
        ),
        pytest.param(
            [
                {"kind": "short_body", "on": "query", "nth": 3},
                {"kind": "short_body", "on": "query", "nth": 9, "framing": "close"},
                {"kind": "short_body", "on": "query", "nth": 15, "framing": "gzip"},
            ],
            id="row 4: query pages shorter than they say",
        ),
        pytest.param(
            [
                {"kind": "missing_column", "on": "results", "nth": 2},
                {"kind": "missing_column", "on": "query", "nth": 25, "column": "OwnerId"},
            ],
            id="row 4: a column is missing",
        ),
        pytest.param(
            [{"kind": "duplicate_page", "on": "results", "object": "Contact", "nth": 2}],
            id="row 4: a result page comes twice",
        ),
        pytest.param(
            [
                {"kind": "wrong_count", "on": "results", "nth": 2},
                {"kind": "wrong_count", "on": "results", "nth": 4, "off_by": -1},
                {"kind": "wrong_count", "on": "results", "nth": 6, "off_by": None},
                {"kind": "wrong_count", "on": "query", "nth": 25},
                {"kind": "wrong_count", "on": "query", "nth": 30, "off_by": None},
            ],
            id="row 4: a page says another number of rows than it has",
        ),
        pytest.param(
            [{"kind": "repeated_locator", "on": "results", "nth": 2}],
            id="row 4: a page leads back to itself",
        ),
        pytest.param(
            [
                {"kind": "broken_json", "on": "describe", "nth": 3},
                {"kind": "broken_json", "on": "poll", "nth": 1, "how": "empty"},
                {"kind": "broken_json", "on": "query", "nth": 9, "how": "garbled"},
            ],
            id="row 4: JSON that is none",
        ),
        pytest.param(
            [{"kind": "nul_bytes", "on": "page"}, {"kind": "wrong_type", "on": "results"}],
            id="row 4: NUL bytes, and a wrong type of content",
        ),
        pytest.param(
            [
                {"kind": "server_error", "status": status, "nth": nth}
                for status, nth in ((500, 8), (502, 34), (503, 50), (504, 51), (420, 2))
            ],
            id="row 5: 500, 502, 503, 504, and 420 of the edge",
        ),
        pytest.param(
            [{"kind": "refuse", "code": "SERVER_UNAVAILABLE", "after": 30, "times": 2}],
            id="row 5: SERVER_UNAVAILABLE",
        ),
        pytest.param(
            [{"kind": "server_error", "retry_after_s": 1, "on": "results", "times": 1}],
            id="row 5: 503 with Retry-After",
        ),
        pytest.param(
            [
                {"kind": "limit", "which": "too_many", "on": "results", "times": 1},
                {"kind": "limit", "which": "concurrent", "on": "query", "after": 9, "times": 2},
            ],
            id="row 6: too many at a time, for a moment",
        ),
        pytest.param(
            [
                {"kind": "end_sessions", "on": "describe", "nth": 5},
                {"kind": "end_sessions", "on": "poll", "nth": 1},
                {"kind": "end_sessions", "on": "results", "nth": 3},
                {"kind": "end_sessions", "on": "query", "after_rows": 800},
            ],
            id="row 8: sessions end at a describe, a job, between its pages, and at a query",
        ),
    ],
)
def test_a_pull_that_met_a_passing_fault_leaves_what_its_twin_leaves(
    started: Path, copy_of: CopyOf, twin: Stored, faults: list[Fault]
) -> None:
    with at_desk(copy_of(started)) as (desk, org):
        by_jobs(desk)
        numbers = [org.fault(**fault) for fault in faults]
        logins = counted(org, on="sign_in")

        desk.run("pull")

        assert all(org.fired(number) for number in numbers), [org.fired(n) for n in numbers]
        assert org.fired(logins) == 1 + sum(one["kind"] == "end_sessions" for one in faults)
        assert_same(stored(desk), twin)


def counted(org: SandboxHandle, **where: Any) -> int:
    """Add a fault that does no harm; how often it fired is the number of such requests."""
    return org.fault("slow", **where)


@pytest.mark.parametrize(
    ("faults", "code", "says"),
    [
        pytest.param(
            [{"kind": "server_error", "retry_after_s": AN_HOUR_S, "on": "results", "nth": 3}],
            ExitCode.ERROR,
            "HTTP 503",
            id="row 5: 503 until the time for one request is over",
        ),
        *(
            pytest.param(
                [{"kind": "limit", "on": on, "after": after}],
                ExitCode.LIMIT_REACHED,
                "REQUEST_LIMIT_EXCEEDED",
                id=f"row 6: the day's calls are used up {when}",
            )
            for on, after, when in (
                ("data", 10, "while it asks what there is"),
                ("results", 2, "between two pages of a job"),
                ("data", 60, "near the end"),
            )
        ),
        pytest.param(
            [{"kind": "limit", "which": "too_many", "retry_after_s": AN_HOUR_S, "after": 40}],
            ExitCode.LIMIT_REACHED,
            "TOO_MANY_REQUESTS",
            id="row 6: 429 for an hour",
        ),
        pytest.param(
            [
                {"kind": "end_sessions", "on": "results", "nth": 3},
                {"kind": "refuse_sign_in", "after": 1},
            ],
            ExitCode.SIGN_IN,
            "invalid_grant",
            id="row 8: the session ends and is not renewed",
        ),
        pytest.param(
            [{"kind": "end_sessions", "after": 30, "times": None}],
            ExitCode.SIGN_IN,
            "INVALID_SESSION_ID",
            id="row 8: each new session ends at once",
        ),
        pytest.param(
            [{"kind": "job_ended", "on": "poll", "state": "Failed", "object": "Contact"}],
            ExitCode.ERROR,
            "ended as Failed",
            id="row 24: a job fails",
        ),
        pytest.param(
            [{"kind": "job_ended", "on": "poll", "object": "Contact"}],
            ExitCode.ERROR,
            "ended as Aborted",
            id="row 24: an admin aborts a job",
        ),
        pytest.param(
            [{"kind": "redirect", "after": 40}],
            ExitCode.ERROR,
            "sends requests on to https://elsewhere.invalid",
            id="row 34: an answer that leads to another host",
        ),
    ],
)
def test_a_pull_that_a_fault_ends_says_so_and_the_next_one_leaves_what_its_twin_leaves(
    started: Path, copy_of: CopyOf, twin: Stored, faults: list[Fault], code: ExitCode, says: str
) -> None:
    with at_desk(copy_of(started)) as (desk, org):
        by_jobs(desk)
        numbers = [org.fault(**fault) for fault in faults]
        logins = counted(org, on="sign_in")
        jobs = counted(org, **NEW_JOB)

        shown = desk.run("pull", code=code)

        assert says in shown.err
        assert "What to do: " in shown.err
        # The last fault ends the run, so nothing more is asked that it would strike.
        expected = [2 if "times" in one else 1 for one in faults]  # a new session is tried once
        assert [org.fired(number) for number in numbers] == expected
        renewed = any(one["kind"] == "end_sessions" for one in faults)
        assert org.fired(logins) == 1 + renewed
        made = org.fired(jobs)
        org.clear_faults()
        jobs = counted(org, **NEW_JOB)
        desk.run("pull")
        job_died = any(one["kind"] == "job_ended" for one in faults)
        assert made + org.fired(jobs) == len(BY_JOBS) + job_died
        assert_same(stored(desk), twin)


def failed_without_waiting(
    desk: Desk, org: SandboxHandle
) -> tuple[ConnectorError, Sequence[float]]:
    """Return how a pull ends, and the pauses in seconds that it would have made.

    It runs as the command does, but for its clock: no setting shortens the pauses of a command.
    """
    waits_seconds: list[float] = []
    settings = load_settings(desk.root, {})
    pages = BulkParams(max_records=settings.salesforce.pull.page_rows)
    credentials = credentials_from(environment(org))
    with (
        open_project_store(settings) as store,
        sign_in(credentials, bulk=pages, sleep=waits_seconds.append) as salesforce,
        pytest.raises(ConnectorError) as ended,
    ):
        pull(settings, store, salesforce, now=NOW, holder="ann")
    return ended.value, waits_seconds


def test_row_5_a_server_that_stays_down_is_asked_at_growing_distances_and_given_up(
    started: Path, copy_of: CopyOf, twin: Stored
) -> None:
    with at_desk(copy_of(started)) as (desk, org):
        by_jobs(desk)
        down = org.fault("server_error", on="results", after=1)

        error, waits_seconds = failed_without_waiting(desk, org)

        assert error.exit_code is ExitCode.ERROR
        assert "HTTP 503" in error.problem
        assert org.fired(down) == len(waits_seconds) + 1 == 6
        assert all(later > earlier for earlier, later in pairwise(waits_seconds))
        assert sum(waits_seconds) < 600
        org.clear_faults()
        desk.run("pull")
        assert_same(stored(desk), twin)


def test_row_4_of_a_page_that_stays_short_nothing_is_stored(
    started: Path, copy_of: CopyOf, twin: Stored
) -> None:
    with at_desk(copy_of(started)) as (desk, org):
        by_jobs(desk)
        first_page = 200
        org.fault("short_body", on="results", after=2, at_byte=9000, whole_rows=True)

        error, _ = failed_without_waiting(desk, org)

        assert error.exit_code is ExitCode.ERROR
        assert "a page announced 56 rows" in error.problem
        assert len(stored(desk).tables["contact"]) == first_page
        org.clear_faults()
        report = desk.ask("pull")
        (contacts,) = [one for one in report["objects"] if one["object_name"] == "Contact"]
        assert contacts["fetched"] == 256 - first_page
        assert_same(stored(desk), twin)


def test_row_24_a_job_that_never_ends_is_left_after_an_hour_and_attached_to_by_the_next_run(
    started: Path, copy_of: CopyOf, twin: Stored
) -> None:
    with at_desk(copy_of(started)) as (desk, org):
        by_jobs(desk)
        org.fault("job_stuck", object="Contact")

        error, waits_seconds = failed_without_waiting(desk, org)

        assert error.exit_code is ExitCode.STILL_RUNNING
        assert "job 750" in error.problem
        assert AN_HOUR_S <= sum(waits_seconds) < 2 * AN_HOUR_S
        org.clear_faults()
        jobs = counted(org, **NEW_JOB)
        desk.run("pull")
        assert org.fired(jobs) == 1  # for opportunities, which were not begun
        assert_same(stored(desk), twin)


@pytest.mark.parametrize(
    ("fault", "new_jobs"),
    [
        pytest.param({"kind": "cut", "on": "results", "times": 2, "seed": 5}, 1, id="row 3"),
        pytest.param({"kind": "end_sessions", "on": "results"}, 1, id="row 8"),
        pytest.param({"kind": "job_ended", "on": "poll", "state": "Failed"}, 2, id="row 24"),
    ],
)
def test_row_1_a_killed_pull_is_gone_on_with_whatever_the_next_one_meets(
    started: Path, copy_of: CopyOf, twin: Stored, fault: Fault, new_jobs: int
) -> None:
    with at_desk(copy_of(started)) as (desk, org):
        by_jobs(desk)
        assert killed(desk, org, "pull", at=second_page, after=False)
        number, jobs = org.fault(**fault), counted(org, **NEW_JOB)

        desk.run("pull")

        assert org.fired(number)
        assert org.fired(jobs) == new_jobs
        assert_same(stored(desk), twin)


def test_row_4_a_query_page_that_comes_twice_in_place_of_the_next_loses_no_row(
    started: Path, copy_of: CopyOf, twin: Stored
) -> None:
    halves = Switches(
        query_page_records=128
    )  # of 256 contacts; a second page of accounts comes before
    with at_desk(copy_of(started), switches=halves) as (desk, org):
        number = org.fault("duplicate_page", path="*/query*/?*", nth=2)

        desk.run("pull")

        assert org.fired(number)
        assert_same(stored(desk), twin)


def test_row_6_a_pull_leaves_the_share_of_the_days_calls_that_is_kept_for_others(
    started: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(started), switches=Switches(daily_api_requests=200)) as (desk, org):
        while org.state.usage.used(now=org.state.now()) < 130:
            desk.run("doctor", "--json")

        shown = desk.run("pull", code=ExitCode.LIMIT_REACHED)

        assert "40 are kept for others" in shown.err
        assert org.state.usage.used(now=org.state.now()) == 160


def snapshot_of_a_new_store(desk: Desk) -> str:
    """Return the name of what a first pull finds in the org now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFTERRITORY_STORE", f"sqlite:///{desk.root.parent / 'new.db'}")
        return str(desk.ask("pull")["snapshot_id"])


@pytest.mark.parametrize(
    ("seconds", "at_request"),
    [
        pytest.param(86_400, 1, id="a day on, at once"),
        pytest.param(-86_400, 55, id="a day back, amid a pull"),
    ],
)
def test_row_17_a_server_clock_that_jumps_and_jumps_back_hides_no_edit(
    pulled: Path, copy_of: CopyOf, seconds: int, at_request: int
) -> None:
    with at_desk(copy_of(pulled)) as (desk, org):
        first, second, third = sorted(records(org, "Account")["Account"])[:3]
        org.edit("Account", first, {"Name": "Before the jump"})
        org.fault("clock_skew", seconds=seconds, nth=at_request)
        desk.run("pull")
        org.edit("Account", second, {"Name": "Under the other clock"})
        desk.run("pull")
        org.clear_faults()  # and with them the jump
        org.edit("Account", third, {"Name": "After all"})

        found = desk.ask("pull")["snapshot_id"]

        assert found == snapshot_of_a_new_store(desk)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "delete_record", "count": 3}, id="deleted"),
        pytest.param({"kind": "merge_record"}, id="merged"),
    ],
)
def test_row_19_what_changes_during_a_pull_is_in_the_store_after_the_next_one(
    started: Path, copy_of: CopyOf, twin: Stored, fault: Fault
) -> None:
    with at_desk(copy_of(started)) as (desk, org):
        by_jobs(desk)
        number = org.fault(on="page", after=35, **fault)
        desk.run("pull")
        assert org.fired(number) == 1

        found = desk.ask("pull")["snapshot_id"]

        assert found == snapshot_of_a_new_store(desk)
        assert found != twin.snapshot_id


def test_row_19_a_record_that_is_deleted_and_undeleted_is_there_again_as_it_was(
    pulled: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(pulled)) as (desk, org):
        before = desk.ask("status")["snapshot_id"]
        account = min(records(org, "Account")["Account"])
        org.fault("delete_record", on="any", id=account)
        gone = desk.ask("pull")["snapshot_id"]
        org.fault("delete_record", on="any", id=account, undelete=True)

        back = desk.ask("pull")["snapshot_id"]

        assert gone != before
        assert back == snapshot_of_a_new_store(desk)
        assert desk.ask("status")["counts"]["Account"] == 200


LOST = {"kind": "field_gone", "on": "any", "field": "Territory_Locked__c"}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(LOST, id="gone"),
        pytest.param({**LOST, "kind": "field_renamed", "to": "Locked__c"}, id="renamed"),
    ],
)
def test_row_20_a_field_that_is_lost_keeps_its_values_and_is_named_with_its_rule(
    pulled: Path, copy_of: CopyOf, fault: Fault
) -> None:
    with at_desk(copy_of(pulled)) as (desk, org):
        before = stored(desk)
        org.fault(**fault)

        doctor = desk.run("doctor", code=ExitCode.ERROR)
        report = desk.ask("pull")
        assert_same(stored(desk), before)
        plan = desk.plan()

        lost = fault["field"]
        assert f"not readable: {lost}" in doctor.out
        (accounts,) = [one for one in report["objects"] if one["object_name"] == "Account"]
        assert accounts["kept_fields"] == [lost]
        (told,) = [one for one in plan["plan"]["checks"] if one["name"] == "lost_fields"]
        assert f"Account.{lost} of rule 'Locked accounts'" in told["detail"]


def test_row_20_a_field_that_goes_during_a_pull_is_left_out_and_named(
    started: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(started)) as (desk, org):
        by_jobs(desk)
        org.fault("field_gone", on="query", nth=5, field="Industry")

        report = desk.ask("pull")

        (accounts,) = [one for one in report["objects"] if one["object_name"] == "Account"]
        assert accounts["missing_fields"] == ["Industry"]
        assert accounts["fetched"] == 200


def test_row_20_a_field_of_another_type_is_named_by_the_pull(pulled: Path, copy_of: CopyOf) -> None:
    with at_desk(copy_of(pulled)) as (desk, org):
        before = stored(desk)
        org.fault("field_type", on="any", field="Calls_Per_Year__c", to="int")

        shown = desk.run("pull")

        assert "Calls_Per_Year__c: double is now int" in shown.out
        assert_same(stored(desk), before)


def test_row_20_a_new_value_of_a_picklist_is_read_like_any_other(
    pulled: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(pulled)) as (desk, org):
        org.fault("picklist_value", on="any", value="Spaceflight")
        desk.run("doctor")
        org.edit("Account", min(records(org, "Account")["Account"]), {"Industry": "Spaceflight"})

        report = desk.ask("pull")

        assert report["loaded"] == 1
        assert report["snapshot_id"] == snapshot_of_a_new_store(desk)
        desk.plan()


def test_row_20_an_object_that_is_gone_is_named_and_its_rows_stay(
    pulled: Path, copy_of: CopyOf
) -> None:
    with at_desk(copy_of(pulled)) as (desk, org):
        before = stored(desk)
        org.fault("object_gone", on="any", object="Lead")

        doctor = desk.run("doctor", code=ExitCode.ERROR)
        shown = desk.run("pull", code=ExitCode.ERROR)

        assert "FAIL  object Lead" in doctor.out
        assert "Lead" in shown.err
        assert_same(stored(desk), before)
