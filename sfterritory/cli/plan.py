"""`plan`: what would change, as a document to review."""

from __future__ import annotations

from pathlib import Path

import click

from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.errors import ExitCode


@click.command("plan", short_help="Show what would change, as a document to review.")
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="End with 2 where there are changes, 0 where there are none, 1 on an error.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the plan file here (JSON with its hash).",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the HTML report.  [default: plans/HASH.html]",
)
@click.option("--no-html", is_flag=True, help="Write no HTML report.")
@on_project
def command(
    invocation: Invocation,
    *,
    detailed_exitcode: bool,
    out: Path | None,
    html: Path | None,
    no_html: bool,
) -> ExitCode:
    """Plan the owner changes, and write a report to review.

    The same pull, mappings and seed give the same plan, named by its hash. Nothing is written to
    Salesforce.
    """
    from sfterritory.cli import plan_output
    from sfterritory.pipeline.plan import plan_changes
    from sfterritory.pipeline.review import seen_at

    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.progress():
        stored = plan_changes(settings, store, now=invocation.now, created_by=invocation.user)
        written = plan_output.write_files(
            settings,
            store,
            stored,
            out=out,
            html=None if no_html else html,
            report=not no_html,
        )
        seen = seen_at(store, stored)
    plan_output.show(invocation, stored, seen_at=seen, written=written)
    if detailed_exitcode and stored.plan.changes:
        return ExitCode.CHANGES_PRESENT
    return ExitCode.DONE
