"""What is expected of the models of a catalogue before they are measured.

The prior in use is asked first; what a model's own provider states counts only where the prior knows nothing. A
simulated model is what its simulator says: published scores of a real one would be wrong for it.
"""

from collections.abc import Mapping
from math import isfinite

import structlog

from ymera_service.catalog import CatalogSnapshot
from ymera_service.sdk.models import Kind, Model
from ymera_service.sdk.priors import Expectation, QualityPrior

_log = structlog.get_logger(__name__)


def expectations(catalog: CatalogSnapshot, prior: QualityPrior | None) -> Mapping[str, Expectation]:
    """Returns model id → what is expected of it; models of which nothing is known are missing.

    The prior is a plugin's: if it fails for a model, that is logged once and what providers state is used instead.
    """
    found: dict[str, Expectation] = {}
    for model in catalog.models.values():
        if model.info.kind is not Kind.GENERATE:
            continue
        if prior is not None and not model.info.simulated:
            try:
                expectation = _checked(prior.expect(model))
            except Exception:  # noqa: BLE001  # whatever it raises, routing goes on without it
                _log.exception("prior_failed", prior=prior.name, model=model.id)
                prior, expectation = None, None
        else:
            expectation = None
        if expectation is None:
            expectation = _stated(model)
        if expectation is not None:
            found[model.id] = expectation
    return found


def _stated(model: Model) -> Expectation | None:
    stated = model.info.stated_quality
    return Expectation(stated, "what its provider states") if stated else None


def _checked(expectation: Expectation | None) -> Expectation | None:
    if expectation is not None and not all(isfinite(each) and 0 <= each <= 1 for each in expectation.quality.values()):
        raise ValueError(f"these are not qualities from 0 to 1: {dict(expectation.quality)!r:.500}")
    return expectation
