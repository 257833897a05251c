"""Service tiers: what providers call them, and which of them have other prices than the usual."""

from collections.abc import Mapping

from ymera_service.sdk.generation import ServiceTier

Names = Mapping[ServiceTier, str]
"""A provider's words for the tiers that it has."""

_OTHER_RATES = frozenset({"flex", "priority", "performance", "scale", "batch"})


def tier_named(asked: ServiceTier | None, names: Names) -> str:
    """Returns the provider's word for a tier; empty if none is asked for or the provider does not have it."""
    return names.get(asked, "") if asked else ""


def has_usual_rates(tier: str) -> bool:
    """Returns whether a call in a tier, by the provider's word for it, costs what the price list says."""
    return tier.lower() not in _OTHER_RATES
