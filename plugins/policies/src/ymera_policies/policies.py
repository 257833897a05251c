"""The usual policies, each a formula over columns of candidates."""

from ymera_service.sdk.policies import Candidates, Column, RoutingPolicy

TIE = 0.01
"""What the balance counts among candidates that a policy takes for nearly equal."""


class Balanced(RoutingPolicy):
    """Weighs quality, speed and cost against each other."""

    name = "balanced"
    explores = True

    def score(self, candidates: Candidates) -> Column:
        """See `RoutingPolicy`."""
        return candidates.balance


class BestQuality(RoutingPolicy):
    """Takes the best, whatever it costs."""

    name = "best-quality"
    explores = True

    def score(self, candidates: Candidates) -> Column:
        """See `RoutingPolicy`."""
        return candidates.quality + TIE * candidates.balance


class CheapestGoodEnough(RoutingPolicy):
    """Takes the cheapest of those that are nearly as good as the best."""

    name = "cheapest-good-enough"

    def __init__(self, share: float) -> None:
        """Takes the share of the best quality that is good enough."""
        self._share = share

    def score(self, candidates: Candidates) -> Column:
        """See `RoutingPolicy`. One whose price is not known counts as dearer than any other that is good enough."""
        quality, micros = candidates.quality, candidates.micros
        good, priced = quality >= self._share * quality.max(), micros == micros  # noqa: PLR0124  # NaN is not itself
        return (good * priced) * (2.0 + candidates.cost) + (good * ~priced) * 2.0 + quality * (1 - good)


class Fastest(RoutingPolicy):
    """Takes the one that is expected to be done first."""

    name = "fastest"

    def score(self, candidates: Candidates) -> Column:
        """See `RoutingPolicy`."""
        return candidates.speed + TIE * candidates.balance


class FreeFirst(RoutingPolicy):
    """Takes those that cost nothing before all others."""

    name = "free-first"

    def score(self, candidates: Candidates) -> Column:
        """See `RoutingPolicy`."""
        return candidates.balance + 2.0 * (candidates.micros == 0)


class RoundRobin(RoutingPolicy):
    """Takes one after the other."""

    name = "round-robin"

    def score(self, candidates: Candidates) -> Column:
        """See `RoutingPolicy`."""
        count = len(candidates.quality)
        places = (candidates.quality * 0.0 + 1.0).cumsum() - 1.0
        return count - (places - candidates.turn % count) % count


class Pinned(RoutingPolicy):
    """Stays with the target of the session."""

    name = "pinned"

    def score(self, candidates: Candidates) -> Column:
        """See `RoutingPolicy`."""
        return candidates.balance + 2.0 * candidates.previous
