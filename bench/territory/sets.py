"""The sets of the protocol by name, and which methods a set is put to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.territory.instance import clustered, from_file, uniform
from sfterritory.optimize.engine.problem import Problem, equal_bands

_SIZES = {"10k": (10_000, 100), "100k": (100_000, 500), "1M": (1_000_000, 2_000)}
_MAKERS = {"U": uniform, "C": clustered}
_TOLERANCE, _HOMES_TOLERANCE = 0.02, 0.05
_HOMES = "-homes"
_FEW_ROWS = 20_000
OURS = "ours"
NAMES = tuple(
    f"{size}{homes}" for homes in ("", _HOMES) for size in ("U10k", "C10k", "C100k", "C1M")
)


def named_set(name: str, seed: int) -> Problem:
    """Return a set: U (uniform) or C (round cities), a size, perhaps with homes; or a TERR file.

    Raises:
        ValueError: There is neither such a set nor such a file.
    """
    if Path(name).is_file():
        return from_file(Path(name))
    stem = name.removesuffix(_HOMES)
    if stem[:1] not in _MAKERS or stem[1:] not in _SIZES:
        raise ValueError(f"no set and no file {name!r}: give one of {', '.join(NAMES)}")
    problem = _MAKERS[stem[0]](*_SIZES[stem[1:]], tolerance=_TOLERANCE, seed=seed)
    return problem if stem == name else _with_homes(problem, seed)


def usual_methods(problem: Problem) -> list[str]:
    """Return the methods that can answer a set in reasonable time."""
    few, many = len(problem.hours) <= _FEW_ROWS, len(problem.hours) > 50 * _FEW_ROWS // 2
    if not problem.free_centre.all():
        return [OURS, "greedy by regret"] + ([] if many else ["min-cost flow"])
    if many:
        return [OURS, "bisection", "hilbert", "METIS"]
    methods = ["bisection", "hilbert", "influence k-means", "greedy by regret", "METIS", "KaHIP"]
    flows = ["min-cost flow, 5 rounds", "min-cost flow"]
    return [OURS, *methods, *flows, *(["k-means-constrained"] if few else [])]


def _with_homes(problem: Problem, seed: int) -> Problem:
    """Return the set with the homes of reps at accounts, and shares that differ by up to 30 %."""
    rng = np.random.default_rng(seed + 1000)
    k = problem.n_reps
    chosen = np.sort(rng.choice(len(problem.hours), k, replace=False))
    share = rng.uniform(0.7, 1.3, k)
    return replace(
        problem,
        homes=problem.vectors[chosen].copy(),
        measures=(equal_bands(problem.hours, share, tolerance=_HOMES_TOLERANCE),),
    )
