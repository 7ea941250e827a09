"""Drawings as files of their own: an SVG that any program can open, in the colours of paper.

Other programs than browsers know no CSS variables, so the colours are filled in.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from sfterritory.web.map_colours import COLOURS
from sfterritory.web.map_view import WIDTH

_VARIABLE = re.compile(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,8})")
_USE = re.compile(r"var\(--([\w-]+)\)")
_ENLARGED = 2
_FONT = "svg { font-family: Helvetica, Arial, 'Liberation Sans', sans-serif; }\n"
_WHOLE = "\nsvg.map, svg.chart { max-height: none; border: 0; }"


def chart_file(drawing: Markup) -> str:
    """Return a chart as a file."""
    return _file(drawing, _filled(_asset("chart.css")))


def map_file(drawing: Markup) -> str:
    """Return a map as a file."""
    rules = [f"{rule.strip()} }}" for rule in _asset("map.css").split("}") if rule.strip()]
    values = _light() | {"c-none": _light()["outline"]}
    coloured = [
        rule.replace(".map ", f".map .{name}").replace("var(--c)", values[name])
        for name in (*(f"c{number}" for number in range(COLOURS)), "c-none")
        for rule in rules
        if "var(--c)" in rule
    ]
    # The others come last, as they have to outrank these: rings, and areas without a colour.
    plain = [rule for rule in rules if "var(--c)" not in rule and "--c:" not in rule]
    return _file(drawing, _filled("\n".join((*coloured, *plain))))


def size_of(svg: str) -> tuple[int, int]:
    """Return width and height of a file in pixels.

    Raises:
        ValueError: It is none of ours.
    """
    found = re.search(r'<svg [^>]*width="(\d+)" height="(\d+)"', svg)
    if found is None:
        raise ValueError("the drawing has no size")
    return int(found[1]), int(found[2])


def _file(drawing: Markup, style: str) -> str:
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)
    width, height = (float(box[1]), float(box[2])) if box else (WIDTH, WIDTH)
    size = f'width="{width * _ENLARGED:.0f}" height="{height * _ENLARGED:.0f}" '
    head, rest = str(drawing).split(">", 1)
    paper = f'<rect width="100%" height="100%" fill="{_light()["paper"]}"/>'
    opened = head.replace("<svg ", f"<svg {size}", 1)
    return f"{opened}><style>{_FONT}{style}{_WHOLE}</style>{paper}{rest}\n"


def _filled(style: str) -> str:
    values = _light()
    return _USE.sub(lambda match: values.get(match[1], match[0]), style)


@cache
def _light() -> dict[str, str]:
    """Return the colours of the page by day."""
    return dict(_VARIABLE.findall(_asset("palette.css").split("@media")[0]))


def _asset(name: str) -> str:
    return (files("sfterritory.web") / "templates" / name).read_text(encoding="utf-8")
