"""Providers' keys: follows their changes, so that the next call uses them."""

from collections.abc import Set

from ymera_service.access.vault import Account, Vault
from ymera_service.catalog import Catalog
from ymera_service.resilience.breaker import Breakers


class Keys:
    """The keys of the vault, and what depends on them: which models there are, and which accounts fail."""

    def __init__(self, vault: Vault, catalog: Catalog, breakers: Breakers) -> None:
        self._vault = vault
        self._catalog = catalog
        self._breakers = breakers

    async def follow(self) -> None:
        """Takes over what this or another server has changed.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        await self._heed(await self._vault.reread())

    async def renew(self) -> None:
        """Reads the master keys again, and goes on with a change of the current one.

        Raises:
            StorageUnavailable: The database can't be read or written.
        """
        await self._heed(await self._vault.renew())

    async def _heed(self, changed: Set[Account]) -> None:
        for provider, name in changed:
            self._breakers.forget(provider, name)
        if changed:
            await self._catalog.refresh({provider for provider, _ in changed})
