"""The vault: providers' keys, encrypted in the database and decrypted in the memory of each server.

Servers learn of each other's changes by rereading, which compares revisions. A change of the master key is carried out
key by key, each in a transaction of its own: what a server does not finish, it or another one goes on with.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

import structlog
from uuid_utils import uuid7

from ymera_service.access.envelope import MasterKeys, Sealed, Unreadable
from ymera_service.access.master_keys import MasterKeySource
from ymera_service.sdk.errors import FieldViolation, InvalidRequest, KeyNotFound, VaultLocked
from ymera_service.storage.provider_keys import ProviderKeys
from ymera_service.storage.records import SealedKey

Account = tuple[str, str]
"""A provider and the name of one of its keys."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""Of a key, which names an account."""
MAX_SECRET = 8192
"""Characters of a key; the longest known, a token of Vertex AI, has about 2,000."""
_SECRET = re.compile(r"[!-~]+")
_SHOWN_FROM = 20
"""Characters from which on a key's last four may be shown, as vendors do."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key of the vault, without the secret.

    Attributes:
        origin: The scheme, host and port that it may be sent to.
        problem: Why it can't be decrypted; empty if it can.
    """

    provider: str
    name: str
    origin: str
    fingerprint: str
    created_at: datetime
    rotated_at: datetime | None
    revoked_at: datetime | None
    master_key_id: str
    problem: str = ""


class Vault:
    """The keys of all providers. Neither shown nor pickled."""

    def __init__(
        self,
        stored: ProviderKeys,
        source: MasterKeySource,
        *,
        learn: Callable[[Iterable[str]], None] = lambda secrets: None,
        creates: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """
        Args:
            stored: The table.
            source: Where the master keys are.
            learn: Called with each secret before it is used, so that it is removed from logs and errors.
            creates: Whether a master key is made if none is configured, with the first key that is added.
            now: The time.
        """
        self._stored = stored
        self._source = source
        self._learn = learn
        self._creates = creates
        self._now = now
        self._master: MasterKeys | None = None
        self._problem = ""
        self._known: dict[str, SealedKey] = {}
        self._secrets: dict[str, str] = {}
        self._problems: dict[str, str] = {}
        self._accounts: Mapping[tuple[str, str], Mapping[str, str]] = {}
        self._changed: set[Account] = set()
        self._changing = asyncio.Lock()

    def accounts(self, provider: str, origin: str) -> Mapping[str, str]:
        """See `ymera_service.sdk.keys.Vault.accounts`."""
        return self._accounts.get((provider, origin), _NONE)

    @property
    def problem(self) -> str:
        """What is wrong, for people; empty if all keys can be used."""
        if self._problem and self._known:
            return self._problem
        if not self._problems:
            return ""
        key, problem = next(iter(self._problems.items()))
        of = self._known[key]
        more = f", and {len(self._problems) - 1} more" if len(self._problems) > 1 else ""
        return f"the key {of.name!r} of {of.provider}{more} can't be decrypted: {problem}"

    async def reread(self) -> Set[Account]:
        """Takes over changes in the database; returns the accounts whose key is another one than at the last time.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        async with self._changing:
            await self._reread()
            return self._changes()

    async def renew(self) -> Set[Account]:
        """Reads the master keys again, and has the current one encrypt all data keys; returns as `reread` does.

        Raises:
            StorageUnavailable: The database can't be read or written.
        """
        async with self._changing:
            await self._read_master(create=False)
            await self._reread()
            if self._master is not None:
                await self._rewrap(self._master)
            return self._changes()

    async def keys(self) -> Sequence[StoredKey]:
        """Returns all keys, revoked ones included.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        async with self._changing:
            await self._reread()
        stored = await self._stored.all(revoked=True)
        return [_without_secret(key, self._problem_of(key)) for key in stored]

    async def add(self, provider: str, name: str, secret: str, origin: str) -> StoredKey:
        """Stores a new key, which is sent to the given origin only.

        Raises:
            InvalidRequest: The name or the key is not valid, or the provider has that name or that key already.
            VaultLocked: There is no master key.
            StorageUnavailable: The database can't be written.
        """
        _check_name(name)
        _check_secret(secret)
        async with self._changing:
            master = await self._unlocked()
            await self._reread()
            self._check_new(provider, secret)
            key = SealedKey(str(uuid7()), provider, name, origin, fingerprint(secret), self._now())
            key = _sealed(key, master, secret)
            self._learn([secret])
            if not await self._stored.add(key):
                raise _invalid("name", f"{provider} has a key named {name!r}; rotate it, or choose another name")
            await self._reread()
        return _without_secret(key)

    async def rotate(self, provider: str, name: str, secret: str) -> StoredKey:
        """Replaces a key by another one.

        Raises:
            InvalidRequest: The key is not valid, or the provider has it already.
            KeyNotFound: The key does not exist.
            VaultLocked: There is no master key.
            StorageUnavailable: The database can't be written.
        """
        _check_secret(secret)
        async with self._changing:
            master = await self._unlocked()
            self._learn([secret])

            def rotated(key: SealedKey) -> SealedKey:
                self._check_new(provider, secret)
                key = replace(key, fingerprint=fingerprint(secret), rotated_at=self._now())
                return _sealed(key, master, secret)

            return await self._replace(provider, name, rotated)

    async def revoke(self, provider: str, name: str) -> StoredKey:
        """Deletes a key; that there was one stays known.

        Raises:
            KeyNotFound: The key does not exist.
            StorageUnavailable: The database can't be written.
        """

        def revoked(key: SealedKey) -> SealedKey:
            return replace(key, revoked_at=self._now(), data_key=None, ciphertext=None)

        async with self._changing:
            return await self._replace(provider, name, revoked)

    async def _replace(self, provider: str, name: str, change: Callable[[SealedKey], SealedKey]) -> StoredKey:
        while True:
            await self._reread()
            before = next((key for key in self._known.values() if (key.provider, key.name) == (provider, name)), None)
            if before is None:
                raise KeyNotFound(f"the vault has no key {name!r} of {provider!r}", metadata={"provider": provider})
            after = change(before)
            if await self._stored.replace(before, after):
                await self._reread()
                return _without_secret(after)

    def _check_new(self, provider: str, secret: str) -> None:
        for id_, known in self._secrets.items():
            key = self._known[id_]
            if key.provider == provider and known == secret:
                raise _invalid("secret", f"it is the key of {provider} that is named {key.name!r} already")

    async def _unlocked(self) -> MasterKeys:
        """Returns the master keys; makes one if that is wanted.

        Raises:
            VaultLocked: There are none.
        """
        await self._read_master(create=self._creates and not await self._stored.revisions())
        if self._master is None:
            raise VaultLocked(self._problem)
        return self._master

    async def _read_master(self, *, create: bool) -> None:
        try:
            found = await asyncio.to_thread(self._source.create if create else self._source.read)
        except VaultLocked as error:
            if error.message != self._problem:
                _log.error("vault locked", problem=error.message)
            self._problem = error.message
            return
        if found is None:
            remedy = "set YMERA_VAULT__MASTER_KEY or vault.master_key_file; `ymera keys master-key` makes one"
            self._problem = f"there is no master key: {remedy}"
            return
        if self._master is None or found.ids != self._master.ids:
            self._known, self._problems = {}, {}  # what could not be decrypted may be now
        self._master, self._problem = found, ""

    async def _reread(self) -> None:
        revisions = await self._stored.revisions()
        if revisions == {id_: key.revision for id_, key in self._known.items()}:
            return
        if self._master is None:
            await self._read_master(create=False)
        known = {key.id: key for key in await self._stored.all()}
        secrets = dict(self._secrets)
        for key in known.values():
            before = self._known.get(key.id)
            if before is None or before.revision != key.revision:
                secrets.pop(key.id, None)
                self._problems.pop(key.id, None)
                self._open(key, secrets)
        self._known = known
        self._secrets = {id_: secret for id_, secret in secrets.items() if id_ in known}
        self._problems = {id_: problem for id_, problem in self._problems.items() if id_ in known}
        self._show()

    def _open(self, key: SealedKey, secrets: dict[str, str]) -> None:
        if self._master is None:
            self._problems[key.id] = self._problem
            return
        try:
            secret = self._master.open(_envelope(key), _belongs_to(key))
        except Unreadable as error:
            self._problems[key.id] = str(error)
            _log.error("key not decrypted", provider=key.provider, name=key.name, problem=str(error))
            return
        self._learn([secret])
        secrets[key.id] = secret

    def _show(self) -> None:
        """Replaces what `accounts` returns."""
        accounts: dict[tuple[str, str], dict[str, str]] = {}
        for id_, secret in self._secrets.items():
            key = self._known[id_]
            accounts.setdefault((key.provider, key.origin), {})[key.name] = secret
        before, self._accounts = self._accounts, {place: MappingProxyType(keys) for place, keys in accounts.items()}
        self._changed |= {account for account, _ in _items(before) ^ _items(accounts)}

    def _changes(self) -> Set[Account]:
        changed, self._changed = self._changed, set()
        return changed

    async def _rewrap(self, master: MasterKeys) -> None:
        old = [key for key in self._known.values() if key.master_key_id != master.current]
        readable = [key for key in old if key.id not in self._problems]
        for key in readable:  # one that another server changed meanwhile is left to the next time
            await self._stored.replace(key, _with(key, master.rewrap(_envelope(key), _belongs_to(key))))
        if readable:
            _log.info("keys encrypted by a new master key", keys=len(readable), master_key_id=master.current)
            await self._reread()

    def _problem_of(self, key: SealedKey) -> str:
        return self._problems.get(key.id, "")

    def __reduce__(self) -> str:
        raise TypeError("a vault is not pickled")


def _items(accounts: Mapping[tuple[str, str], Mapping[str, str]]) -> Set[tuple[Account, str]]:
    return {((provider, name), secret) for (provider, _), keys in accounts.items() for name, secret in keys.items()}


_NONE: Mapping[str, str] = MappingProxyType({})


def fingerprint(secret: str) -> str:
    """Returns what may be shown of a key: its end, if that is a small part of it, and else the beginning of a hash."""
    if len(secret) >= _SHOWN_FROM:
        return f"…{secret[-4:]}"
    return "#" + hashlib.sha256(secret.encode()).hexdigest()[:6]


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise _invalid("name", "has other characters than lower-case letters, digits and hyphens, or more than 63")


def _check_secret(secret: str) -> None:
    """Refuses what is not a valid key, without repeating it."""
    if len(secret) > MAX_SECRET:
        raise _invalid("secret", f"has more than {MAX_SECRET:,} characters")
    if not _SECRET.fullmatch(secret):
        raise _invalid("secret", "is not a key: a key is one word of ASCII characters")


def _invalid(field: str, problem: str) -> InvalidRequest:
    return InvalidRequest([FieldViolation(field, problem)])


def _belongs_to(key: SealedKey) -> Sequence[str]:
    return key.id, key.provider, key.name, key.origin


def _sealed(key: SealedKey, master: MasterKeys, secret: str) -> SealedKey:
    return _with(key, master.seal(secret, _belongs_to(key)))


def _with(key: SealedKey, sealed: Sealed) -> SealedKey:
    return replace(key, master_key_id=sealed.master_key_id, data_key=sealed.data_key, ciphertext=sealed.ciphertext)


def _envelope(key: SealedKey) -> Sealed:
    return Sealed(key.master_key_id, key.data_key or b"", key.ciphertext or b"")


def _without_secret(key: SealedKey, problem: str = "") -> StoredKey:
    return StoredKey(
        key.provider,
        key.name,
        key.origin,
        key.fingerprint,
        key.created_at,
        key.rotated_at,
        key.revoked_at,
        key.master_key_id,
        problem,
    )
