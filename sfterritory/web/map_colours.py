"""Few colours for many territories, so that neighbours differ."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.spatial import cKDTree

from sfterritory.model.columns import Floats, Ints

COLOURS = 8
NEIGHBOURS = 7
MAX_SAMPLE = 20_000


def colours_of(x: Floats, y: Floats, owners: tuple[Ints, ...], *, owner_count: int) -> list[int]:
    """Return a colour number for each owner: 0 to 7.

    Two owners are neighbours as often as a record of one lies among the nearest of another. In
    the order of how many neighbours they have, owners take the colour that their neighbours use
    least: no conflict where eight colours suffice, the rarest conflict where they do not.

    Args:
        x: Coordinates of the records, shape (n,).
        y: The same.
        owners: One or more alignments of the records, each of shape (n,), -1 for none; owners
            keep their colour in all of them.
        owner_count: How many owners there are.
    """
    weights = _contacts(x, y, owners)
    used = [0] * COLOURS
    colours = [-1] * owner_count
    for owner in sorted(range(owner_count), key=lambda owner: (-len(weights[owner]), owner)):
        conflict = [0] * COLOURS
        for neighbour, weight in weights[owner].items():
            if colours[neighbour] >= 0:
                conflict[colours[neighbour]] += weight
        colour = min(range(COLOURS), key=lambda colour: (conflict[colour], used[colour], colour))
        colours[owner] = colour
        used[colour] += 1
    return colours


def _contacts(x: Floats, y: Floats, owners: tuple[Ints, ...]) -> dict[int, dict[int, int]]:
    """Return how often each owner lies beside each other one; symmetric."""
    weights: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    step = -(-len(x) // MAX_SAMPLE) or 1
    points = np.column_stack((x[::step], y[::step]))
    if len(points) < 2:
        return weights
    _, nearest = cKDTree(points).query(points, k=min(NEIGHBOURS + 1, len(points)))
    for alignment in owners:
        owner = alignment[::step]
        here = np.repeat(owner, nearest.shape[1])
        there = owner[nearest].ravel()
        real = (here >= 0) & (there >= 0) & (here != there)
        pairs, counts = np.unique(
            np.column_stack((here[real], there[real])), axis=0, return_counts=True
        )
        for (a, b), count in zip(pairs.tolist(), counts.tolist(), strict=True):
            weights[a][b] += count
            weights[b][a] += count
    return weights
