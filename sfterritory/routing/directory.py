"""Who can own a record: users and queues, found by id, login or name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sfterritory.model.ids import QUEUE_PREFIX, USER_PREFIX, looks_like_id, to_18
from sfterritory.routing.problem import Problem, did_you_mean

# Salesforce refuses a queue as the owner of these.
OBJECTS_WITHOUT_QUEUES = frozenset({"Account", "Contact", "Opportunity"})


@dataclass(frozen=True, slots=True)
class Person:
    """A user; `is_standard` tells internal people from portal, bot and integration users."""

    id: str
    name: str
    username: str
    is_active: bool
    is_standard: bool

    @property
    def is_assignable(self) -> bool:
        """Tell whether Salesforce and this tool let the user own records."""
        return self.is_active and self.is_standard


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A queue, and the objects whose records it may own."""

    id: str
    name: str
    developer_name: str
    objects: frozenset[str]


@dataclass(frozen=True, slots=True)
class Directory:
    """Look-up of users and queues; ids are in their 18-character form.

    Names, usernames and developer names are found without regard to case, as Salesforce does.
    """

    people: Mapping[str, Person]
    queues: Mapping[str, QueueEntry]
    person_ids: Mapping[str, tuple[str, ...]]
    queue_ids: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, people: Iterable[Person], queues: Iterable[QueueEntry]) -> Directory:
        """Index the records; ids may have 15 characters."""
        by_id = {to_18(person.id): person for person in people}
        queue_by_id = {to_18(queue.id): queue for queue in queues}
        return cls(
            people=by_id,
            queues=queue_by_id,
            person_ids=_names({key: (one.username, one.name) for key, one in by_id.items()}),
            queue_ids=_names(
                {key: (one.developer_name, one.name) for key, one in queue_by_id.items()}
            ),
        )

    def find_user(self, ref: str) -> str | Problem:
        """Return the id of the user a reference means, active or not, or what is wrong with it."""
        found = self._find(ref, prefix=USER_PREFIX)
        if isinstance(found, Problem):
            return found
        person = self.people[found]
        if not person.is_standard:
            return Problem(
                (),
                f"{_person_words(found, person)} is not a standard user",
                "name an internal user: portal and integration users own no territory records",
            )
        return found

    def resolve_user(self, ref: str) -> str | Problem:
        """Return the id of a user who can own records, or what is wrong with the reference."""
        found = self.find_user(ref)
        if isinstance(found, Problem) or self.people[found].is_active:
            return found
        return Problem(
            (),
            f"{_person_words(found, self.people[found])} is inactive",
            "name an active user; if the user was activated since, pull again",
        )

    def resolve_queue(self, ref: str, *, object_name: str) -> str | Problem:
        """Return the id of a queue that can own the object, or what is wrong with the reference."""
        if object_name in OBJECTS_WITHOUT_QUEUES:
            return Problem(
                (),
                f"queue {ref!r} cannot own an {object_name}: Salesforce allows only users there",
                "name a user, a pool, territory_owner or keep_owner",
            )
        found = self._find(ref, prefix=QUEUE_PREFIX)
        if isinstance(found, Problem):
            return found
        supported = self.queues[found].objects
        if object_name not in supported:
            return Problem(
                (),
                f"queue {ref!r} does not take {object_name} records, "
                f"only {', '.join(sorted(supported)) or 'none at all'}",
                f"add {object_name} to the queue's supported objects in Salesforce and pull again, "
                "or name another queue",
            )
        return found

    def _find(self, ref: str, *, prefix: str) -> str | Problem:
        noun, other = ("user", "queue") if prefix == USER_PREFIX else ("queue", "user")
        known, names = (
            (self.people, self.person_ids)
            if prefix == USER_PREFIX
            else (self.queues, self.queue_ids)
        )
        text = ref.strip()
        if looks_like_id(text) and text.startswith((USER_PREFIX, QUEUE_PREFIX)):
            if not text.startswith(prefix):
                return Problem((), f"{text} is the id of a {other}", f"write `{other}: {text}`")
            try:
                full = to_18(text)
            except ValueError as error:
                return Problem((), str(error), f"copy the id of the {noun} from Salesforce")
            if full in known:
                return full
            return Problem(
                (),
                f"no {noun} has the id {text}",
                f"pull again if the {noun} is new, or correct the id",
            )
        return self._find_by_name(text, noun=noun, names=names)

    def _find_by_name(
        self, text: str, *, noun: str, names: Mapping[str, tuple[str, ...]]
    ) -> str | Problem:
        candidates = names.get(text.casefold(), ())
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            listed = "; ".join(self._words(candidate) for candidate in candidates)
            return Problem(
                (),
                f"{len(candidates)} {noun}s are called {text!r}: {listed}",
                f"write the {'username' if noun == 'user' else 'developer name'} or the id",
            )
        remedy = did_you_mean(
            text,
            self._spellings(noun),
            otherwise=f"write the name of a {noun} as Salesforce shows it, or its id",
        )
        return Problem((), f"no {noun} is called {text!r}", remedy)

    def _spellings(self, noun: str) -> list[str]:
        if noun == "user":
            return [text for one in self.people.values() for text in (one.username, one.name)]
        return [text for one in self.queues.values() for text in (one.developer_name, one.name)]

    def _words(self, owner_id: str) -> str:
        if owner_id in self.people:
            return _person_words(owner_id, self.people[owner_id])
        return f"{self.queues[owner_id].developer_name} ({owner_id})"


def _names(spellings: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return who answers to each word; the unique login outranks a name that others have too."""
    logins = {login.casefold(): owner for owner, (login, _) in spellings.items()}
    bearers: dict[str, set[str]] = defaultdict(set)
    for owner, (_, name) in spellings.items():
        bearers[name.casefold()].add(owner)
    found = {name: tuple(sorted(owners)) for name, owners in bearers.items()}
    return {**found, **{login: (owner,) for login, owner in logins.items()}}


def _person_words(user_id: str, person: Person) -> str:
    state = "" if person.is_active else ", inactive"
    return f"{person.name} ({person.username}, {user_id}{state})"
