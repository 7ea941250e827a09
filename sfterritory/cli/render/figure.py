"""What figures of a territory are called in the terminal; the keys of JSON stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_LABELS: Final = {
    "accounts": "Accounts",
    "hours_per_year": "Workload, hours a year",
    "value_usd": "Value, USD",
    "service_hours_per_year": "Service, hours a year",
    "travel_hours_per_year": "Travel reckoned for its accounts, hours a year",
    "drive_hours_per_year": "On the road as it is, hours a year",
    "capacity_hours_per_year": "Its rep has, hours a year",
    "mean_km": "Mean distance from the start, km",
    "p95_km": "95 % of the hours lie within, km",
    "longest_km": "Longest leg, km",
    "longest_minutes": "Longest leg, minutes",
    "spread_km": "Farthest two accounts, km apart",
    "spread_minutes": "Farthest two accounts, minutes apart",
    "standard_distance_km": "Standard distance from the middle, km",
    "inertia_km2": "Inertia, square km",
    "inertia_ratio": "Inertia of a full disc over its own",
    "area_km2": "Area, square km",
    "perimeter_km": "Perimeter, km",
    "area_pieces": "Pieces of its area",
    "reock": "Reock compactness, 0 to 1",
    "hull_ratio": "Area over that of its hull, 0 to 1",
    "polsby_popper": "Polsby-Popper compactness, 0 to 1",
    "extra_pieces": "Pieces beside the main one",
    "off_main_share": "Part of the hours outside the main piece",
    "hull_overlap_share": "Most that its hull shares with another's",
}
_ENDINGS: Final = (
    ("_hours_per_year", ", hours a year"),
    ("_per_year", " a year"),
    ("_minutes", ", minutes"),
    ("_hours", ", hours"),
    ("_share", ", part of the whole"),
    ("_km2", ", square km"),
    ("_km", ", km"),
    ("_usd", ", USD"),
)


def figure_label(name: str) -> str:
    """Return what a person calls a figure; of one of the project's own its name, units as words."""
    label = _LABELS.get(name)
    if label is not None:
        return label
    stem, unit = next(
        ((name.removesuffix(end), words) for end, words in _ENDINGS if name.endswith(end)),
        (name, ""),
    )
    words = stem.replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}{unit}"


def labelled_figures(figures: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """Yield label and rounded value of each figure: the known ones in their order, then others."""
    known = [name for name in _LABELS if name in figures]
    others = sorted(set(figures) - set(known))
    for name in (*known, *others):
        yield figure_label(name), round(figures[name], 3)
