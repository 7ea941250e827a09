"""Natural clusters: where accounts lie so close together that a rep drives from one to the next.

Source: DBSCAN* of Campello, Moulavi and Sander (2013), "Density-based clustering based on
hierarchical density estimates", on driving times: dense places that a drive of at most so many
minutes joins are one cluster. Nearest neighbours are asked for, which tell what is dense, and the
edges of the Delaunay triangulation of dense places, which hold their shortest spanning tree. The
tour is reckoned from that tree by the ratio of the two for many random points, 0.7124 (Applegate
et al. 2010) to 0.6331 (Cortina-Borja and Robinson 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial import Delaunay, KDTree, QhullError

from sfterritory.model.columns import Floats, Ints
from sfterritory.model.sphere import haversine_km, unit_vectors
from sfterritory.model.travel import Points, TravelTime, joined_sources

TOUR_PER_TREE = 0.7124 / 0.6331
FASTEST_KMH = 130.0  # nobody drives farther than this allows, so nobody is asked
_DECIMALS = 5  # a metre: what lies closer is one place
_TINY_MINUTES = 1e-6


@dataclass(frozen=True, slots=True)
class ClusterRules:
    """What a cluster is.

    Attributes:
        most_minutes: Longest drive from one place of a cluster to the next.
        dense_accounts: A place is dense if so many accounts, its own among them, lie so near.
        least_accounts: Smaller groups are no clusters.
        neighbours: How many nearest neighbours each place is asked for.
    """

    most_minutes: float = 15.0
    dense_accounts: int = 4
    least_accounts: int = 20
    neighbours: int = 6


@dataclass(frozen=True, slots=True)
class Clusters:
    """Natural clusters, most hours first, c of them.

    Attributes:
        cluster: Row of the cluster of each account, -1 where it is in none, shape (n,).
        accounts: How many, shape (c,).
        hours: Their workload a year.
        lon_deg, lat_deg: Middle of their accounts.
        link_minutes: Mean drive from one place to the next on the shortest tree that joins all.
        tour_minutes: Estimated drive of one tour through all of its places.
        asked: How many drives were asked for.
        source: What knew them.
    """

    cluster: Ints
    accounts: Ints
    hours: Floats
    lon_deg: Floats
    lat_deg: Floats
    link_minutes: Floats
    tour_minutes: Floats
    asked: int
    source: str

    def __len__(self) -> int:
        return len(self.accounts)


def natural_clusters(
    accounts: Points, hours: Floats, *, travel: TravelTime, rules: ClusterRules
) -> Clusters:
    """Return the clusters of some accounts; the order of rows never changes which.

    Args:
        accounts: Where accounts are, n of them, any number.
        hours: Workload of each, shape (n,).
        travel: Knows driving times; each edge is asked for in one direction.
        rules: What a cluster is.
    """
    stacked: Floats = np.stack([accounts.lon_deg, accounts.lat_deg], axis=1).round(_DECIMALS)
    distinct, place_of, weight = np.unique(stacked, axis=0, return_inverse=True, return_counts=True)
    place_of = place_of.reshape(-1)
    places = Points(distinct[:, 0], distinct[:, 1])
    vectors = unit_vectors(places.lon_deg, places.lat_deg)
    near = _drivable(places, _nearest(vectors, rules), rules)
    first = travel.pairs(places, places, rows=near)
    links = _Links(*near, first.minutes).within(rules.most_minutes)
    dense = links.reach(weight) >= rules.dense_accounts
    core = np.flatnonzero(dense)
    wanted = _drivable(places, core[_triangulated(vectors[core])], rules)
    unasked = ~np.isin(_keys(wanted, len(places)), _keys(near, len(places)))
    more = (wanted[0][unasked], wanted[1][unasked])
    second = travel.pairs(places, places, rows=more)
    links = links.joined(_Links(*more, second.minutes).within(rules.most_minutes)).among(dense)
    label, tree_minutes, tree_edges = _joined(links, dense)
    size = np.bincount(label[label >= 0], weight[label >= 0], minlength=len(tree_minutes))
    group = np.where((label >= 0) & (size[label] >= rules.least_accounts), label, -1)[place_of]
    return _summed(
        accounts,
        hours,
        group,
        (tree_minutes, tree_edges),
        asked=len(near[0]) + len(more[0]),
        source=joined_sources(first, second),
    )


@dataclass(frozen=True, slots=True)
class _Links:
    """Drives between places, lower row first, all shape (m,)."""

    start: Ints
    end: Ints
    minutes: Floats

    def within(self, most_minutes: float) -> _Links:
        return self._kept(self.minutes <= most_minutes)

    def among(self, dense: NDArray[np.bool_]) -> _Links:
        return self._kept(dense[self.start] & dense[self.end])

    def _kept(self, chosen: NDArray[np.bool_]) -> _Links:
        return _Links(self.start[chosen], self.end[chosen], self.minutes[chosen])

    def joined(self, more: _Links) -> _Links:
        return _Links(
            np.concatenate([self.start, more.start]),
            np.concatenate([self.end, more.end]),
            np.concatenate([self.minutes, more.minutes]),
        )

    def reach(self, weight: NDArray[np.int64]) -> Floats:
        """Return how many accounts each place has at itself and at the end of its links."""
        count = len(weight)
        there = np.bincount(self.start, weight[self.end], count)
        back = np.bincount(self.end, weight[self.start], count)
        return np.asarray(weight + there + back, dtype=np.float64)


def _nearest(vectors: Floats, rules: ClusterRules) -> NDArray[np.int64]:
    """Return each place with its nearest, enough of them to tell whether it is dense, (m, 2)."""
    count = len(vectors)
    if count < 2:
        return np.empty((0, 2), dtype=np.int64)
    wanted = min(max(rules.neighbours, rules.dense_accounts - 1) + 1, count)
    found = KDTree(vectors).query(vectors, k=wanted)[1]
    return np.stack([np.repeat(np.arange(count), wanted), found.reshape(-1)], axis=1)


def _drivable(places: Points, pairs: NDArray[np.int64], rules: ClusterRules) -> tuple[Ints, Ints]:
    """Return the pairs that the fastest drive could link, lower row first, each once."""
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    start, end = np.unique(pairs, axis=0).reshape(-1, 2).T
    km = haversine_km(
        places.lon_deg[start],
        places.lat_deg[start],
        to_lon_deg=places.lon_deg[end],
        to_lat_deg=places.lat_deg[end],
    )
    kept = km <= rules.most_minutes / 60 * FASTEST_KMH
    return start[kept].astype(np.int32), end[kept].astype(np.int32)


def _keys(pairs: tuple[Ints, Ints], count: int) -> NDArray[np.int64]:
    keys: NDArray[np.int64] = pairs[0].astype(np.int64) * count + pairs[1]
    return keys


def _triangulated(vectors: Floats) -> NDArray[np.int64]:
    """Return the edges of the Delaunay triangulation, shape (m, 2).

    Circles of the globe are circles of its stereographic picture, so the flat triangulation is
    the round one; it is taken from the middle of the places, far from where that picture ends.
    """
    if len(vectors) < 2:
        return np.empty((0, 2), dtype=np.int64)
    middle = vectors.sum(axis=0)
    length = np.linalg.norm(middle)
    middle = middle / length if length > 1e-9 else np.array([0.0, 0.0, 1.0])
    across = np.cross(middle, np.eye(3)[np.argmin(np.abs(middle))])
    across /= np.linalg.norm(across)
    up = np.cross(middle, across)
    height = np.maximum(1 + vectors @ middle, 1e-12)
    flat = np.stack([vectors @ across, vectors @ up], axis=1) / height[:, None]
    chain = np.lexsort((flat[:, 1], flat[:, 0]))
    along = np.stack([chain[:-1], chain[1:]], axis=1)
    try:
        corners = Delaunay(flat / max(float(np.abs(flat).max()), 1e-12)).simplices.astype(np.int64)
    except QhullError:  # fewer than three places, or all on one line: they are a chain
        return along
    # Of places nearly on one line, the library returns triangles with its own point at infinity.
    if int(corners.max()) >= len(flat):
        return along
    return np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])


def _joined(
    links: _Links, dense: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """Return the group of each place, -1 where it is not dense, and each group's shortest tree."""
    count = len(dense)
    lengths = np.maximum(links.minutes, _TINY_MINUTES)  # a length of 0 would be no edge
    graph = coo_matrix((lengths, (links.start, links.end)), shape=(count, count)).tocsr()
    groups, label = connected_components(graph, directed=False)
    label = label.astype(np.int64)
    tree = minimum_spanning_tree(graph).tocoo()
    tree_minutes = np.asarray(np.bincount(label[tree.row], tree.data, groups), np.float64)
    tree_edges = np.bincount(label[tree.row], minlength=groups).astype(np.int64)
    grouped: NDArray[np.int64] = np.where(dense, label, -1)
    return grouped, tree_minutes, tree_edges


def _summed(  # the columns of the answer
    accounts: Points,
    hours: Floats,
    group: NDArray[np.int64],
    tree: tuple[Floats, NDArray[np.int64]],
    *,
    asked: int,
    source: str,
) -> Clusters:
    inside = np.flatnonzero(group >= 0)
    old, number = np.unique(group[inside], return_inverse=True)
    number = number.reshape(-1)
    count = np.bincount(number, minlength=len(old))
    # Summed in the order of places, so that the order of rows changes no last digit.
    by_place = np.lexsort((hours[inside], accounts.lat_deg[inside], accounts.lon_deg[inside]))
    total = np.asarray(np.bincount(number[by_place], hours[inside][by_place], len(old)), np.float64)
    vectors = unit_vectors(accounts.lon_deg[inside], accounts.lat_deg[inside])[by_place]
    sums = [np.bincount(number[by_place], vectors[:, axis], len(old)) for axis in range(3)]
    lon = np.degrees(np.arctan2(sums[1], sums[0]))
    lat = np.degrees(np.arctan2(sums[2], np.hypot(sums[0], sums[1])))
    tree_minutes, tree_edges = tree[0][old], tree[1][old]
    order = np.lexsort((lat, lon, -count, -np.round(total, 6)))
    rank = np.empty(len(old), dtype=np.int32)
    rank[order] = np.arange(len(old))
    cluster = np.full(len(group), -1, dtype=np.int32)
    cluster[inside] = rank[number]
    return Clusters(
        cluster=cluster,
        accounts=count[order].astype(np.int32),
        hours=total[order],
        lon_deg=lon[order],
        lat_deg=lat[order],
        link_minutes=(tree_minutes / np.maximum(tree_edges, 1))[order],
        tour_minutes=(tree_minutes * TOUR_PER_TREE)[order],
        asked=asked,
        source=source,
    )
