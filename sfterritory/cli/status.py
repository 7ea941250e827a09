"""`status`: what the store holds, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfterritory.model.store.store import Store
    from sfterritory.pipeline.status import StatusReport


@click.command("status", short_help="Show where the job stands, and the next step.")
@click.option(
    "--unlocated",
    is_flag=True,
    help="List every record without a place, and every value of an address that was refused.",
)
@on_project
def command(invocation: Invocation, *, unlocated: bool) -> None:
    """Show where the main job stands, and the next step."""
    from sfterritory.pipeline.status import status

    settings = invocation.settings()
    with invocation.store(settings) as store:
        if unlocated:
            _show_unlocated(invocation, store)
            return
        report = status(settings, store, now=invocation.now)
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
    causes = ", ".join(f"{count:,} {cause}" for cause, count in report.unlocated.items())
    facts = [
        ("Store", report.store),
        ("Org", report.org_id or "nothing was pulled yet"),
        ("Pulled", instant(report.pulled_at) if report.pulled_at else "never"),
        ("Records", counts or "none"),
        *_remarks(report),
        ("Accounts not located", causes.replace("_", " ") or "none"),
        ("Snapshot", (report.snapshot_id or "none")[:8]),
        ("Territories", _territories(report)),
        *(
            (f"From {instant(one.effective_at)}", f"{one.version[:8]}, scenario {one.scenario}")
            for one in report.upcoming_territories
        ),
        *((("Overrides", f"{report.overrides:,}"),) if report.overrides else ()),
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


def _territories(report: StatusReport) -> str:
    version = (report.territory_version or "none")[:8]
    return f"{version}, scenario {report.scenario}" if report.scenario else version


def _remarks(report: StatusReport) -> Iterator[tuple[str, str]]:
    """Yield the lines that only some stores have."""
    if report.merged:
        merged = (f"{count:,} {name}" for name, count in report.merged.items())
        yield "Merged away", ", ".join(merged)
    if report.kept_fields:
        yield "No longer readable", f"{', '.join(report.kept_fields)}: values of an earlier pull"


def _show_unlocated(invocation: Invocation, store: Store) -> None:
    from sfterritory.cli.render.layout import render_table
    from sfterritory.pipeline.unlocated import location_report

    report = location_report(store)
    if invocation.as_json:
        invocation.answer(report)
        return
    console = invocation.console()
    render_table(
        f"Not located: {len(report.unlocated):,}",
        ("object", "record", "name", "address", "why"),
        [
            (one.object_name, one.record_id, one.name, one.address, one.words)
            for one in report.unlocated
        ],
        console=console,
    )
    render_table(
        f"Values refused: {len(report.refused):,}",
        ("object", "record", "field", "value", "why"),
        [
            (one.object_name, one.record_id, one.field.replace("_", " "), one.value, one.words)
            for one in report.refused
        ],
        console=console,
    )
