"""What is expected of the models of a catalogue before they are measured.

The prior in use is asked first; what a model's own provider states counts only where the prior knows nothing, and its
price beside those of the others only where neither does. A simulated model is what its simulator says: published scores
of a real one would be wrong for it.
"""

from collections.abc import Mapping, Sequence
from math import isfinite, log2
from statistics import fmean

import structlog

from ymera_service.catalog import CatalogSnapshot
from ymera_service.routing.learning.quality import UNINFORMED
from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.models import Kind, Model
from ymera_service.sdk.priors import Expectation, QualityPrior

PER_DOUBLING = 0.02
"""How much better a model is expected to be at twice the price. In three tables of recorded outcomes it is 0.016, 0.025
and 0.032, with many exceptions, so that a few answers outweigh it."""
MOST_DOUBLINGS = 1.0
"""from the usual price, up and down, for which that counts: else the dearest model would be tried first, and it would
take long to learn that the dearer models of a catalogue are worse."""
BY_PRICE = "its price"

_log = structlog.get_logger(__name__)


def expectations(catalog: CatalogSnapshot, prior: QualityPrior | None) -> Mapping[str, Expectation]:
    """Returns model id → what is expected of it; models of which nothing is known are missing.

    The prior is a plugin's: if it fails for a model, that is logged once and what providers state is used instead.
    """
    found: dict[str, Expectation] = {}
    models = [model for model in catalog.models.values() if model.info.kind is Kind.GENERATE]
    by_price = _by_price(models)
    for model in models:
        if prior is not None and not model.info.simulated:
            try:
                expectation = _checked(prior.expect(model))
            except Exception:  # noqa: BLE001  # whatever it raises, routing goes on without it
                _log.exception("prior_failed", prior=prior.name, model=model.id)
                prior, expectation = None, None
        else:
            expectation = None
        if expectation is None:
            expectation = _stated(model) or by_price.get(model.id)
        if expectation is not None:
            found[model.id] = expectation
    return found


def _stated(model: Model) -> Expectation | None:
    stated = model.info.stated_quality
    return Expectation(stated, "what its provider states") if stated else None


def _by_price(models: Sequence[Model]) -> Mapping[str, Expectation]:
    """Returns model id → what its price makes expect, beside the usual price of all; empty where these are the same."""
    doublings = {
        model.id: log2(model.price.input + model.price.output)
        for model in models
        if not model.info.simulated and model.price is not None and model.price.input + model.price.output
    }
    if len({*doublings.values()}) < 2:  # nothing to compare
        return {}
    usual = fmean(doublings.values())
    return {model: _priced(each - usual) for model, each in doublings.items()}


def _priced(doublings: float) -> Expectation:
    quality = UNINFORMED + PER_DOUBLING * min(max(doublings, -MOST_DOUBLINGS), MOST_DOUBLINGS)
    return Expectation(dict.fromkeys(CATEGORIES, quality), BY_PRICE)


def _checked(expectation: Expectation | None) -> Expectation | None:
    if expectation is not None and not all(isfinite(each) and 0 <= each <= 1 for each in expectation.quality.values()):
        raise ValueError(f"these are not qualities from 0 to 1: {dict(expectation.quality)!r:.500}")
    return expectation
