"""Our pull of the accounts: `python -m bench.million.ours pull|again PROJECT`."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.million.accounts import MORE_FIELDS
from sfterritory.cli.main import run
from sfterritory.connectors.salesforce.org import sign_in
from sfterritory.pipeline.opening import open_project_store
from sfterritory.pipeline.pull.fetch import Fetcher
from sfterritory.pipeline.pull.planner import Planner
from sfterritory.settings.project import load_settings


def make_project(place: Path) -> None:
    """Make a project whose accounts have 30 columns."""
    shutil.rmtree(place, ignore_errors=True)
    with contextlib.redirect_stdout(io.StringIO()):
        run(["init", str(place)])
    mapping = place / "mappings" / "salesforce.yaml"
    lines = [
        "version: 1",
        "extra_fields:",
        f"  Account: [{', '.join(MORE_FIELDS)}]",
    ]
    mapping.write_text("\n".join(lines) + "\n", "utf-8")
    rules = "version: 1\nobjects: {Account: {rules: [], fallback: {keep_owner: true}}}\n"
    (place / "mappings" / "routing.yaml").write_text(rules, "utf-8")
    territories = "version: 1\nroster: {where: {always: true}}\n"
    (place / "mappings" / "territories.yaml").write_text(territories, "utf-8")


def pulled(project: Path, *, full: bool) -> dict[str, Any]:
    """Describe, count, fetch and store accounts; the second time every row is there already."""
    settings = load_settings(project, os.environ)
    with (
        closing(open_project_store(settings)) as store,
        sign_in(settings.credentials(os.environ)) as org,
    ):
        planner = Planner(settings, store, org, full=full)
        (planned,) = [one for one in planner.plan() if one.forecast.object_name == "Account"]
        done = Fetcher(planner).pull(planned)
        columns = len(planned.request.fields) if planned.request else 0
    return {"rows": done.fetched, "changed": done.changed, "columns": columns}


if __name__ == "__main__":
    kind, place = sys.argv[1], Path(sys.argv[2])
    if kind == "pull":
        make_project(place)
    print(json.dumps(pulled(place, full=kind == "again")))
