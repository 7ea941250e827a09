"""String escapes of SOQL: what a quoted literal means, and how to write one."""

from __future__ import annotations

import re

from sfterritory.sandbox.soql.refusal import malformed

_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "_": "_",
    "%": "%",
}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_NEEDS_ESCAPE = re.compile(r"['\\\n\r\t\b\f]")
_WRITTEN = {
    "'": r"\'",
    "\\": r"\\",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\b": r"\b",
    "\f": r"\f",
}


def meaning(raw: str) -> str:
    """Return the text that a literal's inside stands for.

    Raises:
        SoqlError: It holds an escape that does not exist.
    """
    return _whole_characters(_ESCAPE.sub(lambda found: _unescaped(found[1]), raw))


def like_pattern(raw: str) -> str:
    r"""Return a literal's inside as a LIKE pattern with the escape character `\`."""

    def kept(found: re.Match[str]) -> str:
        letter = found[1]
        return f"\\{letter}" if letter in {"_", "%", "\\"} else _unescaped(letter)

    return _whole_characters(_ESCAPE.sub(kept, raw))


def quoted(text: str) -> str:
    """Return the text as a SOQL literal."""
    inside = _NEEDS_ESCAPE.sub(lambda found: _WRITTEN[found[0]], text)
    return f"'{inside}'"


def _whole_characters(text: str) -> str:
    r"""Join the halves that two escapes gave (`\ud83d\ude00`); a half alone is no character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(letter: str) -> str:
    if letter.startswith("u") and len(letter) == 5:
        return chr(int(letter[1:], 16))
    if letter not in _ESCAPES:
        raise malformed(f"Illegal string literal: unknown escape '\\{letter}'")
    return _ESCAPES[letter]
