"""Routes requests: gathers the values that a decision is a function of."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from difflib import get_close_matches
from itertools import count
from random import getrandbits

from ymera_service.catalog import Catalog, CatalogSnapshot
from ymera_service.config import RoutingSettings
from ymera_service.resilience.reliability import Chance
from ymera_service.routing.choosing import Choosing
from ymera_service.routing.decision import Balance, Decision, Preferences, Selection, Weights
from ymera_service.routing.experiments import Asker
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.learning.expectations import expectations
from ymera_service.routing.operations import COST_ALONE, KINDS, OPERATIONS, work_needs, work_tokens
from ymera_service.routing.policies import BALANCED
from ymera_service.routing.prompts.estimate import TYPICAL_INPUT_TOKENS, needs_for, needs_of
from ymera_service.routing.prompts.features import Features, features_of
from ymera_service.routing.prompts.readers import Readers
from ymera_service.routing.prompts.reading import UNCLASSIFIED, MergedReading
from ymera_service.routing.replay.past import PastRouting
from ymera_service.routing.scoring import score
from ymera_service.routing.selection import select
from ymera_service.routing.sessions.affinity import NO_AFFINITY, Affinity, Sessions
from ymera_service.routing.sessions.topics import Turn
from ymera_service.routing.snapshot import RoutingRequest, Snapshot
from ymera_service.routing.table import Table
from ymera_service.sdk.classifiers import CATEGORIES
from ymera_service.sdk.content import last_user_text
from ymera_service.sdk.context import UNATTRIBUTED, Attribution
from ymera_service.sdk.errors import (
    FieldViolation,
    InvalidRequest,
    ModelNotFound,
    ModelNotPermitted,
    NoEligibleModel,
    NoHealthyModel,
)
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.models import Kind
from ymera_service.sdk.policies import RoutingPolicy
from ymera_service.sdk.priors import QualityPrior
from ymera_service.sdk.work import WorkRequest
from ymera_service.storage.records import Operation

MOST_EXPLORED = 0.1
"""The share of first candidates that are drawn at most, unless configured."""
MOST_OPTIMISM = 0.5
"""The share of its doubt that counts for a candidate at most: with all of it, too many requests go to models that turn
out to be worse."""


class Router:
    """Decides which targets are tried for a request, and in which order."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        evidence: Evidence,
        sessions: Sessions,
        open_domains: Callable[[], Mapping[str, float]],
        readers: Readers,
        settings: RoutingSettings,
        categories: Callable[[], Collection[str]],
        prior: Callable[[], QualityPrior | None] = lambda: None,
        paused_domains: Callable[[], Mapping[str, float]] = dict,
        chances: Callable[[], Mapping[str, Chance]] = dict,
        policies: Callable[[], Mapping[str, RoutingPolicy]] = dict,
        choosing: Choosing | None = None,
    ) -> None:
        """Takes what is asked for each decision.

        Args:
            catalog: Has the models.
            evidence: Has what was measured.
            sessions: Has the targets to stay with.
            open_domains: Returns the keys of open breakers, with the seconds until each is tried again.
            readers: Return the categories, emotions and complexity of prompts.
            settings: The weights where the caller gives none, and how often to explore.
            categories: Returns what a hint may name besides what every classifier knows and what was measured.
            prior: Returns what says how good models are before they are measured.
            paused_domains: Returns the keys of what is paused, with the seconds until each may be called.
            chances: Returns pool → how likely a call succeeds, of those that fail more often than is usual.
            policies: Returns the policies that a request may name.
            choosing: Says what is configured for agents and experiments; None if nothing is.
        """
        self._catalog = catalog
        self._evidence = evidence
        self._sessions = sessions
        self._open_domains = open_domains
        self._paused_domains = paused_domains
        self._chances = chances
        self._policies = policies
        self._choosing = choosing
        self._policy = settings.policy
        self._turns = count()
        self._readers = readers
        self._prior = prior
        self._categories = categories
        self._exploration = settings.exploration
        self._keeps_features = settings.features
        self._weights = Weights(settings.weights.quality, settings.weights.speed, settings.weights.cost).normalised()
        self._tables: dict[Kind, Table] = {}
        self._tabled: CatalogSnapshot | None = None

    async def read(self, prompt: Prompt) -> MergedReading:
        """Returns what all classifiers make of a prompt, as far as they do so in time."""
        return await self._readers.read(prompt)

    async def features(self, prompt: Prompt) -> Features | None:
        """Returns what is kept of a prompt to learn from; None if that is switched off."""
        if not self._keeps_features:
            return None
        return features_of(prompt, await self.read(prompt), needs_of(prompt))

    def route(
        self,
        prompt: Prompt,
        preferences: Preferences,
        *,
        caller: str = "",
        reading: MergedReading | None = None,
        attribution: Attribution = UNATTRIBUTED,
        request_id: str = "",
        full_view: bool = False,
        seed: int | None = None,
    ) -> Selection:
        """Decides for one request, whose preferences were checked.

        Args:
            prompt: What is to be answered.
            preferences: What the caller wants of the choice.
            reading: What `read` made of the prompt; None reads it here, without the classifiers that need a thread.
            caller: Whose session it is; empty where callers have no names.
            attribution: What the caller says of itself.
            request_id: The id of the request; an arm of an experiment may be drawn by it.
            full_view: The decision is to hold every candidate and every exclusion.
            seed: Of 63 bits; settles draws. Drawn where it is `None`.

        Raises:
            InvalidRequest: The category hint is not a category, or the policy is not known.
            ModelNotFound: The preferences name a model that is not on offer.
            ModelNotPermitted: They name one that the caller may not use.
            NoEligibleModel: The constraints leave no model.
            NoHealthyModel: There is none, and a provider can't list its models now.
        """
        reading = self._hinted(reading or self._readers.read_now(prompt), preferences.category_hint)
        needs = needs_of(prompt, self._evidence.lengths.expected(reading.categories))
        said = _said(prompt, reading) if preferences.session_id else None
        features = features_of(prompt, reading, needs) if self._keeps_features else None
        request = RoutingRequest(
            preferences,
            reading.categories,
            needs,
            full_view,
            features=features,
            said=said,
            emotions=reading.emotions if features else {},  # not stored where features are not
            complexity=reading.complexity,
        )
        if self._choosing is not None:
            request = self._choosing.complete(request, Asker(caller, attribution, request_id))
        affinity = self._sessions.affinity(caller, preferences.session_id, prompt, said)
        snapshot = self._snapshot(request, affinity, getrandbits(63) if seed is None else seed)
        try:
            return select(request, snapshot)
        except (ModelNotFound, ModelNotPermitted, NoEligibleModel, NoHealthyModel):
            if preferences.model or not request.preferences.model:
                raise
        # What is configured for many requests is a wish; the caller did not ask for these models.
        wish = replace(request.preferences, model="", fallback_models=())
        return select(replace(request, preferences=wish, declined=True), snapshot)

    def _snapshot(self, request: RoutingRequest, affinity: Affinity, seed: int) -> Snapshot:
        """Returns what the decision on a request is a function of besides the request."""
        table, policy, evidence = self._table(), self.policy(request.preferences.policy), self._evidence
        exploration, optimism = self._curiosity
        return Snapshot(
            table=table,
            paces=evidence.paces(table.targets),
            weights=self._weights,
            exploration=exploration,
            optimism=optimism,
            corrections=evidence.corrections(request.features) if request.features else None,
            open_domains=self._open_domains(),
            paused_domains=self._paused_domains(),
            chances=self._chances(),
            policy=policy,
            turn=next(self._turns) if policy else 0,
            affinity=affinity,
            seed=seed,
            size=evidence.lengths.size(request.needs.input_tokens, request.needs.output_tokens),
        )

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

    def balance(self) -> Balance:
        """Returns what decides between models besides their quality, for a usual request without limits."""
        table = self._table()
        scores = score(
            table,
            self._evidence.paces(table.targets),
            table.everyone,
            needs=needs_for(frozenset(), TYPICAL_INPUT_TOKENS, None),
            probabilities={UNCLASSIFIED: 1.0},
            weights=self._weights,
        )
        _, speeds, costs = scores.columns() if table.models else ((), (), ())
        others: dict[str, float] = {}
        for model, speed, cost in zip(table.models, speeds, costs, strict=True):
            if model.info.simulated and table.real:
                continue
            value = float(speed * self._weights.speed + cost * self._weights.cost)
            others[model.id] = max(value, others.get(model.id, value))
        return Balance(self._weights.quality, others)

    @property
    def _curiosity(self) -> tuple[float, float]:
        """How likely the first candidate is drawn, and how much of the doubt counts for it.

        Unless configured, both go with the share of answers that are judged: what is not judged teaches nothing.
        """
        share = self._evidence.judged_share
        if self._exploration is None:
            return MOST_EXPLORED * share, MOST_OPTIMISM * share
        return self._exploration, MOST_OPTIMISM * share if self._exploration else 0.0

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

    def _hinted(self, reading: MergedReading, hint: str) -> MergedReading:
        """Returns the reading with the category that the caller names, if any."""
        if not hint:
            return reading
        _check_hint(hint, {*CATEGORIES, *self._readers.categories, *self._categories(), *self._evidence.categories})
        return replace(reading, categories={hint: 1.0})


def _said(prompt: Prompt, reading: MergedReading) -> Turn:
    return Turn.of(last_user_text(prompt.messages), reading.categories, reading.vector, reading.vector_of)


def _check_hint(hint: str, categories: Collection[str]) -> None:
    if hint not in categories:
        known = ", ".join(sorted(categories))
        problem = f"{hint[:64]!r} is not a category; the categories are {known}"
        raise InvalidRequest([FieldViolation("preferences.category_hint", problem)])
