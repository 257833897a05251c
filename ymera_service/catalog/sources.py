"""Asks everyone who may know something of a model, and makes the models of the catalogue from what they state."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from fnmatch import fnmatchcase

import structlog

from ymera_service.catalog.capabilities import abilities_of
from ymera_service.catalog.discovery import problem_of
from ymera_service.catalog.facts import CONFIGURATION, Claim, Fact, claims_of, explained, settled, stated, with_facts
from ymera_service.catalog.prices import UNLISTED, Listing, PriceLists, configured
from ymera_service.catalog.regions import with_regions
from ymera_service.catalog.versions import model_of, to_json
from ymera_service.config import CatalogSettings
from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.models import Model, ModelInfo, Price

_log = structlog.get_logger(__name__)

PRICE_LIST = "genai-prices"


@dataclass(frozen=True, slots=True)
class Listed:
    """What a provider listed.

    Attributes:
        infos: Its models.
        at: When it listed them.
        listings: What price lists state of them, by the models' names.
    """

    infos: tuple[ModelInfo, ...]
    at: datetime
    listings: Mapping[str, Listing] = field(default_factory=dict)


class Sources:
    """The configuration, the tables of plugins and the price lists."""

    def __init__(self, settings: CatalogSettings, tables: Callable[[], Collection[FactSource]] = tuple) -> None:
        """
        Args:
            settings: What the configuration states of models.
            tables: Returns the tables that are in use.
        """
        self._settings = settings
        self._overrides = {model: configured(price) for model, price in settings.prices.items()}
        self._tables = tables
        self._lists = PriceLists()
        self._failed: set[str] = set()

    async def listed(self, infos: tuple[ModelInfo, ...], at: datetime, before: Listed | None = None) -> Listed:
        """Returns what a provider listed, with what price lists state of it.

        Args:
            infos: The models.
            at: Now.
            before: What it listed before. If these are the same models, in the same hour, as prices may depend on it,
                the price lists are not asked again: that takes half a second in a new process.
        """
        if before is not None and before.infos == infos and _hour(before.at) == _hour(at):
            return Listed(infos, at, before.listings)
        return Listed(infos, at, await self._lists.look_up(infos))

    async def models(self, provider: str, listed: Listed) -> Sequence[Model]:
        """Returns the models of a provider, with the facts that count.

        Raises:
            TypeError, ValueError: One of them can't be stored, so that no version of the catalogue with it could be.
        """
        return await asyncio.to_thread(self._models, provider, listed)

    async def facts(self, models: Sequence[tuple[Model, Listed]]) -> Sequence[Sequence[Fact]]:
        """Returns for each of some models what each source states of it.

        Args:
            models: Models of the catalogue, and the lists that they are from.
        """
        return await asyncio.to_thread(lambda: [list(self._explained(model, listed)) for model, listed in models])

    def _models(self, provider: str, listed: Listed) -> Sequence[Model]:
        tables = self._by_date()
        models = [self._model(provider, info, listed, tables) for info in listed.infos]
        to_json(models)
        return models

    def _model(self, provider: str, info: ModelInfo, listed: Listed, tables: Sequence[FactSource]) -> Model:
        facts = settled(self._claims(provider, info, listed.at, listed.listings.get(info.name, UNLISTED), tables))
        price = facts.get("price")
        known = with_regions(with_facts(info, facts), provider, self._settings.regions)
        return model_of(provider, known, price if isinstance(price, Price) else None)

    def _explained(self, model: Model, listed: Listed) -> Sequence[Fact]:
        info = next((each for each in listed.infos if each.name == model.info.name), model.info)
        listing = self._lists.listing(info)
        return list(explained(self._claims(model.provider, info, listed.at, listing, self._by_date())))

    def _by_date(self) -> Sequence[FactSource]:
        return sorted(self._tables(), key=lambda table: (table.taken, table.name), reverse=True)

    def _claims(
        self, provider: str, info: ModelInfo, at: datetime, listing: Listing, tables: Sequence[FactSource]
    ) -> list[Claim]:
        """Returns what each source states, in the order in which they count."""
        name = f"{provider}/{info.name}"
        own, assumed = claims_of(info, at)
        published = [claim for table in tables if (claim := self._published(table, provider, info))]
        first, last = _of_list(listing, max((table.taken for table in tables), default=date.max))
        return [Claim(CONFIGURATION, None, self._configured(name)), own, *first, *published, assumed, *last]

    def _configured(self, name: str) -> Mapping[str, object]:
        abilities = abilities_of(name, self._settings.capabilities)
        facts: dict[str, object] = {ability.value: can for ability, can in abilities.items()}
        for pattern, limits in self._settings.limits.items():
            if pattern == name or fnmatchcase(name, pattern):
                facts |= limits.model_dump(exclude_none=True)
        price = self._overrides.get(name)
        return facts if price is None else facts | {"price": price}

    def _published(self, table: FactSource, provider: str, info: ModelInfo) -> Claim | None:
        """Returns what a table states; its code is a plugin's, so that it may fail."""
        try:
            found = table.facts(provider, info)
            problem = found is not None and problem_of(found)
        except Exception as error:  # noqa: BLE001  # a plugin's code
            found, problem = None, repr(error)[:500]
        if problem and table.name not in self._failed:
            self._failed.add(table.name)  # logged once, not for each of a thousand models
            _log.warning("facts_not_used", source=table.name, model=f"{provider}/{info.name}", problem=problem)
        if found is None or problem:
            return None
        return Claim(table.origin, _day(table.taken), stated(found), weak=True)


def _of_list(listing: Listing, taken: date) -> tuple[list[Claim], list[Claim]]:
    """Returns what a price list states, before and after the tables: a price that applies since then is newer."""
    since = date.fromisoformat(listing.since) if listing.since else None
    price: Mapping[str, object] = {} if listing.price is None else {"price": listing.price}
    window: Mapping[str, object] = {"context_window": listing.context_window} if listing.context_window else {}
    day = _day(since) if since else None
    if since is not None and since > taken:
        return [Claim(PRICE_LIST, day, price)], [Claim(PRICE_LIST, None, window)]
    return [], [Claim(PRICE_LIST, day, {**price, **window})]


def _hour(moment: datetime) -> tuple[date, int]:
    return moment.date(), moment.hour


def _day(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
