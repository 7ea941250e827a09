"""`territories`: what each territory is like, and its map and charts as files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfterritory.cli.invocation import Invocation, on_project
from sfterritory.errors import StepMissingError

if TYPE_CHECKING:
    from rich.console import Console

    from sfterritory.pipeline.territory_book import Side, TerritoryBook
    from sfterritory.pipeline.territory_report import TerritoriesReport, TerritoryLine

_FILE = click.Path(dir_okay=False, path_type=Path)
# Heading, figure, decimals; a column nobody has a figure for is left out.
_COLUMNS = (
    ("accounts", "accounts", 0),
    ("hours a year", "hours_per_year", 0),
    ("driving h", "drive_hours_per_year", 0),
    ("value", "value_usd", 0),
    ("mean km", "mean_km", 1),
    ("95 % km", "p95_km", 1),
    ("longest km", "longest_km", 1),
    ("longest min", "longest_minutes", 0),
    ("spread km", "spread_km", 1),
    ("inertia", "inertia_ratio", 2),
    ("pieces", "extra_pieces", 0),
)
_MEASURES = ("gini", "variation", "max_over_mean")


@click.command("territories", short_help="Show what each territory is like; write maps and charts.")
@click.option("--before", is_flag=True, help="Today's books of the same reps instead.")
@click.option("--scenario", metavar="NAME", help="Those of a scenario instead.")
@click.option("--overlay", metavar="NAME", help="Those of a further team on the same accounts.")
@click.option("--territory", "key", metavar="KEY", help="Every figure of one, by key or name.")
@click.option(
    "--csv",
    "accounts",
    type=_FILE,
    help="Write whose every account is in each team, why, and who would be next.",
)
@click.option("--geojson", type=_FILE, help="Write the areas with their figures as GeoJSON.")
@click.option("--centres", is_flag=True, help="Put the centres into the GeoJSON as points.")
@click.option("--svg", type=_FILE, help="Write the map as SVG.")
@click.option("--png", type=_FILE, help="Write the map as PNG; needs Chromium on the PATH.")
@click.option(
    "--charts",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the charts of the plan report into this folder, as SVG.",
)
@on_project
def command(  # noqa: PLR0913 - one argument an option
    invocation: Invocation,
    *,
    before: bool,
    scenario: str | None,
    overlay: str | None,
    key: str | None,
    accounts: Path | None,
    geojson: Path | None,
    centres: bool,
    svg: Path | None,
    png: Path | None,
    charts: Path | None,
) -> None:
    """Show counts, hours, distances, spread and shape of every territory, side by side.

    Needs territories. Nothing is written to Salesforce.
    """
    from sfterritory.cli.plan_output import write
    from sfterritory.cli.render.row_file import rows_csv
    from sfterritory.pipeline.team import COLUMNS, team_accounts
    from sfterritory.pipeline.territory_book import Side, load_territory_book
    from sfterritory.pipeline.territory_report import territories_report

    if before and overlay is not None:
        raise click.UsageError("--before has no owners to show of a further team: leave out one")
    if before and accounts is not None:
        raise click.UsageError("--csv tells whose accounts are in territories: leave out --before")
    side = Side.TODAY if before else Side.TERRITORIES
    settings = invocation.settings()
    with invocation.store(settings) as store:
        book = load_territory_book(
            settings, store, now=invocation.now, scenario=scenario, overlay=overlay
        )
        report = territories_report(book, side=side, key=key)
        written: dict[str, str] = {}
        if accounts is not None:
            chosen = report.territories[0].key if key is not None else None
            lines = team_accounts(
                settings,
                store,
                now=invocation.now,
                scenario=scenario,
                overlay=overlay,
                key=chosen,
            )
            write(accounts, rows_csv(COLUMNS, (one.cells for one in lines)))
            written["list of accounts"] = str(accounts)
    if geojson is not None:
        write(geojson, _geojson(book, report, with_centres=centres))
        written["geojson"] = str(geojson)
    for name, path, content in _pictures(book, side, svg=svg, png=png, charts=charts):
        write(path, content)
        written[name] = str(path)
    report = report.model_copy(update={"files": written})
    if invocation.as_json:
        invocation.answer(report)
        return
    for name, place in written.items():
        click.echo(f"The {name} is {place}", err=True)
    if key is None:
        _show(report, invocation.console())
    else:
        _show_one(report.territories[0], report, invocation.console())


def _geojson(book: TerritoryBook, report: TerritoriesReport, *, with_centres: bool) -> bytes:
    from sfterritory.pipeline.geojson import feature_collection
    from sfterritory.pipeline.territory_report import map_features

    features = map_features(book, report, with_centres=with_centres)
    document = feature_collection(features)
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def _pictures(
    book: TerritoryBook, side: Side, *, svg: Path | None, png: Path | None, charts: Path | None
) -> Iterator[tuple[str, Path, bytes]]:
    """Yield name, path and content of each picture that is asked for."""
    from sfterritory.web.picture_file import chart_file, map_file
    from sfterritory.web.territory_map import territory_map

    if svg is not None or png is not None:
        drawing = territory_map(book, side=side)
        if drawing is None:
            raise StepMissingError(
                "no account of these territories has a place: there is nothing to draw",
                remedy="run `sfterritory status --unlocated` to see why",
            )
        content = map_file(drawing)
        if svg is not None:
            yield "map", svg, content.encode()
        if png is not None:
            from sfterritory.cli.render.png import png_of

            yield "picture", png, png_of(content)
    if charts is not None:
        from sfterritory.web.construction import chart_drawings, construction_of

        drawings = chart_drawings(construction_of(book))
        if not drawings:
            raise StepMissingError(
                "these territories were built without the figures that charts need",
                remedy="run `sfterritory build` again",
            )
        for name, chart in drawings:
            yield f"chart {name}", charts / f"{name}.svg", chart_file(chart).encode()


def _show(report: TerritoriesReport, console: Console) -> None:
    from sfterritory.cli.render.layout import render_table

    known = {name for one in report.territories for name in one.figures}
    columns = [column for column in _COLUMNS if column[1] in known]
    render_table(
        "Territories" if report.side == "territories" else "Books of today",
        ("key", "territory", "rep", *(heading for heading, _, _ in columns)),
        [
            (one.key, one.name, one.rep, *(_number(one, name, n) for _, name, n in columns))
            for one in report.territories
        ],
        console=console,
    )
    groups = [name for name, group in report.after.items() if "gini" in group]
    render_table(
        "Balance, before and after",
        ("of", "Gini", "variation", "fullest over mean"),
        [(name, *(_change(report, name, measure) for measure in _MEASURES)) for name in groups],
        console=console,
    )
    _show_notes(report, console)


def _show_one(one: TerritoryLine, report: TerritoriesReport, console: Console) -> None:
    from sfterritory.cli.render.figure import labelled_figures
    from sfterritory.cli.render.layout import render_facts

    facts = [("Territory", f"{one.name} ({one.key})"), ("Rep", one.rep)]
    render_facts([*facts, *labelled_figures(one.figures)], console=console)
    for pair in report.overlaps:
        other = pair.other if pair.one == one.key else pair.one
        console.print(f"Its hull overlaps that of {other} by {pair.share:.1%} of the smaller one.")
    _show_notes(report, console)


def _show_notes(report: TerritoriesReport, console: Console) -> None:
    if report.outside:
        console.print(
            f"Note: {report.outside:,} accounts lie in another's area, at one place with more of "
            "its accounts."
        )
    for note in report.notes:
        console.print(f"Note: {note}")


def _number(one: TerritoryLine, name: str, decimals: int) -> float | int | None:
    figure = one.figures.get(name)
    if figure is None:
        return None
    return round(figure, decimals) if decimals else round(figure)


def _change(report: TerritoriesReport, group: str, measure: str) -> str:
    sides = (report.before.get(group, {}).get(measure), report.after[group].get(measure))
    return " → ".join("n/a" if amount is None else f"{amount:.3f}" for amount in sides)
