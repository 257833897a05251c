"""Authorises requests: by a signature of an access key of AWS, or by a key of Bedrock."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from ymera_bedrock.credentials import Source
from ymera_bedrock.signing import Scope, signed_headers
from ymera_service.sdk.http import HttpRequest
from ymera_service.sdk.keys import Keys

Authorizer = Callable[[HttpRequest, str], Awaitable[HttpRequest]]
"""Returns a request for a region, with its full URL, as it is sent.

Raises:
    AuthenticationFailed: No credentials were found.
"""

_SERVICE = "bedrock"
"""In signatures, for the models as well as for their lists."""
_LARGE = 1 << 20
"""Bytes from which a body is hashed in a thread."""


def by_headers(headers: Mapping[str, str]) -> Authorizer:
    """Returns the authoriser that sends a key of Bedrock, in these headers."""

    async def authorize(request: HttpRequest, region: str) -> HttpRequest:
        return replace(request, headers={**request.headers, **headers})

    return authorize


def by_signature(source: Source, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Authorizer:
    """Returns the authoriser that signs with the credentials of a source, at the time of a clock in UTC."""

    async def authorize(request: HttpRequest, region: str) -> HttpRequest:
        credentials = await source()
        body = request.body
        digest = _hash(body) if len(body) < _LARGE else await asyncio.to_thread(_hash, body)
        scope = Scope(region, _SERVICE)
        return replace(request, headers=signed_headers(request, digest, credentials, scope, clock()))

    return authorize


class Accounts(Mapping[str, Authorizer]):
    """The accounts that sign, and those with a key of Bedrock, as they are now."""

    def __init__(self, signing: Mapping[str, Authorizer], keys: Keys) -> None:
        """A key that has the name of an account that signs is not used."""
        self._signing = signing
        self._keys = keys

    def __getitem__(self, name: str) -> Authorizer:
        if name in self._signing or not self._keys.known:
            return self._signing[name]
        return by_headers(self._keys[name])

    def __iter__(self) -> Iterator[str]:
        yield from self._signing
        if self._keys.known:
            yield from [name for name in self._keys if name not in self._signing]

    def __len__(self) -> int:
        return len(list(iter(self)))


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
