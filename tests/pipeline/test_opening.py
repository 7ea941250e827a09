from __future__ import annotations

from pathlib import Path

import pytest

from sfterritory.cli.main import run
from sfterritory.errors import StoreError
from sfterritory.pipeline.opening import open_project_store
from sfterritory.settings.project import load_settings


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    assert run(["init", str(tmp_path / "project")]) == 0
    return tmp_path / "project"


def test_the_stores_folder_is_made_inside_the_project(fresh: Path) -> None:
    with open_project_store(load_settings(fresh, {})) as store:
        assert store.snapshots.latest() is None

    assert (fresh / ".sfterritory" / "store.db").exists()


def test_a_missing_folder_elsewhere_is_not_made_by_a_spelling_mistake(
    fresh: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'stors' / 'store.db'}"

    with pytest.raises(StoreError, match="unable to open") as raised:
        open_project_store(load_settings(fresh, {"SFTERRITORY_STORE": url}))

    assert "create the folder" in raised.value.remedy
    assert not (tmp_path / "stors").exists()


def test_a_file_in_the_place_of_the_stores_folder_is_named(fresh: Path) -> None:
    (fresh / ".sfterritory").write_text("in the way", encoding="utf-8")

    with pytest.raises(StoreError, match="cannot be made") as raised:
        open_project_store(load_settings(fresh, {}))

    assert str(fresh / ".sfterritory") in raised.value.problem
