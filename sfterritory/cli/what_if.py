"""The options that say what a scenario changes, the same for every command that builds one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec

import click

from sfterritory.cli.invocation import Invocation
from sfterritory.errors import ExitCode

P = ParamSpec("P")

_OPTIONS = (
    click.option(
        "--without", multiple=True, metavar="REP", help="This rep leaves; may be repeated."
    ),
    click.option(
        "--add",
        multiple=True,
        metavar="COUNT[@PLACE]",
        help="Reps to be hired: 2@region=West, 1@'Ann Bell', 1@-98.5,39.1; may be repeated.",
    ),
    click.option(
        "--capacity",
        multiple=True,
        metavar="REP=SIZE",
        help="Another size of a rep's territory, 1 is a full one; may be repeated.",
    ),
    click.option(
        "--cadence",
        multiple=True,
        metavar="FIELD=VALUE*FACTOR",
        help="Other numbers of calls: Tier__c=C*0.5, Tier__c=A:26, all*0.9; may be repeated.",
    ),
    click.option(
        "--visit-minutes-factor", type=float, metavar="FACTOR", help="Every call takes longer."
    ),
    click.option("--only", metavar="ATTRIBUTE=VALUE", help="Plan only these reps again."),
    click.option(
        "--mode",
        type=click.Choice(["homes", "greenfield", "repair"]),
        help="Where centres come from.",
    ),
    click.option(
        "--tolerance",
        multiple=True,
        metavar="MEASURE=SHARE",
        help="Allowed distance from a fair part: hours=0.1; may be repeated.",
    ),
    click.option(
        "--churn-price-km", type=float, metavar="KM", help="What an hour moved has to save."
    ),
    click.option("--unlock", is_flag=True, help="Set locked accounts of reps who leave free."),
    click.option(
        "--what-if",
        "what_if_file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="All of this from a YAML file; options add to it.",
    ),
)


def what_if_options(
    body: Callable[Concatenate[Invocation, P], ExitCode | None],
) -> Callable[Concatenate[Invocation, P], ExitCode | None]:
    """Add the what-if options to a command, and hand it the document as `what_if`."""

    @functools.wraps(body)
    def command(invocation: Invocation, /, *args: P.args, **kwargs: P.kwargs) -> ExitCode | None:
        from sfterritory.model.what_if import WhatIf
        from sfterritory.model.what_if_words import WhatIfWords, parse_what_if
        from sfterritory.pipeline.scenario import read_what_if

        file = kwargs.pop("what_if_file")
        typed = {name: kwargs.pop(name) for name in WhatIfWords.__dataclass_fields__}
        words = parse_what_if(WhatIfWords(**typed))  # type: ignore[arg-type] # click's values
        written = read_what_if(Path(str(file))) if file else WhatIf()
        kwargs["what_if"] = written.followed_by(words)
        return body(invocation, *args, **kwargs)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command
