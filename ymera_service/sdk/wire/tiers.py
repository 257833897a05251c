"""Service tiers: what providers call them, and which of them have other prices than the usual."""

from collections.abc import Iterator, Mapping

from ymera_service.sdk.generation import Adaptation, ServiceTier
from ymera_service.sdk.wire.adaptations import dropped

Names = Mapping[ServiceTier, str]
"""A provider's words for the tiers that it has."""

_OTHER_RATES = frozenset({"flex", "priority", "performance", "scale", "batch"})


def tier_named(asked: ServiceTier | None, names: Names) -> str:
    """Returns the provider's word for a tier; empty if none is asked for or the provider does not have it."""
    return names.get(asked, "") if asked else ""


def tier_adaptation(asked: ServiceTier | None, names: Names) -> Iterator[Adaptation]:
    """Yields that a tier was dropped as the provider does not have it; without tiers it serves in the standard one."""
    if asked is not None and asked not in names and asked is not ServiceTier.STANDARD:
        yield dropped("prompt.service_tier", f"the provider has no tier {asked.value}")


def has_usual_rates(tier: str) -> bool:
    """Returns whether a call in a tier, by the provider's word for it, costs what the price list says."""
    return tier.lower() not in _OTHER_RATES
