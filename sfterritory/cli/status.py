"""`status`: what the store holds, and what to do next."""

from __future__ import annotations

import click

from sfterritory.cli.invocation import Invocation, on_project


@click.command("status", short_help="Show where the job stands, and the next step.")
@on_project
def command(invocation: Invocation) -> None:
    """Show where the main job stands, and the next step."""
    from sfterritory.pipeline.status import status

    settings = invocation.settings()
    with invocation.store(settings) as store:
        report = status(settings, store)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.layout import render_facts
    from sfterritory.web.wording import instant

    review = (
        f"{report.approved:,} approved, {report.rejected:,} rejected, "
        f"{report.undecided:,} undecided"
    )
    counts = ", ".join(f"{count:,} {name}" for name, count in report.counts.items())
    unlocated = ", ".join(f"{count:,} {cause}" for cause, count in report.unlocated.items())
    facts = [
        ("Store", report.store),
        ("Org", report.org_id or "nothing was pulled yet"),
        ("Pulled", instant(report.pulled_at) if report.pulled_at else "never"),
        ("Records", counts or "none"),
        ("Accounts not located", unlocated.replace("_", " ") or "none"),
        ("Snapshot", (report.snapshot_id or "none")[:8]),
        ("Territories", (report.territory_version or "none")[:8]),
        ("Routed", (report.route_version or "none")[:8]),
        ("Plan", report.plan_summary or "none"),
    ]
    if report.plan_expires_at is not None:
        facts += [
            ("Plan expires", instant(report.plan_expires_at)),
            (
                "Review",
                review,
            ),
        ]
    if report.unfinished_runs:
        facts.append(("Cut off", ", ".join(report.unfinished_runs)))
    facts.append(("Next", report.next_step))
    render_facts(facts, console=invocation.console())
