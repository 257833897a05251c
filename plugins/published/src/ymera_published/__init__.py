"""Ymera plugin: what published benchmarks let expect of a model before it is measured."""

from collections.abc import Iterable

from ymera_published.prior import PublishedScores
from ymera_service.sdk.hookspecs import hookimpl
from ymera_service.sdk.priors import QualityPrior


@hookimpl
def ymera_register_priors() -> Iterable[QualityPrior]:
    """Offers the prior "published"."""
    return [PublishedScores()]
