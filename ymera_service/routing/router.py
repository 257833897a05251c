"""Routes a request: everything of this room in the order in which a request meets it."""

from collections.abc import Iterable, Mapping
from math import inf
from operator import itemgetter
from random import getrandbits

import structlog

from ymera_service.catalog import Catalog
from ymera_service.config import RoutingSettings
from ymera_service.resilience.breaker import Breakers
from ymera_service.routing import preferences as wishes
from ymera_service.routing.candidates import nobody, rules_for, split
from ymera_service.routing.decision import Decision, Preferences, Weights
from ymera_service.routing.estimate import needs_of
from ymera_service.routing.evidence import Evidence
from ymera_service.routing.explain import explain
from ymera_service.routing.policy import arrange, pin
from ymera_service.routing.scoring import score
from ymera_service.routing.sessions import Sessions
from ymera_service.sdk.classifiers import CATEGORIES, Classifier
from ymera_service.sdk.generation import Prompt

_log = structlog.get_logger(__name__)

_probability = itemgetter(1)

UNCLASSIFIED = "general"
"""What every task is taken for where there is no classifier, or where it fails."""


class Router:
    """Decides which models are tried for a request, and in which order.

    Everything it decides on is a snapshot: the catalogue's models, the evidence, the breakers' states and
    the sessions' models. The same snapshots and seed give the same decision.
    """

    def __init__(
        self,
        catalog: Catalog,
        evidence: Evidence,
        breakers: Breakers,
        classifier: Classifier | None,
        settings: RoutingSettings,
        *,
        sessions: Sessions | None = None,
        categories: Iterable[str] = (),
    ) -> None:
        """Takes what it decides on.

        `categories` are those of the benchmark suites: together with those that every classifier knows
        and those measured they are what a hint may name.
        """
        self._catalog = catalog
        self._evidence = evidence
        self._breakers = breakers
        self._classifier = classifier
        self._exploration = settings.exploration
        self._weights = Weights(settings.weights.quality, settings.weights.speed, settings.weights.cost).normalised()
        self._categories = {*CATEGORIES, *categories}
        self.sessions = sessions or Sessions(settings.max_sessions)

    def decide(self, prompt: Prompt, preferences: Preferences, *, seed: int | None = None) -> Decision:
        """Decides for one request; `seed`, of 64 bits, settles draws and is drawn itself where it is `None`.

        Raises:
            InvalidRequest: Preferences make no sense.
            ModelNotFound: `allow_models` or `deny_models` names a model that nobody offers.
            NoEligibleModel: The constraints leave no model.
            NoHealthyModel: They leave some, but the circuit breaker of each is open.
        """
        wishes.check(preferences, self._categories | self._evidence.categories if preferences.category_hint else ())
        probabilities = self._probabilities(prompt, preferences.category_hint)
        needs = needs_of(prompt)
        rules = rules_for(preferences, needs, self._catalog, self._evidence, self._breakers)
        eligible, exclusions = split(self._catalog.models.values(), rules)
        if not eligible:
            raise nobody(exclusions, self._breakers, self._catalog)
        weights = preferences.weights.normalised() if preferences.weights else self._weights
        candidates = score(eligible, probabilities, needs, weights, self._evidence)
        seed = getrandbits(64) if seed is None else seed
        order = arrange(
            candidates,
            prefer_free=preferences.prefer_free,
            pinned=pin(candidates, self.sessions.model_of(preferences.session_id)),
            exploration=self._exploration,
            seed=seed,
        )
        category, probability = next(iter(probabilities.items()))
        return Decision(
            category=category,
            category_probabilities=probabilities,
            candidates=order.candidates,
            exclusions=tuple(exclusions),
            policy=order.policy,
            weights=weights,
            seed=seed,
            propensity=order.propensity,
            explanation=explain(order, category, probability, len(exclusions)),
        )

    def _probabilities(self, prompt: Prompt, hint: str) -> dict[str, float]:
        """Returns category → probability, the likeliest first. The classifier may be a stranger's code."""
        if hint:
            return {hint: 1.0}
        if self._classifier is None:
            return {UNCLASSIFIED: 1.0}
        try:
            return _normalised(self._classifier.classify(prompt))
        except Exception:  # noqa: BLE001  # whatever it raises, the request can be served
            _log.exception("classifier_failed", classifier=self._classifier.name)
            return {UNCLASSIFIED: 1.0}


def _normalised(told: Mapping[str, float]) -> dict[str, float]:
    total = sum(told.values())
    if not 0 < total < inf or min(told.values()) < 0:
        raise ValueError(f"these are no probabilities: {dict(told)!r:.500}")
    return {category: value / total for category, value in sorted(told.items(), key=_probability, reverse=True)}
