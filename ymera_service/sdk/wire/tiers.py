"""The providers' names of service tiers. `Price.service_tiers` has their prices."""

from collections.abc import Mapping

from ymera_service.sdk.generation import ServiceTier

Names = Mapping[ServiceTier, str]
"""A provider's words for the tiers that it has."""


def tier_named(asked: ServiceTier | None, names: Names) -> str:
    """Returns the provider's word for a tier; empty if none is asked for or the provider does not have it."""
    return names.get(asked, "") if asked else ""
