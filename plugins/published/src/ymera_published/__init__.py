"""Ymera plugin: what is published about models: scores in benchmarks, limits, capabilities and prices."""

from collections.abc import Iterable

from ymera_published.facts import PublishedFacts
from ymera_published.prior import PublishedScores
from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.priors import QualityPrior


@hookimpl
def ymera_register_priors() -> Iterable[QualityPrior]:
    """Offers the prior "published"."""
    return [PublishedScores()]


@hookimpl
def ymera_register_facts() -> Iterable[FactSource]:
    """Offers the facts "published"."""
    return [PublishedFacts()]
