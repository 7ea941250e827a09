"""`build`: territories from workload and geography."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.cli.what_if import what_if_options
from sfterritory.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfterritory.model.what_if import WhatIf


def workforce_options(body: Callable[..., ExitCode | None]) -> Callable[..., ExitCode | None]:
    """Add `--workers`, `--engine` and `--scheduler`."""
    for option in (
        click.option(
            "--scheduler", default="", help="Address of the Dask scheduler: tcp://host:8786."
        ),
        click.option(
            "--engine",
            type=click.Choice(["local", "dask"]),
            default="local",
            show_default=True,
            help="Who does parallel work: processes of this machine, or a Dask cluster.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(1, 64),
            default=1,
            show_default=True,
            help="Worker processes; the answer is the same for any number.",
        ),
    ):
        body = option(body)
    return body


def _not_blank(_: click.Context, option: click.Parameter, reason: str) -> str:
    """Return a reason without the space round it; one of nothing else is none."""
    if reason and not reason.strip():
        raise click.BadParameter("a blank is no reason", param=option)
    return reason.strip()


@click.command("build", short_help="Build one balanced territory per rep.")
@workforce_options
@click.option(
    "--accept-limits",
    metavar="REASON",
    default="",
    callback=_not_blank,
    help="Go by the territories although a limit is broken, and say why.",
)
@click.option(
    "--curve/--no-curve",
    default=True,
    show_default=True,
    help="Work out the price of change, and what locks and other commitments cost.",
)
@on_project
@what_if_options
def command(  # noqa: PLR0913 - one for each option
    invocation: Invocation,
    /,
    *,
    workers: int,
    engine: Literal["local", "dask"],
    scheduler: str,
    accept_limits: str,
    curve: bool,
    what_if: WhatIf,
) -> ExitCode | None:
    """Build one territory per rep: within the limits, compact, few accounts moved.

    Needs a pull. Where not every limit can be kept, it says which and by how much, and routing and
    plans go on with the territories before, unless you accept that. Nothing is written to
    Salesforce.
    """
    from sfterritory.pipeline.build import BuildOptions, build
    from sfterritory.pipeline.workforce import Workforce

    options = BuildOptions(
        what_if=what_if,
        accept_limits=accept_limits,
        curve=curve,
        workforce=Workforce(engine, workers, scheduler),
    )
    settings = invocation.settings()
    with invocation.store(settings) as store, invocation.progress():
        report = build(
            settings, store, now=invocation.now, holder=invocation.holder, options=options
        )
    if invocation.as_json:
        invocation.answer(report)
    else:
        from sfterritory.cli.render.build import render_build

        render_build(report, invocation.console())
    return None if report.chosen else ExitCode.NOT_APPROVED
