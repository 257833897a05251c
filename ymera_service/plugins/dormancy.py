"""Providers that have no key yet: they are there, and used once the vault has one of them."""

from collections.abc import Mapping
from types import MappingProxyType

from ymera_service.plugins.wording import words
from ymera_service.sdk.keys import Keys, Vault
from ymera_service.sdk.providers import Provider


class NoVault:
    """A vault without keys."""

    def accounts(self, provider: str, origin: str) -> Mapping[str, str]:
        """Returns none."""
        return _NONE


NO_VAULT: Vault = NoVault()
_NONE: Mapping[str, str] = MappingProxyType({})


def missing(provider: Provider) -> str:
    """Returns what a provider lacks, such as a key, as a sentence; empty if it lacks nothing.

    A plugin may compute it, which must neither fail nor be huge.
    """
    try:
        if provider.missing:
            return words(str(provider.missing))
        keys = keys_of(provider)
        return "" if keys is None or keys.known else words(keys.missing)
    except Exception as error:  # noqa: BLE001  # a plugin's code
        return words(error)


def is_dormant(provider: Provider) -> bool:
    """Whether a provider has no key, needs one, and is not named by the settings: it is neither listed nor shown."""
    keys = keys_of(provider)
    return keys is not None and not keys.wanted and not keys.known and bool(keys.missing)


def keys_of(provider: Provider) -> Keys | None:
    """Returns the keys of a provider; None if it takes none of the vault."""
    return provider.keys if isinstance(provider.keys, Keys) else None
