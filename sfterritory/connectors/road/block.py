"""Which pairs of places are asked for together: few requests, and few cells that nobody wants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sfterritory.connectors.road.engine import Limits
from sfterritory.connectors.road.place import Keys, points_of

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """One request: every one of these origins with every one of these destinations.

    Attributes:
        origins: Numbers of places, ascending.
        destinations: Numbers of places, ascending.
    """

    origins: Keys
    destinations: Keys

    @property
    def cells(self) -> int:
        """Return how many pairs the engine works out."""
        return len(self.origins) * len(self.destinations)


def plan_blocks(origins: Keys, destinations: Keys, *, limits: Limits) -> list[Block]:
    """Return blocks that cover every pair, in an order that depends on the places alone.

    The side with more different places is walked along a curve that keeps neighbours together;
    neighbours ask for much the same places on the other side, so they share a block until it is
    full, or until too many of its cells would be worked out for nothing.

    Args:
        origins: Number of each pair's origin, shape (n,).
        destinations: Number of each pair's destination, shape (n,).
        limits: Of one request.
    """
    if len(origins) == 0:
        return []
    swapped = len(np.unique(destinations)) > len(np.unique(origins))
    near, far = (destinations, origins) if swapped else (origins, destinations)
    most_near, most_far = (
        (limits.destinations, limits.origins) if swapped else (limits.origins, limits.destinations)
    )
    wanted = _wanted(near, far)
    together = {key for one, others in wanted for key in (one, *others)}
    # Each side gets half of a full request, unless one request holds everything.
    share = limits.places if len(together) <= limits.places else max(limits.places // 2, 1)
    groups = _grouped(
        _pieces(wanted, most_far=min(most_far, share)),
        most_near=most_near,
        most_far=most_far,
        limits=limits,
    )
    blocks = []
    for near_places, far_places in groups:
        one, other = _sorted_keys(near_places), _sorted_keys(far_places)
        blocks.append(Block(other, one) if swapped else Block(one, other))
    return blocks


def along_a_curve(keys: Keys) -> Keys:
    """Return different places in the order of a Z-curve, which mostly keeps neighbours together.

    Source: Morton (1966), "A computer oriented geodetic data base".
    """
    places = np.unique(keys)
    points = points_of(places)
    code = np.zeros(len(places), dtype=np.int64)
    for value, span, shift in ((points.lon_deg + 180, 360, 0), (points.lat_deg + 90, 180, 1)):
        step = np.minimum(value / span * 2**26, 2**26 - 1).astype(np.int64)
        for bit in range(26):
            code |= ((step >> bit) & 1) << (2 * bit + shift)
    ordered: Keys = places[np.argsort(code, kind="stable")]
    return ordered


def _wanted(near: Keys, far: Keys) -> list[tuple[int, list[int]]]:
    """Return each near place along the curve, with what it asks for along the curve too."""
    rank = {key: row for row, key in enumerate(along_a_curve(far).tolist())}
    asked: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in zip(near.tolist(), far.tolist(), strict=True):
        asked[one].add(other)
    return [(one, sorted(asked[one], key=rank.__getitem__)) for one in along_a_curve(near).tolist()]


def _pieces(
    wanted: Sequence[tuple[int, list[int]]], *, most_far: int
) -> Iterator[tuple[int, frozenset[int]]]:
    """Yield each near place with parts of what it asks for that fit a request."""
    longest = max(len(others) for _, others in wanted)
    for start in range(0, longest, most_far):
        for one, others in wanted:
            part = others[start : start + most_far]
            if part:
                yield one, frozenset(part)


def _grouped(
    pieces: Iterable[tuple[int, frozenset[int]]], *, most_near: int, most_far: int, limits: Limits
) -> Iterator[tuple[set[int], set[int]]]:
    near: set[int] = set()
    far: set[int] = set()
    used = 0
    for one, others in pieces:
        together_near, together_far = near | {one}, far | others
        cells = len(together_near) * len(together_far)
        fits = (
            len(together_near) <= most_near
            and len(together_far) <= most_far
            and len(together_near | together_far) <= limits.places
            and used + len(others) >= limits.least_use * cells
        )
        if near and not fits:
            yield near, far
            near, far, used = {one}, set(others), len(others)
            continue
        near, far, used = together_near, together_far, used + len(others)
    if near:
        yield near, far


def _sorted_keys(places: set[int]) -> Keys:
    return np.array(sorted(places), dtype=np.int64)
