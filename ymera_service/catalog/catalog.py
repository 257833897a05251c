"""The models on offer: one immutable snapshot, replaced as a whole at each refresh."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NoReturn

import structlog

from ymera_service.catalog.discovery import DiscoveryFailed, discover
from ymera_service.catalog.matching import Names
from ymera_service.catalog.prices import UNLISTED, Listing, PriceLists, configured
from ymera_service.config import CatalogSettings
from ymera_service.sdk.models import Model, ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Target

_log = structlog.get_logger(__name__)


class Catalog:
    """Asks providers for their models and prices them.

    A price comes from the configuration, else from the provider, else from a price list; where none has
    it, it stays unknown, which is not zero.
    """

    def __init__(self, providers: Mapping[str, Provider], settings: CatalogSettings) -> None:
        self._providers = dict(providers)
        self._settings = settings
        self._overrides = {model: configured(price) for model, price in settings.prices.items()}
        self._lists = PriceLists()
        self._refreshing = asyncio.Lock()
        self._offers: dict[str, Sequence[Model]] = {}
        self._errors: dict[str, str] = {}
        self._models: Mapping[str, Model] = MappingProxyType({})
        self._names = Names(())

    @property
    def models(self) -> Mapping[str, Model]:
        """The present snapshot, by id in the order of ids. Another object after each refresh, never changed."""
        return self._models

    @property
    def provider_errors(self) -> Mapping[str, str]:
        """Why providers could not be asked the last time, by provider; those that could are left out."""
        return MappingProxyType(self._errors)

    def provider(self, name: str) -> Provider:
        """Returns a provider by its name.

        Raises:
            KeyError: There is none of that name.
        """
        return self._providers[name]

    def match(self, pattern: str) -> list[str]:
        """Returns the ids that a pattern means, sorted; see `Names.match`."""
        return self._names.match(pattern)

    def close_to(self, pattern: str) -> list[str]:
        """Returns up to three ids that a mistyped pattern may have meant."""
        return self._names.close_to(pattern)

    async def refresh(self) -> None:
        """Asks all providers at once and swaps the snapshot.

        One that fails keeps the models it had, and its error is kept. Two refreshes follow each other.
        """
        async with self._refreshing:
            async with asyncio.TaskGroup() as group:
                asked = {name: group.create_task(self._ask(name)) for name in self._providers}
            outcomes = {name: task.result() for name, task in asked.items()}
            self._swap(outcomes)

    async def run(self) -> NoReturn:
        """Refreshes for ever, at first after one period. Cancel it to stop."""
        while True:
            await asyncio.sleep(self._settings.refresh_seconds)
            await self.refresh()

    async def _ask(self, name: str) -> Sequence[Model] | DiscoveryFailed:
        try:
            infos = await discover(self._providers[name], self._settings.discovery_seconds)
            listings = await self._lists.look_up(infos)
            return [self._model(name, info, listings.get(info.name, UNLISTED)) for info in infos]
        except DiscoveryFailed as failure:
            return failure
        except Exception as error:  # noqa: BLE001  # the price lists' code; the other providers are refreshed all the same
            return DiscoveryFailed(f"its models can't be priced: {type(error).__name__}: {error}")

    def _model(self, provider: str, info: ModelInfo, listing: Listing) -> Model:
        model = f"{provider}/{info.name}"
        info = info if info.context_window else replace(info, context_window=listing.context_window)
        targets = tuple(Target(provider, model, deployment) for deployment in info.deployments)
        return Model(model, provider, info, self._overrides.get(model) or info.price or listing.price, targets)

    def _swap(self, outcomes: Mapping[str, Sequence[Model] | DiscoveryFailed]) -> None:
        errors = {name: found.problem for name, found in outcomes.items() if isinstance(found, DiscoveryFailed)}
        for name, problem in errors.items():
            if self._errors.get(name) != problem:
                _log.warning("provider_not_discovered", provider=name, problem=problem)
        self._offers |= {name: found for name, found in outcomes.items() if not isinstance(found, DiscoveryFailed)}
        models = {model.id: model for offer in self._offers.values() for model in offer}
        self._errors = errors
        self._models = MappingProxyType(dict(sorted(models.items())))
        self._names = Names(self._models)
