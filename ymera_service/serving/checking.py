"""Asks providers whether they accept their keys, by calls that cost nothing."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ymera_service.plugins.wording import words
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    InvalidProviderRequest,
    PermissionDenied,
    ProviderError,
    QuotaExhausted,
    RateLimited,
)
from ymera_service.sdk.keys import CONFIGURED
from ymera_service.sdk.providers import Provider

CHECK_SECONDS = 10.0
"""The time limit of one check."""
AT_ONCE = 8
"""Checks of a provider under way: a vendor would take more for an attack."""
_PUBLIC = "the provider answers the call for nothing without a key, too"


class KeyVerdict(StrEnum):
    """What a provider says of a key."""

    VALID = "valid"
    REFUSED = "refused"
    EXHAUSTED = "exhausted"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """A verdict on a key; `detail` is the provider's reason, or why the key could not be judged."""

    provider: str
    name: str
    verdict: KeyVerdict
    detail: str = ""


async def checked(provider: Provider, accounts: Sequence[str], redact: Callable[[str], str]) -> Sequence[KeyCheck]:
    """Returns the verdicts on some accounts of a provider. Its code may fail in any way."""
    anonymous = await _verdict(provider, None, redact)
    turns = asyncio.Semaphore(AT_ONCE)

    async def of(account: str) -> KeyCheck:
        async with turns:
            found = await _verdict(provider, account, redact)
        if found.verdict is KeyVerdict.VALID and anonymous.verdict is KeyVerdict.VALID:
            return KeyCheck(provider.name, account or CONFIGURED, KeyVerdict.UNKNOWN, _PUBLIC)
        return found

    return await asyncio.gather(*map(of, accounts))


async def _verdict(provider: Provider, account: str | None, redact: Callable[[str], str]) -> KeyCheck:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await provider.check_key(account)
    except TimeoutError:
        verdict, detail = KeyVerdict.UNREACHABLE, f"did not answer within {CHECK_SECONDS:g} s"
    except Exception as error:  # noqa: BLE001  # a plugin's code
        verdict, detail = _of(error), words(error.message if isinstance(error, ProviderError) else error, redact)
    else:
        verdict, detail = KeyVerdict.VALID, ""
    return KeyCheck(provider.name, account or CONFIGURED, verdict, detail)


def _of(error: Exception) -> KeyVerdict:
    match error:
        case AuthenticationFailed() | PermissionDenied():
            return KeyVerdict.REFUSED
        case QuotaExhausted():
            return KeyVerdict.EXHAUSTED
        case RateLimited():  # of this key: it is known
            return KeyVerdict.VALID
        case InvalidProviderRequest():
            return KeyVerdict.UNKNOWN
        case _:
            return KeyVerdict.UNREACHABLE
