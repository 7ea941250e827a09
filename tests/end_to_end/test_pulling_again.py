"""A second pull sees exactly what changed since the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from end_to_end.conftest import ORG_FILE, Environ, Prepare
from end_to_end.desk import Desk, environment, records
from sfterritory.model.store.store import open_store
from sfterritory.sandbox.objects.everything import EVERYTHING
from sfterritory.sandbox.running import SandboxHandle, running_sandbox
from sfterritory.sandbox.save import Saver


def pulled_object(report: Any, name: str) -> Any:
    return next(one for one in report["objects"] if one["object_name"] == name)


def some_account(org: SandboxHandle, place: int = 0) -> str:
    return sorted(records(org, "Account")["Account"])[place]


def in_store(desk: Desk, record_id: str) -> Any:
    with open_store(desk.store_url) as store:
        return store.mirror.record("Account", record_id)


def delete(org: SandboxHandle, record_id: str) -> None:
    """Put an account into the recycle bin, as a person would."""
    by = org.state.credentials().run_as_user_id
    with org.state.writing() as connection:
        saver = Saver(
            connection,
            by,
            schema=org.state.schema,
            now=org.state.now(),
            switches=org.state.switches,
        )
        saver.delete(EVERYTHING.objects["Account"], record_id)


def purge(org: SandboxHandle, record_id: str) -> None:
    """Delete an account so that no query shows it, not even one that asks for deleted rows."""
    with org.state.writing() as connection:
        connection.execute('DELETE FROM "Account" WHERE Id = ?', (record_id,))


def test_a_second_pull_without_a_change_loads_nothing_and_keeps_the_snapshot(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, _):
        before = desk.ask("status")["snapshot_id"]

        again = desk.ask("pull")
        full = desk.ask("pull", "--full")

        assert again["loaded"] == full["loaded"] == 0
        assert again["snapshot_id"] == full["snapshot_id"] == before
        assert not any(one["full"] for one in again["objects"])
        assert pulled_object(full, "Account")["fetched"] == 200


def test_an_edit_in_salesforce_is_pulled_once_however_often_the_overlap_sends_it(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, org):
        before = desk.ask("status")["snapshot_id"]
        account = some_account(org)
        org.edit("Account", account, {"Name": "Renamed Ltd", "AnnualRevenue": 12_345_678})

        seen = desk.ask("pull")
        again = desk.ask("pull")

        assert seen["loaded"] == pulled_object(seen, "Account")["changed"] == 1
        assert in_store(desk, account)["Name"] == "Renamed Ltd"
        assert pulled_object(again, "Account")["fetched"] == 1  # by the overlap
        assert again["loaded"] == 0
        assert before != seen["snapshot_id"] == again["snapshot_id"]


def test_a_deleted_account_leaves_the_store_at_the_next_pull(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, org):
        account = some_account(org)
        delete(org, account)

        seen = desk.ask("pull")

        assert pulled_object(seen, "Account")["changed"] == 1
        assert desk.ask("status")["counts"]["Account"] == 199
        assert "was deleted in Salesforce" in desk.run("why", account, code=1).err
        assert " owns " in desk.run("why", account, "--at", "2026-07-01").out
        desk.plan()  # the later steps go on without it


def test_what_left_the_recycle_bin_unseen_is_missed_by_its_number(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, org):
        purge(org, some_account(org))

        seen = desk.ask("pull")

        assert pulled_object(seen, "Account")["gone"] == seen["loaded"] == 1
        assert not pulled_object(seen, "Account")["full"]
        assert desk.ask("status")["counts"]["Account"] == 199


def test_a_dry_run_tells_what_a_pull_would_read_and_changes_nothing(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, org):
        org.edit("Account", some_account(org), {"Name": "Renamed Ltd"})
        content = desk.store_file.read_bytes()

        forecast = desk.ask("pull", "--dry-run")
        text = desk.run("pull", "--dry-run").out

        assert desk.store_file.read_bytes() == content
        assert pulled_object(forecast, "Account")["rows"] == 1
        assert forecast["fits"]
        assert f"About {forecast['calls']:,} API calls." in text
        assert desk.ask("pull")["calls_used"] == forecast["calls"]


class Still:
    """A server's clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 12, 0, 0, 400_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def at_a_still_desk(folder: Path, environ: Environ) -> Iterator[tuple[Desk, SandboxHandle, Still]]:
    clock = Still()
    with running_sandbox(folder / ORG_FILE, clock=clock) as org:
        environ(environment(org))
        yield Desk(folder / "project"), org, clock


def test_edits_in_the_very_second_of_a_pull_are_not_lost_even_without_an_overlap(
    started: Path, copy_of: Callable[[Path], Path], environ: Environ
) -> None:
    with at_a_still_desk(copy_of(started), environ) as (desk, org, _):
        desk.edit("mappings/salesforce.yaml", "overlap_minutes: 15", "overlap_minutes: 0")
        first, second = some_account(org, 0), some_account(org, 1)
        org.edit("Account", first, {"Name": "Before the pull"})
        desk.run("pull")
        org.edit("Account", second, {"Name": "After the pull"})

        seen = desk.ask("pull")

        assert seen["loaded"] == 1
        assert in_store(desk, first)["Name"] == "Before the pull"
        assert in_store(desk, second)["Name"] == "After the pull"


@pytest.mark.parametrize(
    ("minutes_late", "found"),
    [pytest.param(10, 1, id="within the overlap"), pytest.param(20, 0, id="beyond it")],
)
def test_an_edit_that_salesforce_commits_late_is_found_within_the_overlap(
    started: Path,
    copy_of: Callable[[Path], Path],
    environ: Environ,
    minutes_late: int,
    found: int,
) -> None:
    with at_a_still_desk(copy_of(started), environ) as (desk, org, clock):
        desk.run("pull")
        clock.now -= timedelta(minutes=minutes_late)  # its stamp is older than the pull
        org.edit("Account", some_account(org), {"Name": "Late Ltd"})
        clock.now += timedelta(minutes=minutes_late + 1)

        assert desk.ask("pull")["loaded"] == found


def test_an_owner_changed_in_salesforce_shows_in_why_after_the_next_pull(
    pulled: Path, desk_of: Prepare
) -> None:
    with desk_of(pulled) as (desk, org):
        account = some_account(org)
        today = records(org, "Account")["Account"][account]["OwnerId"]
        other = next(
            row
            for row in records(org, "User")["User"].values()
            if row["IsActive"] and row["Title"] == "Account Executive" and row["Id"] != today
        )
        org.edit("Account", account, {"OwnerId": other["Id"]})
        desk.run("pull")

        answer = desk.ask("why", account)["answer"]

        assert answer["timeline"][0]["after"] == other["Id"]
        assert other["Name"] in answer["sentence"]
