"""`build`: territories from workload and geography."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project

if TYPE_CHECKING:
    from rich.console import Console

    from sfterritory.pipeline.build import BuildReport


@click.command("build", short_help="Build one balanced territory per rep.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Worker processes; the answer is the same for any number.",
)
@on_project
def command(invocation: Invocation, *, workers: int) -> None:
    """Build one territory per rep: balanced on hours and value, compact, few accounts moved.

    Needs a pull. Nothing is written to Salesforce.
    """
    from sfterritory.pipeline.build import build

    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.progress():
        report = build(
            settings, store, now=invocation.now, holder=invocation.holder, workers=workers
        )
    if invocation.as_json:
        invocation.answer(report)
    else:
        _show(report, invocation.console())


def _show(report: BuildReport, console: Console) -> None:
    from sfterritory.cli.render.layout import render_facts, render_table

    render_table(
        "Territories",
        ("key", "territory", "rep", "accounts", "hours a year", "capacity", "can serve", "value"),
        [
            (
                one.key,
                one.name,
                one.rep,
                one.accounts,
                round(one.hours_per_year),
                round(one.capacity_hours_per_year),
                one.servable_accounts,
                round(one.value_usd),
            )
            for one in report.territories
        ],
        console=console,
    )
    render_table(
        "First feasible, then better",
        (
            "stage",
            "mean km",
            "hours min",
            "hours max",
            "value min",
            "value max",
            "outside",
            "moved",
        ),
        [
            (
                stage["name"],
                stage["mean_km"],
                stage["hours_share_min"],
                stage["hours_share_max"],
                stage["value_share_min"],
                stage["value_share_max"],
                stage["territories_outside"],
                stage["accounts_moved"],
            )
            for stage in report.stages
        ],
        console=console,
    )
    render_facts(
        [
            ("Accounts in territories", report.accounts),
            ("Not located", report.unlocated),
            ("Outside scope", report.outside_scope),
            ("Locked to their owner", report.locked),
            ("Would change owner", report.moved),
            ("Limits kept", "yes" if report.feasible else "no: see the notes"),
            (
                "Gap to a proven bound",
                "not proven" if report.gap_share is None else f"at most {report.gap_share:.2%}",
            ),
        ],
        console=console,
    )
    for note in report.notes:
        console.print(f"Note: {note}")
    console.print(f"Territories {report.version[:8]} from snapshot {report.snapshot_id[:8]}.")
