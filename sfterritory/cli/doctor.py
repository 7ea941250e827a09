"""`doctor`: is everything there that the main job needs?"""

from __future__ import annotations

import os

import click

from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.errors import ExitCode

_SIGNS = {"ok": "ok  ", "warning": "warn", "failed": "FAIL"}


@click.command("doctor", short_help="Check everything that the main job needs.")
@on_project
def command(invocation: Invocation) -> ExitCode:
    """Check mappings, store, sign-in, permissions and limits; each failure says what to do.

    Ends with 1 if any check failed.
    """
    from sfterritory.pipeline.doctor import examine

    report = examine(invocation.settings(), os.environ, now=invocation.now)
    if invocation.as_json:
        invocation.answer(report)
    else:
        console = invocation.console()
        for check in report.checks:
            console.print(f"{_SIGNS[check.health]}  {check.name}: {check.detail}", soft_wrap=True)
            if check.remedy:
                console.print(f"      what to do: {check.remedy}", soft_wrap=True)
        console.print("All is well." if report.healthy else "Correct what failed, then run again.")
    return ExitCode.DONE if report.healthy else ExitCode.ERROR
