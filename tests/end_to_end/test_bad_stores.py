"""Stores that are newer, damaged, elsewhere or in use; folders that cannot be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from end_to_end.conftest import Environ, Prepare
from end_to_end.desk import Desk, records
from sfterritory.errors import ExitCode
from sfterritory.model.store.store import open_store

NEWER = "9999"


@pytest.fixture
def desk(planned: Path, copy_of: Callable[[Path], Path]) -> Desk:
    """A desk at a plan; nothing below it asks Salesforce."""
    return Desk(copy_of(planned) / "project")


@pytest.mark.parametrize("command", ["status", "build", "show", "log", "doctor"])
def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(desk: Desk, command: str) -> None:
    with closing(sqlite3.connect(desk.store_file)) as store:
        store.execute("UPDATE alembic_version SET version_num = ?", (NEWER,))
        store.commit()

    shown = desk.run(command, code=ExitCode.ERROR)

    assert f"has schema {NEWER}, made by a newer version" in shown.all
    assert "upgrade sfterritory" in shown.all
    with closing(sqlite3.connect(desk.store_file)) as store:
        assert store.execute("SELECT version_num FROM alembic_version").fetchall() == [(NEWER,)]
        assert store.execute("SELECT count(*) FROM plan").fetchone() == (1,)


def test_a_newer_store_on_postgresql_is_refused_too(
    desk: Desk, environ: Environ, postgresql_url: str
) -> None:
    import psycopg  # noqa: PLC0415 - only where it is used

    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    environ({"SFTERRITORY_STORE": postgresql_url})

    assert "made by a newer version" in desk.run("status", code=ExitCode.ERROR).err


@pytest.mark.parametrize("command", ["status", "build", "plan", "log"])
def test_a_store_that_is_no_database_is_named_and_left_as_it_is(desk: Desk, command: str) -> None:
    for path in desk.store_file.parent.glob("store.db-*"):
        path.unlink()
    desk.store_file.write_bytes(b"this is not a database " * 400)

    shown = desk.run(command, code=ExitCode.ERROR)

    assert f"the store {desk.store_file} failed: file is not a database" in shown.err
    assert "restore" in shown.err
    assert desk.store_file.read_bytes() == b"this is not a database " * 400


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
def test_a_damaged_store_is_told_without_a_crash(desk: Desk, share: float) -> None:
    """Some pages are overwritten: each command ends as told, and `doctor` finds the damage."""
    with closing(sqlite3.connect(desk.store_file)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(desk.store_file.read_bytes())
    start = int(len(content) * share) // 4096 * 4096
    content[start : start + 8192] = b"\xa5" * 8192
    desk.store_file.write_bytes(content)

    for words in (["status"], ["build"], ["route"], ["plan"], ["log"]):
        shown = desk.try_(*words)
        assert shown.code in (ExitCode.DONE, ExitCode.ERROR)
        assert "nobody foresaw" not in shown.err, words
        assert "Traceback" not in shown.err
    doctor = desk.run("doctor", code=ExitCode.ERROR)
    assert "damaged" in doctor.out or "malformed" in doctor.out


@pytest.mark.parametrize("lease", ["pull", "apply", "build", "route"])
def test_a_second_run_beside_one_that_holds_the_lease_ends_with_5_and_touches_nothing(
    approved: Path, desk_of: Prepare, lease: str
) -> None:
    with desk_of(approved) as (desk, org):
        words = ["apply", desk.ask("show")["hash"]] if lease == "apply" else [lease]
        before = records(org)
        with open_store(desk.store_url) as store, store.lease(lease, "zoe@elsewhere, process 7"):
            shown = desk.run(*words, code=ExitCode.LOCK_HELD)
            as_json = desk.run(*words, "--json", code=ExitCode.LOCK_HELD)

        assert f"zoe@elsewhere, process 7 holds the lease '{lease}'" in shown.err
        assert "wait until it has finished" in as_json.json["error"]["remedy"]
        assert records(org) == before
        desk.run(*words)


def test_a_held_lease_on_postgresql_ends_with_5_too(
    started: Path, desk_of: Prepare, environ: Environ, postgresql_url: str
) -> None:
    with desk_of(started) as (desk, _):
        environ({"SFTERRITORY_STORE": postgresql_url})
        with open_store(postgresql_url) as store, store.lease("pull", "zoe"):
            assert "zoe holds the lease" in desk.run("pull", code=ExitCode.LOCK_HELD).err


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("postgresql://127.0.0.1:1/x", "Connection refused", id="no server"),
        pytest.param("mysql://ann:pw0rd@127.0.0.1/x", "names no file and no server", id="mysql"),
        pytest.param("store.db", "cannot be read", id="no URL"),
        pytest.param("sqlite:////proc/nowhere/store.db", "unable to open", id="no folder"),
    ],
)
def test_a_store_that_cannot_be_reached_is_named_without_its_password(
    desk: Desk, environ: Environ, url: str, says: str
) -> None:
    environ({"SFTERRITORY_STORE": url})

    shown = desk.run("status", code=ExitCode.ERROR)

    assert says in shown.err
    assert "What to do:" in shown.err
    assert "pw0rd" not in shown.err


def test_a_report_that_cannot_be_written_is_told_and_the_plan_is_kept(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    for place in (tmp_path / "file" / "plan.html", Path("/proc/nowhere/plan.html")):
        shown = desk.run("plan", "--html", str(place), code=ExitCode.ERROR)
        assert f"{place} cannot be written" in shown.err
        assert "choose a folder that you may write to" in shown.err

    assert desk.ask("show")["summary"].startswith("Plan:")


def test_a_project_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "project").write_text("in the way", encoding="utf-8")

    shown = Desk(tmp_path).run("init", str(tmp_path / "project" / "x"), code=ExitCode.ERROR)

    assert "cannot be written" in shown.err


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    shown = Desk(tmp_path).run("pull", code=ExitCode.ERROR)

    assert f"{tmp_path} is not a project folder" in shown.err
    assert "sfterritory init" in shown.err
