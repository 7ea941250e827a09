"""How a failure is shown: what happened, then what to do; as JSON on stdout when asked."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from dataclasses import dataclass

import click

from sfterritory.errors import ExitCode, SfTerritoryError

FORMAT_VERSION = 1
_ANSWER = "run the command again and answer y, or give --yes where nobody can answer"


@dataclass(frozen=True, slots=True)
class _Failure:
    problem: str
    remedy: str
    code: ExitCode


def show(error: BaseException, *, as_json: bool) -> ExitCode:
    """Print one failure and return its exit code; no traceback reaches a user.

    People read a box on stderr; programs get one JSON document on stdout.
    """
    failure = _explain(error)
    if as_json:
        document = {
            "problem": failure.problem,
            "remedy": failure.remedy,
            "exit_code": int(failure.code),
        }
        click.echo(json.dumps({"format_version": FORMAT_VERSION, "error": document}))
    else:
        click.echo(_boxed(failure), err=True, color=_coloured())
    return failure.code


def _explain(error: BaseException) -> _Failure:
    match error:
        case SfTerritoryError():
            return _Failure(error.problem, error.remedy, error.exit_code)
        case click.UsageError():
            path = error.ctx.command_path if error.ctx else "sfterritory"
            return _Failure(error.format_message(), f"see `{path} --help`", ExitCode.USAGE)
        case click.ClickException():
            return _Failure(error.format_message(), "correct the command", ExitCode.USAGE)
        case click.Abort() if not isinstance(error.__cause__, KeyboardInterrupt):
            return _Failure("not confirmed: nothing was done", _ANSWER, ExitCode.ERROR)
        case click.Abort() | KeyboardInterrupt():
            remedy = "run the same command again: it goes on where it stopped"
            return _Failure("interrupted", remedy, ExitCode.INTERRUPTED)
        case Exception():
            return _unforeseen(error)
        case _:
            raise error


def _unforeseen(error: Exception) -> _Failure:
    """Keep the traceback in a file, and tell where it is."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="sfterritory-crash-", suffix=".txt", delete=False, encoding="utf-8"
    ) as report:
        report.write("".join(traceback.format_exception(error)))
    return _Failure(
        f"sfterritory failed in a way nobody foresaw: {type(error).__name__}",
        f"report it with the file {report.name} (look through it for customer data first); "
        "`sfterritory log` tells what was written to Salesforce",
        ExitCode.ERROR,
    )


def _boxed(failure: _Failure) -> str:
    bar = click.style("│", fg="red")
    first, *others = failure.problem.splitlines() or [""]
    return "\n".join(
        [
            f"{bar} {click.style('Error:', fg='red', bold=True)} {first}",
            *(f"{bar} {line}" for line in others),
            bar,
            f"{bar} {click.style('What to do:', bold=True)} {failure.remedy}",
        ]
    )


def _coloured() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stderr.isatty()
