"""Dice for compiled loops: xorshift64 by Marsaglia (2003), one 64-bit word of state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sfterritory.optimize.median.kernel import borrowing

Dice = NDArray[np.uint64]

_13, _7, _17, _11 = (np.uint64(shift) for shift in (13, 7, 17, 11))
_UNIT = 1.0 / 9007199254740992.0  # 2^53


def new_dice(seed: int) -> Dice:
    """Return dice whose rolls follow from the seed alone."""
    word = np.random.SeedSequence(seed).generate_state(1, dtype=np.uint64)
    return np.maximum(word, np.uint64(1))  # a word of zeros would stay zero


@borrowing
def roll(dice: Dice) -> float:
    """Return a number in [0, 1)."""
    word = dice[0]
    word ^= word << _13
    word ^= word >> _7
    word ^= word << _17
    dice[0] = word
    return float(word >> _11) * _UNIT


@borrowing
def pick(dice: Dice, count: int) -> int:
    """Return an integer in [0, count)."""
    return int(roll(dice) * count)
