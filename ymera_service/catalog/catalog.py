"""The models on offer: one immutable snapshot, replaced as a whole at each refresh."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import monotonic

import structlog

from ymera_service.catalog.changes import log_changes
from ymera_service.catalog.discovery import DiscoveryFailed, discover
from ymera_service.catalog.facts import Fact
from ymera_service.catalog.kept import Kept, KeptLists, is_local, origin
from ymera_service.catalog.snapshot import CatalogSnapshot
from ymera_service.catalog.sources import Listed, Sources
from ymera_service.catalog.versions import to_json
from ymera_service.config import CatalogSettings
from ymera_service.plugins import Registration
from ymera_service.plugins.dormancy import is_dormant, missing
from ymera_service.plugins.wording import words
from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.models import Model
from ymera_service.sdk.providers import Provider
from ymera_service.storage.records import CatalogVersion

_log = structlog.get_logger(__name__)

Store = Callable[[CatalogVersion], Awaitable[None]]
STORE_SECONDS = 10.0
"""The time limit for storing a version, which is tried again at the next refresh."""
PATIENCE_SECONDS = 0.1
"""How long a start waits for lists of which older ones are kept: as long as servers on this machine take."""
KEEP_SECONDS = 3600.0
"""How often lists are kept again that did not change, so that they don't count as too old."""
PENDING = DiscoveryFailed("has not listed its models yet")


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a provider listed, and the models made of it."""

    listed: Listed
    models: Sequence[Model]


class Catalog:
    """Lists the models of all providers, with what is known of them; `facts` says in which order sources count.

    What no source states is unknown: a price that is unknown is not zero.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        settings: CatalogSettings,
        store: Store | None = None,
        *,
        redact: Callable[[str], str] = str,
        given_up: Callable[[Registration, str], None] = lambda provider, place: None,
        tables: Callable[[], Collection[FactSource]] = tuple,
        kept: KeptLists | None = None,
    ) -> None:
        """Creates an empty catalogue; `refresh` fills it.

        Args:
            providers: The providers by name.
            settings: The interval and time limit of discovery, and facts that override those of all others.
            store: Stores each version that decisions may name; may raise.
            redact: Removes secrets from a provider's error messages.
            given_up: Called for a provider whose listing does not end when its time is over.
            tables: Returns the tables of facts about models that are in use.
            kept: Keeps lists for later starts.
        """
        self._redact = redact
        self._given_up = given_up
        self._providers = dict(providers)
        self._settings = settings
        self._store = store
        self._stored = ""
        self._sources = Sources(settings, tables)
        self._kept = kept or KeptLists(None)
        self._kept_at = -KEEP_SECONDS
        self._slow: dict[str, datetime] = {}
        self._refreshing = asyncio.Lock()
        self._first = {name: asyncio.Event() for name in providers}
        """Set when a provider has answered, or failed to, for the first time."""
        self._first_refresh = asyncio.Event()
        self._offers: dict[str, _Offer] = {}
        self._failed: dict[str, DiscoveryFailed] = {}
        self._changed = False
        self._snapshot = CatalogSnapshot({}, {})
        self._snapshots_begun = self._snapshot_number = 0

    @property
    def snapshot(self) -> CatalogSnapshot:
        """The models as they are now; the same object as long as nothing changes."""
        return self._snapshot

    @property
    def provider_names(self) -> Collection[str]:
        """The providers, those included that offer no model now."""
        return [name for name, provider in self._providers.items() if not is_dormant(provider)]

    def provider(self, name: str) -> Provider:
        """Returns a provider by its name.

        Raises:
            KeyError: No provider has that name.
        """
        return self._providers[name]

    async def refresh(self, only: Collection[str] | None = None) -> None:
        """Queries all providers, or only some, concurrently; replaces the snapshot if anything changed, and stores it.

        A provider that fails keeps its previous models, and its error is recorded. So does one that lists no models
        any more, as a local server that has died may do: models that were real stay known, so that none is made up
        instead. Storing a version is tried again at the next refresh if it fails. Refreshes do not overlap.
        """
        async with self._refreshing:
            async with asyncio.TaskGroup() as group:
                for name in self._providers:
                    if only is None or name in only:
                        group.create_task(self._list(name))
            await self._replace_snapshot()
            await self._store_version()
            if only is None:
                self._first_refresh.set()
            await self._keep()

    async def restore(self) -> None:
        """Offers what is kept of lists, before the first refresh."""
        now = datetime.now(UTC)
        kept = await asyncio.to_thread(self._kept.load, self._providers, now)
        ages = [(now - one.listed.at).total_seconds() for one in kept.values() if one.listed]
        self._kept_at = monotonic() - max(ages, default=KEEP_SECONDS)
        for name, one in kept.items():
            if one.slow_since is not None:
                self._slow[name] = one.slow_since
            if one.listed is not None:
                try:
                    models = await self._sources.models(name, one.listed)
                except Exception as error:  # noqa: BLE001  # what is kept may be as wrong as what a plugin states
                    _log.warning("kept_list_ignored", provider=name, problem=words(error))
                else:
                    self._offers[name] = _Offer(one.listed, models)

    async def ready(self) -> None:
        """Waits until requests can be routed well, while the first refresh is under way, and makes a snapshot.

        Lists of which older ones are kept are waited for only as long as a server on this machine takes, and so are
        those that were slow lately; all others have `discovery_seconds`.
        """
        await _until(PATIENCE_SECONDS, self._first_refresh.wait())
        if self._first_refresh.is_set():
            return
        unknown = [first.wait() for name, first in self._first.items() if name not in {*self._offers, *self._slow}]
        await _until(self._settings.discovery_seconds + 1, *unknown)
        if not self._first_refresh.is_set():
            await self._replace_snapshot()
            await self._store_version()

    async def first_listed(self) -> bool:
        """Waits for lists that are on their way since the start; returns whether there were any."""
        if self._first_refresh.is_set():
            return False
        await _until(self._settings.discovery_seconds + 1, self._first_refresh.wait())
        return True

    async def _list(self, name: str) -> None:
        lacking = missing(self._providers[name])
        found = DiscoveryFailed(lacking) if lacking else await self._discover(name)
        self._first[name].set()
        if lacking:
            self._offers.pop(name, None)
        if is_dormant(self._providers[name]):
            self._failed.pop(name, None)
        elif isinstance(found, DiscoveryFailed):
            self._failed[name] = found
            if found.slow and name not in self._slow:
                self._slow[name], self._changed = datetime.now(UTC), True
        else:
            self._offers[name] = found
            self._failed.pop(name, None)
            self._changed |= self._slow.pop(name, None) is not None

    async def _keep(self) -> None:
        """Keeps the lists for later starts, if they changed or were kept long ago."""
        listed = {name: offer.listed for name, offer in self._offers.items() if not is_local(offer.listed)}
        origins = {name: where for name in self._providers if (where := origin(self._providers[name]))}
        kept = {
            name: Kept(where, listed.get(name), self._slow.get(name))
            for name, where in origins.items()
            if name in listed or name in self._slow
        }
        if kept and (self._changed or monotonic() - self._kept_at >= KEEP_SECONDS):
            self._changed, self._kept_at = False, monotonic()
            await asyncio.to_thread(self._kept.save, kept)

    def listed_at(self, provider: str) -> datetime | None:
        """Returns when a provider listed the models that it offers; None if it has not listed any."""
        offer = self._offers.get(provider)
        return None if offer is None else offer.listed.at

    async def facts(self, models: Sequence[Model]) -> Sequence[Sequence[Fact]]:
        """Returns for each of some models of a snapshot what each source states of it."""
        nothing = Listed((), datetime.now(UTC))  # of a provider whose last key was taken away meanwhile
        offers = [(model, self._offers.get(model.provider)) for model in models]
        return await self._sources.facts([(model, offer.listed if offer else nothing) for model, offer in offers])

    async def _discover(self, name: str) -> _Offer | DiscoveryFailed:
        before = self._offers.get(name)
        try:
            given_up = partial(self._given_up, Registration("provider", name))
            infos = await discover(self._providers[name], self._settings.discovery_seconds, given_up)
            if not infos and before and before.models:
                return DiscoveryFailed("lists no models any more, so those that it listed before are kept")
            listed = await self._sources.listed(infos, datetime.now(UTC), before.listed if before else None)
            if before and (before.listed.infos, before.listed.listings) == (listed.infos, listed.listings):
                return _Offer(listed, before.models)
            offer = _Offer(listed, await self._sources.models(name, listed))
        except DiscoveryFailed as failure:
            return failure
        except Exception as error:  # noqa: BLE001  # from price lists or a plugin's data; it must not stop the refresh of others
            return DiscoveryFailed(f"its models can't be used: {words(error)}")
        self._changed = True
        if before:
            await asyncio.to_thread(log_changes, name, before.models, offer.models)
        return offer

    async def _replace_snapshot(self) -> None:
        """Makes a snapshot of what is offered now, in a thread, unless a later one was made meanwhile."""
        self._snapshots_begun += 1
        number = self._snapshots_begun
        known = self._snapshot.provider_errors
        pending = {name: PENDING for name, first in self._first.items() if not (first.is_set() or name in self._offers)}
        errors = {name: words(found.problem, self._redact) for name, found in (pending | self._failed).items()}
        for name, problem in errors.items():
            if known.get(name) != problem:
                _log.warning("provider_not_discovered", provider=name, problem=problem)
        models = {model.id: model for offer in self._offers.values() for model in offer.models}
        latest = await asyncio.to_thread(CatalogSnapshot, models, errors)
        if number < self._snapshot_number:
            return
        self._snapshot_number = number
        if latest.version != self._snapshot.version or errors != self._snapshot.provider_errors:
            self._snapshot = latest

    async def _store_version(self) -> None:
        snapshot = self._snapshot
        if self._store is None or snapshot.version == self._stored:
            return
        try:
            async with asyncio.timeout(STORE_SECONDS):
                models = await asyncio.to_thread(to_json, snapshot.models.values())
                await self._store(CatalogVersion(snapshot.version, datetime.now(UTC), models))
        except Exception as error:  # noqa: BLE001  # without the version, requests can still be served
            _log.warning("catalog_version_not_stored", version=snapshot.version, problem=repr(error)[:500])
        else:
            self._stored = snapshot.version


async def _until(seconds: float, *events: Awaitable[object]) -> None:
    """Waits for all of these, but not longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*events)
