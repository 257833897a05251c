"""API keys of callers.

A key has 256 random bits, so its SHA-256 can't be guessed from and needs no slow hash. A caller is found by a
look-up of the hash: how long that takes says nothing about any key.
"""

import hashlib
import secrets
from collections.abc import Iterable

from ymera_service.config import CallerSettings
from ymera_service.sdk.errors import Unauthenticated

PREFIX = "ymera_"
"""What keys begin with, so that scanners for leaked secrets can find them."""
SCHEME = "bearer "
LONGEST = 512
"""Characters of the longest `authorization` that is looked at."""


def new_key() -> str:
    """Returns a key that has not existed before."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """Returns what is stored of a key: its SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


class Callers:
    """The callers who may use the server; any caller may if there are none."""

    def __init__(self, callers: Iterable[CallerSettings] = ()) -> None:
        self._names = {caller.key_sha256: caller.name for caller in callers}

    @property
    def known(self) -> bool:
        """Whether callers have to present a key."""
        return bool(self._names)

    def identify(self, authorization: str) -> str:
        """Returns the name of the caller who presents a key, as in `Bearer ymera_…`; empty if keys are not needed.

        Raises:
            Unauthenticated: The key is missing or not known.
        """
        if not self._names:
            return ""
        if not authorization:
            raise Unauthenticated("this server asks for a key; send it as metadata: authorization: Bearer KEY")
        if len(authorization) > LONGEST or not authorization[: len(SCHEME)].lower() == SCHEME:
            raise Unauthenticated("the metadata `authorization` is not of the form: Bearer KEY")
        name = self._names.get(digest(authorization[len(SCHEME) :].strip()))
        if name is None:
            raise Unauthenticated("the key is not known to this server; it may have been replaced")
        return name
