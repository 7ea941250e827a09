"""What a person should learn beside the answer, told on stderr from events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click

from sfterritory.events import Event, subscribed

_TEXTS = {
    "salesforce.refresh_token_lost": (
        "Warning: Salesforce replaced the refresh token, and the new one cannot be kept in "
        "{place}. This session works until it ends; after that the app has to be authorised "
        "again. Keep the token in a file that this user may replace, or in the keyring."
    ),
    "secret.exposed": "Warning: {path} holds a secret, and {open_to}: run `chmod 600 {path}`.",
}
_ORG_TEXT = (
    "Writing to org {org_id} ({kind}). sfterritory.yaml does not say which org is meant: set "
    "org.id, or a profile with org_id and sandbox."
)


@dataclass
class Notices:
    """A subscriber that tells each notice once.

    Attributes:
        writes: The command writes to Salesforce, so an org that nothing was said about is named.
    """

    writes: bool
    _told: set[str] = field(default_factory=set)

    def __call__(self, event: Event) -> None:
        """Print what the event means for a person; most mean nothing."""
        text = _TEXTS.get(event.name)
        if event.name == "org.checked" and self.writes and not event.facts["expected"]:
            text = _ORG_TEXT
        if text is None:
            return
        line = text.format(**event.facts)
        if line not in self._told:
            self._told.add(line)
            click.echo(line, err=True)


@contextmanager
def telling_notices(*, writes: bool) -> Iterator[None]:
    """Tell notices while the block runs."""
    with subscribed(Notices(writes)):
        yield
