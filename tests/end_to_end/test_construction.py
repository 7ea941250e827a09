"""What the mappings say of territories, through `build`: limits, locks, reservations, teams."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from end_to_end.conftest import Prepare
from end_to_end.desk import Desk, Row, records, reps
from sfterritory.connectors.reference.county import load_counties
from sfterritory.geography.grid import cell_of
from sfterritory.model.store.store import open_store
from sfterritory.optimize.travel_load import MEASURED
from sfterritory.sandbox.running import SandboxHandle

FILE = "mappings/territories.yaml"
TEAMS = ["owners", "experts"]
SAME = ("territory", "rep_id", "rep", "reason", "runner_up", "runner_up_rep", "would_change")

pytestmark = pytest.mark.slow


@pytest.fixture
def office(pulled: Path, desk_of: Prepare) -> Iterator[tuple[Desk, SandboxHandle]]:
    with desk_of(pulled) as both:
        yield both


def say(desk: Desk, old: str, new: str) -> None:
    desk.edit(FILE, old, new)
    desk.run("pull")  # a field that is named for the first time has to be read


def build(desk: Desk, *words: str, code: int = 0) -> Any:
    return desk.ask("build", "--no-curve", *words, code=code)


def counting(desk: Desk) -> str:
    """Return the version that routing and plans go by."""
    with open_store(desk.store_url) as store:
        version = store.territories.latest()
    return "" if version is None else version.id


def alignment(desk: Desk) -> dict[str, str]:
    """Return the rep of each account that is in a territory."""
    with open_store(desk.store_url) as store:
        version = store.territories.latest()
        assert version is not None
        rep_of = {one.key: one.rep_id or "" for one in store.territories.territories(version.id)}
        found = store.territories.alignment(version.id)
        keys = found.territory.values()
    return {
        record_id: rep_of[key]
        for record_id, key in zip(found.account_ids.tolist(), keys, strict=True)
        if key is not None
    }


def places(desk: Desk) -> tuple[dict[str, float], dict[str, float]]:
    """Return longitude and latitude of each located account."""
    with open_store(desk.store_url) as store:
        found = store.locations.of("Account")
    known = np.isfinite(found.places.lon_deg)
    ids = found.ids[known].tolist()
    return (
        dict(zip(ids, found.places.lon_deg[known].tolist(), strict=True)),
        dict(zip(ids, found.places.lat_deg[known].tolist(), strict=True)),
    )


def locked(account: Row) -> bool:
    return bool(account["Territory_Locked__c"])


def test_lock_rules_hold_accounts_by_their_children_and_their_dates(
    office: tuple[Desk, SandboxHandle],
) -> None:
    desk, org = office
    say(
        desk,
        "  rules: []\n",
        "  rules:\n"
        "    - {name: open deal, opportunity: {field: IsClosed, is: false}}\n"
        "    - {name: crisis, case: {field: Priority, is: High}}\n"
        "    - {name: fresh, date: CreatedDate, within_days: 0}\n",
    )
    report = build(desk)

    found = records(org, "Account", "Opportunity")
    roster = {one["Id"] for one in reps(org)}
    held = {row["AccountId"] for row in found["Opportunity"].values() if not row["IsClosed"]}
    placed = alignment(desk)
    kept = [one for one in held if one in placed and found["Account"][one]["OwnerId"] in roster]
    assert kept
    assert all(placed[one] == found["Account"][one]["OwnerId"] for one in kept)
    assert 0 < report["locked"]["open deal"] <= len(kept)
    assert "fresh" not in report["locked"]


def test_reserved_accounts_go_to_their_reps_alone(office: tuple[Desk, SandboxHandle]) -> None:
    desk, org = office
    first, second = reps(org)[:2]
    say(
        desk,
        "reserved: []\n",
        "reserved:\n"
        "  - name: named list\n"
        "    accounts: {field: Rating, is: Hot}\n"
        f"    reps: {{field: Username, in: [{first['Username']}, {second['Username']}]}}\n"
        "    only: true\n",
    )
    report = build(desk, "--accept-limits", "few accounts")

    accounts = records(org, "Account")["Account"]
    theirs = {first["Id"], second["Id"]}
    placed = alignment(desk)
    locked = {one for one in placed if accounts[one]["Territory_Locked__c"]}
    hot = {one for one in placed if accounts[one]["Rating"] == "Hot"} - locked
    assert hot
    assert {placed[one] for one in hot} <= theirs
    assert not {placed[one] for one in placed.keys() - hot - locked} & theirs
    assert report["accounts"] == len(placed)


def test_nobody_may_have_an_account_that_no_rep_fits_and_it_is_told(
    office: tuple[Desk, SandboxHandle],
) -> None:
    desk, org = office
    say(
        desk,
        "reserved: []\n",
        "reserved: [{name: German, accounts: {field: Rating, is: Hot}, "
        "reps: {field: Title, is: Nobody}}]\n",
    )
    report = build(desk)

    (cause,) = report["left_out"]
    assert "no rep may have it" in cause
    assert "German" in cause
    accounts = records(org, "Account")["Account"]
    hot = {one for one, row in accounts.items() if row["Rating"] == "Hot"}
    free = {one for one in hot if not accounts[one]["Territory_Locked__c"]}
    assert not free & alignment(desk).keys()
    desk.run("route")
    desk.run("plan", "--no-html")
    assert "left out with a cause" in desk.run("show").out


def test_broken_limits_are_not_gone_by_until_somebody_accepts_them(
    office: tuple[Desk, SandboxHandle],
) -> None:
    desk, _ = office
    before = build(desk)["version"]
    desk.edit(FILE, "  - {measure: hours, tolerance: 0.05}", "  - {measure: hours, at_most: 20}")

    refused = desk.run("build", code=6).all
    report = build(desk, code=6)

    assert not report["feasible"]
    assert not report["chosen"]
    assert report["conflicts"]
    assert sum(one["by"] for one in report["relaxation"]) > 0
    assert "--accept-limits" in refused
    assert counting(desk) == before
    accepted = build(desk, "--accept-limits", "two more reps start in May")
    assert accepted["chosen"]
    assert counting(desk) == accepted["version"]
    assert "two more reps start in May" in desk.run("log", "--json").out


def test_one_region_is_planned_and_the_others_stay(office: tuple[Desk, SandboxHandle]) -> None:
    desk, org = office
    state = reps(org)[0]["State"]
    say(desk, "  levels: []\n", "  levels: [State]\n")
    build(desk)
    owner_of = {one: row["OwnerId"] for one, row in records(org, "Account")["Account"].items()}

    report = build(desk, "--only", f"State={state}", "--accept-limits", "one region")

    roster = {one["Id"]: one["State"] for one in reps(org)}
    placed = alignment(desk)
    others = [one for one in placed if roster.get(owner_of[one], state) != state]
    assert others
    assert all(placed[one] == owner_of[one] for one in others)
    lines = {one["value"]: one for one in report["levels"]["State"]}
    assert lines.keys() == set(roster.values())
    assert sum(one["accounts"] for one in lines.values()) == report["accounts"]


def test_a_second_team_gets_territories_of_its_own(office: tuple[Desk, SandboxHandle]) -> None:
    desk, _ = office
    desk.edit(
        FILE,
        "territories:\n  mode: homes",
        "overlays:\n"
        "  - name: experts\n"
        "    roster: {where: {all: [{field: Title, is: Account Executive}, "
        "{field: IsActive, is: true}]}}\n"
        "    scope: {field: Industry, is_not: Retail}\n"
        "    calls_share: 0.25\n"
        "    mode: greenfield\n"
        "\nterritories:\n  mode: homes",
    )
    report = build(desk)

    team = report["overlays"]["experts"]
    assert 0 < team["accounts"] <= report["accounts"]
    assert counting(desk) == report["version"]
    out = desk.root / "accounts.csv"
    shown = desk.ask("territories", "--csv", str(out))
    with out.open(encoding="utf-8", newline="") as opened:
        rows = [*csv.DictReader(opened)]
    by_team = {name: {r["account_id"]: r for r in rows if r["team"] == name} for name in TEAMS}
    assert len(by_team["owners"]) == report["accounts"]
    assert len(by_team["experts"]) == team["accounts"]
    account, line = next(iter(by_team["experts"].items()))
    assert line["rep"]
    assert line["reason"]
    told = desk.ask("why", account)["teams"]
    assert [one["team"] for one in told] == TEAMS
    for one in told:
        row = by_team[one["team"]][account]
        assert {name: one[name] for name in SAME} == {name: row[name] for name in SAME}
    assert told[1]["rep"] in desk.run("why", account).out
    outside = next(one for one in by_team["owners"] if one not in by_team["experts"])
    other = desk.ask("why", outside)["teams"][1]
    assert (other["key"], other["rep"]) == ("", "")
    assert "outside its scope" in other["reason"]
    one = shown["territories"][0]
    desk.run("territories", "--territory", one["key"], "--csv", str(out))
    with out.open(encoding="utf-8", newline="") as opened:
        assert {row["territory"] for row in csv.DictReader(opened)} == {one["name"]}
    again = build(desk)["overlays"]["experts"]
    assert again["version"] != ""
    assert again["accounts"] == team["accounts"]


def test_a_second_team_beyond_its_limits_is_refused_until_somebody_accepts_that(
    office: tuple[Desk, SandboxHandle],
) -> None:
    desk, _ = office
    build(desk)
    before = counting(desk)
    desk.edit(
        FILE,
        "territories:\n  mode: homes",
        "overlays:\n"
        "  - name: experts\n"
        "    roster: {where: {all: [{field: Title, is: Account Executive}, "
        "{field: IsActive, is: true}]}}\n"
        "    balance: [{measure: hours, at_most: 1}]\n"
        "\nterritories:\n  mode: homes",
    )

    report = build(desk, code=6)
    refused = desk.run("build", "--no-curve", code=6).out
    scenario = desk.ask("scenario", "create", "tight")
    figures = desk.ask("scenario", "show", "tight")["figures"]
    desk.run("scenario", "activate", "tight", code=1)
    untouched = counting(desk)
    accepted = build(desk, "--accept-limits", "experts are hired in May")

    assert (report["chosen"], report["feasible"]) == (False, False)
    assert report["overlays"]["experts"]["conflicts"]
    assert "not by experts" in refused
    assert "--accept-limits" in refused
    assert not scenario["feasible"]
    assert figures["broken"][0].startswith("experts: ")
    assert untouched == before
    assert accepted["chosen"]
    assert counting(desk) == accepted["version"]
    assert "experts are hired in May" in desk.run("log", "--json").out


@pytest.mark.parametrize("unit", ["postal_code", "county", "cell"])
def test_units_are_not_cut(office: tuple[Desk, SandboxHandle], unit: str) -> None:
    desk, org = office
    desk.edit(FILE, "units: {by: account,", f"units: {{by: {unit}, cell_km: 200,")
    build(desk, "--tolerance", "hours=0.3", "--accept-limits", "whole units")

    accounts = records(org, "Account")["Account"]
    placed = alignment(desk)
    counties = load_counties()
    lon_deg, lat_deg = places(desk)
    cells = cell_of(np.array([*lon_deg.values()]), np.array([*lat_deg.values()]), width_km=200.0)
    key_of = {
        "postal_code": {one: row["BillingPostalCode"] for one, row in accounts.items()},
        "county": {
            one: counties.get(str(row["BillingPostalCode"])[:5]) for one, row in accounts.items()
        },
        "cell": dict(zip(lon_deg, cells.tolist(), strict=True)),
    }[unit]
    owner: dict[Any, set[str]] = {}
    for one, rep in placed.items():
        if key_of[one] is not None and not accounts[one]["Territory_Locked__c"]:
            owner.setdefault(key_of[one], set()).add(rep)
    assert len(owner) < sum(key_of[one] is not None for one in placed)
    assert all(len(found) == 1 for found in owner.values())
    assert len(set(placed.values())) == len(reps(org))


def test_a_family_stays_with_one_rep(office: tuple[Desk, SandboxHandle]) -> None:
    desk, org = office
    build(desk)
    accounts = records(org, "Account")["Account"]
    placed = {one: rep for one, rep in alignment(desk).items() if not locked(accounts[one])}
    parent, *children = {rep: one for one, rep in placed.items()}.values()
    for child in children:
        org.edit("Account", child, {"ParentId": parent})
    say(desk, "families: ignore", "families: together")

    build(desk, "--tolerance", "hours=0.3", "--tolerance", "value=1", "--accept-limits", "families")

    family = {parent, *children}
    assert len({placed[one] for one in family}) == len(reps(org))
    assert len({alignment(desk)[one] for one in family}) == 1


def test_a_river_without_a_bridge_parts_territories_from_homes_beyond_it(
    office: tuple[Desk, SandboxHandle],
) -> None:
    desk, org = office
    river = {"type": "LineString", "coordinates": [[-93.0, 10.0], [-93.0, 60.0]]}
    (desk.root / "mappings" / "river.geojson").write_text(
        json.dumps({"type": "Feature", "properties": {"name": "River"}, "geometry": river}),
        encoding="utf-8",
    )
    with (desk.root / FILE).open("a", encoding="utf-8") as file:
        file.write("\ngeography: {barriers: river.geojson, crossing_km: null}\n")

    report = build(desk, "--accept-limits", "the river")

    accounts = records(org, "Account")["Account"]
    lon_deg, _ = places(desk)
    with open_store(desk.store_url) as store:
        centres = {
            one.rep_id: one.lon_deg for one in store.territories.territories(report["version"])
        }
    banks = {
        (lon_deg[one] > -93.0, float(centres[rep] or 0.0) > -93.0)
        for one, rep in alignment(desk).items()
        if not locked(accounts[one])
    }
    assert banks == {(False, False), (True, True)}


def test_a_rep_may_have_a_part_and_a_limit_of_their_own(office: tuple[Desk, SandboxHandle]) -> None:
    desk, org = office
    half, few = (one["Username"] for one in reps(org)[:2])
    desk.edit(
        FILE,
        "  - {measure: hours, tolerance: 0.05}\n  - {measure: value, tolerance: 0.15}",
        f"  - {{measure: hours, tolerance: 0.2, reps: {{{half}: {{share: 0.5}}}}}}\n"
        f"  - {{measure: accounts, reps: {{{few}: {{at_most: 30}}}}}}",
    )

    report = build(desk)

    names = {one["Username"]: one["Name"] for one in reps(org)}
    told = {one["rep"]: one for one in report["territories"]}
    hours = {name: one["demands"][0] for name, one in told.items()}
    assert hours[names[half]]["target"] == pytest.approx(hours[names[few]]["target"] / 2, rel=1e-3)
    assert all(one["lo"] <= one["load"] <= one["hi"] for one in hours.values())
    assert told[names[few]]["accounts"] <= 30
    assert report["feasible"]


def test_some_reps_need_not_have_their_territory_in_one_piece(
    office: tuple[Desk, SandboxHandle],
) -> None:
    desk, org = office
    price = "  churn_price_km: 30 "
    username = {one["Name"]: one["Username"] for one in reps(org)}

    def pieces() -> dict[str, int]:
        build(desk, "--accept-limits", "a trial")
        found = desk.ask("territories")["territories"]
        return {username[one["rep"]]: one["figures"]["extra_pieces"] for one in found}

    scattered = pieces()
    desk.edit(FILE, price, f"  connected: true\n{price}")
    joined = pieces()
    loose = max(scattered, key=lambda name: scattered[name])
    desk.edit(FILE, price, f"  connected_except: [{loose}]\n{price}")
    all_but_one = pieces()

    assert not any(joined.values())
    assert {name for name, extra in all_but_one.items() if extra} == {loose}
    desk.edit(FILE, f"[{loose}]", "[nobody@example.com]")
    refused = desk.run("build", code=1).err.replace("│ ", "")
    assert "territories: connected_except.0: " in refused
    assert "reps of the roster by username" in " ".join(refused.split())
    desk.edit(FILE, "  connected: true\n", "")
    assert "`connected: true`" in desk.run("build", code=1).err


def test_a_field_makes_a_change_of_owner_dearer(office: tuple[Desk, SandboxHandle]) -> None:
    desk, _ = office
    before = build(desk)["after"]["disruption"]
    say(
        desk, "  churn_price_km: 30 ", "  churn_weights: {AnnualRevenue: 20}\n  churn_price_km: 30 "
    )

    after = build(desk)["after"]["disruption"]

    assert after["value_share"] < 0.9 * before["value_share"]


def test_every_measure_is_rolled_up_through_every_level(office: tuple[Desk, SandboxHandle]) -> None:
    desk, org = office
    say(desk, "  levels: []\n", "  levels: [Country, State]\n")

    report = build(desk)

    parts = {f"{one['Country']} / {one['State']}" for one in reps(org)}
    assert {one["value"] for one in report["levels"]["State"]} == parts
    for measure in ("hours", "value"):
        whole = sum(
            demand["load"]
            for one in report["territories"]
            for demand in one["demands"]
            if demand["name"] == measure
        )
        for rows in report["levels"].values():
            assert sum(one["loads"][measure] for one in rows) == pytest.approx(whole, rel=1e-5)


def test_grades_play_no_part_in_construction_and_it_leaves_them_alone(
    office: tuple[Desk, SandboxHandle],
) -> None:
    desk, org = office
    build(desk, "--mode", "greenfield")
    before = alignment(desk)
    hot = [one for one, row in records(org, "Account")["Account"].items() if row["Rating"] == "Hot"]
    for one in hot:
        org.edit("Account", one, {"Rating": "Cold"})
    desk.run("pull")
    graded = records(org)

    build(desk, "--mode", "greenfield")

    assert hot
    assert alignment(desk) == before
    assert records(org) == graded


def test_every_mistake_of_the_new_sections_is_named_with_its_line(
    office: tuple[Desk, SandboxHandle],
) -> None:
    desk, _ = office
    desk.edit(FILE, "  rules: []\n", "  rules: [{name: odd}]\n")
    desk.edit(FILE, "units: {by: account,", "units: {by: area,")
    line = desk.edit(FILE, "  mode: homes ", "  mode: home ")

    said = desk.run("build", code=1).err

    assert "a lock rule asks one thing" in said
    assert f"{FILE}:{line}" in said
    assert "Traceback" not in said


def test_grades_are_told_apart_from_territories_and_regions_say_whom_they_need(
    office: tuple[Desk, SandboxHandle],
) -> None:
    desk, org = office
    say(desk, "  levels: []\n", "  levels: [State]\n")

    report = desk.ask("build", "--accept-limits", "counts only")

    ratings = [row["Rating"] for row in records(org, "Account")["Account"].values()]
    tiers = {one["tier"]: one for one in report["tiers"]}
    assert tiers.keys() == {one for one in ratings if one}
    for one in tiers.values():
        least, most = one["hours_each"]
        assert 0 < least <= most
        assert 0 < one["accounts"] <= ratings.count(one["tier"])
        assert one["cause"] == "segmentation" or most > 1.25 * least
    lines = report["levels"]["State"]
    assert all(one["reps_needed"] >= 1 for one in lines if one["accounts"])
    assert sum(one["reps_needed"] for one in lines) >= report["staffing"]["reps_needed"]


def test_further_rounds_of_driving_never_leave_more_overload(
    office: tuple[Desk, SandboxHandle],
) -> None:
    desk, _ = office
    left = []
    for number in (1, 2):
        rounds = f"  drive_rounds: {number}\n  churn_price_km: 30 "
        desk.edit(FILE, "  churn_price_km: 30 ", rounds)
        report = build(desk, "--accept-limits", "looked at alone")
        desk.edit(FILE, rounds, "  churn_price_km: 30 ")
        rows = report["territories"]
        driven = [one["service_hours_per_year"] + one["travel_hours_per_year"] for one in rows]
        most = [one["capacity_hours_per_year"] * (1 + MEASURED.hours_share) for one in rows]
        left.append(float(np.maximum(np.subtract(driven, most), 0.0).sum()))
        fair = np.mean(driven)
        assert report["driven"]["least"] == pytest.approx(min(driven) / fair, abs=1e-3)
        assert report["driven"]["most"] == pytest.approx(max(driven) / fair, abs=1e-3)
    assert left[1] <= left[0] + 0.1
