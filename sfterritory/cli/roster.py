"""`roster`: who covers what, by Salesforce and by every other source, and where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project

if TYPE_CHECKING:
    from sfterritory.pipeline.roster import RosterEntry, RosterReport


@click.command("roster", short_help="Show who covers what, and where the sources differ.")
@click.option("--conflicts", is_flag=True, help="Only what does not fit together.")
@on_project
def command(invocation: Invocation, *, conflicts: bool) -> None:
    """Show everybody who covers something, from Salesforce and mappings/people.yaml.

    Every conflict between the sources is listed with its file's line.
    """
    from sfterritory.pipeline.roster import roster_report

    settings = invocation.settings()
    with invocation.store(settings) as store:
        report = roster_report(settings, store, now=invocation.now)
    if conflicts:
        report = report.model_copy(update={"people": ()})
    if invocation.as_json:
        invocation.answer(report)
        return
    _show(invocation, report, people=not conflicts)


def _show(invocation: Invocation, report: RosterReport, *, people: bool) -> None:
    from sfterritory.cli.render.layout import render_table

    console = invocation.console()
    if people:
        attributes = sorted({name for one in report.people for name in one.attributes})
        reps = sum(one.on_roster for one in report.people)
        render_table(
            f"Roster: {reps:,} reps; {len(report.people) - reps:,} others own records or stand in "
            "a source",
            ("name", "territory", "size", "accounts", "leads", *attributes),
            [_row(one, attributes) for one in report.people],
            console=console,
        )
    render_table(
        f"Conflicts: {len(report.conflicts):,}",
        ("source", "line", "who", "what"),
        [(one.source, one.line, one.name, one.words) for one in report.conflicts],
        console=console,
    )


def _row(one: RosterEntry, attributes: list[str]) -> tuple[str | int | float | None, ...]:
    given = (one.attributes.get(name) for name in attributes)
    return (
        one.name if one.active else f"{one.name} (inactive)",
        one.territory if one.on_roster else "not on the roster",
        one.capacity_share,
        one.owned["Account"],
        one.owned["Lead"],
        *(None if value is None else value.value for value in given),
    )
