"""YAML 1.2 files as checked documents; every mistake of a file is reported at once, with its line.

YAML is read as version 1.2, where `NO` is Norway and not false. Duplicate keys are errors.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from sfterritory.errors import ConfigError

KeyPath = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 5_000_000
MAX_NODES = 200_000  # an alias bomb is small on disk and endless when walked


@dataclass(frozen=True, slots=True)
class YamlFile:
    """Plain data and the line on which each key or item stands."""

    name: str
    data: JsonValue
    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """Return the line of a key, or of its nearest parent that has one."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def problem(self, path: KeyPath, text: str) -> str:
        """Return one mistake as `routing.yaml:12: rules[3].to: text`."""
        where = dotted(path)
        return f"{self.name}:{self.line(path)}: {where + ': ' if where else ''}{text}"


def read_yaml(path: Path, *, name: str) -> YamlFile:
    """Read a file.

    Raises:
        ConfigError: Missing, unreadable, too large, or not YAML; names the line.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{name} does not exist in {path.parent}",
            remedy="run `sfterritory init` to get a commented sample of it",
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{name} cannot be read: {error.strerror}", remedy="check the file's permissions"
        ) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(
            f"{name} is {len(raw):,} bytes long, more than {MAX_BYTES:,}",
            remedy="move long lists into a CSV file that the YAML names",
        )
    return parse_yaml(raw, name=name)


def parse_yaml(raw: bytes, *, name: str) -> YamlFile:
    """Parse the bytes of a file; see `read_yaml`."""
    try:
        tree = YAML(typ="rt").load(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{name}: byte {error.start} is not UTF-8", remedy="save the file as UTF-8"
        ) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = (error.problem or error.context or "not YAML").splitlines()[0]
        raise ConfigError(f"{name}:{line}: {what}", remedy="correct the YAML there") from error
    except YAMLError as error:
        raise ConfigError(f"{name}: {error}", remedy="correct the YAML") from error
    lines: dict[KeyPath, int] = {}
    data = _Walk(name, lines).plain(tree, ())
    return YamlFile(name, {} if data is None else data, lines)


class _Walk:
    """Turn ruamel's tree into plain data, and note where each key stood."""

    def __init__(self, name: str, lines: dict[KeyPath, int]) -> None:
        self._name = name
        self._lines = lines
        self._nodes = 0

    def plain(self, node: Any, path: KeyPath) -> JsonValue:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise ConfigError(
                f"{self._name} unfolds to more than {MAX_NODES:,} values",
                remedy="remove the YAML aliases (&name, *name) that repeat each other",
            )
        if isinstance(node, CommentedMap):
            plain_map: dict[str, JsonValue] = {}
            for key, value in node.items():
                self._lines[(*path, str(key))] = node.lc.key(key)[0] + 1 if node.lc.data else 1
                plain_map[str(key)] = self.plain(value, (*path, str(key)))
            return plain_map
        if isinstance(node, CommentedSeq):
            plain_list: list[JsonValue] = []
            for index, value in enumerate(node):
                self._lines[(*path, index)] = node.lc.item(index)[0] + 1
                plain_list.append(self.plain(value, (*path, index)))
            return plain_list
        if node is None or isinstance(node, bool):
            return node
        for plain_type in (int, float, str):
            if isinstance(node, plain_type):
                return plain_type(node)
        return str(node)  # dates stay the text that was written


def check(model: type[M], file: YamlFile) -> tuple[M | None, list[str]]:
    """Return the checked document, or None and every mistake that was found."""
    endless = [
        file.problem(path, f"{number} is no number here: give a finite one, or no key")
        for path, number in _not_finite(file.data, ())
    ]
    if endless:
        return None, endless
    try:
        return model.model_validate(file.data), []
    except ValidationError as error:
        names = sorted(_field_names(model))
        found = [
            file.problem(path, _say(detail, path, names))
            for detail in error.errors()
            for path in [_path_in(file.data, detail["loc"])]
        ]
        return None, sorted(set(found), key=found.index)


def _not_finite(data: JsonValue, path: KeyPath) -> Iterator[tuple[KeyPath, float]]:
    """Yield every `.inf` and `.nan`: no setting means one, and the project's hash has none."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _not_finite(value, (*path, key))
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield from _not_finite(value, (*path, at))
    elif isinstance(data, float) and not math.isfinite(data):
        yield path, data


def dotted(path: KeyPath) -> str:
    """Return `rules[3].to` for `("rules", 3, "to")`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _path_in(data: JsonValue, location: Sequence[str | int]) -> KeyPath:
    """Drop from pydantic's location what is not in the data: names of union members."""
    path: list[str | int] = []
    here: JsonValue = data
    for part in location:
        match here, part:
            case dict(), str() if part in here:
                here = here[part]
            case list(), int() if part < len(here):
                here = here[part]
            case dict(), str() if part == location[-1]:
                pass  # a required key that is missing
            case _:
                continue
        path.append(part)
    return tuple(path)


def _say(detail: Mapping[str, Any], path: KeyPath, names: Sequence[str]) -> str:
    value = detail.get("input")
    match detail["type"]:
        case "extra_forbidden":
            return "unknown key" + did_you_mean(str(path[-1]) if path else "", names)
        case "missing":
            return "is required and missing"
        case "value_error":
            return str(detail["msg"]).removeprefix("Value error, ")
        case _:
            shown = repr(value) if isinstance(value, str | int | float | bool | None) else "this"
            return f"{shown} is not allowed: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def did_you_mean(word: str, names: Sequence[str]) -> str:
    """Return `; did you mean 'x'?` where a name is close, else nothing."""
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def _field_names(model: type[BaseModel]) -> Iterator[str]:
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {})
