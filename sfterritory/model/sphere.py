"""The earth as a sphere: places as unit vectors, with no seam at the antimeridian or a pole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfterritory.model.columns import Floats

EARTH_RADIUS_KM = 6371.0088  # mean radius of WGS 84 (IUGG)
KM_PER_DEGREE = EARTH_RADIUS_KM * np.pi / 180
_MEDIAN_STEPS = 24
_NEAR_ZERO_CHORD = 1e-7  # 0.6 m: below it a point would take the whole weight of its median

Vectors = Floats
"""Unit vectors, shape (n, 3)."""


def unit_vectors(lon_deg: Floats, lat_deg: Floats) -> Vectors:
    """Return unit vectors, shape (n, 3); NaN coordinates give NaN rows."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def lon_lat(vectors: Vectors) -> tuple[Floats, Floats]:
    """Return longitude and latitude in degrees of vectors of any length above 0."""
    x, y, z = vectors[:, 0], vectors[:, 1], vectors[:, 2]
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))


def chord_km(chord: Floats) -> Floats:
    """Return great-circle kilometres for straight lines between unit vectors."""
    arc: Floats = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord * 0.5, 1.0))
    return arc


def km_between(start: Vectors, end: Vectors) -> Floats:
    """Return great-circle kilometres row by row; the shapes broadcast over the leading axes.

    Sums are written out: a matrix product goes through BLAS, whose last digit differs between
    machines.
    """
    dx = start[..., 0] - end[..., 0]
    dy = start[..., 1] - end[..., 1]
    dz = start[..., 2] - end[..., 2]
    return chord_km(np.sqrt(dx * dx + dy * dy + dz * dz))


def haversine_km(
    lon_deg: Floats, lat_deg: Floats, *, to_lon_deg: Floats, to_lat_deg: Floats
) -> Floats:
    """Return great-circle distances in km, element by element; shapes broadcast, NaN stays NaN."""
    lat, to_lat = np.radians(lat_deg), np.radians(to_lat_deg)
    half_lat = np.sin((to_lat - lat) / 2)
    half_lon = np.sin(np.radians(np.subtract(to_lon_deg, lon_deg)) / 2)
    chord = half_lat**2 + np.cos(lat) * np.cos(to_lat) * half_lon**2
    # Rounding can push the chord of antipodes past 1.
    distances: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
    return distances


def group_medians(
    vectors: Vectors, weights: Floats, *, groups: NDArray[np.integer], n_groups: int
) -> Vectors:
    """Return the weighted geometric median of each group, as unit vectors, shape (n_groups, 3).

    A group without a row gives NaN. Weights of zero are allowed: a group that has nothing else
    counts its rows equally.

    Source: Weiszfeld (1937), on chords; at most tens of metres from the arc version at 500 km.
    """
    weight = np.where(totals(groups, weights, n_groups=n_groups)[groups] > 0, weights, 1.0)
    medians = _weighted_means(vectors, weight, groups, n_groups)
    present, first = np.unique(groups, return_index=True)
    opposite = np.isnan(medians[present, 0])  # points whose mean is the Earth's centre
    medians[present[opposite]] = vectors[first[opposite]]
    for _ in range(_MEDIAN_STEPS):
        offsets = vectors - medians[groups]
        chords = np.sqrt((offsets * offsets).sum(axis=1))
        pull = weight / np.maximum(chords, _NEAR_ZERO_CHORD)
        medians = _weighted_means(vectors, pull, groups, n_groups)
    return medians


def unit_length(vectors: Vectors) -> Vectors:
    """Return the vectors scaled to length 1; a zero vector gives NaN."""
    lengths = np.sqrt((vectors * vectors).sum(axis=1))
    scaled: Vectors = vectors / np.where(lengths > 0, lengths, np.nan)[:, None]
    return scaled


def totals(groups: NDArray[np.integer], amounts: Floats, *, n_groups: int) -> Floats:
    """Return the sum of amounts in each group, shape (n_groups,)."""
    return np.bincount(groups, weights=amounts, minlength=n_groups).astype(np.float64)


def _weighted_means(
    vectors: Vectors, weights: Floats, groups: NDArray[np.integer], n_groups: int
) -> Vectors:
    sums = np.column_stack(
        [totals(groups, weights * vectors[:, axis], n_groups=n_groups) for axis in range(3)]
    )
    return unit_length(sums)
