"""`revert`: a plan that gives back what a run changed."""

from __future__ import annotations

from pathlib import Path

import click

from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.errors import ExitCode


@click.command("revert", short_help="Plan the way back from a run.")
@click.argument("run")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the HTML report.  [default: plans/HASH.html]",
)
@on_project
def command(invocation: Invocation, *, run: str, html: Path | None) -> ExitCode:
    """Plan the way back from RUN (its id, or `latest`): an ordinary plan to approve and apply.

    What others changed since the run is left to them and listed as blocked. Nothing is written to
    Salesforce until the plan is applied.
    """
    from sfterritory.cli import plan_output
    from sfterritory.pipeline.revert import plan_revert
    from sfterritory.pipeline.review import seen_at

    settings = invocation.settings()
    with invocation.store(settings) as store:
        with invocation.org(settings) as org, invocation.progress():
            undone, stored = plan_revert(
                settings, store, org, run, now=invocation.now, created_by=invocation.user
            )
        written = plan_output.write_files(settings, store, stored, out=None, html=html, report=True)
        seen = seen_at(store, stored)
    plan_output.show(invocation, stored, seen_at=seen, written=written)
    if stored.plan.changes and not invocation.as_json:
        short = stored.plan.short_hash
        click.echo(
            f"It undoes run {undone.id}. Next: sfterritory approve {short} and "
            f"sfterritory apply {short}",
            err=True,
        )
    return ExitCode.DONE
