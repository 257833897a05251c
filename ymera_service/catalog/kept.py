"""What providers listed, kept on disk: a server offers their models at once, and without a network.

One file for all providers, which only its owner may read. A file that is damaged, of another version or too large is
ignored, and so is a list that is too old. Lists of the operator's own servers and of what runs in the process are not
kept, as they take milliseconds to get and may differ in the next minute.
"""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

import orjson
import structlog
from pydantic import TypeAdapter, ValidationError

from ymera_service.catalog.discovery import usable
from ymera_service.catalog.sources import PRICE_LIST, Listed
from ymera_service.sdk.providers import Provider

_log = structlog.get_logger(__name__)

FORMAT = 1
MAX_BYTES = 32 * 1024 * 1024
"""A list of 10,000 models, the most that one provider may offer, takes about 5 MB."""
MAX_AGE = timedelta(days=7)
SLOW_FOR = timedelta(hours=1)
"""How long a start does not wait for a provider that did not list its models in time."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one provider.

    Attributes:
        origin: Where the list is from, `Provider.origin`; at another one it is of no use.
        listed: What it listed last; None if it never did.
        slow_since: When it did not list its models in time, if it has not done so since.
    """

    origin: str
    listed: Listed | None
    slow_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class _File:
    format: int
    price_list: str
    providers: Mapping[str, Kept]


class KeptLists:
    """The file in which lists are kept."""

    def __init__(self, file: Path | None) -> None:
        """`file` is None to keep nothing."""
        self._file = file
        self._failed = False
        self._others: Mapping[str, Kept] = {}
        """What is kept of providers that this process does not have, as another one may."""

    def load(self, providers: Mapping[str, Provider], now: datetime) -> dict[str, Kept]:
        """Returns what is kept of these providers and may still be used. Blocks."""
        try:
            data = None if self._file is None else _read(self._file)
            found = {} if data is None else _decoded(data)
        except (OSError, ValueError) as error:
            _log.warning("kept_lists_ignored", file=str(self._file), problem=_words(error))
            return {}
        still = {name: _usable(name, one, now) for name, one in found.items()}
        self._others = {name: one for name, one in still.items() if name not in providers and one.listed}
        own = {name: one for name, one in still.items() if name in providers}
        return {name: one for name, one in own.items() if one.origin == origin(providers[name])}

    def save(self, kept: Mapping[str, Kept]) -> None:
        """Replaces the file; a failure is logged once. Blocks."""
        if self._file is None:
            return
        problem = _saved(self._file, _File(FORMAT, _price_list(), {**self._others, **kept}))
        if problem and not self._failed:
            _log.warning("lists_not_kept", file=str(self._file), problem=problem)
        self._failed = bool(problem)


def origin(provider: Provider) -> str:
    """Returns where a provider's list is from; empty if it is not to be kept. It is a plugin's code, which may fail."""
    try:
        found = provider.origin
    except Exception:  # noqa: BLE001  # a plugin's code
        return ""
    return found if isinstance(found, str) else ""


def is_local(listed: Listed) -> bool:
    """Returns whether all models of a list run on the operator's own server."""
    return all(info.local for info in listed.infos)


def _read(file: Path) -> bytes | None:
    """Returns what a file contains; None if there is none."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            raise ValueError("it is not a file of a plausible size")
        return opened.read(MAX_BYTES)


def _decoded(data: bytes) -> Mapping[str, Kept]:
    found = _files().validate_json(data)
    if found.format != FORMAT:
        raise ValueError(f"it has the format {found.format}; this version reads {FORMAT}")
    if found.price_list == _price_list():
        return found.providers
    return {
        name: replace(one, listed=one.listed and replace(one.listed, listings={}))
        for name, one in found.providers.items()
    }


def _usable(name: str, kept: Kept, now: datetime) -> Kept:
    listed, slow_since = kept.listed, kept.slow_since
    if listed is not None and not timedelta() <= now - listed.at <= MAX_AGE:
        _log.warning("kept_list_ignored", provider=name, listed=listed.at.isoformat(), problem="it is too old")
        listed = None
    if listed is not None:
        listed = replace(listed, infos=tuple(usable(name, listed.infos)))
    if slow_since is not None and not timedelta() <= now - slow_since <= SLOW_FOR:
        slow_since = None
    return Kept(kept.origin, listed, slow_since)


def _saved(file: Path, contents: _File) -> str:
    """Replaces a file as a whole; returns why that failed, or an empty string."""
    try:
        data = orjson.dumps(contents, _plain)
        if len(data) > MAX_BYTES:
            return f"the lists have {len(data):,} bytes; at most {MAX_BYTES:,} are kept"
        # Only its owner may read it, and it is gone if it could not be put in place.
        with NamedTemporaryFile(prefix=f"{file.name}-", dir=file.parent, delete=False) as opened:
            try:
                opened.write(data)
                opened.flush()
                Path(opened.name).replace(file)
            except OSError:
                Path(opened.name).unlink(missing_ok=True)
                raise
    except (OSError, ValueError, TypeError) as error:
        return _words(error)
    return ""


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:500]
    return f"{type(error).__name__}: {error}"[:500]


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} can't be stored")


@cache
def _price_list() -> str:
    return version(PRICE_LIST)


@cache
def _files() -> TypeAdapter[_File]:
    return TypeAdapter(_File)
