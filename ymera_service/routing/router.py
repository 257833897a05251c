"""Routes requests: gathers the values that a decision is a function of."""

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from itertools import count
from math import inf
from operator import itemgetter
from random import getrandbits

import structlog

from ymera_service.catalog import Catalog, CatalogSnapshot
from ymera_service.config import RoutingSettings
from ymera_service.plugins.wording import trace
from ymera_service.resilience.reliability import Chance
from ymera_service.routing.decision import Decision, Preferences, Selection, Weights
from ymera_service.routing.estimate import needs_of
from ymera_service.routing.evidence import Evidence
from ymera_service.routing.expectations import expectations
from ymera_service.routing.features import Features, features_of
from ymera_service.routing.operations import COST_ALONE, KINDS, OPERATIONS, work_needs, work_tokens
from ymera_service.routing.past import PastRouting
from ymera_service.routing.policies import BALANCED
from ymera_service.routing.selection import select
from ymera_service.routing.sessions import NO_AFFINITY, Sessions
from ymera_service.routing.snapshot import RoutingRequest, Snapshot
from ymera_service.routing.table import Table
from ymera_service.sdk.classifiers import CATEGORIES, Classifier
from ymera_service.sdk.errors import FieldViolation, InvalidRequest
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.models import Kind
from ymera_service.sdk.policies import RoutingPolicy
from ymera_service.sdk.priors import QualityPrior
from ymera_service.sdk.work import WorkRequest
from ymera_service.storage.records import Operation

_log = structlog.get_logger(__name__)

_probability = itemgetter(1)

UNCLASSIFIED = "general"
"""What every task is taken for without a classifier, or where it fails."""
MOST_EXPLORED = 0.1
"""The share of first candidates that are drawn at most, unless configured."""
MAX_CATEGORIES = 8
"""The likeliest categories that count."""
MOST_GIVEN = 1000
"""Categories that a classifier may return."""
LONGEST_CATEGORY = 64
"""Characters."""


class Router:
    """Decides which targets are tried for a request, and in which order."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        evidence: Evidence,
        sessions: Sessions,
        open_domains: Callable[[], Mapping[str, float]],
        classifier: Callable[[], Classifier | None],
        settings: RoutingSettings,
        categories: Callable[[], Collection[str]],
        prior: Callable[[], QualityPrior | None] = lambda: None,
        paused_domains: Callable[[], Mapping[str, float]] = dict,
        chances: Callable[[], Mapping[str, Chance]] = dict,
        policies: Callable[[], Mapping[str, RoutingPolicy]] = dict,
    ) -> None:
        """Takes what is asked for each decision.

        Args:
            catalog: Has the models.
            evidence: Has what was measured.
            sessions: Has the targets to stay with.
            open_domains: Returns the keys of open breakers, with the seconds until each is tried again.
            classifier: Returns the classifier in use.
            settings: The weights where the caller gives none, and how often to explore.
            categories: Returns what a hint may name besides what every classifier knows and what was measured.
            prior: Returns what says how good models are before they are measured.
            paused_domains: Returns the keys of what is paused, with the seconds until each may be called.
            chances: Returns pool → how likely a call succeeds, of those that fail more often than is usual.
            policies: Returns the policies that a request may name.
        """
        self._catalog = catalog
        self._evidence = evidence
        self._sessions = sessions
        self._open_domains = open_domains
        self._paused_domains = paused_domains
        self._chances = chances
        self._policies = policies
        self._policy = settings.policy
        self._turns = count()
        self._classifier = classifier
        self._prior = prior
        self._categories = categories
        self._exploration = settings.exploration
        self._keeps_features = settings.features
        self._weights = Weights(settings.weights.quality, settings.weights.speed, settings.weights.cost).normalised()
        self._tables: dict[Kind, Table] = {}
        self._tabled: CatalogSnapshot | None = None

    def route(
        self,
        prompt: Prompt,
        preferences: Preferences,
        *,
        caller: str = "",
        full_view: bool = False,
        seed: int | None = None,
    ) -> Selection:
        """Decides for one request, whose preferences were checked.

        Args:
            prompt: What is to be answered.
            preferences: What the caller wants of the choice.
            caller: Whose session it is; empty where callers have no names.
            full_view: The decision is to hold every candidate and every exclusion.
            seed: Of 63 bits; settles draws. Drawn where it is `None`.

        Raises:
            InvalidRequest: The category hint is not a category, or the policy is not known.
            ModelNotFound: The preferences name a model that is not on offer.
            ModelNotPermitted: They name one that the caller may not use.
            NoEligibleModel: The constraints leave no model.
            NoHealthyModel: There is none, and a provider can't list its models now.
        """
        probabilities = self._probabilities(prompt, preferences.category_hint)
        needs = needs_of(prompt)
        features = features_of(prompt, probabilities, needs) if self._keeps_features else None
        request = RoutingRequest(preferences, probabilities, needs, full_view, features=features)
        table, policy = self._table(), self.policy(preferences.policy)
        exploration, optimism = self._curiosity
        snapshot = Snapshot(
            table=table,
            paces=self._evidence.paces(table.targets),
            weights=self._weights,
            exploration=exploration,
            optimism=optimism,
            corrections=self._evidence.corrections(features) if features else {},
            open_domains=self._open_domains(),
            paused_domains=self._paused_domains(),
            chances=self._chances(),
            policy=policy,
            turn=next(self._turns) if policy else 0,
            affinity=self._sessions.affinity(caller, preferences.session_id, prompt, probabilities),
            seed=getrandbits(63) if seed is None else seed,
        )
        return select(request, snapshot)

    def route_work(self, work: WorkRequest, preferences: Preferences, *, full_view: bool = False) -> Selection:
        """Decides for one request of work, whose preferences were checked: the lowest known price goes first.

        Raises:
            ModelNotFound: The preferences name a model that is not on offer.
            NoEligibleModel: The constraints leave no model.
            NoHealthyModel: There is none, and a provider can't list its models now.
        """
        operation = OPERATIONS[type(work)]
        table = self._table(KINDS[operation])
        needs = work_needs(work_tokens(work))
        snapshot = Snapshot(
            table=table,
            paces=self._evidence.paces(table.targets),
            weights=COST_ALONE,
            exploration=0.0,
            open_domains=self._open_domains(),
            paused_domains=self._paused_domains(),
            chances=self._chances(),
            affinity=NO_AFFINITY,
            seed=getrandbits(63),
        )
        return select(RoutingRequest(preferences, {operation.value: 1.0}, needs, full_view, cheapest=True), snapshot)

    def recompute(
        self,
        decision: Decision,
        catalog: CatalogSnapshot,
        operation: Operation = Operation.CHAT,
        features: Features | None = None,
    ) -> Decision:
        """Returns the full view of a past decision: computed again from its inputs, and what is measured by now.

        May be called in a thread, as making the table of a large catalogue takes long.

        Args:
            decision: As it was stored.
            catalog: As it was then.
            operation: What was to be done.
            features: Of the request, if they were kept.

        Raises:
            NotRecomputable: The preferences were not stored, or can't be read by this version, or the policy is not
                installed any more.
            NoEligibleModel, NoHealthyModel, ModelNotFound: By what is known now, no target is left.
        """
        return self.past(catalog, operation).again(decision, features)

    def past(self, catalog: CatalogSnapshot, operation: Operation = Operation.CHAT) -> PastRouting:
        """Returns routing by a catalogue of the past. May be called in a thread."""
        prior, policies = self._prior(), self._policies()
        return PastRouting(catalog, operation, evidence=self._evidence, prior=prior, policies=policies)

    def policy(self, name: str, path: str = "preferences.policy") -> RoutingPolicy | None:
        """Returns a policy by its name, the configured one if that is empty; None for the balance alone.

        Raises:
            InvalidRequest: The name is not that of a policy; `path` is the field that has it.
        """
        policies = self._policies()
        found = policies.get(name or self._policy)
        if found is None and name not in {"", BALANCED}:
            near = get_close_matches(name, policies, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            problem = f"{name[:64]!r} is not a policy; {hint}known: {', '.join(sorted(policies)) or 'none'}"
            raise InvalidRequest([FieldViolation(path, problem)])
        return found

    @property
    def _curiosity(self) -> tuple[float, float]:
        """How likely the first candidate is drawn, and how much of the doubt counts for it.

        Unless configured, both go with the share of answers that are judged: what is not judged teaches nothing.
        """
        share = self._evidence.judged_share
        if self._exploration is None:
            return MOST_EXPLORED * share, share
        return self._exploration, share if self._exploration else 0.0

    def _table(self, kind: Kind = Kind.GENERATE) -> Table:
        catalog = self._catalog.snapshot
        if self._tabled is not catalog:
            self._tabled, self._tables = catalog, {}
            self._evidence.expect(expectations(catalog, self._prior()).get)
        table, qualities = self._tables.get(kind), self._evidence.qualities
        if table is None:
            table = self._tables[kind] = Table(catalog, qualities, kind)
        elif table.qualities is not qualities:
            table = self._tables[kind] = table.believing(qualities)
        return table

    def _probabilities(self, prompt: Prompt, hint: str) -> dict[str, float]:
        """Returns category → probability, the likeliest first. The classifier is a plugin and may fail."""
        if hint:
            _check_hint(hint, {*CATEGORIES, *self._categories(), *self._evidence.categories})
            return {hint: 1.0}
        classifier = self._classifier()
        if classifier is None:
            return {UNCLASSIFIED: 1.0}
        try:
            return _normalised(classifier.classify(prompt))
        except BaseException as error:  # noqa: BLE001  # whatever it raises, the request can be served
            _log.error("classifier_failed", classifier=classifier.name, exception=trace(error))
            return {UNCLASSIFIED: 1.0}


def _normalised(given: Mapping[str, float]) -> dict[str, float]:
    if len(given) > MOST_GIVEN:
        raise ValueError(f"there are {len(given)} categories")
    likeliest = sorted(given.items(), key=_probability, reverse=True)[:MAX_CATEGORIES]
    total = sum(map(_probability, likeliest))
    if not 0 < total < inf or min(given.values()) < 0 or max(map(len, given)) > LONGEST_CATEGORY:
        raise ValueError(f"these are not probabilities of categories: {dict(given)!r:.500}")
    return {category: probability / total for category, probability in likeliest}


def _check_hint(hint: str, categories: Collection[str]) -> None:
    if hint not in categories:
        known = ", ".join(sorted(categories))
        problem = f"{hint[:64]!r} is not a category; the categories are {known}"
        raise InvalidRequest([FieldViolation("preferences.category_hint", problem)])
