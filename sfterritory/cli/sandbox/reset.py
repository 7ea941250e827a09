"""`sfterritory sandbox reset`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sfterritory.cli.sandbox.state_file import explained, json_option, state_option


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--empty", is_flag=True, help="Users and queues, but no accounts or leads.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another org.")
@click.option(
    "--accounts", type=click.IntRange(0), default=2000, show_default=True, help="How many."
)
@click.option("--leads", type=click.IntRange(0), default=600, show_default=True, help="How many.")
@click.option("--reps", type=click.IntRange(1), default=15, show_default=True, help="How many.")
@state_option
@json_option
def reset(  # noqa: PLR0913 - one argument an option
    *,
    yes: bool,
    empty: bool,
    seed: int,
    accounts: int,
    leads: int,
    reps: int,
    state: Path,
    as_json: bool,
) -> None:
    """Drop the org's state file and seed it again."""
    replaced = state.exists()
    if replaced and not yes:
        click.confirm(
            f"Drop the org in {state} with every change made to it?", abort=True, err=True
        )
    with explained():
        from sfterritory.sandbox.seed import remove_state_file, seed_org

        remove_state_file(state)
        report = seed_org(
            state,
            seed=seed,
            accounts=0 if empty else accounts,
            leads=0 if empty else leads,
            reps=reps,
        )
    if replaced:
        click.echo(
            "A server that was running goes on with the old org: start it again, and set the new "
            "secret. Then `sfterritory pull --full`: the new org has the old one's id.",
            err=True,
        )
    if as_json:
        answer = {"state": str(state), "records": report.records, "dirt": report.counts}
        click.echo(json.dumps(answer))
        return
    counts = ", ".join(f"{count:,} {name}" for name, count in report.records.items())
    click.echo(f"{state}: {counts}")
