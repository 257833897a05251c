"""Names in `[balancing]` that mean nothing on offer, most likely as they are mistyped."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from difflib import get_close_matches

import structlog

from ymera_service.catalog.catalog import Catalog
from ymera_service.catalog.snapshot import CatalogSnapshot
from ymera_service.config import BalancingSettings

_log = structlog.get_logger(__name__)
_END_OF_PROVIDER = re.compile("[/#@]")
_END_OF_MODEL = re.compile("[#@]")


class BalancedCatalog:
    """Refreshes a catalogue, and warns of each name in the settings that it does not have, once."""

    def __init__(
        self,
        catalog: Catalog,
        settings: BalancingSettings,
        providers: Collection[str],
        others: Callable[[CatalogSnapshot], Iterable[tuple[str, str]]] = lambda _: (),
    ) -> None:
        """Takes the catalogue and where names of it are.

        Args:
            catalog: Is refreshed.
            settings: Have names of providers, accounts, endpoints and targets.
            providers: The names of all, also of those without a key.
            others: Returns further names that a snapshot does not have, and what is wrong with each.
        """
        self._others = others
        self._catalog = catalog
        self._settings = settings
        self._providers = providers
        self._warned: set[str] = set()

    async def refresh(self) -> None:
        """Refreshes the catalogue; see `Catalog.refresh`."""
        await self._catalog.refresh()
        snapshot = self._catalog.snapshot
        for name, problem in (*unknown_names(self._settings, self._providers, snapshot), *self._others(snapshot)):
            if name not in self._warned:
                self._warned.add(name)
                _log.warning("unknown_name_in_settings", name=name, problem=problem)


def unknown_names(
    settings: BalancingSettings, providers: Collection[str], snapshot: CatalogSnapshot
) -> Iterator[tuple[str, str]]:
    """Yields each name that means nothing, with the setting that it is in, and what is wrong with it.

    Accounts, endpoints and models of a provider that has listed no models, or not lately, may be there all the same.
    """
    for name in settings.providers:
        if name not in providers:
            yield f"balancing.providers.{name}", f"no provider has this name{_hint(name, providers)}"
    listed = {model.provider for model in snapshot.models.values()} - snapshot.provider_errors.keys()
    effective = {key for model in snapshot.models.values() for target in model.targets for key in target.domains[:3]}
    for name in settings.weights:
        provider = _END_OF_PROVIDER.split(name)[0]
        where = f'balancing.weights."{name}"'
        if provider not in providers:
            rest = name.removeprefix(provider)
            yield where, f"no provider is named {provider!r}{_hint(name, [each + rest for each in providers])}"
        elif provider in listed and name not in effective:
            hint = _hint(name, _similar(name, provider, snapshot))
            yield where, f"no account, endpoint or target has this name{hint}"


def _similar(name: str, provider: str, snapshot: CatalogSnapshot) -> set[str]:
    """Returns what a name may mean: an account or endpoint of its provider, or a target of a model of nearly its id."""
    if "/" in name:
        model = _END_OF_MODEL.split(name)[0]
        near = [model] if model in snapshot.models else snapshot.close_to(model)
        return {target.id for each in near for target in snapshot.models[each].targets}
    targets = [each for model in snapshot.models.values() if model.provider == provider for each in model.targets]
    return {key for target in targets for key in target.domains[1:3] if not key.endswith(("#", "@"))}


def _hint(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
