"""Content coding: compressed request bodies, and who accepts compressed answers."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from sfterritory.sandbox.api.answer import ApiError

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def decoded(body: bytes, encoding: str, *, most_bytes: int) -> bytes:
    """Return a request body as its sender had it before compressing.

    Raises:
        ApiError: 415 for an unknown coding, 400 for broken data, 413 beyond `most_bytes`.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"} or not body:
        return body
    if name not in _WINDOW_BITS:
        raise ApiError(
            415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Encoding is not supported: {name[:40]}"
        )
    reader = zlib.decompressobj(_WINDOW_BITS[name])
    try:
        content = reader.decompress(body, most_bytes)
    except zlib.error as error:
        raise ApiError(400, "BAD_REQUEST", f"The body is no {name}: {error}") from error
    if reader.unconsumed_tail:
        raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", "The request body is too large")
    if not reader.eof:
        raise ApiError(400, "BAD_REQUEST", f"The {name} body is cut short")
    return content


def accepts_gzip(headers: Mapping[str, str]) -> bool:
    """Whether the answer to a request would be compressed."""
    # As simple as the layer that compresses: whoever names gzip gets it.
    return "gzip" in headers.get("accept-encoding", "")
