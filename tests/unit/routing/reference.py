"""The rules and formulas of routing for one target at a time, as the reference for the columns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import log

from ymera_service.catalog import CatalogSnapshot
from ymera_service.routing.decision import ExclusionReason, Preferences, Weights
from ymera_service.routing.learning.latency import Pace
from ymera_service.routing.learning.quality import Qualities
from ymera_service.routing.prompts.estimate import Needs
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.models import Kind, Model
from ymera_service.sdk.targets import Target


@dataclass
class Reference:
    """One request, and the state in which it is decided."""

    catalog: CatalogSnapshot
    qualities: Qualities
    preferences: Preferences
    needs: Needs
    open_domains: Mapping[str, float]
    allowed: list[set[str]] = field(init=False)
    denied: set[str] = field(init=False)
    permitted: set[str] | None = field(init=False)
    no_stand_in: bool = field(init=False)

    def __post_init__(self) -> None:
        match = self.catalog.match
        self.allowed = [set(match(pattern)) for pattern in self.preferences.allow_models]
        self.denied = {model for pattern in self.preferences.deny_models for model in match(pattern)}
        own = [set(match(pattern)) for pattern in self.preferences.caller_models]
        self.permitted = set().union(*own) if own else None
        real = [model for _, model in self.targets() if not model.info.simulated]
        self.no_stand_in = bool(real or self.catalog.provider_errors)

    def targets(self) -> Iterator[tuple[Target, Model]]:
        for model in self.catalog.models.values():
            if model.info.kind is Kind.GENERATE:
                for pool in dict.fromkeys(target.pool for target in model.targets):
                    members = self.members(model, pool)
                    yield members[0] if len(members) == 1 else members[0].without_account(), model

    def members(self, model: Model, pool: str) -> list[Target]:
        return [target for target in model.targets if target.pool == pool]

    def cost(self, model: Model, tokens: int) -> int | None:
        return model.cost_micros(Usage(self.needs.input_tokens, min(tokens, model.info.max_output_tokens or tokens)))

    def reason(self, target: Target, model: Model, pace: Pace | None) -> ExclusionReason | None:
        """Returns the first rule that excludes a target."""
        wanted, needs, info = self.preferences, self.needs, model.info
        micros, limit, longest = self.cost(model, needs.most.output_tokens), wanted.max_cost_micros, wanted.max_latency
        routing = min(needs.reserved_tokens, info.max_output_tokens or needs.reserved_tokens)
        required = needs.capabilities | wanted.required_capabilities
        latency = 0.0 if pace is None else _seconds(pace, needs)
        rules = {
            ExclusionReason.NOT_PERMITTED: self.permitted is not None and model.id not in self.permitted,
            ExclusionReason.NOT_ALLOWED: bool(self.allowed) and not any(model.id in ids for ids in self.allowed),
            ExclusionReason.DENIED: model.id in self.denied,
            ExclusionReason.SIMULATED: info.simulated and self.no_stand_in and not self._is_asked_for(model),
            ExclusionReason.MISSING_CAPABILITY: not required <= info.capabilities | info.unknown,
            ExclusionReason.CONTEXT_TOO_SMALL: 0 < info.context_window < needs.input_tokens + routing,
            ExclusionReason.TOO_EXPENSIVE: limit is not None and micros is not None and micros > limit,
            ExclusionReason.PRICE_UNKNOWN: limit is not None and micros is None,
            ExclusionReason.TOO_SLOW: longest is not None and latency > longest,
            ExclusionReason.UNHEALTHY: all(
                any(domain in self.open_domains for domain in member.domains)
                for member in self.members(model, target.pool)
            ),
        }
        return next((each for each, hits in rules.items() if hits), None)

    def score(self, model: Model, probabilities: Mapping[str, float], weights: Weights, pace: Pace | None) -> float:
        """Returns the weighted sum of a target's quality, speed and cost."""
        quality = sum(share * self.qualities.value(model.id, category) for category, share in probabilities.items())
        speed = 0.5 if pace is None else _against(_seconds(pace, self.needs), 0.25, 120)
        micros = self.cost(model, self.needs.output_tokens)
        cost = 0.5 if micros is None else _against(micros, 10, 1_000_000)
        required = self.needs.capabilities | self.preferences.required_capabilities
        certainty = 0.1 if required and required <= model.info.capabilities else 0
        return quality * weights.quality + speed * weights.speed + cost * weights.cost + certainty

    def _is_asked_for(self, model: Model) -> bool:
        models = self.catalog.models
        named = [*self.allowed, *([] if self.permitted is None else [self.permitted])]
        return any(model.id in ids and all(models[each].info.simulated for each in ids) for ids in named)


def _against(amount: float, best: float, worst: float) -> float:
    return 1.0 if amount <= best else max(0.0, 1 - log(amount / best) / log(worst / best))


def _seconds(pace: Pace, needs: Needs) -> float:
    return pace.first_token + pace.per_token * needs.output_tokens
