"""The fault catalogue against a pull: each row ends in the store of a pull that met no fault.

docs/faults.md lists the rows by the numbers in the ids.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from end_to_end.conftest import at_desk
from end_to_end.desk import Desk
from end_to_end.twin import Stored, stored
from sfterritory.errors import ExitCode
from sfterritory.sandbox.running import SandboxHandle
from sfterritory.sandbox.switches import Switches

pytestmark = pytest.mark.slow  # an org to serve and to read for each

CopyOf = Callable[[Path], Path]
Fault = dict[str, Any]
BY_JOBS = ("Account", "Contact", "Opportunity")
NEW_JOB = {"method": "POST", "path": "*/jobs/query"}
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
            for seed, reset in ((1, False), (2, True), (3, False))
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
        *(
            pytest.param(
                [{"kind": "server_error", "status": status, "after": after, "times": 2}],
                id=f"row 5: {status}",
            )
            for status, after in ((500, 8), (502, 34), (503, 50), (504, 60), (420, 1))
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
        *(
            pytest.param([{"kind": "end_sessions", **where}], id=f"row 8: the session ends {when}")
            for where, when in (
                ({"on": "describe", "nth": 5}, "before a describe"),
                ({"on": "poll", "nth": 1}, "while a job is waited for"),
                ({"on": "results", "nth": 2}, "between two pages of a job"),
                ({"on": "query", "after_rows": 500}, "between two queries"),
            )
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
        assert org.fired(logins) == 1 + any(one["kind"] == "end_sessions" for one in faults)
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
        assert [org.fired(number) for number in numbers] == [1] * len(numbers)
        renewed = any(one["kind"] == "end_sessions" for one in faults)
        assert org.fired(logins) == 1 + renewed
        made = org.fired(jobs)
        org.clear_faults()
        jobs = counted(org, **NEW_JOB)
        desk.run("pull")
        job_died = any(one["kind"] == "job_ended" for one in faults)
        assert made + org.fired(jobs) == len(BY_JOBS) + job_died
        assert_same(stored(desk), twin)
