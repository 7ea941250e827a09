"""`apply`: write what was approved; the only command that changes records in Salesforce."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.errors import ExitCode


@click.command("apply", short_help="Write what was approved, and read it back.")
@click.argument("plan")
@click.option("--only", "records", multiple=True, help="Only this record; may be repeated.")
@click.option(
    "--territory", "territories", multiple=True, help="Only this territory; may be repeated."
)
@click.option(
    "--owner", "owners", multiple=True, help="Only what this owner would get; may be repeated."
)
@on_project
def command(
    invocation: Invocation,
    *,
    plan: str,
    records: tuple[str, ...],
    territories: tuple[str, ...],
    owners: tuple[str, ...],
) -> ExitCode:
    """Apply the approved lines of PLAN, each checked before and read back after.

    A record that somebody moved meanwhile is skipped. A run that was cut off goes on where it
    stopped. Ends with 3 where some records were skipped or refused, or where Salesforce moved
    others along with them.
    """
    from sfterritory.pipeline.apply import apply_plan
    from sfterritory.pipeline.review import Selection, find_plan

    settings = invocation.settings()
    with invocation.store(settings) as store:
        stored = find_plan(store, plan)
        with invocation.org(settings) as org, invocation.progress():
            report = apply_plan(
                settings,
                store,
                org,
                stored,
                selection=Selection(records=records, territories=territories, owners=owners),
                clock=lambda: datetime.now(UTC),
                holder=invocation.holder,
                who=invocation.user,
            )
    if invocation.as_json:
        invocation.answer(report)
    else:
        from sfterritory.cli.render.outcome import render_applied, render_side_effects

        if report.resumed:
            click.echo(f"Run {report.run_id} went on where it was cut off.", err=True)
        render_side_effects(report.side_effects, console=invocation.console())
        render_applied(report.applied, summary=report.summary, console=invocation.console())
        if report.left_out or report.rejected or report.undecided:
            click.echo(
                f"Not written: {report.left_out:,} approved but left out, "
                f"{report.rejected:,} rejected, {report.undecided:,} undecided.",
                err=True,
            )
        if report.counts.get("done") or report.counts.get("unverified"):
            click.echo(f"Undo it with: sfterritory revert {report.run_id}", err=True)
    if report.left:
        if not invocation.as_json:
            click.echo("Run the same command again: it goes on where it stopped.", err=True)
        return ExitCode.INTERRUPTED
    return ExitCode(report.exit_code)
