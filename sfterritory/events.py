"""What happens inside, as facts: a fixed dotted name and fields, never a sentence.

Code below `cli/` and `web/` reports by `emit`; whoever runs the process subscribes. Nothing is
printed here. Fields hold ids, counts and codes; names, e-mail addresses and tokens never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Fact = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Event:
    """One fact: `pull.page` with object, rows, total."""

    name: str
    facts: Mapping[str, Fact]


Subscriber = Callable[[Event], None]

_subscribers: ContextVar[tuple[Subscriber, ...]] = ContextVar("subscribers", default=())


def emit(name: str, /, **facts: Fact) -> None:
    """Hand one event to every subscriber of this context."""
    subscribers = _subscribers.get()
    if not subscribers:
        return
    event = Event(name, MappingProxyType(facts))
    for subscriber in subscribers:
        subscriber(event)


@contextmanager
def subscribed(subscriber: Subscriber) -> Iterator[None]:
    """Send events to `subscriber` while the block runs."""
    token = _subscribers.set((*_subscribers.get(), subscriber))
    try:
        yield
    finally:
        _subscribers.reset(token)
