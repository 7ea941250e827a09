"""`show`: a plan in any rendering, or one line of it in full."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli import plan_output
from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.errors import ConfigError

if TYPE_CHECKING:
    from sfterritory.model.store.plan_room import StoredPlan


@click.command("show", short_help="Show a plan in any format, or one line of it.")
@click.argument("plan", required=False)
@click.argument("record", required=False)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(plan_output.FORMATS),
    default="terminal",
    show_default=True,
    help="How to show it.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it here instead of on stdout.",
)
@click.option("--all", "whole", is_flag=True, help="Show every line, not only the first ones.")
@on_project
def command(
    invocation: Invocation,
    *,
    plan: str | None,
    record: str | None,
    format_name: str,
    out: Path | None,
    whole: bool,
) -> None:
    """Show PLAN, or one RECORD of it in full.

    PLAN is the start of its hash, or a plan file; the latest where it is left out.
    """
    from sfterritory.pipeline.review import find_plan, seen_at

    settings = invocation.settings()
    with invocation.store(settings) as store:
        stored = find_plan(store, plan)
        if record is not None:
            _show_record(invocation, stored, record)
            return
        if format_name == "terminal" and out is None:
            seen = seen_at(store, stored)
            plan_output.show(invocation, stored, seen_at=seen, written={}, whole=whole)
            return
        if format_name == "terminal":
            raise click.UsageError("--out needs a --format other than terminal")
        content = plan_output.rendered(settings, store, stored, format_name)
    if out is None and format_name == "xlsx" and sys.stdout.isatty():
        raise click.UsageError("an XLSX file is not text: name a file with --out")
    if out is None:
        sys.stdout.buffer.write(content)
        return
    plan_output.write(out, content)
    click.echo(f"{out} holds plan {stored.plan.short_hash} as {format_name}.", err=True)


def _show_record(invocation: Invocation, stored: StoredPlan, record: str) -> None:
    from sfterritory.cli.render.detail import render_blocked, render_change
    from sfterritory.model.ids import looks_like_id, to_18

    name = record.rpartition(":")[2]
    record_id = to_18(name) if looks_like_id(name) else name
    plan = stored.plan
    change = next((one for one in plan.changes if one.subject.record_id == record_id), None)
    line = next((one for one in plan.blocked if one.subject.record_id == record_id), None)
    if change is None and line is None:
        raise ConfigError(
            f"plan {plan.short_hash} has no line for {record}",
            remedy=f"list its records with `sfterritory show {plan.short_hash} --all`, or ask "
            f"`sfterritory why {record}`",
        )
    if change is not None and not invocation.as_json:
        render_change(change, console=invocation.console())
    elif line is not None and not invocation.as_json:
        render_blocked(line, console=invocation.console())
    else:
        shown = change or line
        invocation.answer_json(shown.model_dump(mode="json") if shown else None)
