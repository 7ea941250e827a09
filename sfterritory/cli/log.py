"""`log`: what was done with this project, newest first."""

from __future__ import annotations

import click

from sfterritory.cli.invocation import Invocation, on_project


@click.command("log", short_help="List what was done, or every record of a run.")
@click.argument("run", required=False)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="How many lines to show.",
)
@on_project
def command(invocation: Invocation, *, run: str | None, limit: int) -> None:
    """List pulls, plans, decisions and runs, or every record of one RUN with its outcome."""
    settings = invocation.settings()
    with invocation.store(settings) as store:
        if run is not None:
            from sfterritory.pipeline.revert import find_run

            found = find_run(store, run)
            outcomes = tuple(store.runs.outcomes(found.id).values())
            if invocation.as_json:
                invocation.answer_json(
                    {
                        "run": found.id,
                        "plan": found.plan_hash,
                        "state": str(found.state),
                        "records": [one.model_dump(mode="json") for one in outcomes],
                    }
                )
                return
            from sfterritory.cli.render.layout import render_table

            render_table(
                f"Run {found.id} of plan {found.plan_hash[:8]}: {found.state}",
                ("record", "outcome", "code", "message"),
                [(one.key, str(one.outcome), one.code, one.message) for one in outcomes],
                console=invocation.console(),
            )
            return
        lines = store.log.list()[:limit]
    if invocation.as_json:
        invocation.answer_json(
            [
                {"at": one.at.isoformat(), "by": one.by, "kind": one.kind, "facts": dict(one.facts)}
                for one in lines
            ]
        )
        return
    from sfterritory.cli.render.layout import render_table
    from sfterritory.web.wording import instant

    render_table(
        "",
        ("when", "what", "by", "facts"),
        [
            (
                instant(one.at),
                one.kind,
                one.by,
                "  ".join(
                    f"{name} {value[:8] if name in ('plan', 'snapshot', 'version') else value}"
                    if isinstance(value, str)
                    else f"{name} {value}"
                    for name, value in one.facts.items()
                    if value != ""
                ),
            )
            for one in lines
        ],
        console=invocation.console(),
    )
