"""Which handlers a path has: literal segments in any case, variables in braces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

H = TypeVar("H")


@dataclass(frozen=True, slots=True)
class Found(Generic[H]):
    """What a path leads to.

    Attributes:
        methods: Handler by HTTP method.
        path: The variable segments by name.
    """

    methods: Mapping[str, H]
    path: Mapping[str, str]


class Router(Generic[H]):
    """Finds the handlers of a path among tables of `path: {method: handler}`.

    Tables may share a path. The platform does not care for the case of its own words
    (`queryall`, `unprocessedRecords`), so neither do literals; variables keep theirs.
    """

    def __init__(self, tables: Iterable[Mapping[str, Mapping[str, H]]]) -> None:
        merged: dict[tuple[str, ...], dict[str, H]] = {}
        for table in tables:
            for path, handlers in table.items():
                merged.setdefault(_template(path), {}).update(handlers)
        # Literals stand before variables, which would take their place.
        ordered = sorted(merged, key=lambda steps: [_is_variable(step) for step in steps])
        self._by_length: dict[int, list[tuple[tuple[str, ...], dict[str, H]]]] = {}
        for steps in ordered:
            self._by_length.setdefault(len(steps), []).append((steps, merged[steps]))

    def find(self, segments: Sequence[str]) -> Found[H] | None:
        """Return what the segments of a path lead to, or None."""
        for steps, methods in self._by_length.get(len(segments), ()):
            if all(
                _is_variable(step) or step == segment.lower()
                for step, segment in zip(steps, segments, strict=True)
            ):
                named = {
                    step[1:-1]: segment
                    for step, segment in zip(steps, segments, strict=True)
                    if _is_variable(step)
                }
                return Found(methods, named)
        return None


def segments_of(raw_path: str) -> list[str]:
    """Return a path's segments, each decoded on its own; doubled and closing slashes do not count.

    An encoded slash stays inside its segment: external ids may hold one.
    """
    return [unquote(one) for one in raw_path.split("/") if one]


def _template(path: str) -> tuple[str, ...]:
    steps = (one for one in path.split("/") if one)
    return tuple(one if _is_variable(one) else one.lower() for one in steps)


def _is_variable(step: str) -> bool:
    return step.startswith("{")
