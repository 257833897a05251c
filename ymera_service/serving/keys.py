"""Providers' keys: manages those of the vault, and follows their changes, so that the next call uses them."""

import asyncio
import difflib
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from ymera_service.access.keys import Caller
from ymera_service.access.vault import Account, StoredKey, Vault, fingerprint
from ymera_service.catalog import Catalog
from ymera_service.plugins import Plugins
from ymera_service.plugins.dormancy import keys_of
from ymera_service.resilience.breaker import Breakers
from ymera_service.sdk.errors import FieldViolation, InvalidRequest, KeyNotFound
from ymera_service.sdk.keys import CONFIGURED, Keys
from ymera_service.serving.checking import KeyCheck, checked
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.usage import Dimension, UsageReports, UsageRequest

DEFAULT = "default"
"""The name of a key for which none is given."""
_MOST = 1000
"""Sums on a page of a report."""


class KeyState(StrEnum):
    """The state of a key."""

    ACTIVE = "active"
    RESTING = "resting"
    UNUSABLE = "unusable"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What a key was used for lately. `last` is a day; the cost is None if it is not known."""

    attempts: int = 0
    cost_micros: int | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key; without times, it is one of the configuration. `detail` says why it rests or can't be used."""

    provider: str
    name: str
    fingerprint: str
    state: KeyState = KeyState.ACTIVE
    detail: str = ""
    created_at: datetime | None = None
    rotated_at: datetime | None = None
    revoked_at: datetime | None = None
    use: KeyUse = field(default_factory=KeyUse)


class ProviderKeys:
    """The keys of providers, and what depends on them: which models there are, and which accounts fail."""

    def __init__(
        self,
        vault: Vault,
        plugins: Plugins,
        catalog: Catalog,
        *,
        breakers: Breakers,
        usage: UsageReports,
        redact: Callable[[str], str],
    ) -> None:
        """`usage` is that of all callers; `redact` removes secrets from what providers say."""
        self._vault = vault
        self._plugins = plugins
        self._catalog = catalog
        self._breakers = breakers
        self._usage = usage
        self._redact = redact

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

    @property
    def providers(self) -> Mapping[str, Keys]:
        """The keys of each provider that takes some, by its name."""
        found = {name: keys_of(one) for name, one in self._plugins.registry.all_providers.items()}
        return {name: keys for name, keys in sorted(found.items()) if keys is not None}

    async def add(self, caller: Caller, provider: str, name: str, secret: str) -> ListedKey:
        """Adds a key; see `Vault.add`."""
        caller.check_administrator("manage providers' keys")
        keys, name = self._keys(provider), name or DEFAULT
        if name == CONFIGURED or name in keys.configured:
            raise InvalidRequest([FieldViolation("name", f"{name!r} is that of a key in the configuration")])
        key = await self._vault.add(provider, name, secret.strip(), keys.origin)
        await self.follow()
        return _listed(key)

    async def rotate(self, caller: Caller, provider: str, name: str, secret: str) -> ListedKey:
        """Replaces a key; see `Vault.rotate`."""
        caller.check_administrator("manage providers' keys")
        key = await self._vault.rotate(provider, name or DEFAULT, secret.strip())
        await self.follow()
        return _listed(key)

    async def revoke(self, caller: Caller, provider: str, name: str) -> ListedKey:
        """Deletes a key; see `Vault.revoke`."""
        caller.check_administrator("manage providers' keys")
        key = await self._vault.revoke(provider, name or DEFAULT)
        await self.follow()
        return _listed(key)

    async def list(self, caller: Caller) -> Sequence[ListedKey]:
        """Returns all keys, by provider and name, with their state at this server.

        Raises:
            NotAdministrator: The caller may not see them.
            StorageUnavailable: The database can't be read.
        """
        caller.check_administrator("manage providers' keys")
        stored = [_listed(key) for key in await self._vault.keys()]
        await self.follow()
        configured = [
            ListedKey(provider, name, fingerprint(key))
            for provider, keys in self.providers.items()
            for name, key in keys.configured.items()
        ]
        used = await self._used()
        states = [self._with_state(key) for key in (*stored, *configured)]
        found = [replace(key, use=used.get((key.provider, key.name), KeyUse())) for key in states]
        return sorted(found, key=lambda key: (key.provider, key.name, key.revoked_at is None))

    async def check(self, caller: Caller, provider: str, name: str) -> Sequence[KeyCheck]:
        """Asks the providers whether they accept their keys, or only some; see `checking`.

        Raises:
            NotAdministrator: The caller may not.
            KeyNotFound: The provider has no key of that name.
        """
        caller.check_administrator("manage providers' keys")
        await self.follow()
        wanted = {
            each: [account for account in keys if (keys.known and name in {"", account or CONFIGURED})]
            for each, keys in self.providers.items()
            if provider in {"", each}
        }
        if (provider or name) and not any(wanted.values()):
            raise KeyNotFound(f"{provider!r} has no key {name!r}" if name else f"{provider!r} has no key")
        providers = self._plugins.registry.all_providers
        checks = [checked(providers[each], accounts, self._redact) for each, accounts in wanted.items() if accounts]
        return [verdict for verdicts in await asyncio.gather(*checks) for verdict in verdicts]

    def _keys(self, provider: str) -> Keys:
        keys = self.providers
        if provider not in keys:
            near = difflib.get_close_matches(provider, keys, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; those that do are {', '.join(keys)}"
            raise InvalidRequest([FieldViolation("provider", f"no provider {provider[:64]!r} takes keys{hint}")])
        return keys[provider]

    def _with_state(self, key: ListedKey) -> ListedKey:
        if key.state is not KeyState.ACTIVE:
            return key
        keys = self.providers.get(key.provider)
        if keys is None:
            return replace(key, state=KeyState.UNUSABLE, detail="no plugin offers its provider now")
        if key.created_at is not None and key.name not in keys.stored:
            detail = f"was added for another address than {keys.origin}; revoke it, and add it again"
            return replace(key, state=KeyState.UNUSABLE, detail=detail)
        domain = f"{key.provider}#{key.name}"
        for pause in self._breakers.pauses.report():
            if pause.domain == domain:
                return replace(key, state=KeyState.RESTING, detail=pause.reason)
        for breaker in self._breakers.report():
            if breaker.domain == domain:
                return replace(key, state=KeyState.RESTING, detail=breaker.last_error)
        return key

    async def _used(self) -> Mapping[Account, KeyUse]:
        wanted = UsageRequest(group_by=(Dimension.PROVIDER, Dimension.ACCOUNT, Dimension.DAY))
        used: dict[Account, KeyUse] = {}
        token, is_last = "", False
        while not is_last:
            page = await self._usage.report(wanted, Violations(), caller="", size=_MOST, token=token)
            for group in page.groups:
                account = group.values[Dimension.PROVIDER], group.values[Dimension.ACCOUNT]
                before, total = used.get(account, KeyUse()), group.total
                priced = total.unpriced_attempts < total.attempts
                cost = (before.cost_micros or 0) + total.cost_micros if priced else before.cost_micros
                last = max(filter(None, (before.last, group.since)), default=None)
                used[account] = KeyUse(before.attempts + total.attempts, cost, last)
            token = page.next_token
            is_last = not token
        return used

    async def _heed(self, changed: Set[Account]) -> None:
        for provider, name in changed:
            self._breakers.forget(provider, name)
        if changed:
            await self._catalog.refresh(_names(changed))


def _names(accounts: Set[Account]) -> Collection[str]:
    return {provider for provider, _ in accounts}


def _listed(key: StoredKey) -> ListedKey:
    state = KeyState.REVOKED if key.revoked_at else KeyState.UNUSABLE if key.problem else KeyState.ACTIVE
    return ListedKey(
        key.provider,
        key.name,
        key.fingerprint,
        state,
        key.problem,
        key.created_at,
        key.rotated_at,
        key.revoked_at,
    )
