"""`route`: who should own each record, by the rules."""

from __future__ import annotations

import click

from sfterritory.cli.invocation import Invocation, on_project


@click.command("route", short_help="Decide by the rules who should own each record.")
@on_project
def command(invocation: Invocation) -> None:
    """Route every account and lead by mappings/routing.yaml; each gets exactly one answer.

    Needs territories. Nothing is written to Salesforce.
    """
    from sfterritory.pipeline.route import route_all

    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.progress():
        report = route_all(settings, store, now=invocation.now, holder=invocation.holder)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.layout import render_table

    console = invocation.console()
    render_table(
        "Routed",
        ("object", "rule", "to", "records"),
        [
            (one.object_name, one.rule, one.destination.replace("_", " "), one.records)
            for one in report.rules
        ],
        console=console,
    )
    for name, records in report.records.items():
        console.print(f"{name}: {records:,} routed, {report.moves[name]:,} to another owner.")
    for note in report.notes:
        console.print(f"Note: {note}")
