"""`doctor`: is everything there that the main job needs?"""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.errors import ExitCode

if TYPE_CHECKING:
    from sfterritory.pipeline.doctor.report import DoctorReport

_SIGNS = {"ok": "ok  ", "warning": "warn", "unknown": "?   ", "failed": "FAIL"}


@click.command("doctor", short_help="Check everything that the main job needs.")
@click.option(
    "--show-config",
    is_flag=True,
    help="Check nothing; show each value that holds and where it comes from.",
)
@on_project
def command(invocation: Invocation, *, show_config: bool) -> ExitCode:
    """Check mappings, store, sign-in, org, permissions and limits; each failure says what to do.

    Ends with 1 if any check failed. Nothing is written to Salesforce.
    """
    if show_config:
        _show_config(invocation)
        return ExitCode.DONE
    from sfterritory.pipeline.doctor.examination import examine

    report = examine(
        invocation.settings(),
        os.environ,
        clock=lambda: datetime.now().astimezone(),
        holder=f"doctor of {invocation.holder}",
    )
    if invocation.as_json:
        invocation.answer(report)
    else:
        _show(invocation, report)
    return ExitCode.DONE if report.healthy else ExitCode.ERROR


def _show(invocation: Invocation, report: DoctorReport) -> None:
    console = invocation.console()
    for check in report.checks:
        first, *others = check.detail.splitlines() or [""]
        console.print(f"{_SIGNS[check.health]}  {check.name}: {first}", soft_wrap=True)
        for line in others:
            console.print(f"      {line}", soft_wrap=True)
        if check.remedy:
            console.print(f"      what to do: {check.remedy}", soft_wrap=True)
    counts = {
        word: sum(one.health == health for one in report.checks)
        for health, word in (("failed", "failed"), ("warning", "warned"), ("unknown", "unknown"))
    }
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    if not report.healthy:
        console.print(f"{told}. Correct what failed, then run again.")
    else:
        console.print(f"Nothing failed: {told}." if told else "All is well.")


def _show_config(invocation: Invocation) -> None:
    from sfterritory.pipeline.doctor.config_origin import config_report

    report = config_report(invocation.settings(), os.environ, org_flag=invocation.org_name)
    if invocation.as_json:
        invocation.answer(report)
        return
    from sfterritory.cli.render.layout import render_table

    render_table(
        "Configuration",
        ("key", "value", "from"),
        [(one.key, one.value, one.origin) for one in report.config],
        console=invocation.console(),
    )
