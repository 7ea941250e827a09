"""Calls that do not depend on each other, made by workers or here; answers in the order asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 32  # what is sent and not yet answered lies in memory twice


def beside(
    executor: Executor | None, function: Callable[[T], R], items: Iterable[T]
) -> Iterator[R]:
    """Yield the answer for each item, in the order of the items, whoever works it out.

    Items are taken as workers get to them. Function, items and answers have to be picklable.

    Args:
        executor: None makes each call here, as its answer is asked for.
        function: A function of a module.
        items: What each call is about.
    """
    if executor is None:
        yield from map(function, items)
        return
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            if len(waiting) == _AHEAD:
                yield waiting.popleft().result()
            waiting.append(executor.submit(function, item))
        while waiting:
            yield waiting.popleft().result()
    finally:  # one failed, or nobody wants the rest
        for future in waiting:
            future.cancel()
