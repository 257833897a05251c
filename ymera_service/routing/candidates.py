"""Who may answer: every model is either eligible or excluded for a stated reason.

The rules that a request calls for are put together once and then asked, cheapest first, of each model; the
first that objects names the reason. A simulated model is out as soon as there is a real one, healthy or
not, or a provider that can't tell its models just now: a made-up answer must never stand in for a real one
unasked. Naming it in `allow_models`, by an entry that means simulated models only, lets it in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from ymera_service.catalog import Catalog
from ymera_service.resilience.breaker import Breakers, BreakerState
from ymera_service.routing.decision import Exclusion, ExclusionReason, Preferences
from ymera_service.routing.estimate import Needs
from ymera_service.routing.evidence import Evidence
from ymera_service.sdk.errors import ModelNotFound, NoEligibleModel, NoHealthyModel, RequestError, ServerError
from ymera_service.sdk.models import Capability, Model

RETRY_AFTER = 5.0
"""Seconds after which providers that could not tell their models may be asked again."""

Rule = Callable[[Model], Exclusion | None]


def split(models: Iterable[Model], rules: Sequence[Rule]) -> tuple[list[Model], list[Exclusion]]:
    """Returns the models to which no rule objects, and the exclusion of each other one."""
    eligible: list[Model] = []
    exclusions: list[Exclusion] = []
    for model in models:
        for rule in rules:
            exclusion = rule(model)
            if exclusion is not None:
                exclusions.append(exclusion)
                break
        else:
            eligible.append(model)
    return eligible, exclusions


def rules_for(
    preferences: Preferences, needs: Needs, catalog: Catalog, evidence: Evidence, breakers: Breakers
) -> list[Rule]:
    """Returns the rules that a request calls for.

    Raises:
        ModelNotFound: An entry of `allow_models` or `deny_models` matches no model.
    """
    required = needs.capabilities | preferences.required_capabilities
    return [
        *_listed(preferences, catalog),
        *([_capable(required)] if required else ()),
        _fits(needs),
        *([_affordable(preferences.max_cost_micros, needs)] if preferences.max_cost_micros is not None else ()),
        *([_quick(preferences.max_latency, needs, evidence)] if preferences.max_latency is not None else ()),
        _healthy(breakers),
    ]


def nobody(exclusions: Sequence[Exclusion], breakers: Breakers, catalog: Catalog) -> RequestError | ServerError:
    """Returns the error for a request that no model may answer."""
    if catalog.provider_errors and all(e.reason is ExclusionReason.SIMULATED for e in exclusions):
        told = "; ".join(f"{name}: {error}" for name, error in catalog.provider_errors.items())
        return NoHealthyModel(f"no provider can tell its models now: {told[:500]}", retry_after=RETRY_AFTER)
    unhealthy = [e.model for e in exclusions if e.reason is ExclusionReason.UNHEALTHY]
    counts: dict[str, int] = {}
    for exclusion in exclusions:
        counts[exclusion.reason.value] = counts.get(exclusion.reason.value, 0) + 1
    reasons = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in counts.items())
    metadata = {reason: str(count) for reason, count in counts.items()}
    if unhealthy:
        wait = min(breakers.of(model).retry_after for model in unhealthy)
        return NoHealthyModel(
            f"no model is left that works: {reasons}; try again in {wait:.0f} s", metadata=metadata, retry_after=wait
        )
    if not exclusions:
        return NoEligibleModel("no provider offers any model now; add a key or start a local server")
    return NoEligibleModel(f"the constraints leave no model: {reasons}; loosen one of them", metadata=metadata)


def _listed(preferences: Preferences, catalog: Catalog) -> Iterable[Rule]:
    models = catalog.models
    allowed = _matches("preferences.allow_models", preferences.allow_models, catalog)
    denied = _matches("preferences.deny_models", preferences.deny_models, catalog)
    if allowed:
        yield _not_allowed(frozenset(chain.from_iterable(allowed)))
    if denied:
        yield _denied(dict(_inverted(preferences.deny_models, denied)))
    if reality := _reality(catalog):
        asked_for = (ids for ids in allowed if all(models[model].info.simulated for model in ids))
        yield _simulated(frozenset(chain.from_iterable(asked_for)), reality)


def _reality(catalog: Catalog) -> str:
    """Returns why no simulated model may stand in; empty where one may."""
    real = next((model.id for model in catalog.models.values() if not model.info.simulated), "")
    if real:
        return f"there are real models such as {real}"
    silent = next(iter(catalog.provider_errors), "")
    return f"{silent} is there, though it can't tell its models now" if silent else ""


def _matches(field: str, patterns: Sequence[str], catalog: Catalog) -> list[list[str]]:
    found = [catalog.match(pattern) for pattern in patterns]
    for index, ids in enumerate(found):
        if not ids:
            raise _unknown(f"{field}[{index}]", patterns[index], catalog)
    return found


def _unknown(field: str, pattern: str, catalog: Catalog) -> ModelNotFound:
    near = catalog.close_to(pattern)
    remedy = f"did you mean {' or '.join(near)}?" if near else "ListModels tells which there are"
    provider = pattern.partition("/")[0]
    if error := catalog.provider_errors.get(provider):
        remedy = f"{provider} can't tell its models now: {error[:500]}"
    return ModelNotFound(
        f"{field}: no model is named {pattern[:128]!r}; {remedy}", metadata={"field": field, "model": pattern[:128]}
    )


def _inverted(patterns: Sequence[str], matches: Sequence[Sequence[str]]) -> Iterable[tuple[str, str]]:
    for pattern, ids in zip(patterns, matches, strict=True):
        for model in ids:
            yield model, pattern


def _not_allowed(allowed: frozenset[str]) -> Rule:
    def rule(model: Model) -> Exclusion | None:
        if model.id in allowed:
            return None
        return Exclusion(model.id, ExclusionReason.NOT_ALLOWED, "is not among allow_models")

    return rule


def _denied(denied: Mapping[str, str]) -> Rule:
    def rule(model: Model) -> Exclusion | None:
        if model.id not in denied:
            return None
        return Exclusion(model.id, ExclusionReason.DENIED, f"deny_models has {denied[model.id]!r}")

    return rule


def _simulated(asked_for: frozenset[str], reality: str) -> Rule:
    def rule(model: Model) -> Exclusion | None:
        if not model.info.simulated or model.id in asked_for:
            return None
        return Exclusion(model.id, ExclusionReason.SIMULATED, f"is simulated, and {reality}")

    return rule


def _capable(required: frozenset[Capability]) -> Rule:
    def rule(model: Model) -> Exclusion | None:
        if required <= model.info.capabilities:
            return None
        missing = ", ".join(sorted(required - model.info.capabilities))
        return Exclusion(model.id, ExclusionReason.MISSING_CAPABILITY, f"lacks {missing}")

    return rule


def _fits(needs: Needs) -> Rule:
    tokens, reserved = needs.input_tokens, needs.reserved_tokens

    def rule(model: Model) -> Exclusion | None:
        info = model.info
        window = info.context_window
        if not window or tokens + reserved <= window:
            return None
        room = min(reserved, info.max_output_tokens or reserved)
        if tokens + room <= window:
            return None
        detail = f"has a context of {window:,} tokens; the prompt takes about {tokens:,} and the answer {room:,}"
        return Exclusion(model.id, ExclusionReason.CONTEXT_TOO_SMALL, detail)

    return rule


def _affordable(limit: int, needs: Needs) -> Rule:
    def rule(model: Model) -> Exclusion | None:
        cost = expected_cost(model, needs)
        if cost is None:
            return Exclusion(model.id, ExclusionReason.PRICE_UNKNOWN, "has no known price, and a cost limit is set")
        if cost <= limit:
            return None
        return Exclusion(
            model.id, ExclusionReason.TOO_EXPENSIVE, f"may cost {dollars(cost)}; the limit is {dollars(limit)}"
        )

    return rule


def _quick(limit: float, needs: Needs, evidence: Evidence) -> Rule:
    def rule(model: Model) -> Exclusion | None:
        pace = evidence.pace(model.id)
        latency = 0.0 if pace is None else pace.latency(needs.output_tokens)
        if latency <= limit:
            return None
        return Exclusion(model.id, ExclusionReason.TOO_SLOW, f"would take {latency:.1f} s; the limit is {limit:g} s")

    return rule


def _healthy(breakers: Breakers) -> Rule:
    of, opened = breakers.of, BreakerState.OPEN

    def rule(model: Model) -> Exclusion | None:
        breaker = of(model.id)
        if breaker.state is not opened:
            return None
        wait = breaker.retry_after
        return Exclusion(model.id, ExclusionReason.UNHEALTHY, f"failed repeatedly; is tried again in {wait:.1f} s")

    return rule


def expected_cost(model: Model, needs: Needs) -> int | None:
    """Returns what the request may cost there at most, in micro-USD; `None` where the price is not known."""
    price, limit = model.price, model.info.max_output_tokens
    if price is None:
        return None
    asked, answered = needs.input_tokens, needs.most.output_tokens
    if limit and limit < answered:
        answered = limit
    rates = price.rates_at(asked) if price.tiers else price
    return price.per_request - (-(asked * rates.input + answered * rates.output) // 1_000_000)


def dollars(micros: int) -> str:
    """Returns an amount for people."""
    return f"${micros / 1_000_000:.6f}"
