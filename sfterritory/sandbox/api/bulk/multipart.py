"""A `multipart/form-data` body: job and content of a small load in one request."""

from __future__ import annotations

import re
from email.message import Message

from sfterritory.sandbox.api.bulk.job import api_error

MAX_CONTENT_CHARACTERS = 100_000


def read_parts(content_type: str, body: bytes) -> dict[str, bytes]:
    """Return the parts of a body by name, byte for byte.

    Raises:
        ApiError: There is no boundary, or a part has no name.
    """
    boundary = _parameter(content_type, "content-type", "boundary")
    if not boundary:
        raise api_error("A multipart request needs a boundary in its Content-Type")
    fence = b"--" + boundary.encode("utf-8", "replace")
    # The fence stands at the start of a line; the line end before it is its own.
    pieces = re.split(rb"(?:\A|\r?\n)" + re.escape(fence), body)
    parts: dict[str, bytes] = {}
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        head, found, content = re.sub(rb"\A[ \t]*\r?\n", b"", piece).partition(b"\r\n\r\n")
        if not found:
            head, found, content = piece.lstrip(b" \t\r\n").partition(b"\n\n")
        name = _part_name(head.decode("utf-8", "replace"))
        if not found or not name:
            raise api_error("A part of the multipart request has no name")
        parts[name] = content
    return parts


def _part_name(head: str) -> str:
    for line in head.splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return _parameter(value.strip(), "content-disposition", "name")
    return ""


def _parameter(value: str, header: str, name: str) -> str:
    message = Message()
    message[header] = value.replace("\r", " ").replace("\n", " ")
    found = message.get_param(name, "", header=header)
    return found if isinstance(found, str) else found[2]
