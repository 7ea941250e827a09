"""Pouring CSV files into an org, and the commands."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from sfterritory.cli.sandbox.group import command
from sfterritory.errors import ConfigError
from sfterritory.sandbox.failure import SandboxError
from sfterritory.sandbox.load import LoadReport, load_files
from sfterritory.sandbox.seed import seed_org
from sfterritory.sandbox.state import SandboxState

STORES = Path(__file__).parents[3] / "shared/data/accounts/us_stores.csv.gz"


@pytest.fixture
def state(state_file: Path) -> Iterator[SandboxState]:
    opened = SandboxState(state_file)
    yield opened
    opened.close()


def rows(state: SandboxState, sql: str) -> list[tuple[object, ...]]:
    with state.reading() as connection:
        return connection.execute(sql).fetchall()


def test_columns_are_guessed_and_every_bad_row_is_listed_with_its_cause(
    state: SandboxState, tmp_path: Path
) -> None:
    path = tmp_path / "stores.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.write(
            "brand,name,zip,latitude,store_id,owner\n"
            "Acme,Main Street,02139,42.36,7,\n"
            'Acme,,10001,"far, far",8,\n'
            ",,10002,40.7,9,\n"
            "Acme,Elsewhere,10003,40.7,10,Maria Lindgren\n"
            "Acme,Nowhere,10004,40.7,11,nobody\n"
        )

    report = load_files(state, {"accounts": path}, mapping={}, replace=True)

    found = rows(
        state, "SELECT Name, BillingPostalCode, BillingLatitude FROM Account ORDER BY _row"
    )
    assert found == [("Main Street", "02139", 42.36), ("Acme", "10001", None)]
    assert report.loaded == {"accounts": 2}
    assert report.unused["accounts"] == ("store_id",)
    assert [(one.line, one.field) for one in report.rejects] == [
        (3, "BillingLatitude"), (4, None), (5, None), (6, None),
    ]  # fmt: skip
    causes = [one.cause for one in report.rejects]
    assert "'far, far' does not fit double" in causes[0]
    assert "REQUIRED_FIELD_MISSING" in causes[1]
    assert "several users" in causes[2]
    assert "no active user" in causes[3]


def test_loaded_users_own_what_has_no_owner_in_unequal_blocks(
    state: SandboxState, tmp_path: Path
) -> None:
    users = tmp_path / "users.csv"
    users.write_text(
        "name,city,state,zip\nAnn Lee,Boston,MA,02139\nBo Chen,Austin,TX,78701\nAnn Lee,,,\n,,,\n"
    )
    accounts = tmp_path / "accounts.csv"
    lines = [f"Shop {number},{'MA' if number % 2 else 'TX'}" for number in range(200)]
    accounts.write_text("\n".join(["name,state", *lines]))
    files = {"accounts": accounts, "users": users}

    report = load_files(state, files, mapping={}, replace=True)

    owned = rows(
        state,
        'SELECT u.Username, u.Title, count(*) FROM Account JOIN "User" u ON u.Id = OwnerId '
        "GROUP BY u.Id ORDER BY u.Username",
    )
    assert [one[0] for one in owned] == [
        "ann.lee2@sandbox.example", "ann.lee@sandbox.example", "bo.chen@sandbox.example",
    ]  # fmt: skip
    sizes = [int(str(one[2])) for one in owned]
    assert sum(sizes) == report.dealt["accounts"] == 200
    assert len(set(sizes)) == 3
    assert report.loaded["users"] == 3
    assert report.rejects[0].line == 5


def test_nearest_gives_each_account_to_the_rep_next_door(
    state: SandboxState, tmp_path: Path
) -> None:
    users, accounts = tmp_path / "users.csv", tmp_path / "accounts.csv"
    users.write_text("name,zip\nEast Coast,02139\nWest Coast,94103\n")
    accounts.write_text("name,zip\nA,02140\nB,94110\nC,02141\n")
    files = {"users": users, "accounts": accounts}

    load_files(state, files, mapping={}, deal="nearest", replace=True)

    found = rows(
        state,
        'SELECT a.Name, u.LastName, u.FirstName FROM Account a JOIN "User" u ON u.Id = OwnerId',
    )
    assert sorted(found) == [
        ("A", "Coast", "East"), ("B", "Coast", "West"), ("C", "Coast", "East"),
    ]  # fmt: skip


def test_every_mistake_in_a_mapping_is_reported_and_nothing_is_loaded(
    state: SandboxState, tmp_path: Path
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("brand,zip\nAcme,02139\n")
    before = rows(state, "SELECT count(*) FROM Account")
    mapping = {"accounts": {"Name": "brnd", "BilingCity": "zip"}, "deals": {"Name": "x"}}

    with pytest.raises(SandboxError) as caught:
        load_files(state, {"accounts": path}, mapping=mapping)

    problem = caught.value.problem
    assert "no column 'brnd' among brand, zip" in problem
    assert "did you mean BillingCity?" in problem
    assert "no such kind of record" in problem
    assert rows(state, "SELECT count(*) FROM Account") == before


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, "cannot be read", id="missing"),
        pytest.param(b"", "no headings", id="empty"),
        pytest.param(b"name\n\xff\xfe\n", "not UTF-8", id="another encoding"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    state: SandboxState, tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "accounts.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SandboxError, match=problem):
        load_files(state, {"accounts": path}, mapping={})


@pytest.mark.slow
@pytest.mark.skipif(not STORES.exists(), reason="../shared/data is absent")
def test_every_real_store_is_loaded(state: SandboxState) -> None:
    report: LoadReport = load_files(state, {"accounts": STORES}, mapping={}, replace=True)

    assert report.loaded["accounts"] == report.dealt["accounts"] == 79_418
    assert not [one for one in report.rejects if one.field is None]


@pytest.mark.slow
def test_a_large_org_is_seeded_portion_by_portion_without_a_seam(tmp_path: Path) -> None:
    path = tmp_path / "large.db"
    report = seed_org(path, accounts=20_050, leads=100, reps=3)
    opened = SandboxState(path)
    counted = rows(opened, "SELECT count(*), count(DISTINCT CaseNumber) FROM 'Case'")[0]
    parents = rows(opened, "SELECT count(DISTINCT AccountId) FROM Contact")[0][0]
    opened.close()

    assert (report.records["Account"], report.records["Lead"]) == (20_050, 100)
    assert counted[0] == counted[1] == report.records["Case"]
    assert int(str(parents)) > 15_000


def test_load_and_reset_answer_json(tmp_path: Path) -> None:
    state, accounts = tmp_path / "org" / "sandbox.db", tmp_path / "accounts.csv"
    accounts.write_text("brand\nAcme\n")
    sizes = ["--accounts", "20", "--leads", "10", "--reps", "2"]
    cli = CliRunner()

    reset = cli.invoke(command, ["reset", "--yes", "--json", "--state", str(state), *sizes])
    loaded = cli.invoke(
        command,
        ["load", "--accounts", str(accounts), "--map", "accounts.Name=brand", "--json",
         "--state", str(state)],
    )  # fmt: skip
    kept = cli.invoke(command, ["reset", "--state", str(state)], input="n\n")

    assert json.loads(reset.stdout)["records"]["Account"] == 20
    assert json.loads(loaded.stdout)["loaded"] == {"accounts": 1}
    assert kept.exit_code == 1
    assert state.exists()


def test_reset_keeps_its_hands_off_a_file_that_is_no_sandbox(tmp_path: Path) -> None:
    precious = tmp_path / "thesis.db"
    precious.write_text("ten years of work")

    result = CliRunner().invoke(command, ["reset", "--yes", "--state", str(precious)])

    assert isinstance(result.exception, ConfigError)
    assert precious.read_text() == "ten years of work"


def test_serve_refuses_other_machines_and_a_taken_port(tmp_path: Path) -> None:
    state = str(tmp_path / "sandbox.db")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        wide = CliRunner().invoke(command, ["serve", "--host", "0.0.0.0", "--state", state])  # noqa: S104 - the point
        busy = CliRunner().invoke(command, ["serve", "--port", port, "--state", state])

    for result, problem in ((wide, "not a loopback address"), (busy, "cannot be used")):
        assert isinstance(result.exception, ConfigError)
        assert problem in result.exception.problem


def test_serve_announces_itself_answers_and_stops_cleanly(state_file: Path) -> None:
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "sfterritory", "sandbox", "serve", "--port", "0", "--json",
         "--state", str(state_file)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": ""},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        answer = httpx.get(
            f"{facts['url']}/services/data/v62.0/limits",
            headers={"Authorization": f"Bearer {facts['access_token']}"},
            trust_env=False,
        )
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=10)

    assert answer.status_code == 200
    assert set(facts) == {"url", "client_id", "client_secret", "access_token", "org_id", "state"}
    assert code == 0
