"""`why`: who owns a record, since when, and by what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project

if TYPE_CHECKING:
    from rich.console import Console

    from sfterritory.pipeline.why import WhyReport


@click.command("why", short_help="Explain who owns a record, since when and why.")
@click.argument("record")
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="Ask for a past moment (UTC) instead of now.",
)
@on_project
def command(invocation: Invocation, *, record: str, at: datetime | None) -> None:
    """Explain who owns RECORD (an id, or Account:001...), since when and why.

    Names plan, approver, rule, inputs, who came second and what would have to change.
    """
    from sfterritory.pipeline.why import why

    settings = invocation.settings()
    with invocation.store(settings) as store:
        report = why(
            settings,
            store,
            record,
            at=at.replace(tzinfo=UTC) if at else None,
            now=invocation.now,
        )
    if invocation.as_json:
        invocation.answer(report)
    else:
        _show(report, invocation.console())


def _show(report: WhyReport, console: Console) -> None:
    from sfterritory.cli.render.layout import render_facts, render_table
    from sfterritory.web.wording import instant, scalar, visible

    answer = report.answer
    console.print(visible(answer.sentence), style="bold")
    for sentence in answer.to_change:
        console.print(visible(sentence))
    if answer.pending is not None:
        console.print(
            f"Plan {answer.pending.plan_hash[:8]} would give it to "
            f"{visible(answer.pending.after_name)}: {answer.pending.state}."
        )
    for one in report.upcoming:
        whose = f"of {one.owner_name}" if one.owner_name else "which is vacant"
        console.print(
            f"From {instant(one.effective_at)} on it is in the territory "
            f"{visible(one.territory)}, {visible(whose)} (scenario {one.scenario})."
        )
    if len(report.teams) > 1:
        render_table(
            "Whose it is in each team",
            ("team", "territory", "rep", "because", "next", "to change"),
            [
                (
                    one.team,
                    one.territory,
                    one.rep or ("vacant" if one.key else ""),
                    one.reason,
                    f"{one.runner_up} ({one.runner_up_rep or 'vacant'})" if one.runner_up else "",
                    one.would_change,
                )
                for one in report.teams
            ],
            console=console,
        )
    if answer.inputs:
        console.print("\nInputs", style="bold")
        render_facts(
            [(one.name, visible(scalar(one.value))) for one in answer.inputs], console=console
        )
    if report.rules is not None and report.rules.passed:
        render_table(
            "Rules that did not answer",
            ("rule", "because", "found"),
            [(one.rule, one.cause, one.found) for one in report.rules.passed],
            console=console,
        )
    if answer.timeline:
        render_table(
            "Owners, newest first",
            ("when", "from", "to", "by"),
            [
                (
                    instant(one.at),
                    one.before_name or "nobody",
                    one.after_name,
                    f"run {one.run_id} ({one.changed_by})" if one.run_id else one.changed_by,
                )
                for one in answer.timeline
            ],
            console=console,
        )
