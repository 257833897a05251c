"""The models on offer: one immutable snapshot, replaced as a whole at each refresh."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog

from ymera_service.catalog.discovery import DiscoveryFailed, discover
from ymera_service.catalog.facts import Fact
from ymera_service.catalog.snapshot import CatalogSnapshot
from ymera_service.catalog.sources import Listed, Sources
from ymera_service.catalog.versions import to_json
from ymera_service.config import CatalogSettings
from ymera_service.plugins import Registration
from ymera_service.plugins.wording import words
from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.models import Model
from ymera_service.sdk.providers import Provider
from ymera_service.storage.records import CatalogVersion

_log = structlog.get_logger(__name__)

Store = Callable[[CatalogVersion], Awaitable[None]]
STORE_SECONDS = 10.0
"""The time limit for storing a version, which is tried again at the next refresh."""


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
    ) -> None:
        """Creates an empty catalogue; `refresh` fills it.

        Args:
            providers: The providers by name.
            settings: The interval and time limit of discovery, and facts that override those of all others.
            store: Stores each version that decisions may name; may raise.
            redact: Removes secrets from a provider's error messages.
            given_up: Called for a provider whose listing does not end when its time is over.
            tables: Returns the tables of facts about models that are in use.
        """
        self._redact = redact
        self._given_up = given_up
        self._providers = dict(providers)
        self._settings = settings
        self._store = store
        self._stored = ""
        self._sources = Sources(settings, tables)
        self._refreshing = asyncio.Lock()
        self._offers: dict[str, _Offer] = {}
        self._snapshot = CatalogSnapshot({}, {})

    @property
    def snapshot(self) -> CatalogSnapshot:
        """The models as they are now; the same object as long as nothing changes."""
        return self._snapshot

    @property
    def provider_names(self) -> Collection[str]:
        """The providers, those included that offer no model now."""
        return self._providers.keys()

    def provider(self, name: str) -> Provider:
        """Returns a provider by its name.

        Raises:
            KeyError: No provider has that name.
        """
        return self._providers[name]

    async def refresh(self) -> None:
        """Queries all providers concurrently, replaces the snapshot if anything changed, and stores a new version.

        A provider that fails keeps its previous models, and its error is recorded. So does one that lists no models
        any more, as a local server that has died may do: models that were real stay known, so that none is made up
        instead. Storing a version is tried again at the next refresh if it fails. Refreshes do not overlap.
        """
        async with self._refreshing:
            async with asyncio.TaskGroup() as group:
                tasks = {name: group.create_task(self._discover(name)) for name in self._providers}
            self._replace_snapshot({name: task.result() for name, task in tasks.items()})
            await self._store_version()

    async def facts(self, models: Sequence[Model]) -> Sequence[Sequence[Fact]]:
        """Returns for each of some models of the catalogue what each source states of it."""
        return await self._sources.facts([(model, self._offers[model.provider].listed) for model in models])

    async def _discover(self, name: str) -> _Offer | DiscoveryFailed:
        before = self._offers.get(name)
        try:
            given_up = partial(self._given_up, Registration("provider", name))
            infos = await discover(self._providers[name], self._settings.discovery_seconds, given_up)
            if not infos and before and before.models:
                return DiscoveryFailed("lists no models any more, so those that it listed before are kept")
            listed = await self._sources.listed(infos, datetime.now(UTC))
            if before and (before.listed.infos, before.listed.listings) == (listed.infos, listed.listings):
                return _Offer(listed, before.models)
            return _Offer(listed, _storable(await self._sources.models(name, listed)))
        except DiscoveryFailed as failure:
            return failure
        except Exception as error:  # noqa: BLE001  # from price lists or a plugin's data; it must not stop the refresh of others
            return DiscoveryFailed(f"its models can't be used: {words(error)}")

    def _replace_snapshot(self, outcomes: Mapping[str, _Offer | DiscoveryFailed]) -> None:
        known = self._snapshot.provider_errors
        failed = {name: found for name, found in outcomes.items() if isinstance(found, DiscoveryFailed)}
        errors = {name: words(found.problem, self._redact) for name, found in failed.items()}
        for name, problem in errors.items():
            if known.get(name) != problem:
                _log.warning("provider_not_discovered", provider=name, problem=problem)
        self._offers |= {name: found for name, found in outcomes.items() if not isinstance(found, DiscoveryFailed)}
        latest = CatalogSnapshot({model.id: model for offer in self._offers.values() for model in offer.models}, errors)
        if latest.version != self._snapshot.version or errors != known:
            self._snapshot = latest

    async def _store_version(self) -> None:
        snapshot = self._snapshot
        if self._store is None or snapshot.version == self._stored:
            return
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._store(
                    CatalogVersion(snapshot.version, datetime.now(UTC), to_json(snapshot.models.values()))
                )
        except Exception as error:  # noqa: BLE001  # without the version, requests can still be served
            _log.warning("catalog_version_not_stored", version=snapshot.version, problem=repr(error)[:500])
        else:
            self._stored = snapshot.version


def _storable(models: Sequence[Model]) -> Sequence[Model]:
    """Returns the models; raises if one can't be stored, as then no version that contains it could be stored."""
    to_json(models)
    return models
