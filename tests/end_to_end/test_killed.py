"""A pull or an apply is killed (SIGKILL) anywhere, run again, and ends as if it never had been."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from end_to_end.child import plain_environ, running_child
from end_to_end.conftest import at_desk
from end_to_end.desk import Desk, Row, environment, owner_moves
from end_to_end.toll import WAIT_S, Request, Wanted, toll_gate
from end_to_end.twin import content, written
from sfterritory.errors import ExitCode
from sfterritory.sandbox.running import SandboxHandle
from sfterritory.sandbox.switches import Switches

pytestmark = pytest.mark.slow  # each kill needs a process


def killed(
    desk: Desk,
    org: SandboxHandle,
    *words: str,
    at: Wanted,
    after: bool,
    once: Callable[[], bool] = lambda: True,
) -> bool:
    """Run a command and kill it at a request; tell whether it got so far.

    Args:
        desk: Whose project.
        org: Which it asks through a toll gate.
        words: The command.
        at: Tells which request it dies at.
        after: Let the org carry the request out; only its answer is lost.
        once: What else has to be true before it is killed, while the request waits.
    """
    said = str(desk.root.parent / "said.txt")
    with toll_gate(org.url, at, after=after) as toll:
        variables = plain_environ(**{**environment(org), "SFTERRITORY_INSTANCE_URL": toll.url})
        place = ["--project", str(desk.root)]
        with running_child([*words, *place], variables, out=said, err=said) as child:
            while child.is_alive() and not toll.reached.wait(0.02):
                pass
            reached = toll.reached.is_set()
            if reached:
                _wait_for(once)
                child.kill()
            child.join(WAIT_S)
            expected = -signal.SIGKILL if reached else 0
            assert child.exitcode == expected, Path(said).read_text("utf-8")
    return reached


def _wait_for(once: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not once():
        assert time.monotonic() < end, "what the kill waits for did not come"
        time.sleep(0.02)


def request(number: int) -> Wanted:
    return lambda seen: len(seen) == number


def write(seen: Sequence[Request]) -> bool:
    return seen[-1][0] == "PATCH"


def first_write(seen: Sequence[Request]) -> bool:
    return write(seen) and not any(method == "PATCH" for method, _ in seen[:-1])


def read_back(seen: Sequence[Request]) -> bool:
    return len(seen) > 1 and write(seen[:-1])


def upload(seen: Sequence[Request]) -> bool:
    return seen[-1][0] == "PUT"


def poll(seen: Sequence[Request]) -> bool:
    """Tell whether a job is asked for after it was closed."""
    asked = seen[-1][0] == "GET" and "/jobs/ingest/" in seen[-1][1]
    return asked and any(write([one]) for one in seen)


def second_page(seen: Sequence[Request]) -> bool:
    return "/results" in seen[-1][1] and "locator" in seen[-1][1]


def small_pages(desk: Desk, *, bulk_threshold: int) -> None:
    """Fetch larger objects by Bulk jobs, in pages so small that some have two."""
    desk.edit(
        "mappings/salesforce.yaml",
        "bulk_threshold: 2000",
        f"bulk_threshold: {bulk_threshold}\n  page_rows: 200",
    )


def test_a_pull_killed_again_and_again_ends_with_what_an_uninterrupted_one_has(
    started: Path, copy_of: Callable[[Path], Path]
) -> None:
    with at_desk(copy_of(started)) as (desk, org):
        small_pages(desk, bulk_threshold=150)
        reached, at, kills = True, 4, 0
        while reached:
            reached = killed(desk, org, "pull", at=request(at), after=bool(kills % 2))
            kills += reached
            at += 9
        ended = content(desk)
        again = desk.ask("pull")
    assert kills > 4
    with at_desk(copy_of(started)) as (desk, _):
        small_pages(desk, bulk_threshold=150)
        desk.run("pull")
        twin = content(desk)

        assert ended.keys() == twin.keys()
        for table, rows in twin.items():
            assert ended[table] == rows, table
        assert again["loaded"] == 0
        assert again["snapshot_id"] == desk.ask("status")["snapshot_id"]


def test_a_bulk_pull_killed_between_two_pages_goes_on_with_the_second(
    started: Path, copy_of: Callable[[Path], Path]
) -> None:
    with at_desk(copy_of(started)) as (desk, org):
        small_pages(desk, bulk_threshold=250)
        assert killed(
            desk, org, "pull", at=second_page, after=False, once=lambda: _rows_of_jobs(desk) == 200
        )

        report = desk.ask("pull")

        (resumed,) = [one for one in report["objects"] if one["resumed"]]
        assert 0 < resumed["fetched"] < 200  # the rest of it, not all of it again
        assert desk.ask("status")["counts"][resumed["object_name"]] > 200


def _rows_of_jobs(desk: Desk) -> int:
    """Return how many rows of unfinished Bulk jobs are in the store."""
    with closing(sqlite3.connect(desk.store_file)) as store:
        query = "SELECT coalesce(sum(rows_loaded), 0) FROM pull_cursor WHERE job_id <> 'rest'"
        return int(store.execute(query).fetchone()[0])


Twin = tuple[dict[str, dict[str, Row]], list[tuple[str, str, str]]]


@pytest.fixture(scope="module")
def twin(applied: Path) -> Twin:
    """What an apply that nobody killed left in the org."""
    with at_desk(applied) as (_, org):
        return written(org), owner_moves(org)


@pytest.mark.parametrize(
    ("at", "after"),
    [
        pytest.param(write, False, id="before the org has the batch"),
        pytest.param(write, True, id="after the org wrote it and before its answer"),
        pytest.param(read_back, True, id="after the read-back"),
    ],
)
def test_an_apply_killed_around_a_write_writes_each_change_exactly_once(
    approved: Path,
    copy_of: Callable[[Path], Path],
    twin: Twin,
    at: Wanted,
    after: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        plan = desk.ask("show")
        assert killed(desk, org, "apply", plan["hash"], at=at, after=after)
        assert desk.ask("status")["unfinished_runs"]

        report = desk.ask("apply", plan["hash"])

        assert report["resumed"]
        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert owner_moves(org) == twin[1]
        assert written(org) == twin[0]
        assert desk.ask("status")["unfinished_runs"] == []


@pytest.mark.parametrize(
    ("at", "after"),
    [
        pytest.param(upload, False, id="before the job has its file"),
        pytest.param(upload, True, id="with an uploaded job that is not closed"),
        pytest.param(write, False, id="before the job is closed"),
        pytest.param(write, True, id="after the job was closed"),
        pytest.param(poll, True, id="while the job is being waited for"),
    ],
)
def test_an_apply_killed_around_a_bulk_job_attaches_to_it_and_writes_exactly_once(
    approved: Path,
    copy_of: Callable[[Path], Path],
    twin: Twin,
    at: Wanted,
    after: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    slow = Switches(bulk_polls_before_complete=1)
    with at_desk(copy_of(approved), switches=slow) as (desk, org):
        desk.edit("sfterritory.yaml", "  method: auto ", "  method: bulk ")
        plan, before = desk.ask("show"), owner_moves(org)
        assert killed(desk, org, "apply", plan["hash"], at=at, after=after)
        assert owner_moves(org) == before

        report = desk.ask("apply", plan["hash"])

        assert report["resumed"]
        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert owner_moves(org) == twin[1]
        assert written(org) == twin[0]


def test_an_apply_killed_again_and_again_writes_each_change_exactly_once(
    approved: Path, copy_of: Callable[[Path], Path], twin: Twin
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        plan = desk.ask("show")
        desk.edit("sfterritory.yaml", "max_failure_share: 0.10", "batch_size: 15")
        reached, at, kills = True, 3, 0
        while reached:
            reached = killed(
                desk, org, "apply", plan["hash"], at=request(at), after=bool(kills % 2)
            )
            kills += reached
            at += 1

        assert kills > 4
        assert owner_moves(org) == twin[1]
        assert written(org) == twin[0]
        (run,) = {line["facts"]["run"] for line in desk.ask("log") if line["kind"] == "apply"}
        outcomes = [one["outcome"] for one in desk.ask("log", run)["records"]]
        assert outcomes == ["done"] * len(plan["plan"]["changes"])

        back = desk.ask("revert", run)["plan"]
        assert len(back["changes"]) + len(back["blocked"]) == len(plan["plan"]["changes"])


def test_an_apply_goes_on_although_pulls_between_saw_the_org_before_and_after_its_write(
    approved: Path, copy_of: Callable[[Path], Path], twin: Twin
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        plan = desk.ask("show")
        assert killed(desk, org, "apply", plan["hash"], at=write, after=False)
        desk.run("pull")
        assert killed(desk, org, "apply", plan["hash"], at=write, after=True)
        desk.run("pull")

        report = desk.ask("apply", plan["hash"])

        assert report["resumed"]
        assert report["counts"] == {"done": len(plan["plan"]["changes"])}
        assert owner_moves(org) == twin[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_finishes_its_batch_ends_with_130_and_goes_on_later(
    approved: Path, copy_of: Callable[[Path], Path], twin: Twin, number: int
) -> None:
    with at_desk(copy_of(approved)) as (desk, org):
        plan = desk.ask("show")
        desk.edit("sfterritory.yaml", "max_failure_share: 0.10", "batch_size: 15")
        said = str(desk.root.parent / "said.txt")
        with toll_gate(org.url, first_write, after=False) as toll:
            variables = plain_environ(**{**environment(org), "SFTERRITORY_INSTANCE_URL": toll.url})
            words = ["apply", plan["hash"], "--project", str(desk.root)]
            with running_child(words, variables, out=said, err=said) as child:
                assert toll.reached.wait(WAIT_S)
                os.kill(child.pid or 0, number)
                toll.released.set()  # the write is lost on its way, and sent again
                child.join(WAIT_S)
                code = child.exitcode
        text = Path(said).read_text(encoding="utf-8")

        assert code == ExitCode.INTERRUPTED, text
        assert "Apply stopped. 15 changed" in text
        assert "Run the same command again" in text
        assert desk.ask("apply", plan["hash"])["resumed"]
        assert owner_moves(org) == twin[1]
        assert written(org) == twin[0]
