"""What the report of a plan says of its territories: balance, stages, price of change, figures.

Everything comes from the territory version that the plan names, as it was reckoned when the
territories were built; what a version does not hold is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from sfterritory.model.plan import Plan
from sfterritory.model.store.store import Store
from sfterritory.pipeline.territory_metrics import PricePoint, StoredStage, VersionMetrics
from sfterritory.web.load_chart import fullest_first, load_chart
from sfterritory.web.price_chart import PriceLine, price_chart, price_lines
from sfterritory.web.stage_chart import stage_chart
from sfterritory.web.wording import percent, visible, whole

if TYPE_CHECKING:
    from sfterritory.pipeline.territory_book import TerritoryBook

_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9_-]+")
MAX_TERRITORIES = 400
MAX_POINTS = 15


@dataclass(frozen=True, slots=True)
class Construction:
    """The figures of a version, and names for its territories in ascending order of key."""

    metrics: VersionMetrics
    keys: tuple[str, ...]
    names: tuple[str, ...]
    reps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """A measure before and after, as text; `better` is None where they read the same."""

    words: str
    before: str
    after: str
    better: bool | None


@dataclass(frozen=True, slots=True)
class FigureColumn:
    """A column of the table of territories: its heading, unit, and how many decimals it has."""

    name: str
    heading: str
    unit: str
    decimals: int = 0
    percent: bool = False


COLUMNS = (
    FigureColumn("accounts", "accounts", ""),
    FigureColumn("hours_per_year", "hours", "h a year"),
    FigureColumn("drive_hours_per_year", "driving", "h a year"),
    FigureColumn("value_usd", "value", "USD"),
    FigureColumn("mean_km", "mean", "km", 1),
    FigureColumn("p95_km", "95 % within", "km", 1),
    FigureColumn("longest_km", "longest leg", "km", 1),
    FigureColumn("longest_minutes", "longest leg", "min"),
    FigureColumn("spread_km", "spread", "km", 1),
    FigureColumn("spread_minutes", "spread", "min"),
    FigureColumn("inertia_ratio", "inertia", "ratio", 2),
    FigureColumn("reock", "Reock", "ratio", 2),
    FigureColumn("hull_ratio", "hull", "ratio", 2),
    FigureColumn("extra_pieces", "extra pieces", ""),
    FigureColumn("off_main_share", "off the main", "% of hours", 1, percent=True),
)


@dataclass(frozen=True, slots=True)
class _Measure:
    name: str
    words: str
    shown: Callable[[float], str]
    more_is_better: bool = False


_MEASURES = (
    _Measure("gini", "Gini", "{:.3f}".format),
    _Measure("variation", "variation (CV)", "{:.3f}".format),
    _Measure("max_over_mean", "fullest over mean", "{:.2f}".format),
    _Measure("min_over_mean", "emptiest over mean", "{:.2f}".format, more_is_better=True),
    _Measure("share_outside", "load outside the limits", percent),
)
_TRAVEL = (
    _Measure("mean_km", "Mean distance, km to the middle", "{:,.1f}".format),
    _Measure("p95_km", "95 % of the hours lie within, km", "{:,.1f}".format),
)


def load_construction(
    store: Store, plan: Plan, *, rep_names: Mapping[str, str]
) -> Construction | None:
    """Return the figures of the version a plan was made from; None for a revert."""
    if plan.source.territory_version is None:
        return None
    version = store.territories.get(plan.source.territory_version)
    territories = store.territories.territories(version.id)
    return Construction(
        VersionMetrics.of(version.metrics),
        tuple(one.key for one in territories),
        tuple(one.name for one in territories),
        tuple(rep_names.get(one.rep_id or "", one.rep_id or "") for one in territories),
    )


def balance_rows(metrics: VersionMetrics) -> list[tuple[str, list[Compared | None]]]:
    """Return, for each demand that has its balance on both sides, its measures in one order."""
    names = [name for name, group in metrics.after.items() if "gini" in group]
    rows = [
        (name, [_compared(metrics, name, measure) for measure in _MEASURES])
        for name in sorted(names, key=lambda name: (name != "hours", name))
    ]
    return [(name, cells) for name, cells in rows if any(cells)]


def _compared(metrics: VersionMetrics, group: str, measure: _Measure) -> Compared | None:
    was, now = (side.get(group, {}).get(measure.name) for side in (metrics.before, metrics.after))
    if was is None or now is None:
        return None
    before, after = measure.shown(was), measure.shown(now)
    better = None if before == after else (now > was) == measure.more_is_better
    return Compared(measure.words, before, after, better)


@dataclass(frozen=True, slots=True)
class Section:
    """The section of the page, ready to be printed; what is empty or None is left out."""

    balance_words: tuple[str, ...]
    balance: list[tuple[str, list[Compared | None]]]
    travel: list[Compared]
    loads: list[tuple[str, Markup]]
    stages: tuple[StoredStage, ...]
    stages_drawn: Markup | None
    price: Markup | None
    points: list[PriceLine]
    columns: list[FigureColumn]
    rows: list[tuple[str, str, str, list[str]]]
    rows_left_out: int

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return not (self.balance or self.loads or self.stages or self.price or self.rows)

    @property
    def has_hours(self) -> bool:
        """Tell whether the points of the curve know their hours."""
        return any(line.point.hours_moved is not None for line in self.points)

    @property
    def has_value(self) -> bool:
        """Tell whether they know their value."""
        return any(line.point.value_moved_usd is not None for line in self.points)

    @property
    def has_loss(self) -> bool:
        """Tell whether they know what moving is reckoned to cost."""
        return any(line.point.loss_usd is not None for line in self.points)


def section_of(construction: Construction) -> Section:
    """Return what the page shows of a version."""
    columns = figure_columns(construction)
    known = sum(key in construction.metrics.territories for key in construction.keys)
    return Section(
        balance_words=tuple(measure.words for measure in _MEASURES),
        balance=balance_rows(construction.metrics),
        travel=[
            found
            for measure in _TRAVEL
            if (found := _compared(construction.metrics, "travel", measure))
        ],
        loads=load_drawings(construction),
        stages=construction.metrics.stages,
        stages_drawn=stage_chart(construction.metrics.stages, construction.metrics.bound),
        price=price_drawing(construction),
        points=_shown_points(construction),
        columns=columns,
        rows=figure_rows(construction, columns),
        rows_left_out=max(0, known - MAX_TERRITORIES),
    )


def load_drawings(construction: Construction) -> list[tuple[str, Markup]]:
    """Return the load of every demand, by name of the demand."""
    demands = [
        one for one in construction.metrics.demands if len(one.after) == len(construction.names)
    ]
    order = fullest_first(demands[0]) if demands else ()
    return [(one.name, load_chart(one, construction.names, order=order)) for one in demands]


def construction_of(book: TerritoryBook) -> Construction:
    """Return the figures of a book's version."""
    return Construction(
        VersionMetrics.of(book.version.metrics),
        book.keys,
        tuple(one.name for one in book.territories),
        book.rep_names,
    )


def chart_drawings(construction: Construction) -> list[tuple[str, Markup]]:
    """Return every chart by a name that a file can have."""
    metrics = construction.metrics
    found: list[tuple[str, Markup | None]] = []
    taken: set[str] = set()
    for number, (name, drawing) in enumerate(load_drawings(construction), start=1):
        title = f"load-{_NO_FILE_NAME.sub('-', name)}"
        if title.casefold() in taken:  # other names of demands become the same name of a file
            title = f"{title}-{number}"
        taken.add(title.casefold())
        found.append((title, drawing))
    found += [
        ("stages", stage_chart(metrics.stages, metrics.bound)),
        ("price-of-change", price_drawing(construction)),
    ]
    return [(name, drawing) for name, drawing in found if drawing is not None]


def with_chosen(metrics: VersionMetrics) -> tuple[PricePoint, ...]:
    """Return the curve with the point marked that moves what the improved plan moves, if any."""
    moved = {stage.accounts_moved for stage in metrics.stages if stage.name == "improved"}
    return tuple(
        one.model_copy(update={"chosen": True}) if one.accounts_moved in moved else one
        for one in metrics.curve
    )


def price_drawing(construction: Construction) -> Markup | None:
    """Return the curve of the price of change; a single point is no curve."""
    curve = with_chosen(construction.metrics)
    if len({one.accounts_moved for one in curve}) < 2:
        return None
    improved = [one for one in construction.metrics.stages if one.name == "improved"]
    if not improved or any(one.chosen for one in curve):
        return price_chart(curve)
    return price_chart(curve, here=(improved[0].accounts_moved, improved[0].mean_km))


def _shown_points(construction: Construction) -> list[PriceLine]:
    """Return the points of the table beside the curve: all, or evenly chosen and the marked."""
    lines = price_lines(with_chosen(construction.metrics))
    step = -(-len(lines) // MAX_POINTS) or 1
    return [
        line
        for spot, line in enumerate(lines)
        if spot % step == 0 or line.point.knee or line.point.chosen or spot == len(lines) - 1
    ]


def loads_of_stage(stage: StoredStage) -> str:
    """Return the range of loads of a stage: `hours 95 to 105 %`."""
    return "; ".join(
        f"{visible(one.name)} {one.least * 100:.0f} to {one.most * 100:.0f} %"
        for one in stage.shares
    )


def figure_columns(construction: Construction) -> list[FigureColumn]:
    """Return the columns that at least one territory has a figure for."""
    known = {name for figures in construction.metrics.territories.values() for name in figures}
    return [column for column in COLUMNS if column.name in known]


def figure_rows(
    construction: Construction, columns: Sequence[FigureColumn]
) -> list[tuple[str, str, str, list[str]]]:
    """Return key, name, rep and figures of each territory; the first `MAX_TERRITORIES`."""
    figures = construction.metrics.territories
    return [
        (key, name, rep, [_shown(figures[key].get(column.name), column) for column in columns])
        for key, name, rep in zip(
            construction.keys, construction.names, construction.reps, strict=True
        )
        if key in figures
    ][:MAX_TERRITORIES]


def _shown(figure: float | None, column: FigureColumn) -> str:
    if figure is None:
        return ""
    amount = figure * 100 if column.percent else figure
    return f"{amount:,.{column.decimals}f}" if column.decimals else whole(amount)
