"""How a job's CSV is written: its delimiter and its line ending, and values in quotes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


@dataclass(frozen=True, slots=True)
class CsvForm:
    """Delimiter and line ending by the names that a job's JSON uses."""

    delimiter: str
    line_ending: str

    @property
    def between(self) -> str:
        """The character between two values."""
        return DELIMITERS[self.delimiter]

    @property
    def line_end(self) -> str:
        """The characters that end a line."""
        return LINE_ENDINGS[self.line_ending]

    def line(self, values: Iterable[str]) -> str:
        """Return a line with every value in quotes."""
        return self.between.join(map(quoted, values)) + self.line_end


def quoted(value: str) -> str:
    """Return a value in quotes, its own quotes doubled."""
    return '"' + value.replace('"', '""') + '"'
