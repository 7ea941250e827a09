"""Pulling again from an org that hides fields, breaks answers, merges records and counts calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from end_to_end.desk import environment

from sfterritory.connectors.salesforce.bulk import BulkParams
from sfterritory.connectors.salesforce.credentials import credentials_from
from sfterritory.connectors.salesforce.faults import RefusedError
from sfterritory.connectors.salesforce.org import SalesforceOrg, sign_in
from sfterritory.connectors.salesforce.retry import RetryPolicy
from sfterritory.errors import ConfigError, ExitCode, JobRunningError, LimitReachedError
from sfterritory.events import Event, subscribed
from sfterritory.model.store.store import Store
from sfterritory.pipeline.build import build
from sfterritory.pipeline.construction.report import BuildReport
from sfterritory.pipeline.merged import following_merges
from sfterritory.pipeline.opening import open_project_store
from sfterritory.pipeline.pull.fetch import PulledObject
from sfterritory.pipeline.pull.job import PullReport, forecast_pull, pull
from sfterritory.pipeline.status import status
from sfterritory.pipeline.why import why
from sfterritory.sandbox.running import SandboxHandle, running_sandbox
from sfterritory.settings.mapping import PullParams
from sfterritory.settings.project import Settings, load_settings
from sfterritory.settings.territories import LockParams

from .conftest import PULLED_AT

pytestmark = pytest.mark.slow  # every test starts an org

NOW = PULLED_AT + timedelta(hours=1)
ACCOUNTS = 120
BULK = {"bulk_threshold": 0, "page_rows": 200}


@dataclass(frozen=True, slots=True)
class Desk:
    """A project that was pulled an hour ago, and its org."""

    settings: Settings
    store: Store
    org: SandboxHandle
    salesforce: SalesforceOrg

    def pull(self, *, full: bool = False, **params: Any) -> PullReport:
        """Pull with these parameters of `pull` in mappings/salesforce.yaml."""
        settings = self.with_params(**params)
        return pull(settings, self.store, self.salesforce, now=NOW, holder="ann", full=full)

    def with_params(self, **params: Any) -> Settings:
        file = self.settings.salesforce
        changed = PullParams.model_validate({**file.pull.model_dump(), **params})
        return replace(self.settings, salesforce=file.model_copy(update={"pull": changed}))

    def values(self, field: str, object_name: str = "Account") -> dict[str, Any]:
        ids = self.store.mirror.columns(object_name, []).ids.tolist()
        return {one: (self.store.mirror.record(object_name, one) or {}).get(field) for one in ids}

    def sql(self, statement: str, *values: object) -> None:
        """Change the org behind its API."""
        with self.org.state.writing() as connection:
            connection.execute(statement, values)


@pytest.fixture
def desk(project: Path) -> Iterator[Desk]:
    with at_desk(project) as sat_down:
        yield sat_down


@contextmanager
def at_desk(project: Path) -> Iterator[Desk]:
    settings = load_settings(project, {})
    retry = RetryPolicy(attempts=4, first_wait_seconds=0, longest_wait_seconds=0)
    bulk = BulkParams(max_records=50, wait_limit_seconds=3)
    with running_sandbox(project / "org.db", clock=lambda: NOW) as org:
        credentials = credentials_from(environment(org))
        with (
            sign_in(credentials, retry=retry, bulk=bulk, sleep=lambda _: None) as salesforce,
            open_project_store(settings) as store,
        ):
            yield Desk(settings, store, org, salesforce)


def of(report: PullReport, name: str) -> PulledObject:
    return next(one for one in report.objects if one.object_name == name)


# Fields


@pytest.mark.parametrize("full", [False, True], ids=["changes", "full"])
def test_a_field_that_was_hidden_since_keeps_its_values_and_is_named(
    desk: Desk, *, full: bool
) -> None:
    before = desk.values("Calls_Per_Year__c")
    assert any(before.values())
    desk.org.fault("field_gone", object="Account", field="Calls_Per_Year__c")

    report = desk.pull(full=full)
    again = desk.pull(full=full)

    assert of(report, "Account").kept_fields == ("Calls_Per_Year__c",)
    assert of(again, "Account").missing_fields == ("Calls_Per_Year__c",)
    assert (report.loaded, again.loaded) == (0, 0)
    assert of(report, "Account").full is full
    assert desk.values("Calls_Per_Year__c") == before
    column = desk.store.mirror.columns("Account", ["Calls_Per_Year__c"])  # planning goes on
    assert len(column) == ACCOUNTS


def test_a_field_that_can_be_read_again_is_read_for_every_record(desk: Desk) -> None:
    desk.org.fault("field_gone", object="Account", field="Calls_Per_Year__c")
    desk.pull()
    desk.org.clear_faults()
    desk.sql('UPDATE "Account" SET Calls_Per_Year__c = 99')  # no stamp moves

    report = desk.pull()

    assert of(report, "Account").full
    assert set(desk.values("Calls_Per_Year__c").values()) == {"99.0"}
    assert of(report, "Account").kept_fields == ()


def test_a_project_that_refuses_missing_fields_names_all_of_them_and_reads_nothing(
    desk: Desk,
) -> None:
    desk.org.fault("field_gone", object="Account", field="Calls_Per_Year__c")
    desk.org.fault("field_renamed", object="Lead", field="Owner_Since__c", to="Since__c")
    bookmarks = desk.store.mirror.pulled()

    with pytest.raises(ConfigError) as caught:
        desk.pull(missing_fields="refuse")

    assert "Account.Calls_Per_Year__c cannot be read" in caught.value.problem
    assert "Lead.Owner_Since__c cannot be read" in caught.value.problem
    assert desk.store.mirror.pulled() == bookmarks


@pytest.mark.parametrize("params", [{}, BULK], ids=["rest", "bulk"])
def test_a_field_that_vanishes_after_it_was_described_is_left_out(
    desk: Desk, params: dict[str, Any]
) -> None:
    before = desk.values("Website")
    # the first query tells about the org; at the second every object has been described
    desk.org.fault("field_gone", object="Account", field="Website", on="query", after=1)

    report = desk.pull(full=True, **params)

    assert of(report, "Account").kept_fields == ("Website",)
    assert of(report, "Account").fetched == ACCOUNTS
    assert report.loaded == 0
    assert desk.values("Website") == before


def test_a_project_that_refuses_missing_fields_refuses_one_that_vanishes_later_too(
    desk: Desk,
) -> None:
    field = "Calls_Per_Year__c"
    desk.org.fault("field_gone", object="Account", field=field, on="query", after=1)

    with pytest.raises(ConfigError, match=field):
        desk.pull(full=True, missing_fields="refuse")


def test_a_field_of_another_type_is_named(desk: Desk) -> None:
    desk.org.fault("field_type", object="Account", field="Calls_Per_Year__c", to="int")

    report = desk.pull()

    assert of(report, "Account").type_changes == ("Calls_Per_Year__c: double is now int",)
    assert not of(report, "Account").full
    assert of(desk.pull(), "Account").type_changes == ()


def test_a_field_that_holds_another_kind_of_value_is_read_anew(desk: Desk) -> None:
    pulled = desk.store.mirror.pulled()["Account"]
    types = {**pulled.field_types, "Calls_Per_Year__c": "string"}
    desk.store.mirror.finish("Account", replace(pulled, field_types=types))

    report = desk.pull()

    assert of(report, "Account").full
    assert of(report, "Account").type_changes == ("Calls_Per_Year__c: string is now double",)


# Rows


def test_what_is_deleted_and_undeleted_goes_and_comes_back(desk: Desk) -> None:
    account = min(desk.values("Name"))
    desk.org.fault("delete_record", id=account, on="any", times=1)
    gone = desk.pull()
    desk.org.clear_faults()
    desk.org.fault("delete_record", id=account, undelete=True, on="any", times=1)
    back = desk.pull()

    assert (of(gone, "Account").changed, of(back, "Account").changed) == (1, 1)
    assert account in desk.values("Name")


def test_a_merged_account_is_resolved_to_its_winner(desk: Desk) -> None:
    accounts = desk.values("AccountId", "Contact")
    loser = next(one for one in sorted(set(accounts.values())) if one)
    winner = next(one for one in sorted(desk.values("Name")) if one != loser)
    desk.org.fault("merge_record", id=loser, into=winner, on="any", times=1)
    # children that Salesforce moved without a stamp: they are not sent again
    desk.sql('UPDATE "Contact" SET SystemModstamp = CreatedDate')

    desk.pull()

    assert dict(desk.store.mirror.masters("Account")) == {loser: winner}
    assert loser not in set(desk.values("AccountId", "Contact").values())
    moved = [one for one, parent in accounts.items() if parent == loser]
    assert {desk.values("AccountId", "Contact")[one] for one in moved} == {winner}
    assert status(desk.settings, desk.store).merged == {"Account": 1}


def test_a_full_pull_keeps_who_a_merged_record_lives_on_in(desk: Desk) -> None:
    loser, winner = sorted(desk.values("Name"))[:2]
    desk.org.fault("merge_record", id=loser, into=winner, on="any", times=1)

    desk.pull(full=True)

    assert dict(desk.store.mirror.masters("Account")) == {loser: winner}


def test_lists_that_name_a_merged_account_mean_the_one_it_lives_on_in(desk: Desk) -> None:
    loser, winner = sorted(desk.values("Name"))[:2]
    desk.org.fault("merge_record", id=loser, into=winner, on="any", times=1)
    desk.pull()
    file = desk.settings.territories
    settings = replace(
        desk.settings,
        lists={"named.csv": frozenset({loser[:15], "Strategic customer"})},
        territories=file.model_copy(update={"locks": LockParams(list="locked.csv")}),
    )

    def locked_by(record_id: str) -> BuildReport:
        locking = replace(settings, locked_ids=frozenset({record_id}))
        return build(locking, desk.store, now=NOW, holder="ann")

    followed = following_merges(settings, desk.store)
    by_loser, by_winner = locked_by(loser), locked_by(winner)

    assert followed.settings.lists["named.csv"] == {loser[:15], "Strategic customer", winner}
    (note,) = followed.notes
    assert f"mappings/named.csv names records that were merged away: {loser} into {winner}" in note
    assert by_loser.locked == by_winner.locked == {"list locked.csv": 1}
    assert any("mappings/locked.csv names records" in one for one in by_loser.notes)
    with pytest.raises(ConfigError, match=f"was merged into {winner}"):
        why(settings, desk.store, loser)


def test_rows_that_no_change_shows_are_missed_by_their_number(desk: Desk) -> None:
    account = min(desk.values("Name"))
    desk.store.mirror.reconcile("Account", [one for one in desk.values("Name") if one != account])
    assert account not in desk.values("Name")

    report = desk.pull()

    assert (of(report, "Account").unseen, of(report, "Account").full) == (1, True)
    assert account in desk.values("Name")


def test_a_member_that_left_a_queue_leaves_the_store(desk: Desk) -> None:
    members = desk.values("UserOrGroupId", "GroupMember")
    desk.sql('DELETE FROM "GroupMember" WHERE Id = ?', min(members))

    report = desk.pull()

    assert of(report, "GroupMember").gone == report.loaded == 1
    assert len(desk.values("UserOrGroupId", "GroupMember")) == len(members) - 1


@pytest.mark.parametrize("params", [{}, BULK], ids=["rest", "bulk"])
def test_a_full_pull_finds_what_is_gone(desk: Desk, params: dict[str, Any]) -> None:
    account = min(desk.values("Name"))
    desk.sql('DELETE FROM "Account" WHERE Id = ?', account)

    report = desk.pull(full=True, **params)

    assert of(report, "Account").gone == report.loaded == 1
    assert account not in desk.values("Name")


def test_an_object_that_the_org_lost_is_said_once_and_keeps_its_rows(desk: Desk) -> None:
    desk.org.fault("object_gone", object="Contact")

    report = desk.pull()

    assert "the org does not have it" in of(report, "Contact").skipped
    assert of(report, "Contact").calls_used == 1
    assert desk.store.mirror.live_count("Contact") > 0
    assert of(report, "Territory2").skipped  # a feature that is off looks the same


def test_a_project_pulls_the_objects_that_it_names(desk: Desk) -> None:
    report = desk.pull(objects=("Task", "Event"))

    names = [one.object_name for one in report.objects]
    assert names == ["User", "Group", "QueueSobject", "Account", "Lead", "Task", "Event"]
    assert not of(report, "Task").skipped


def test_territories_are_pulled_where_the_feature_is_on(desk: Desk) -> None:
    desk.org.state.set_switches(replace(desk.org.state.switches, territories=True))

    report = desk.pull()

    skipped = {one.object_name for one in report.objects if one.skipped}
    assert skipped == set()


# Broken answers


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "wrong_count", "off_by": -1}, id="count"),
        pytest.param({"kind": "wrong_count", "off_by": None}, id="no count"),
        pytest.param({"kind": "duplicate_page"}, id="duplicate"),
        pytest.param({"kind": "repeated_locator"}, id="locator"),
        pytest.param({"kind": "missing_column", "column": "Name"}, id="column"),
        pytest.param({"kind": "nul_bytes", "column": "Name"}, id="nul"),
        pytest.param({"kind": "cut"}, id="cut"),
        pytest.param({"kind": "short_body"}, id="short"),
        pytest.param({"kind": "hang_up"}, id="hang up"),
        pytest.param({"kind": "server_error"}, id="500"),
        pytest.param({"kind": "end_sessions"}, id="session"),
    ],
)
def test_a_page_that_comes_broken_is_fetched_again(desk: Desk, fault: dict[str, Any]) -> None:
    before = desk.values("Name")
    number = desk.org.fault(**fault, object="Account", on="results", nth=2, times=1)

    report = desk.pull(full=True, **BULK)

    assert desk.org.fired(number) == 1
    assert of(report, "Account").fetched == ACCOUNTS
    assert report.loaded == 0
    assert desk.values("Name") == before


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "wrong_count", "off_by": 1}, id="count"),
        pytest.param({"kind": "broken_json"}, id="json"),
    ],
)
def test_an_answer_of_rest_that_comes_broken_is_asked_again(
    desk: Desk, fault: dict[str, Any]
) -> None:
    path = "/services/data/v*/queryAll*"
    number = desk.org.fault(**fault, object="Account", path=path, times=1)

    report = desk.pull(full=True)

    assert desk.org.fired(number) == 1
    assert report.loaded == 0


def test_a_stuck_job_ends_the_pull_with_its_exit_code_and_the_next_one_attaches(
    desk: Desk,
) -> None:
    desk.org.fault("job_stuck", object="Account")
    with pytest.raises(JobRunningError) as caught:
        desk.pull(full=True, **BULK)
    desk.org.clear_faults()
    jobs: list[Event] = []

    with subscribed(jobs.append):
        report = desk.pull(full=True, **BULK)

    assert caught.value.exit_code is ExitCode.STILL_RUNNING
    assert of(report, "Account").resumed
    made = [one.facts["object"] for one in jobs if one.name == "bulk.job_created"]
    assert "Account" not in made
    assert report.loaded == 0


def test_an_aborted_job_is_named_and_the_next_pull_makes_a_new_one(desk: Desk) -> None:
    desk.org.fault("job_ended", object="Account", times=1)

    with pytest.raises(RefusedError, match=r"job 750\w+ ended as Aborted"):
        desk.pull(full=True, **BULK)
    desk.org.clear_faults()

    assert not of(desk.pull(full=True, **BULK), "Account").resumed


def test_a_job_that_was_aborted_between_two_pulls_is_made_anew(desk: Desk) -> None:
    desk.org.fault("job_stuck", object="Account")
    with pytest.raises(JobRunningError):
        desk.pull(full=True, **BULK)
    desk.org.clear_faults()
    desk.org.fault("job_ended", object="Account", times=1)

    report = desk.pull(full=True, **BULK)

    assert of(report, "Account").fetched == ACCOUNTS
    assert report.loaded == 0


# Calls


@pytest.mark.parametrize("full", [False, True], ids=["changes", "full"])
def test_a_forecast_tells_the_calls_of_the_pull_and_leaves_the_store_alone(
    desk: Desk, *, full: bool
) -> None:
    before = desk.store.mirror.pulled()
    forecast = forecast_pull(desk.settings, desk.store, desk.salesforce, full=full)
    assert desk.store.mirror.pulled() == before

    report = desk.pull(full=full)

    assert forecast.fits
    assert report.calls_predicted == forecast.calls == report.calls_used
    assert [one.calls_used for one in report.objects] == [one.calls for one in forecast.objects]


@pytest.mark.parametrize("params", [{}, BULK], ids=["rest", "bulk"])
@pytest.mark.parametrize("more_calls", [0, 30, 55])
def test_the_calls_kept_for_others_are_never_touched_and_the_next_pull_goes_on(
    desk: Desk, params: dict[str, Any], more_calls: int
) -> None:
    limits = desk.salesforce.limits()
    reach = limits.used + more_calls
    share = 1 - reach / limits.allowed

    with pytest.raises(LimitReachedError, match="are kept for others") as caught:
        desk.pull(full=True, api_floor_share=share, **params)

    used = desk.salesforce.limits().used - 1
    assert used <= max(reach, limits.used + 1)  # the one that asks where the org stands
    assert caught.value.exit_code is ExitCode.LIMIT_REACHED
    assert desk.pull(full=True, **params).loaded == 0


def test_an_object_whose_pages_do_not_fit_above_the_floor_is_not_begun(desk: Desk) -> None:
    by_rest = forecast_pull(desk.settings, desk.store, desk.salesforce, full=True)
    limits = desk.salesforce.limits()
    share = 1 - (limits.used + by_rest.calls) / limits.allowed  # by Bulk API it takes more
    jobs: list[Event] = []

    def watch(event: Event) -> None:
        if event.name == "bulk.job_created":
            jobs.append(event)

    with subscribed(watch), pytest.raises(LimitReachedError, match="takes about") as caught:
        desk.pull(full=True, api_floor_share=share, **BULK)

    (named,) = re.findall(r"reading (\w+) takes about", caught.value.problem)
    assert named not in {one.facts["object"] for one in jobs}


def test_a_used_up_allocation_ends_the_pull_at_once(desk: Desk) -> None:
    number = desk.org.fault("limit", on="query", after=5)

    with pytest.raises(LimitReachedError, match="REQUEST_LIMIT_EXCEEDED"):
        desk.pull()

    assert desk.org.fired(number) == 1
    desk.org.clear_faults()
    assert desk.pull().loaded == 0


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda clock: clock - timedelta(days=1), id="behind"),
        pytest.param(lambda clock: clock + timedelta(days=1), id="ahead"),
    ],
)
def test_the_clock_of_this_machine_plays_no_part(desk: Desk, edit: Callable[[Any], Any]) -> None:
    settings = desk.settings
    pull(settings, desk.store, desk.salesforce, now=edit(NOW), holder="ann")
    account = min(desk.values("Name"))
    desk.org.edit("Account", account, {"Name": "Renamed Ltd"})

    report = pull(settings, desk.store, desk.salesforce, now=edit(NOW), holder="ann")

    assert report.loaded == 1
    assert desk.values("Name")[account] == "Renamed Ltd"
