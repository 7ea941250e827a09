"""`unassigned`: records without a territory, a rep or a person, each with the cause."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project

if TYPE_CHECKING:
    from sfterritory.pipeline.unassigned import UnassignedReport

# The same as `UnassignedCause`, which is heavy to import for `--help`; a test holds them equal.
CAUSES = (
    "not_located",
    "outside_scope",
    "override",
    "left_out",
    "new",
    "vacant",
    "rep_gone",
    "no_owner",
    "owner_gone",
    "queue",
    "fallback",
)
_COLUMNS = (
    "question",
    "object_name",
    "record_id",
    "name",
    "owner_id",
    "owner",
    "cause",
    "words",
)


@click.command("unassigned", short_help="List who falls through: no territory, rep or person.")
@click.option(
    "--cause", "causes", multiple=True, type=click.Choice(CAUSES), help="Only this; repeatable."
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="How many records to list.",
)
@click.option(
    "--start", type=click.IntRange(0), default=0, show_default=True, help="How many to pass over."
)
@click.option(
    "--csv",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all of them here, whatever --start and --limit say.",
)
@on_project
def command(
    invocation: Invocation,
    *,
    causes: tuple[str, ...],
    limit: int,
    start: int,
    out: Path | None,
) -> None:
    """List accounts in no territory or one without a rep, and records that no person owns.

    Needs `build`; what routing says is there after `route`.
    """
    from sfterritory.pipeline.unassigned import Part, UnassignedCause, unassigned

    settings = invocation.settings()
    only = frozenset(UnassignedCause(one) for one in causes)
    part = Part(only) if out is not None else Part(only, start, limit)
    with invocation.store(settings) as store:
        report = unassigned(settings, store, now=invocation.now, part=part)
    if out is not None:
        _write(out, report)
        page = report.records[start : start + limit]
        report = report.model_copy(update={"records": page})
    if invocation.as_json:
        invocation.answer(report)
        return
    _show(invocation, report, start=start)


def _show(invocation: Invocation, report: UnassignedReport, *, start: int) -> None:
    from sfterritory.cli.render.layout import render_table

    console = invocation.console()
    render_table(
        "What is missing",
        ("missing", "object", "cause", "records"),
        [
            (one.question, one.object_name, one.cause.replace("_", " "), one.records)
            for one in report.counts
        ],
        console=console,
    )
    shown = f"{start + 1:,} to {start + len(report.records):,} of " if report.records else ""
    render_table(
        f"Records: {shown}{report.total:,}",
        ("missing", "object", "record", "name", "owner", "why"),
        [
            (one.question, one.object_name, one.record_id, one.name, one.owner, one.words)
            for one in report.records
        ],
        console=console,
    )
    for note in report.notes:
        console.print(f"Note: {note}")
    following = start + len(report.records)
    if report.records and following < report.total:
        click.echo(f"More: sfterritory unassigned --start {following}", err=True)


def _write(out: Path, report: UnassignedReport) -> None:
    from sfterritory.cli.plan_output import write
    from sfterritory.cli.render.row_file import rows_csv

    rows = ([getattr(one, name) for name in _COLUMNS] for one in report.records)
    write(out, rows_csv(_COLUMNS, rows))
    click.echo(f"{out} holds {len(report.records):,} records.", err=True)
