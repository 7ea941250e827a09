"""Where secrets stand (environment, file, keyring), and how a new one is put in an old one's place.

A secret is a `SecretStr` from the moment it is read; no message here shows one.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from filelock import FileLock, Timeout
from pydantic import SecretStr, field_validator, model_validator

from sfterritory.errors import SignInError
from sfterritory.events import emit
from sfterritory.model.document import Document

LOCK_WAIT_SECONDS = 60.0  # another process of ours renews its session: one request
PRIVATE_MODE = 0o600
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class SecretSource(Document):
    """Where one secret stands: exactly one of the three."""

    env: str | None = None
    file: str | None = None
    keyring: str | None = None

    # No text of these messages may hold the value: somebody may have written the secret itself.
    @field_validator("env")
    @classmethod
    def _is_a_variable(cls, name: str | None) -> str | None:
        if name is not None and not _VARIABLE.match(name):
            raise ValueError("this is not the name of an environment variable")
        return name

    @field_validator("keyring")
    @classmethod
    def _has_two_parts(cls, entry: str | None) -> str | None:
        if entry is not None and not all(entry.rpartition("/")[::2]):
            raise ValueError("write service/name, as the keyring lists the entry")
        return entry

    @model_validator(mode="after")
    def _is_one(self) -> SecretSource:
        if sum(one is not None for one in (self.env, self.file, self.keyring)) != 1:
            raise ValueError("write exactly one of env, file and keyring")
        return self

    @property
    def words(self) -> str:
        """The source as messages name it."""
        if self.env is not None:
            return f"the variable {self.env}"
        if self.file is not None:
            return f"the file {self.file}"
        return f"the keyring entry {self.keyring}"

    @property
    def is_durable(self) -> bool:
        """Tell whether a new value can be kept there beyond this process."""
        return self.env is None


def read_secret(source: SecretSource, environ: Mapping[str, str]) -> SecretStr:
    """Return the secret, outer blanks stripped.

    Raises:
        SignInError: Missing, empty, unreadable, or in a file that others may change.
    """
    if source.env is not None:
        text = environ.get(source.env, "").strip()
        if not text:
            raise SignInError(
                f"the environment variable {source.env} is not set",
                remedy=f"export {source.env}, or name another place for the secret",
            )
        return SecretStr(text)
    if source.file is not None:
        return SecretStr(_read_file(Path(source.file)))
    return SecretStr(_read_keyring(str(source.keyring)))


def keep_secret(source: SecretSource, value: SecretStr) -> None:
    """Put a new value in the place of the old one, so that it survives a crash of the machine.

    Raises:
        SignInError: The place is an environment variable, or cannot be written.
    """
    if source.file is not None:
        _replace_file(Path(source.file), value.get_secret_value())
    elif source.keyring is not None:
        _write_keyring(source.keyring, value.get_secret_value())
    else:
        raise SignInError(
            f"a new value cannot be kept in {source.words}: it ends with this process",
            remedy="keep the secret in a file or in the keyring",
        )


@contextmanager
def exchanging(source: SecretSource) -> Iterator[None]:
    """Hold off other processes while a secret is read, used up, and replaced.

    Only files are guarded: two processes that spend one rotating token would lose it. Where the
    folder takes no lock file it takes no new secret either, and nothing can be exchanged.

    Raises:
        SignInError: Another process holds it for too long.
    """
    # by the file itself, as it is replaced: two links to it are one secret
    path = None if source.file is None else Path(source.file).resolve()
    if path is None or not os.access(path.parent, os.W_OK):
        yield
        return
    lock = FileLock(f"{path}.lock", timeout=LOCK_WAIT_SECONDS, mode=PRIVATE_MODE)
    try:
        lock.acquire()
    except Timeout as error:
        raise SignInError(
            f"another process holds the secret of {source.words} since {LOCK_WAIT_SECONDS:g} "
            "seconds",
            remedy="look for a run that hangs, end it, and run again",
        ) from error
    try:
        yield
    finally:
        lock.release()


def exposure(path: Path) -> str:
    """Return who else may use a secret's file: "" for nobody, else as in "everybody may read it".

    Only where files have POSIX modes; a file that is not there is not exposed.
    """
    if os.name != "posix":
        return ""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    for who, read, write in (
        ("everybody", stat.S_IROTH, stat.S_IWOTH),
        ("its group", stat.S_IRGRP, stat.S_IWGRP),
    ):
        if mode & write:
            return f"{who} may change it"
        if mode & read:
            return f"{who} may read it"
    return ""


def keyring_reached() -> str:
    """Return the name of the keyring's backend.

    Raises:
        SignInError: The extra is not installed, or this machine has no keyring.
    """
    ring = _keyring()
    backend = ring.get_keyring()
    if getattr(backend, "priority", 0) <= 0:
        raise _no_backend()
    return f"{type(backend).__module__}.{type(backend).__name__}"


def _read_file(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise SignInError(
            f"{str(path)!r} cannot be read: {reason}", remedy="correct the path or the permissions"
        ) from error
    if not text:
        raise SignInError(f"{str(path)!r} is empty", remedy="write the secret into it")
    open_to = exposure(path)
    if open_to.endswith("change it"):
        raise SignInError(
            f"{str(path)!r} holds a secret, and {open_to}", remedy=f"run `chmod 600 {path}`"
        )
    if open_to:
        emit("secret.exposed", path=str(path), open_to=open_to)
    return text


def _replace_file(path: Path, text: str) -> None:
    """Replace a file whole: never empty, never half written, never readable by others."""
    path = path.resolve()  # a link stays a link
    temporary = None
    try:
        # mkstemp makes it with mode 0600
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        raise SignInError(
            f"the new secret cannot be written to {str(path)!r}: {error.strerror}",
            remedy="let this user write to the file's folder",
        ) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Have the new name of a file survive a loss of power."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_keyring(entry: str) -> str:
    ring = _keyring()
    service, _, name = entry.rpartition("/")
    try:
        secret = ring.get_password(service, name)
    except ring.errors.NoKeyringError as error:
        raise _no_backend() from error
    except ring.errors.KeyringError as error:
        raise SignInError(
            f"the keyring refuses {entry}: {type(error).__name__}",
            remedy="unlock the keyring of this user, then run again",
        ) from error
    if not secret:
        raise SignInError(
            f"the keyring has no entry {entry}",
            remedy=f"run `keyring set {service} {name}` and paste the secret",
        )
    return str(secret)


def _write_keyring(entry: str, text: str) -> None:
    ring = _keyring()
    service, _, name = entry.rpartition("/")
    try:
        ring.set_password(service, name, text)
    except ring.errors.KeyringError as error:
        raise SignInError(
            f"the keyring does not take {entry}: {type(error).__name__}",
            remedy="unlock the keyring of this user, then run again",
        ) from error


def _keyring() -> ModuleType:
    """Import keyring: an extra, and slow to load."""
    try:
        import keyring  # noqa: PLC0415 - an optional extra
        import keyring.errors  # noqa: PLC0415 - as above
    except ImportError as error:
        raise SignInError(
            "secrets in a keyring need the package keyring, which is not installed",
            remedy="run `pip install 'sfterritory[keyring]'`",
        ) from error
    return keyring


def _no_backend() -> SignInError:
    return SignInError(
        "this machine has no keyring that this user could use",
        remedy="start the desktop's keyring service, or keep the secret in a file of mode 600",
    )
