"""Odd books, rosters and mappings through `build`: told and survived, never overloaded unsaid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from end_to_end.conftest import Prepare
from end_to_end.desk import Desk, records, reps
from sfterritory.model.sphere import haversine_km
from sfterritory.model.store.store import open_store
from sfterritory.sandbox.running import SandboxHandle

FILE = "mappings/territories.yaml"
FREE = "reserved: []\n"
VALUE = "  - {measure: value, tolerance: 0.15}"
HOURS = "  - {measure: hours, tolerance: 0.05}"
START = "territories:\n  mode: homes"

ONE_REP = "WHERE Id = (SELECT min(Id) FROM User WHERE Title = 'Account Executive')"

Office = tuple[Desk, SandboxHandle]

pytestmark = pytest.mark.slow


@pytest.fixture
def office(pulled: Path, desk_of: Prepare) -> Iterator[Office]:
    with desk_of(pulled) as both:
        yield both


def data(office: Office, *statements: str) -> None:
    """Change rows of the org behind its back, and pull them."""
    desk, org = office
    with org.state.writing() as connection:
        for one in statements:
            assert connection.execute(one).rowcount > 0, one
    desk.run("pull", "--full")


def build(desk: Desk, *words: str, code: int = 0) -> Any:
    """Build, and return the report; what cannot be told in JSON is an error."""
    report = desk.ask("build", *words, code=code)
    json.dumps(report, allow_nan=False)
    return report


def following(desk: Desk) -> None:
    """Go on with what was built, to the last step before anything is written."""
    out = desk.root / "out"
    for words in (
        ["route"],
        ["plan"],
        ["territories", "--geojson", str(out / "t.geojson"), "--svg", str(out / "t.svg")],
        ["territories", "--before"],
        ["unassigned"],
        ["proposals", "list"],
    ):
        out.mkdir(exist_ok=True)
        desk.run(*words)


def placed(desk: Desk) -> dict[str, str]:
    """Return the rep of each account that is in a territory."""
    with open_store(desk.store_url) as store:
        version = store.territories.latest()
        assert version is not None
        rep_of = {one.key: one.rep_id or "" for one in store.territories.territories(version.id)}
        found = store.territories.alignment(version.id)
    keys = zip(found.account_ids.tolist(), found.territory.values(), strict=True)
    return {record_id: rep_of[key] for record_id, key in keys if key is not None}


def enough(report: Any) -> bool:
    """Tell whether the relaxed limits hold what the territories need, each demand alone."""
    for name in {one["demand"] for one in report["relaxation"]}:
        relaxed = {one["rep"]: one["hi"] for one in report["relaxation"] if one["demand"] == name}
        room, load = 0.0, 0.0
        for territory in report["territories"]:
            (demand,) = [one for one in territory["demands"] if one["name"] == name]
            room += relaxed.get(territory["rep"], demand["hi"])
            load += demand["load"]
        if room < load * 0.999:
            return False
    return True


def test_impossible_calls_and_minutes_are_named_and_nobody_is_overloaded_unsaid(
    office: Office,
) -> None:
    desk, _ = office
    data(
        office,
        'UPDATE "Account" SET Calls_Per_Year__c = 1e12 WHERE rowid % 40 = 0',
        'UPDATE "Account" SET Calls_Per_Year__c = -3 WHERE rowid % 40 = 1',
        'UPDATE "Account" SET Calls_Per_Year__c = NULL WHERE rowid % 40 = 2',
        'UPDATE "Account" SET Visit_Minutes__c = -5 WHERE rowid % 40 = 3',
        'UPDATE "Account" SET Visit_Minutes__c = 0 WHERE rowid % 40 = 4',
    )

    report = build(desk, code=6)

    notes = "\n".join(report["notes"])
    assert "Calls_Per_Year__c is below 0" in notes
    assert "Visit_Minutes__c is below 0" in notes
    heavy = next(one for one in report["conflicts"] if one["code"] == "accounts_exceed_limit")
    assert "1,000,000,000,000 calls a year" in heavy["message"]
    assert len(heavy["accounts"]) == 5
    assert not report["chosen"]
    refused = desk.run("route", code=1).err
    assert "--accept-limits" in refused
    assert "a blank is no reason" in desk.run("build", "--accept-limits", "  ", code=64).err
    assert build(desk, "--accept-limits", "typos are being corrected")["chosen"]
    following(desk)


def test_an_account_above_every_limit_is_named_with_a_relaxation_that_holds_it(
    office: Office,
) -> None:
    desk, org = office
    data(
        office,
        'UPDATE "Account" SET Calls_Per_Year__c = 366, Visit_Minutes__c = 480 WHERE rowid = 30',
    )

    report = build(desk, "--no-curve", code=6)

    (heavy,) = [one for one in report["conflicts"] if one["code"] == "accounts_exceed_limit"]
    assert heavy["accounts"] == [sorted(records(org, "Account")["Account"])[29]]
    assert "366 calls a year" in heavy["message"]
    assert max(one["by"] for one in report["relaxation"]) >= heavy["amount"]
    assert enough(report)


def test_less_capacity_than_work_names_the_smallest_relaxation_and_can_be_accepted(
    office: Office,
) -> None:
    desk, _ = office
    desk.edit(FILE, "absence_days_per_year: 40", "absence_days_per_year: 170")

    report = build(desk, "--no-curve", code=6)

    assert "too_little_capacity" in {one["code"] for one in report["conflicts"]}
    assert {one["demand"] for one in report["relaxation"]} == {"hours"}
    assert enough(report)
    for one in report["territories"]:
        (hours,) = [demand for demand in one["demands"] if demand["name"] == "hours"]
        assert hours["lo"] < hours["hi"] == pytest.approx(one["capacity_hours_per_year"])
    assert build(desk, "--no-curve", "--accept-limits", "two start in May")["chosen"]
    following(desk)


@pytest.mark.parametrize(
    "nothing",
    [
        "Calls_Per_Year__c = 0",
        "Visit_Minutes__c = 0, Calls_Per_Year__c = 0, AnnualRevenue = 0",
        "AnnualRevenue = 0",
        "AnnualRevenue = -5",
        "AnnualRevenue = NULL, Calls_Per_Year__c = NULL, Visit_Minutes__c = NULL",
    ],
)
def test_a_book_without_work_or_value_is_shared_out_by_what_it_has(
    office: Office, nothing: str
) -> None:
    desk, _ = office
    data(office, f'UPDATE "Account" SET {nothing}')  # noqa: S608 - constants above

    report = build(desk)

    assert report["accounts"] == 191
    following(desk)
    for mode in ("greenfield", "repair"):
        assert build(desk, "--mode", mode, "--accept-limits", "a trial")["accounts"] == 191


@pytest.mark.parametrize("mode", ["homes", "greenfield", "repair"])
def test_accounts_on_one_point_are_shared_out(office: Office, mode: str) -> None:
    desk, org = office
    data(
        office,
        'UPDATE "Account" SET BillingLatitude = 40.0, BillingLongitude = -100.0, '
        "BillingGeocodeAccuracy = 'Address'",
    )

    report = build(desk, "--mode", mode)

    assert report["feasible"]
    assert report["accounts"] == 191
    assert set(placed(desk).values()) == {one["Id"] for one in reps(org)}
    following(desk)


def test_accounts_across_the_antimeridian_and_at_the_poles_are_drawn_within_the_map(
    office: Office,
) -> None:
    desk, _ = office
    desk.edit(FILE, "scope: {field: country_code, is: US}", "scope: null")
    place = (
        "BillingStreet = NULL, BillingCity = NULL, BillingState = NULL, BillingPostalCode = NULL, "
        "BillingGeocodeAccuracy = 'Address', "
    )
    data(
        office,
        f"UPDATE \"Account\" SET {place} BillingCountry = 'Fiji', "  # noqa: S608 - constants
        "BillingLatitude = -17.0 - (rowid % 10) * 0.1, "
        "BillingLongitude = CASE WHEN rowid % 2 THEN 179.9 ELSE -179.9 END WHERE rowid <= 60",
        f"UPDATE \"Account\" SET {place} BillingCountry = 'Antarctica', "  # noqa: S608 - constants
        "BillingLatitude = -90, BillingLongitude = 0 WHERE rowid BETWEEN 61 AND 65",
        f"UPDATE \"Account\" SET {place} BillingCountry = 'Antarctica', "  # noqa: S608 - constants
        "BillingLatitude = 89.9999, BillingLongitude = rowid * 3.0 - 180 "
        "WHERE rowid BETWEEN 66 AND 75",
    )

    report = build(desk, "--accept-limits", "the ends of the Earth")

    assert report["unlocated"] == 4
    following(desk)
    drawn = json.loads((desk.root / "out" / "t.geojson").read_text("utf-8"))
    longitudes = [lon for one in drawn["features"] for lon, _ in points(one["geometry"])]
    assert longitudes
    assert -180 <= min(longitudes) <= max(longitudes) <= 180
    assert all(one["longest_km"] <= 20_016 for one in report["territories"])


def points(geometry: Any) -> Iterator[list[float]]:
    """Yield every position of a GeoJSON geometry."""
    nested = [geometry["coordinates"]]
    while nested:
        one = nested.pop()
        if one and isinstance(one[0], list):
            nested += one
        elif one:
            yield one


def test_swapped_zero_and_impossible_coordinates_are_doubted_and_the_address_counts(
    office: Office,
) -> None:
    desk, org = office
    before = records(org, "Account")["Account"]
    with org.state.writing() as connection:
        connection.execute(
            'UPDATE "Account" SET BillingLatitude = BillingLongitude, '
            "BillingLongitude = BillingLatitude WHERE BillingLatitude IS NOT NULL"
        )
        connection.execute(
            'UPDATE "Account" SET BillingLatitude = 0, BillingLongitude = 0 '
            "WHERE BillingLatitude IS NULL AND rowid % 2 = 0"
        )
        connection.execute(
            'UPDATE "Account" SET BillingLatitude = 120, BillingLongitude = -100 '
            "WHERE BillingLatitude IS NULL"
        )
    said = desk.run("pull", "--full").out

    for cause in ("coordinate swapped", "coordinate at zero", "coordinate out of range"):
        assert cause in said
    report = build(desk, "--no-curve")
    assert len(before) == report["accounts"] + report["unlocated"] + report["outside_scope"]
    assert all(far < 300 for far in drift(desk, before))


def drift(desk: Desk, before: dict[str, Any]) -> Iterator[float]:
    """Yield how many km accounts with a postal code are from the coordinate they once had."""
    with open_store(desk.store_url) as store:
        found = store.locations.of("Account")
    for at, record_id in enumerate(found.ids.tolist()):
        row, places = before[record_id], found.places
        if row["BillingLatitude"] is not None and row["BillingPostalCode"] and places.located[at]:
            (far,) = haversine_km(
                places.lon_deg[at : at + 1],
                places.lat_deg[at : at + 1],
                to_lon_deg=np.array([row["BillingLongitude"]]),
                to_lat_deg=np.array([row["BillingLatitude"]]),
            )
            yield float(far)


@pytest.mark.parametrize(("which", "named"), [(ONE_REP, 1), ("", 5)])
def test_reps_whose_home_nobody_knows_are_named(office: Office, which: str, named: int) -> None:
    desk, _ = office
    data(
        office,
        'UPDATE "User" SET Street = NULL, City = NULL, State = NULL, '  # noqa: S608 - constants
        f"PostalCode = NULL, Country = NULL, Latitude = NULL, Longitude = NULL {which}",
    )

    report = build(desk)

    (note,) = [one for one in report["notes"] if "not located" in one]
    assert f"the homes of {named} of 5 reps" in note
    following(desk)


@pytest.mark.parametrize("count", [1, 3])
def test_more_reps_than_accounts_leave_named_territories_empty(office: Office, count: int) -> None:
    desk, org = office
    rows = records(org, "Account")["Account"]
    some = [one for one, row in sorted(rows.items()) if row["BillingState"] == "NY"][:count]
    assert len(some) == count
    desk.edit(
        FILE,
        "scope: {field: country_code, is: US}",
        f"scope: {{field: Id, in: [{', '.join(some)}]}}",
    )

    report = build(desk, "--accept-limits", "a pilot")

    assert report["accounts"] == count
    empty = {one["rep"] for one in report["territories"] if one["accounts"] == 0}
    assert len(empty) >= 5 - count
    assert {f"{rep} gets no account" for rep in empty} <= set(report["notes"])
    following(desk)


def test_one_rep_gets_everything_and_the_overload_is_told(office: Office) -> None:
    desk, org = office
    name = reps(org)[0]["Username"]
    desk.edit(FILE, "      - {field: Title, is: Account Executive}\n", "")
    desk.edit(
        FILE,
        "      - {field: IsActive, is: true}",
        f"      - {{field: Username, is: {name}}}",
    )

    report = build(desk, "--no-curve", code=6)

    (conflict,) = report["conflicts"]
    assert conflict["code"] == "too_little_capacity"
    assert enough(report)
    build(desk, "--no-curve", "--accept-limits", "alone until May")
    following(desk)


def test_locks_beyond_a_reps_hours_are_named_and_kept(office: Office) -> None:
    desk, org = office
    rep = reps(org)[0]
    data(
        office,
        f"UPDATE \"Account\" SET Territory_Locked__c = 1, OwnerId = '{rep['Id']}'",  # noqa: S608
    )

    report = build(desk, "--no-curve", code=6)

    locked = next(one for one in report["conflicts"] if one["code"] == "locks_exceed_limit")
    assert locked["reps"] == [rep["Name"]]
    assert "locks.where" in locked["message"]
    assert enough(report)
    build(desk, "--accept-limits", "they asked for it")
    assert set(placed(desk).values()) == {rep["Id"]}
    following(desk)


def test_a_lock_goes_before_a_reservation_and_that_is_said(office: Office) -> None:
    desk, org = office
    desk.edit(
        FILE,
        FREE,
        "reserved: [{name: crown, accounts: {field: Territory_Locked__c, is: true}, "
        f"reps: {{field: Username, is: {reps(org)[3]['Username']}}}}}]\n",
    )

    report = build(desk, "--no-curve")

    (conflict,) = report["conflicts"]
    assert "'crown'" in conflict["message"]
    assert "the lock was kept" in conflict["message"]
    owner = {one: row["OwnerId"] for one, row in records(org, "Account")["Account"].items()}
    found = placed(desk)
    assert conflict["accounts"]
    assert all(found[one] == owner[one] for one in conflict["accounts"])


@pytest.mark.parametrize(
    ("entry", "cause"),
    [
        ("reps: {field: Title, is: Nobody}", "no rep may have it: crown"),
        (
            "reps: {field: Title, is: Account Executive}, only: true",
            "every rep is kept to accounts of `reserved`",
        ),
    ],
)
def test_ordinary_accounts_that_nobody_is_left_for_are_left_out_with_the_cause(
    office: Office, entry: str, cause: str
) -> None:
    desk, org = office
    accounts = "{field: Rating, is_empty: %s}" % ("false" if "Nobody" in entry else "true")
    desk.edit(FILE, FREE, f"reserved: [{{name: crown, accounts: {accounts}, {entry}}}]\n")
    desk.run("pull")

    report = build(desk, "--accept-limits", "a pilot")

    (told,) = report["left_out"]
    assert cause in told
    assert report["accounts"] + report["left_out"][told] == 191
    assert report["locked"]["locks.where"] == 5
    assert {one["Id"] for one in reps(org)} >= set(placed(desk).values())
    following(desk)


def test_a_reservation_that_leaves_no_account_at_all_is_an_error(office: Office) -> None:
    desk, _ = office
    desk.edit(
        FILE,
        FREE,
        "reserved: [{name: crown, accounts: {field: country_code, is: US}, "
        "reps: {field: Title, is: Nobody}}]\n",
    )
    desk.edit(FILE, "  where: {field: Territory_Locked__c, is: true}", "  where: null")

    said = desk.run("build", code=1).err

    assert "none of 191 accounts in scope may be in a territory" in said
    assert "191: no rep may have it: crown" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            VALUE,
            VALUE + "\n  - {measure: Industry}",
            "balance: Industry: Account.Industry holds no",
        ),
        (VALUE, VALUE + "\n  - {measure: Nope__c}", "the store has no Account.Nope__c"),
        (HOURS, "  - {measure: hours, at_most: .inf}", "at_most: inf is no number here"),
        (HOURS, "  - {measure: hours, tolerance: .nan}", "tolerance: nan is no number here"),
        (HOURS, "  - {measure: hours, tolerance: 0}", "0.005"),
        ("levels: []", "levels: [region]", "the store has no User.region"),
        ("Title, is: Account Executive", "Title, is: Nobody", "roster.where matches no active"),
        (
            START,
            f"overlays: [{{name: ex, roster: {{where: {{field: Title, is: Nobody}}}}}}]\n{START}",
            "overlays[0].roster.where matches no active",
        ),
        (
            START,
            (
                "overlays: [{name: ex, roster: {where: {field: IsActive, is: true}}, "
                f"scope: {{field: Rating, is: Nothing}}}}]\n{START}"
            ),
            "is located and in scope of overlays[0]",
        ),
        (
            START,
            (
                "overlays:\n"
                "  - {name: ex, roster: {where: {field: IsActive, is: true}}}\n"
                f"  - {{name: ex, roster: {{where: {{field: IsActive, is: true}}}}}}\n{START}"
            ),
            "overlays: 'ex' stands twice",
        ),
    ],
)
def test_what_the_mapping_asks_for_and_the_org_does_not_have_is_named(
    office: Office, old: str, new: str, said: str
) -> None:
    desk, _ = office
    desk.edit(FILE, old, new)
    desk.try_("pull")  # a field named for the first time, where the file can be read at all

    refused = desk.run("build", code=1).err

    assert said in refused.replace("│ ", "")
    assert "What to do" in refused
    assert "nobody foresaw" not in refused


def test_a_further_team_beyond_its_limits_is_told_as_loudly_as_the_owners(office: Office) -> None:
    desk, _ = office
    desk.edit(
        FILE,
        START,
        "overlays:\n"
        "  - name: experts\n"
        "    roster: {where: {field: Title, is: Account Executive}}\n"
        f"    balance: [{{measure: hours, at_most: 1}}]\n{START}",
    )

    report = build(desk, "--no-curve", code=6)
    said = desk.run("build", "--no-curve", code=6).out

    team = report["overlays"]["experts"]
    assert not team["feasible"]
    assert team["conflicts"]
    assert team["relaxation"]
    assert "Cannot be had for experts" in said
    assert "Smallest relaxation for experts" in said


def test_parents_in_a_circle_are_a_family_and_are_named(office: Office) -> None:
    desk, org = office
    one, other = sorted(records(org, "Account")["Account"])[:2]
    desk.edit(FILE, "families: ignore}", "families: together}")
    data(
        office,
        'UPDATE "Account" SET ParentId = NULL',
        f"UPDATE \"Account\" SET ParentId = '{other}' WHERE Id = '{one}'",  # noqa: S608 - ids
        f"UPDATE \"Account\" SET ParentId = '{one}' WHERE Id = '{other}'",  # noqa: S608 - ids
    )

    report = build(desk, "--no-curve")

    assert any(f"{one}, {other} are each other's parents" in note for note in report["notes"])
    found = placed(desk)
    assert found[one] == found[other]


def test_a_family_too_large_for_anybody_is_named_and_stays_together(office: Office) -> None:
    desk, org = office
    head, *rest = sorted(records(org, "Account")["Account"])[:150]
    desk.edit(FILE, "families: ignore}", "families: together}")
    data(
        office,
        f"UPDATE \"Account\" SET ParentId = '{head}' WHERE rowid BETWEEN 2 AND 150",  # noqa: S608
    )

    report = build(desk, "--no-curve", "--accept-limits", "one buyer")

    assert any(one["code"] == "accounts_exceed_limit" for one in report["conflicts"])
    assert any(f"the family of account {head}" in note for note in report["notes"])
    locked = {
        one for one, row in records(org, "Account")["Account"].items() if row["Territory_Locked__c"]
    }
    found = placed(desk)
    assert len({found[one] for one in [head, *rest] if one in found and one not in locked}) == 1
    following(desk)


def test_long_lists_of_what_is_broken_are_cut_on_the_screen_alone(office: Office) -> None:
    desk, _ = office
    measures = ("hours", "value", "accounts", "NumberOfEmployees", "Calls_Per_Year__c")
    desk.edit(FILE, HOURS + "\n", "")
    desk.edit(FILE, VALUE, "\n".join(f"  - {{measure: {name}, at_most: 1}}" for name in measures))
    desk.run("pull")

    said = desk.run("build", "--no-curve", code=6).out
    report = build(desk, "--no-curve", code=6)

    assert len(report["relaxation"]) == 25
    assert said.count("Smallest relaxation: ") == 21
    assert "5 more, which `--json` lists" in said


def test_accounts_beyond_every_reps_longest_distance_break_the_limit(office: Office) -> None:
    desk, _ = office
    desk.edit(FILE, START, f"{START}\n  max_km: 1")

    report = build(desk, "--no-curve", code=6)
    said = desk.run("build", "--no-curve", code=6).out

    assert not report["feasible"]
    assert not report["chosen"]
    total, *of_reps = [one for one in report["conflicts"] if one["code"] == "beyond_reach"]
    assert len(of_reps) == len(report["territories"])
    assert not [one for one in report["conflicts"] if one["code"] == "out_of_reach"]
    assert f"of {report['accounts']:,} accounts " in total["message"]
    assert "Remedy: allow at least" in total["message"]
    farthest = max(report["territories"], key=lambda one: one["longest_km"])
    assert f"is {farthest['longest_km']:,.1f} km away" in of_reps[0]["message"]
    assert of_reps[0]["message"].startswith(farthest["rep"])
    assert "no: see below" in said
    assert build(desk, "--no-curve", "--accept-limits", "a year of flights")["chosen"]
    desk.run("scenario", "create", "near")
    assert total["message"] in desk.ask("scenario", "show", "near")["figures"]["broken"]
    following(desk)
