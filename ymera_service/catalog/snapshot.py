"""The models at one time, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ymera_service.catalog.matching import Names
from ymera_service.catalog.versions import version_of
from ymera_service.sdk.models import Model


@dataclass(frozen=True, slots=True, eq=False)
class CatalogSnapshot:
    """All models of all providers at one time. Compared by identity; the same version gives the same decisions.

    Attributes:
        models: By id, in the order of ids; of every kind.
        provider_errors: The errors of providers whose latest discovery failed, by provider.
        version: A hash of everything in it that can influence a decision.
    """

    models: Mapping[str, Model]
    provider_errors: Mapping[str, str]
    version: str = field(init=False)
    _names: Names = field(init=False, repr=False)

    def __post_init__(self) -> None:
        models = dict(sorted(self.models.items()))
        object.__setattr__(self, "models", MappingProxyType(models))
        object.__setattr__(self, "provider_errors", MappingProxyType(dict(self.provider_errors)))
        object.__setattr__(self, "version", version_of(models.values(), self.provider_errors))
        object.__setattr__(self, "_names", Names(models))

    def match(self, pattern: str) -> list[str]:
        """Returns the ids of the models that a pattern matches, sorted; see `Names.match`."""
        return self._names.match(pattern)

    def close_to(self, pattern: str) -> list[str]:
        """Returns up to three ids that are similar to a mistyped pattern."""
        return self._names.close_to(pattern)
