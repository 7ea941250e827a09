"""`bench`: solve instance files of location problems, so that anybody can score the answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import FORMAT_VERSION
from sfterritory.errors import ExitCode

if TYPE_CHECKING:
    from sfterritory.connectors.instance_file import Metric
    from sfterritory.pipeline.district import DistrictReport
    from sfterritory.pipeline.instance import InstanceReport


@click.group("bench", short_help="Solve an instance file, so that its answer can be scored.")
def command() -> None:
    """Solve instance files of known problems; the answers can be scored from outside."""


@command.command("territory")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Write the rows customer_index,center_index here.",
)
@click.option(
    "--effort",
    type=click.FloatRange(0, 1e6, min_open=True),
    default=60.0,
    show_default=True,
    help="How long to search a p-median file: about CPU seconds, counted in work, not by a clock.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the search."
)
@click.option(
    "--metric",
    type=click.Choice(["auto", "euclid", "floor"]),
    default="auto",
    show_default=True,
    help="Distances of a p-median file; auto rounds down where its name begins with cpmp.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")
def territory(
    file: Path, *, out: Path, effort: float, seed: int, metric: Metric, as_json: bool
) -> ExitCode:
    """Solve the instance in FILE: capacitated p-median (`n p`), or territories (`TERR`).

    Ends with 1 where the answer breaks a capacity or a band; it is written all the same.
    """
    from sfterritory.optimize.median.instance import MedianParams
    from sfterritory.pipeline.instance import solve_instance

    params = MedianParams(effort=effort, seed=seed)
    report = solve_instance(file, out, params=params, metric=metric)
    if as_json:
        answer = {"format_version": FORMAT_VERSION, "territory": report.model_dump(mode="json")}
        click.echo(json.dumps(answer))
    else:
        _show(report)
    return ExitCode.DONE if report.feasible else ExitCode.ERROR


def _show(report: InstanceReport) -> None:
    from sfterritory.cli.render.layout import render_facts
    from sfterritory.cli.render.style import stdout_console

    known = report.bound is not None
    gap = "unknown" if report.gap_share is None else f"{report.gap_share:.2%} at most"
    render_facts(
        [
            (
                "Instance",
                f"{report.file}: {report.customers:,} customers, {report.centres:,} centres",
            ),
            ("Value", f"{report.value:,.2f}"),
            ("Feasible", "yes" if report.feasible else f"no: {report.broken:g} outside the limits"),
            ("Bound", f"{report.bound:,.2f}, proven" if known else "none was proven"),
            ("Gap", gap),
            *(("Broken", problem) for problem in report.problems),
            ("Written", report.out),
        ],
        console=stdout_console(),
    )


@command.command("districts")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--districts", type=click.IntRange(min=1), required=True, help="How many districts to make."
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.005,
    show_default=True,
    help="Share of the mean population by which a district may differ from it.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Write the rows unit,district here.",
)
@click.option(
    "--population",
    metavar="COLUMN",
    help="Column of the population; without it TOTPOP, tot_pop_20 or another usual name.",
)
@click.option(
    "--effort",
    type=click.FloatRange(0, 1e6, min_open=True),
    default=20.0,
    show_default=True,
    help="How long to search: about CPU seconds, counted in work, not by a clock.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the search."
)
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")
def districts(  # noqa: PLR0913 - one parameter an option
    file: Path,
    *,
    districts: int,
    tolerance: float,
    out: Path,
    population: str | None,
    effort: float,
    seed: int,
    as_json: bool,
) -> ExitCode:
    """Divide the unit graph in FILE (adjacency JSON, may be gzipped) into contiguous districts.

    As few borders as can be found are cut. Ends with 1 where no plan within the tolerance was
    found; the nearest one is written all the same.
    """
    from sfterritory.optimize.district.unit_graph import DistrictParams
    from sfterritory.pipeline.district import solve_district_file

    params = DistrictParams(districts=districts, tolerance=tolerance, effort=effort, seed=seed)
    report = solve_district_file(file, out, params=params, column=population)
    if as_json:
        answer = {"format_version": FORMAT_VERSION, "districts": report.model_dump(mode="json")}
        click.echo(json.dumps(answer))
    else:
        _show_districts(report)
    return ExitCode.DONE if report.feasible else ExitCode.ERROR


def _show_districts(report: DistrictReport) -> None:
    from sfterritory.cli.render.layout import render_facts
    from sfterritory.cli.render.style import stdout_console

    outside = f"no: {report.outside:,.10g} people outside the limits"
    render_facts(
        [
            ("Graph", f"{report.file}: {report.units:,} units, {report.borders:,} borders"),
            ("Districts", f"{report.districts:,}, by {report.column}"),
            ("Limits", f"{report.least:,.1f} to {report.most:,.1f}"),
            ("Within limits", "yes" if report.outside == 0 else outside),
            ("Contiguous", "yes" if report.contiguous else "no"),
            ("Worst deviation", f"{report.worst_deviation_share:.3%} of the mean"),
            ("Cut edges", f"{report.cut_edges:,}"),
            ("Written", report.out),
        ],
        console=stdout_console(),
    )
