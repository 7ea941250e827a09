"""What `plan`, `show` and `revert` share: a plan's renderings, on the terminal and as files."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.errors import ConfigError

if TYPE_CHECKING:
    from sfterritory.cli.invocation import Invocation
    from sfterritory.model.plan import Plan
    from sfterritory.model.store.plan_room import StoredPlan
    from sfterritory.model.store.store import Store
    from sfterritory.settings.project import Settings

FORMATS = ("terminal", "json", "csv", "xlsx", "markdown", "html")


def write_files(
    settings: Settings,
    store: Store,
    plan: Plan,
    *,
    out: Path | None,
    html: Path | None,
    report: bool,
) -> Mapping[str, Path]:
    """Write the plan file and the HTML report where they are wanted; return what was written."""
    written: dict[str, Path] = {}
    if out is not None:
        write(out, rendered(settings, store, plan, "json"))
        written["plan file"] = out
    if report:
        path = html or settings.root / "plans" / f"{plan.short_hash}.html"
        write(path, rendered(settings, store, plan, "html"))
        written["report"] = path
    return written


def rendered(settings: Settings, store: Store, plan: Plan, format_name: str) -> bytes:
    """Return one of the file renderings of a plan."""
    from sfterritory.writeback.summary import summary_line

    summary = summary_line(plan)
    match format_name:
        case "json":
            from sfterritory.writeback.plan_file import dumps_plan

            return dumps_plan(plan).encode()
        case "csv":
            from sfterritory.cli.render.tables import changes_csv

            return changes_csv(plan).encode()
        case "xlsx":
            from sfterritory.cli.render.tables import plan_workbook

            return plan_workbook(plan, summary=summary)
        case "markdown":
            from sfterritory.cli.render.markdown import plan_markdown

            return plan_markdown(plan, summary=summary).encode()
        case "html":
            from sfterritory.web.plan_map import load_map_points
            from sfterritory.web.report import plan_html

            return plan_html(
                plan, summary=summary, map_points=load_map_points(settings, store, plan)
            ).encode()
        case _:
            raise ValueError(f"{format_name!r} is not one of {', '.join(FORMATS)}")


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        ConfigError: It cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # the folder itself may be what is wrong
            partial.unlink(missing_ok=True)
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}",
            remedy="choose a folder that you may write to, with room left",
        ) from error


def show(
    invocation: Invocation,
    stored: StoredPlan,
    *,
    written: Mapping[str, Path],
    limit: int | None = None,
    whole: bool = False,
) -> None:
    """Show a plan on the terminal, or its document as JSON."""
    from sfterritory.writeback.summary import summary_line

    plan = stored.plan
    summary = summary_line(plan)
    if invocation.as_json:
        invocation.answer_json(
            {
                "hash": plan.hash,
                "summary": summary,
                "created_by": stored.created_by,
                "created_at": stored.created_at.isoformat(),
                "files": {name: str(path) for name, path in written.items()},
                "plan": plan.model_dump(mode="json"),
            }
        )
        return
    from sfterritory.cli.render.terminal import FIRST_LINES, render_plan

    for name, path in written.items():
        click.echo(f"The {name} is {path}", err=True)
    render_plan(
        plan,
        summary=summary,
        console=invocation.console(),
        limit=None if whole else limit or FIRST_LINES,
    )
