"""Each check of `doctor` fails where it should, and says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from connectors.salesforce.fault_server import (
    ORG_ID,
    Answer,
    FaultServer,
    fault_server,
    json_answer,
    refusal,
)
from pydantic import SecretStr

from sfterritory.cli.main import run
from sfterritory.connectors.salesforce.credentials import AccessToken
from sfterritory.connectors.salesforce.org import SalesforceOrg, sign_in
from sfterritory.connectors.salesforce.organization import Organization
from sfterritory.connectors.salesforce.transport import ApiLimits
from sfterritory.pipeline.doctor.access import access_checks
from sfterritory.pipeline.doctor.config_origin import config_report
from sfterritory.pipeline.doctor.land import land_checks, travel_checks
from sfterritory.pipeline.doctor.machine import (
    clock_check,
    disk_check,
    keyring_check,
    secret_file_checks,
    space_check,
    zone_check,
)
from sfterritory.pipeline.doctor.mover import mover_checks
from sfterritory.pipeline.doctor.org import calls_check, identity_check, version_check
from sfterritory.pipeline.doctor.report import Health, HealthCheck
from sfterritory.pipeline.field_list import wanted_fields
from sfterritory.pipeline.pull.objects import REQUIRED_OBJECTS, objects_to_pull
from sfterritory.settings.project import Settings, load_settings

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
GB = 1_000_000_000
OK, WARNING, UNKNOWN, FAILED = Health.OK, Health.WARNING, Health.UNKNOWN, Health.FAILED


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    root = tmp_path / "fresh"
    assert run(["init", str(root)]) == 0
    return load_settings(root, {})


@contextmanager
def scripted_org() -> Iterator[tuple[FaultServer, SalesforceOrg]]:
    with fault_server() as server:
        server.on("GET", "", json_answer({}))
        token = AccessToken(instance_url=server.url, access_token=SecretStr(f"{ORG_ID[:15]}!T"))
        with sign_in(token, sleep=lambda _: None) as org:
            yield server, org


def said(check: HealthCheck) -> tuple[Health, bool]:
    """Return how a check ended, and whether it says what to do."""
    return check.health, bool(check.remedy)


@pytest.mark.parametrize(
    ("hours", "health"),
    [
        pytest.param(0.02, OK, id="a-minute"),
        pytest.param(-0.05, WARNING, id="three-minutes-behind"),
        pytest.param(24, FAILED, id="a-day"),
    ],
)
def test_a_clock_that_is_off_is_told(hours: float, health: Health) -> None:
    check = clock_check(NOW, NOW + timedelta(hours=hours))

    assert said(check) == (health, health is not OK)


@pytest.mark.parametrize(
    ("org_zone", "machine_zone", "health", "says"),
    [
        pytest.param("Europe/Berlin", "", OK, "the org in Europe/Berlin at UTC+01:00", id="differ"),
        pytest.param("Europe/Berlin", "Nowhere/Here", WARNING, "names no time zone", id="bad-TZ"),
        pytest.param("Mars/Olympus", "", WARNING, "no time zone data", id="unknown-to-us"),
        pytest.param("", "", UNKNOWN, "may not read the org's", id="hidden"),
    ],
)
def test_time_zones_are_told_and_doubtful_ones_too(
    org_zone: str, machine_zone: str, health: Health, says: str
) -> None:
    check = zone_check(NOW, org_zone=org_zone, machine_zone=machine_zone)

    assert says in check.detail
    assert said(check) == (health, health is not OK)


@pytest.mark.parametrize(
    ("free_bytes", "store_bytes", "health"),
    [
        pytest.param(5 * GB, GB, OK, id="enough"),
        pytest.param(5 * GB, 5 * GB, WARNING, id="no-room-for-a-copy"),
        pytest.param(GB // 10, 0, FAILED, id="full"),
    ],
)
def test_a_disk_that_fills_is_told(free_bytes: int, store_bytes: int, health: Health) -> None:
    check = space_check(free_bytes, store_bytes=store_bytes, place="/data")

    assert said(check) == (health, health is not OK)


def test_the_disk_is_looked_at_where_the_store_will_be(fresh: Settings, tmp_path: Path) -> None:
    elsewhere = replace(fresh, store_url=f"sqlite:///{tmp_path}/not/yet/store.db")

    assert f"are free in {tmp_path};" in disk_check(elsewhere).detail


@pytest.mark.parametrize(
    ("used", "health"),
    [
        pytest.param(100, OK, id="plenty"),
        pytest.param(750, WARNING, id="near-the-floor"),
        pytest.param(800, FAILED, id="at-the-floor"),
        pytest.param(1000, FAILED, id="none-left"),
    ],
)
def test_calls_near_the_floor_are_told(used: int, health: Health) -> None:
    check = calls_check(ApiLimits(used=used, allowed=1000), floor_share=0.2)

    assert said(check) == (health, health is not OK)


@pytest.mark.parametrize(
    ("mode", "health"),
    [
        pytest.param(0o600, OK, id="this-user"),
        pytest.param(0o640, WARNING, id="group-reads"),
        pytest.param(0o644, FAILED, id="everybody-reads"),
        pytest.param(0o660, FAILED, id="group-writes"),
    ],
)
def test_a_file_of_a_secret_that_others_may_use_is_told(
    fresh: Settings, tmp_path: Path, mode: int, health: Health
) -> None:
    path = tmp_path / "secret"
    path.write_text("canary", encoding="utf-8")
    path.chmod(mode)

    (check,) = secret_file_checks(fresh, {"SFTERRITORY_CLIENT_SECRET_FILE": str(path)})

    assert said(check) == (health, health is not OK)


def with_profile(settings: Settings, text: str) -> Settings:
    path = settings.root / "sfterritory.yaml"
    path.write_text(path.read_text("utf-8") + text, encoding="utf-8")
    return load_settings(settings.root, {}, org_name="acme")


@pytest.mark.usefixtures("without_keyring")
def test_a_keyring_that_is_not_there_fails_only_where_a_secret_stands_in_it(
    fresh: Settings,
) -> None:
    assert keyring_check(fresh, {}).health is OK
    acme = with_profile(
        fresh,
        "\nprofiles: {acme: {sign_in: access_token, instance_url: 'https://a.my.salesforce.com', "
        "secret: {keyring: acme/token}}}\n",
    )

    check = keyring_check(acme, {})

    assert said(check) == (FAILED, True)
    assert "has no keyring" in check.detail


@pytest.mark.parametrize(
    ("wanted", "health", "says"),
    [
        pytest.param("66.0", OK, "the org's newest is 67.0", id="served"),
        pytest.param("31.0", WARNING, "will be retired", id="nearly-retired"),
        pytest.param("30.0", FAILED, "does not serve 30.0: it offers 31.0 to 67.0", id="retired"),
        pytest.param("99.0", FAILED, "does not serve 99.0", id="not-yet"),
    ],
)
def test_a_version_that_the_org_does_not_serve_is_told_with_one_that_it_does(
    wanted: str, health: Health, says: str
) -> None:
    versions = [{"label": "x", "url": "y", "version": f"{number}.0"} for number in range(31, 68)]
    with fault_server() as server:
        server.on("GET", "/services/data", json_answer(versions))

        check = version_check(wanted, server.url)

    assert says in check.detail
    assert said(check) == (health, health is not OK)
    assert health is OK or 'org.api_version to "67.0"' in check.remedy


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(200, b"<html>"), id="html"),
        pytest.param(json_answer({"a": 1}), id="other-json"),
        pytest.param(json_answer([]), id="none"),
        pytest.param(refusal(503, "SERVER_UNAVAILABLE"), id="503"),
    ],
)
def test_an_answer_that_lists_no_versions_fails(answer: Answer) -> None:
    with fault_server() as server:
        server.on("GET", "/services/data", answer)

        assert said(version_check("66.0", server.url)) == (FAILED, True)


def test_an_org_that_nothing_was_said_about_is_warned_of_until_the_store_holds_it(
    fresh: Settings,
) -> None:
    org = Organization(id=ORG_ID, is_sandbox=False)

    before, after = (identity_check(fresh, org, pinned=pinned) for pinned in (False, True))

    assert (before.health, after.health) == (WARNING, OK)
    assert f"set org.id to {ORG_ID}" in before.remedy
    assert "is production" in before.detail


def describe(settings: Settings, name: str, **of_field: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description with every field that is wanted; `of_field` changes one, None hides."""
    history = {
        "First_Assigned_At__c": "datetime",
        "Owner_Since__c": "datetime",
    }
    fields = []
    for field in wanted_fields(settings, name):
        if "." in field or of_field.get(field, {}).get("hidden"):
            continue
        kind = history.get(field, "string")
        plain = {
            "name": field,
            "type": kind,
            "updateable": True,
            "nillable": True,
            "length": 255,
        }
        fields.append({**plain, **of_field.get(field, {})})
    return {"name": name, "queryable": True, "updateable": True, "fields": fields}


def access(settings: Settings, **answers: Answer) -> dict[str, HealthCheck]:
    """Return the checks of an org that describes every object well but for some."""
    with scripted_org() as (server, org):
        for name in objects_to_pull(settings.salesforce.pull):
            answer = json_answer(
                {"name": name, "queryable": True, "updateable": False, "fields": []}
            )
            if name in REQUIRED_OBJECTS:
                answer = json_answer(describe(settings, name))
            server.on("GET", f"/sobjects/{name}/describe", answers.get(name, answer))
        return {check.name: check for check in access_checks(settings, org)}


def test_a_user_who_may_do_all_of_it_passes(fresh: Settings) -> None:
    checks = access(fresh)

    assert {name: check.health for name, check in checks.items() if check.health is not OK} == {}


@pytest.mark.parametrize(
    ("name", "of_field", "check", "says"),
    [
        pytest.param(
            "Account",
            {"Territory_Locked__c": {"hidden": True}},
            "object Account",
            "needed by mappings/ and not readable: Territory_Locked__c",
            id="field-of-a-rule",
        ),
        pytest.param(
            "User",
            {"Title": {"hidden": True}},
            "object User",
            "needed by mappings/ and not readable: Title",
            id="field-of-the-roster",
        ),
        pytest.param(
            "Lead",
            {"OwnerId": {"hidden": True}},
            "object Lead",
            "needed by every pull and not readable: OwnerId",
            id="field-of-every-pull",
        ),
        pytest.param(
            "Lead", {"OwnerId": {"updateable": False}}, "Lead owner", "may not change", id="owner"
        ),
        pytest.param(
            "Account",
            {"Owner_Since__c": {"type": "string"}},
            "Account history fields",
            "Owner_Since__c",
            id="history-field-of-another-type",
        ),
    ],
)
def test_a_field_that_is_hidden_or_locked_is_named(
    fresh: Settings, name: str, of_field: dict[str, Any], check: str, says: str
) -> None:
    found = access(fresh, **{name: json_answer(describe(fresh, name, **of_field))})[check]

    assert said(found) == (FAILED, True)
    assert says in found.detail


def test_an_object_that_is_hidden_fails_and_the_others_are_still_checked(fresh: Settings) -> None:
    checks = access(fresh, Account=refusal(404, "NOT_FOUND"), Case=refusal(404, "NOT_FOUND"))

    assert said(checks["object Account"]) == (FAILED, True)
    assert checks["object Lead"].health is OK
    assert said(checks["optional objects"]) == (WARNING, True)
    assert "the org has no Case, or hides" in checks["optional objects"].detail


def rows(*records: dict[str, Any]) -> Answer:
    return json_answer({"totalSize": len(records), "done": True, "records": list(records)})


def counted(number: int) -> Answer:
    return json_answer({"totalSize": number, "done": True, "records": []})


def movers(*answers: Answer) -> dict[str, HealthCheck]:
    with scripted_org() as (server, org):
        server.on("GET", "/query", *answers)
        return {check.name: check for check in mover_checks(org)}


def test_whatever_moves_owners_behind_our_back_is_named() -> None:
    found = movers(
        rows(
            {"Id": "01Q", "Name": "Standard", "SobjectType": "Lead"},
            {"Id": "01Q", "Name": "Cases", "SobjectType": "Case"},
        ),
        rows({"Id": "01q", "Name": "SetOwner", "TableEnumOrId": "Account"}),
        rows({"ApiName": "Round_Robin", "TriggerObjectOrEventLabel": "Lead"}),
        counted(0),
        counted(0),
    )

    assert {said(check) for check in found.values()} == {(WARNING, True)}
    assert "active: Lead: Standard." in found["assignment rules"].detail
    assert "active: Account: SetOwner." in found["triggers"].detail
    assert "active: Lead: Round_Robin." in found["flows"].detail
    assert "tracking is probably off" in found["Account owner history"].detail


def test_an_org_where_nothing_moves_owners_passes() -> None:
    found = movers(
        rows(),
        rows({"Id": "01q", "Name": "OnCase", "TableEnumOrId": "Case"}),
        rows({"ApiName": "On_Task", "TriggerObjectOrEventLabel": "Task"}),
        counted(7),
        counted(1),
    )

    assert {check.health for check in found.values()} == {OK}


@pytest.mark.parametrize("code", ["INVALID_TYPE", "INVALID_FIELD", "INSUFFICIENT_ACCESS"])
def test_what_the_user_may_not_read_is_unknown_and_not_fine(code: str) -> None:
    found = movers(refusal(403 if code == "INSUFFICIENT_ACCESS" else 400, code))

    assert {said(check) for check in found.values()} == {(UNKNOWN, True)}
    assert all("nobody knows" in check.detail for check in found.values())


def with_territories(settings: Settings, text: str) -> Settings:
    path = settings.root / "mappings" / "territories.yaml"
    path.write_text(path.read_text("utf-8") + f"\n{text}\n", encoding="utf-8")
    return load_settings(settings.root, {})


OUTLINE = [[0, 0], [2, 0], [2, 2], [0, 0]]


def drawn(coordinates: list[Any], kind: str = "Polygon") -> str:
    geometry = {"type": kind, "coordinates": coordinates}
    return json.dumps({"type": "Feature", "properties": {"name": "A"}, "geometry": geometry})


@pytest.mark.parametrize(
    ("geography", "name", "content", "says"),
    [
        pytest.param("barriers: river.geojson", "barriers", None, "cannot be read", id="missing"),
        pytest.param(
            "barriers: river.geojson", "barriers", drawn([0, 0], "Point"), "no line", id="a-point"
        ),
        pytest.param(
            "restricted: river.geojson", "restricted areas", "{", "not JSON", id="restricted"
        ),
        pytest.param(
            "area_sets: [{name: big, by: polygon, file: river.geojson}]",
            "areas big",
            drawn([OUTLINE, [[9, 9], [8, 9], [8, 8], [9, 9]]]),
            "feature 1 (A): ring 2 lies outside",
            id="polygons",
        ),
        pytest.param(
            "area_sets: [{name: metros, by: metro, file: metros.csv}]",
            "areas metros",
            None,
            "mappings/metros.csv",
            id="metros",
        ),
        pytest.param(
            "area_sets: [{name: sales, by: postal_code, areas: {West: ['9..1..2']}}]",
            "areas sales",
            None,
            "9..1..2",
            id="patterns",
        ),
    ],
)
def test_a_file_that_geography_names_and_that_is_wrong_fails(
    fresh: Settings, geography: str, name: str, content: str | None, says: str
) -> None:
    if content is not None:
        (fresh.root / "mappings" / "river.geojson").write_text(content, encoding="utf-8")
    settings = with_territories(fresh, f"geography: {{{geography}}}")

    (check,) = land_checks(settings)

    assert check.name == name
    assert said(check) == (FAILED, True)
    assert says in check.detail


def test_files_of_geography_that_are_right_pass_and_tell_what_was_repaired(fresh: Settings) -> None:
    folder = fresh.root / "mappings"
    (folder / "river.geojson").write_text(drawn([[0, 0], [1, 1]], "LineString"), encoding="utf-8")
    bow_tie = [[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]
    (folder / "bow.geojson").write_text(drawn([bow_tie]), encoding="utf-8")
    settings = with_territories(
        fresh,
        "geography: {barriers: river.geojson, restricted: bow.geojson, "
        "area_sets: [{name: bow, by: polygon, file: bow.geojson}, {name: states, by: state}]}",
    )

    checks = list(land_checks(settings))

    assert [one.name for one in checks] == ["barriers", "restricted areas", "areas bow"]
    assert {one.health for one in checks} == {OK}
    assert "was repaired" in checks[2].detail
    assert list(land_checks(fresh)) == list(travel_checks(fresh, now=NOW)) == []


@pytest.mark.parametrize(
    ("travel", "says"),
    [
        pytest.param("provider: file, path: drives.csv", "drives.csv cannot be read", id="file"),
        pytest.param("provider: osrm_inprocess, path: car.osrm", "osrm", id="graph"),
        pytest.param("provider: osrm, url: 'https://router.project-osrm.org'", "public", id="url"),
    ],
)
def test_travel_times_that_cannot_be_had_fail(fresh: Settings, travel: str, says: str) -> None:
    (check,) = travel_checks(with_territories(fresh, f"travel: {{{travel}}}"), now=NOW)

    assert said(check) == (FAILED, True)
    assert says in check.detail


def test_a_file_of_travel_times_that_can_be_read_passes(fresh: Settings) -> None:
    (fresh.root / "drives.csv").write_text(
        "from_lon,from_lat,to_lon,to_lat,minutes\n9,47,9.1,47,8\n", encoding="utf-8"
    )

    (check,) = travel_checks(
        with_territories(fresh, "travel: {provider: file, path: drives.csv}"), now=NOW
    )

    assert (check.health, check.detail) == (OK, "file drives.csv can be asked")


def test_the_origin_of_each_value_is_told_and_no_secret(fresh: Settings, tmp_path: Path) -> None:
    path = fresh.root / "sfterritory.yaml"
    lines = path.read_text("utf-8").splitlines()
    environ = {
        "SFTERRITORY_INSTANCE_URL": "https://acme.my.salesforce.com",
        "SFTERRITORY_CLIENT_SECRET": "canary",
        "SFTERRITORY_PRIVATE_KEY_FILE": f"{tmp_path}/key.pem",
        "SFTERRITORY_STORE": "postgresql://bot:canary@db/store",
    }
    settings = load_settings(fresh.root, environ)

    report = config_report(settings, environ, org_flag=None)
    found = {one.key: (one.value, one.origin) for one in report.config}

    seed_line = next(number for number, line in enumerate(lines, 1) if line.startswith("seed:"))
    assert found["seed"] == ("0", f"sfterritory.yaml:{seed_line}")
    assert found["apply.batch_size"] == ("200", "default")
    assert found["store"] == ("postgresql://bot:***@db/store", "environment")
    assert found["SFTERRITORY_CLIENT_SECRET"] == ("set", "environment")
    assert found["SFTERRITORY_ACCESS_TOKEN"] == ("not set", "default")
    assert found["SFTERRITORY_PRIVATE_KEY"][0] == f"set, in the file {tmp_path}/key.pem"
    assert found["--org"] == ("environment", "default")
    assert "canary" not in report.model_dump_json()


def test_a_variable_that_a_profile_does_not_read_is_told_so(fresh: Settings) -> None:
    environ = {"SFTERRITORY_CLIENT_ID": "left over"}
    acme = with_profile(fresh, "\nprofiles: {acme: {sign_in: sf_cli, sf_alias: uat}}\n")

    report = config_report(acme, environ, org_flag="acme")
    found = {one.key: (one.value, one.origin) for one in report.config}

    assert found["--org"] == ("acme", "flag")
    assert found["SFTERRITORY_CLIENT_ID"] == ("left over, not used by acme", "environment")
    assert found["profiles.acme.sf_alias"][0] == "uat"
    assert json.loads(report.model_dump_json())["config"]
