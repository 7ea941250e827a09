"""What no linter has a rule for."""

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sfterritory"
BANNED = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
HOSTS_AND_PATHS = re.compile(
    r"p[y]pi\.org|python[h]osted|registry\.n[p]mjs|deb\.d[e]bian|/(w[o]rk|h[o]me|r[o]ot)/[a-z]"
)
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".lock", ".j2", ".css", ".js", ".lark", ".cfg", ""}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in modules() if path.stem in BANNED] == []


def test_every_package_file_holds_a_docstring_only() -> None:
    talkative = []
    for path in PACKAGE.rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        version_only = path.parent == PACKAGE
        if (
            len(body) > (2 if version_only else 1)
            or ast.get_docstring(ast.parse(path.read_text())) is None
        ):
            talkative.append(str(path))

    assert talkative == []


def test_no_host_of_a_registry_and_no_path_of_a_machine_is_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - git of the person who runs the tests
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    found = [
        f"{name}: {match.group()}"
        for name in listed.stdout.split("\0")
        if name and Path(name).suffix in TEXT and (ROOT / name).is_file()
        for match in [HOSTS_AND_PATHS.search((ROOT / name).read_text(encoding="utf-8"))]
        if match
    ]

    assert found == []


def test_decisions_are_numbered_without_a_gap_and_fit_a_page() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))

    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    assert [page.name for page in pages if len(page.read_text().splitlines()) > 60] == []


@pytest.mark.slow
def test_the_wheel_holds_the_sample_mappings_and_every_data_file(tmp_path: Path) -> None:
    subprocess.run(  # noqa: S603 - our own build backend
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")

    names = set(zipfile.ZipFile(wheel).namelist())

    samples = {f"sfterritory/_mappings/{path.name}" for path in (ROOT / "mappings").iterdir()}
    data = {
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert samples - names == set()
    assert data - names == set()
