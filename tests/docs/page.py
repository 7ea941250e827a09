"""Reading the pages of the documentation."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(name: str) -> str:
    """Return a page, `commands.md` or `../README.md`."""
    return (DOCS / name).read_text(encoding="utf-8")


def sections(name: str) -> dict[str, str]:
    """Return the text below each heading of level 2 or 3, by the heading without its back ticks."""
    _, *parts = _HEADING.split(text_of(name))
    return {
        heading.replace("`", ""): body
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
    }


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of the tables of a text, headings and rules left out."""
    found = []
    lines = text.splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("|") and not line.startswith("|--") and not after.startswith("|--"):
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            found.append([cell.strip() for cell in cells])
    return found


def quoted(text: str) -> list[str]:
    """Return what stands between back ticks."""
    return re.findall(r"`([^`]+)`", text)


def fenced(name: str, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return [body for word, body in _FENCE.findall(text_of(name)) if word == language]
