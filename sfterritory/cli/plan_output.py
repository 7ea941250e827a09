"""What `plan`, `show` and `revert` share: a plan's renderings, on the terminal and as files."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

    from sfterritory.cli.invocation import Invocation
    from sfterritory.model.store.plan_room import StoredPlan
    from sfterritory.model.store.store import Store
    from sfterritory.settings.project import Settings

FORMATS = ("terminal", "json", "csv", "xlsx", "markdown", "html")


def write_files(
    settings: Settings,
    store: Store,
    stored: StoredPlan,
    *,
    out: Path | None,
    html: Path | None,
    report: bool,
) -> Mapping[str, Path]:
    """Write the plan file and the HTML report where they are wanted; return what was written."""
    written: dict[str, Path] = {}
    if out is not None:
        write(out, rendered(settings, store, stored, "json"))
        written["plan file"] = out
    if report:
        path = html or settings.root / "plans" / f"{stored.plan.short_hash}.html"
        write(path, rendered(settings, store, stored, "html"))
        written["report"] = path
    return written


def rendered(settings: Settings, store: Store, stored: StoredPlan, format_name: str) -> bytes:
    """Return one of the file renderings of a plan."""
    from sfterritory.pipeline.review import seen_at
    from sfterritory.writeback.summary import summary_line

    plan = stored.plan
    summary, seen = summary_line(plan), seen_at(store, stored)
    match format_name:
        case "json":
            from sfterritory.writeback.plan_file import dumps_plan

            return dumps_plan(plan).encode()
        case "csv":
            from sfterritory.cli.render.tables import changes_csv

            return changes_csv(plan).encode()
        case "xlsx":
            from sfterritory.cli.render.tables import plan_workbook

            return plan_workbook(plan, summary=summary, seen_at=seen)
        case "markdown":
            from sfterritory.cli.render.markdown import plan_markdown

            return plan_markdown(plan, summary=summary, seen_at=seen).encode()
        case "html":
            from sfterritory.pipeline.people import load_people
            from sfterritory.web.construction import load_construction
            from sfterritory.web.plan_map import load_map_points
            from sfterritory.web.report import plan_html

            names = load_people(settings, store).names
            return plan_html(
                plan,
                summary=summary,
                seen_at=seen,
                map_points=load_map_points(settings, store, plan),
                construction=load_construction(store, plan, rep_names=names),
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
    seen_at: datetime,
    written: Mapping[str, Path],
    limit: int | None = None,
    whole: bool = False,
) -> None:
    """Show a plan on the terminal, or its document as JSON.

    Args:
        invocation: How the command was typed.
        stored: The plan.
        seen_at: When the org was last seen in the state that the plan was made from.
        written: The files that were written, by what they are.
        limit: How many changes to show; the usual number by default.
        whole: Show all of them.
    """
    from sfterritory.writeback.freshness import expires_at
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
                "seen_at": seen_at.isoformat(),
                "expires_at": expires_at(plan, seen_at).isoformat(),
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
        seen_at=seen_at,
        console=invocation.console(),
        limit=None if whole else limit or FIRST_LINES,
    )
