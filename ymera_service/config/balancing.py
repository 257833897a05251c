"""How calls are spread over the accounts and endpoints with which one model can be called."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ymera_service.config.sections import Section

Share = Annotated[float, Field(ge=0.001, le=1000, allow_inf_nan=False)]


class BalancingPolicy(StrEnum):
    """Which of the accounts and endpoints of a model is called next, of those that may be called."""

    PEAK_EWMA = "peak-ewma"
    """The one that is expected to answer first: the lowest latency times the calls under way, with what is left of
    rate limits."""
    WEIGHTED = "weighted"
    """In turn, each as often as its weight says."""
    ROUND_ROBIN = "round-robin"
    """In turn, all as often."""


class BalancingSettings(Section):
    """The choice among the accounts and endpoints of a model."""

    policy: BalancingPolicy = BalancingPolicy.PEAK_EWMA
    providers: dict[str, BalancingPolicy] = Field(default_factory=dict)
    """Another policy for a provider, by its name."""
    weights: dict[str, Share] = Field(default_factory=dict)
    """How much an account or an endpoint gets in comparison with others, by "provider#account", "provider@endpoint" or
    the id of a target; 1 unless stated. Those of a target's account and endpoint are multiplied."""

    def policy_of(self, provider: str) -> BalancingPolicy:
        """Returns the policy for a provider's models."""
        return self.providers.get(provider, self.policy)
