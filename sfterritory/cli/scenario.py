"""`scenario`: try territories out beside those that count, compare them, and date one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.cli.what_if import what_if_options

if TYPE_CHECKING:
    from sfterritory.model.store.store import Store
    from sfterritory.model.what_if import WhatIf
    from sfterritory.pipeline.scenario_entry import Acting, ScenarioEntry
    from sfterritory.settings.project import Settings

_FILE = click.Path(dir_okay=False, path_type=Path)
_workers = click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Worker processes; the answer is the same for any number.",
)
_note = click.option("--note", default="", help="What it is for; kept with the scenario.")


@click.group("scenario", short_help="Try territories out, compare them, and date one.")
def command() -> None:
    """Try territories out beside those that count, compare them, and let one count from a day on.

    Routing and plans see nothing of a scenario before its day.
    """


@command.command("create")
@click.argument("name")
@_note
@_workers
@on_project
@what_if_options
def create(invocation: Invocation, *, name: str, note: str, workers: int, what_if: WhatIf) -> None:
    """Build territories with some things changed, and keep them under NAME.

    Without a change it is what `build` would make, kept aside.
    """
    from sfterritory.pipeline.scenario import create as make

    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.progress():
        acting = _acting(invocation, workers=workers)
        made = make(settings, store, name, what_if=what_if, note=note, acting=acting)
    _tell(invocation, made, f"sfterritory scenario compare live {name}")


@command.command("clone")
@click.argument("source")
@click.argument("name")
@_note
@_workers
@on_project
@what_if_options
def clone(
    invocation: Invocation, *, source: str, name: str, note: str, workers: int, what_if: WhatIf
) -> None:
    """Copy the scenario SOURCE to NAME; with further changes, build it with both."""
    from sfterritory.pipeline.scenario import clone as make

    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.progress():
        acting = _acting(invocation, workers=workers)
        made = make(settings, store, source, name, what_if=what_if, note=note, acting=acting)
    _tell(invocation, made, f"sfterritory scenario compare {source} {name}")


@command.command("rebuild")
@click.argument("name")
@_workers
@click.option("--accept-limits", metavar="REASON", help="Why it may count though it breaks limits.")
@on_project
def rebuild(invocation: Invocation, *, name: str, workers: int, accept_limits: str | None) -> None:
    """Build the scenario NAME again from the last pull; its changes and its day stay.

    One that has a day and would break limits stays as it was, unless you accept that.
    """
    from sfterritory.pipeline.scenario import rebuild as make

    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.progress():
        acting = _acting(invocation, workers=workers)
        made = make(settings, store, name, accepted=accept_limits, acting=acting)
    _tell(invocation, made, f"sfterritory scenario show {name}")


@command.command("list")
@on_project
def list_(invocation: Invocation) -> None:
    """List every scenario: how far it has come, and from when on it counts."""
    from sfterritory.pipeline.scenario_entry import entries

    settings = invocation.settings()
    with invocation.store(settings) as store:
        found = entries(store, now=invocation.now)
    if invocation.as_json:
        invocation.answer_json([one.model_dump(mode="json") for one in found])
        return
    from sfterritory.cli.render.scenario import render_entries

    render_entries(found, console=invocation.console())


@command.command("show")
@click.argument("name")
@click.option(
    "--letter",
    type=_FILE,
    help="Write what comes and goes for each person as Markdown, to be sent to them.",
)
@click.option("--csv", "rows", type=_FILE, help="Write every account that changes hands as CSV.")
@on_project
def show(invocation: Invocation, *, name: str, letter: Path | None, rows: Path | None) -> None:
    """Show what the scenario NAME changes, what it comes to, and what each rep gains and loses."""
    from sfterritory.pipeline.scenario_comparison import compare as figures_of
    from sfterritory.pipeline.scenario_entry import entry

    settings = invocation.settings()
    with invocation.store(settings) as store:
        found = entry(store, name, now=invocation.now)
        report = figures_of(settings, store, [name], now=invocation.now)
        if letter is not None or rows is not None:
            _write_people(invocation, settings, store, name, letter=letter, rows=rows)
    if invocation.as_json:
        figures = report.compared[0].figures
        invocation.answer_json(
            {
                **found.model_dump(mode="json"),
                "figures": figures.model_dump(mode="json"),
                "notes": [*report.notes],
            }
        )
        return
    from sfterritory.cli.render.scenario import render_scenario

    render_scenario(found, report, console=invocation.console())


@command.command("compare")
@click.argument("names", nargs=-1, required=True)
@on_project
def compare(invocation: Invocation, *, names: tuple[str, ...]) -> None:
    """Compare scenarios side by side: NAMES are two or more; `live` is what counts now."""
    from sfterritory.pipeline.scenario_comparison import compare as side_by_side

    if len(names) < 2:
        raise click.UsageError("name two scenarios or more; `live` is what counts now")
    settings = invocation.settings()
    with invocation.store(settings) as store:
        report = side_by_side(settings, store, names, now=invocation.now)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.scenario import render_comparison

    render_comparison(report, console=invocation.console())


@command.command("activate")
@click.argument("name")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day (UTC) from which it counts; at once where it is left out.",
)
@click.option("--accept-limits", metavar="REASON", help="Why it may count though it breaks limits.")
@on_project
def activate(
    invocation: Invocation, *, name: str, on: datetime | None, accept_limits: str | None
) -> None:
    """Let routing and plans go by the scenario NAME, at once or from a day on.

    Until that day they go by what counts now. Nothing is written to Salesforce.
    """
    from sfterritory.pipeline.scenario_date import activate as date

    settings = invocation.settings()
    with invocation.store(settings) as store:
        day = None if on is None else on.replace(tzinfo=UTC)
        done = date(store, name, on=day, accepted=accept_limits, acting=_acting(invocation))
    _tell(invocation, done, "sfterritory route" if done.in_force else "sfterritory status")


@command.command("withdraw")
@click.argument("name")
@on_project
def withdraw(invocation: Invocation, *, name: str) -> None:
    """Let the scenario NAME count no more: what counted before it counts again."""
    from sfterritory.pipeline.scenario_date import withdraw as take_back

    settings = invocation.settings()
    with invocation.store(settings) as store:
        done = take_back(store, name, acting=_acting(invocation))
    _tell(invocation, done, "sfterritory status")


@command.command("delete")
@click.argument("name")
@on_project
def delete(invocation: Invocation, *, name: str) -> None:
    """Delete the scenario NAME and its territories; one that counts is withdrawn first."""
    from sfterritory.pipeline.scenario import remove

    settings = invocation.settings()
    with invocation.store(settings) as store:
        gone = remove(store, name, acting=_acting(invocation))
    if invocation.as_json:
        invocation.answer(gone)
    else:
        click.echo(f"Deleted scenario {name}.")


def _write_people(
    invocation: Invocation,
    settings: Settings,
    store: Store,
    name: str,
    *,
    letter: Path | None,
    rows: Path | None,
) -> None:
    """Write the accounts that change hands: by person as Markdown, one a row as CSV."""
    from sfterritory.cli.plan_output import write
    from sfterritory.cli.render.scenario_letter import hand_overs_csv, people_markdown
    from sfterritory.pipeline.scenario_people import scenario_people

    found = scenario_people(settings, store, name, now=invocation.now)
    for path, rendered in ((letter, people_markdown), (rows, hand_overs_csv)):
        if path is not None:
            write(path, rendered(found))
            click.echo(
                f"{path} tells {len(found.people):,} people of {len(found.hand_overs):,} accounts.",
                err=True,
            )


def _acting(invocation: Invocation, *, workers: int = 1) -> Acting:
    from sfterritory.pipeline.scenario_entry import Acting

    return Acting(now=invocation.now, by=invocation.user, holder=invocation.holder, workers=workers)


def _tell(invocation: Invocation, entry: ScenarioEntry, next_step: str) -> None:
    if invocation.as_json:
        invocation.answer(entry)
        return
    from sfterritory.cli.render.scenario import render_entry

    render_entry(entry, console=invocation.console())
    click.echo(f"Next: {next_step}", err=True)
