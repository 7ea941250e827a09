from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfterritory.cli.main import run
from sfterritory.errors import ExitCode
from sfterritory.sandbox.running import running_sandbox
from sfterritory.sandbox.seed import seed_org


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("org") / "org.db"
    seed_org(path, accounts=5, leads=2, reps=2)
    return path


@pytest.fixture(params=["state file", "running server"])
def where(request: pytest.FixtureRequest, seeded: Path, tmp_path: Path) -> Any:
    """Yield the option that says which org is meant."""
    path = tmp_path / "org.db"
    path.write_bytes(seeded.read_bytes())
    if request.param == "state file":
        yield ["--state", str(path)]
        return
    with running_sandbox(path) as handle:
        yield ["--url", handle.url]


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code = run(["sandbox", *words, "--json"])
    shown = capsys.readouterr()
    assert code == ExitCode.DONE, shown.err
    return json.loads(shown.out)


def test_faults_are_added_listed_and_cleared(
    where: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = answer(capsys, "fault", "add", "cut", "nth=2", "at_byte=100", "reset=true", *where)
    second = answer(capsys, "fault", "add", "refuse", "code=QUERY_TIMEOUT", *where)

    listed = answer(capsys, "fault", "list", *where)["faults"]
    cleared = answer(capsys, "fault", "clear", "1", *where)
    left = answer(capsys, "fault", "list", *where)["faults"]
    rest = answer(capsys, "fault", "clear", *where)

    assert (first, second) == ({"number": 1}, {"number": 2})
    assert {"kind": "cut", "nth": 2, "at_byte": 100, "reset": True}.items() <= listed[0].items()
    assert (cleared, rest) == ({"cleared": 1}, {"cleared": 1})
    assert [one["kind"] for one in left] == ["refuse"]


def test_switches_are_set_and_listed_with_what_they_ask(
    where: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    changed = answer(capsys, "switch", "session_minutes=15", "same_value_touches=false", *where)

    listed = {one["name"]: one for one in answer(capsys, "switch", *where)["switches"]}

    assert {one["name"]: one for one in changed["switches"]} == listed
    assert (listed["session_minutes"]["value"], listed["session_minutes"]["default"]) == (15, 120)
    assert listed["same_value_touches"]["uncertain"]
    assert not listed["session_minutes"]["uncertain"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(["fault", "add", "flood"], "there is no fault 'flood'", id="fault"),
        pytest.param(["fault", "add", "cut", "nth"], "'nth' is not NAME=VALUE", id="word"),
        pytest.param(["fault", "clear", "9"], "there is no fault 9", id="number"),
        pytest.param(["switch", "fly=true"], "there is no switch 'fly'", id="switch"),
        pytest.param(["switch", "session_minutes=x"], "session_minutes cannot be 'x'", id="value"),
    ],
)
def test_a_mistake_is_explained_by_the_file_and_by_a_server_alike(
    where: list[str], words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["sandbox", *words, *where])

    shown = capsys.readouterr()
    assert code == ExitCode.ERROR
    assert says in shown.err


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("http://127.0.0.1:9", "does not answer as a sandbox", id="nobody"),
        pytest.param("ftp://127.0.0.1", "is no URL of a sandbox", id="no HTTP"),
    ],
)
def test_a_url_without_a_sandbox_is_explained(
    url: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["sandbox", "fault", "list", "--url", url])

    assert code == ExitCode.ERROR
    assert says in capsys.readouterr().err


def test_a_state_file_that_is_not_there_is_not_made_by_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "no.db"

    code = run(["sandbox", "fault", "add", "cut", "--state", str(missing)])

    assert code == ExitCode.ERROR
    assert "sandbox serve" in capsys.readouterr().err
    assert not missing.exists()


def test_every_kind_of_fault_is_listed_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["sandbox", "fault", "kinds"])

    assert code == ExitCode.DONE
    assert "field_renamed: A field has another API name; its values stay.\n" in (
        capsys.readouterr().out
    )
