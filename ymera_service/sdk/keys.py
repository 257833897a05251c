"""The keys with which a provider is called: those that are configured, and those of the vault, which may change.

A plugin gives `Keys` to `Endpoint.accounts`. Every call, and every list of models, then uses the keys of that moment.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlsplit

CONFIGURED = "configured"
"""The account of a key that is configured without a name, beside others. Alone, it has no name."""


class Vault(Protocol):
    """The keys that operators manage while the server runs, as with `ymera keys`."""

    def accounts(self, provider: str, origin: str) -> Mapping[str, str]:
        """Returns the keys of a provider as they are now, by name; another object if they have changed.

        Only those that were added for this origin: a key is not sent to where a changed configuration points.
        """
        ...


def origin_of(url: str) -> str:
    """Returns the scheme, host and port of an address, without user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def bearer(key: str) -> Mapping[str, str]:
    """Returns the headers of a key that is sent as a bearer token."""
    return {"authorization": f"Bearer {key}"}


class Keys(Mapping[str, Mapping[str, str]]):
    """The headers of each account of a provider, as they are now. Shows and compares no key."""

    def __init__(
        self,
        provider: str,
        configured: str | Mapping[str, str] = "",
        vault: Vault | None = None,
        *,
        address: str,
        headers: Callable[[str], Mapping[str, str]] = bearer,
        variables: tuple[str, ...] = (),
        missing: str = "",
        wanted: bool = False,
    ) -> None:
        """
        Args:
            provider: The provider's name.
            configured: The keys in the settings or the environment: one, or several by name.
            vault: Where further ones are.
            address: Where they are sent to.
            headers: Returns how a key is sent.
            variables: The environment variables that the vendor's own clients read a key from, the usual one first.
            missing: What has to be set if there is no key, as a sentence; empty if it can be called without one.
            wanted: Whether the settings name the provider. One that they don't name, and that has no key though it
                needs one, is not shown.
        """
        self.provider = provider
        self.origin = origin_of(address)
        self.variables = variables
        self.missing = missing
        self.wanted = wanted
        own = {"": configured} if isinstance(configured, str) else configured
        self._configured: Mapping[str, str] = MappingProxyType({name: key for name, key in own.items() if key})
        self._vault = vault
        self._headers = headers
        self._stored: Mapping[str, str] | None = None
        self._accounts: Mapping[str, Mapping[str, str]] = {}

    @property
    def known(self) -> bool:
        """Whether there is any key."""
        return bool(self._configured or self.stored)

    @property
    def configured(self) -> Mapping[str, str]:
        """The keys in the settings or the environment, by the account that each has now; without those in the vault."""
        stored = self.stored
        if not stored:
            return self._configured
        known = set(stored.values())
        return {name or CONFIGURED: key for name, key in self._configured.items() if key not in known}

    @property
    def stored(self) -> Mapping[str, str]:
        """The keys of the vault, by name; a configured one of the same name takes precedence."""
        return self._vault.accounts(self.provider, self.origin) if self._vault is not None else _NONE

    def __getitem__(self, account: str) -> Mapping[str, str]:
        accounts = self._now()
        if account not in accounts and account in {"", CONFIGURED}:  # as it was called when the call was planned
            account = CONFIGURED if account == "" else ""
        return accounts[account]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def __repr__(self) -> str:
        return f"Keys({self.provider!r}, {len(self)} accounts)"

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __reduce__(self) -> str:
        raise TypeError("keys are not pickled")

    def _now(self) -> Mapping[str, Mapping[str, str]]:
        stored = self.stored
        if stored is not self._stored:
            keys = {**stored, **self.configured}
            accounts = {name: self._headers(key) for name, key in keys.items()}
            self._accounts = accounts or ({} if self.missing else {"": {}})
            self._stored = stored
        return self._accounts


_NONE: Mapping[str, str] = MappingProxyType({})
