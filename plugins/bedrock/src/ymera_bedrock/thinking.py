"""Asks a model to think more or less, in the form that its family has."""

from collections.abc import Mapping

from ymera_bedrock.profiles import EFFORTS, Profile, Thinking
from ymera_service.sdk.generation import ReasoningEffort, Sampling
from ymera_service.sdk.wire.json_reader import Json
from ymera_service.sdk.wire.thinking import effort_asked

LEAST_BUDGET = 1_024
_BUDGETS: Mapping[ReasoningEffort, int] = {
    ReasoningEffort.MINIMAL: LEAST_BUDGET,
    ReasoningEffort.LOW: LEAST_BUDGET,
    ReasoningEffort.MEDIUM: 4_096,
    ReasoningEffort.HIGH: 16_384,
    ReasoningEffort.XHIGH: 32_768,
    ReasoningEffort.MAX: 65_536,
}


def thinking_fields(sampling: Sampling, profile: Profile, *, forced: bool) -> Json:
    """Returns the members of `additionalModelRequestFields` that ask for thinking, or for none.

    Args:
        sampling: What the caller asked for.
        profile: What the model accepts.
        forced: Whether it has to call a tool, without which Claude does not think.
    """
    effort = effort_asked(sampling)
    if effort is ReasoningEffort.NONE or (forced and profile.signs):
        return _none(profile)
    return {} if effort is None else _some(effort, sampling, profile)


def _some(effort: ReasoningEffort, sampling: Sampling, profile: Profile) -> Json:
    match profile.thinking:
        case Thinking.BUDGET:
            return _budget(effort, sampling, profile)
        case Thinking.ADAPTIVE:
            return {"thinking": {"type": "adaptive"}}
        case Thinking.NOVA:
            return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": _of_nova(effort, sampling, profile)}}
        case Thinking.EFFORT:
            return {"reasoning_effort": nearest(effort, profile)}
        case Thinking.NONE:
            return {}


def _of_nova(effort: ReasoningEffort, sampling: Sampling, profile: Profile) -> str:
    found = nearest(effort, profile)
    # With its highest effort, Nova refuses a limit of tokens. The limit bounds the cost, so it takes precedence.
    return found if sampling.max_output_tokens is None else min(found, profile.efforts[-2], key=profile.efforts.index)


def refuses_samplers(fields: Json) -> bool:
    """Returns whether a model refuses temperature and the like with these `additionalModelRequestFields`."""
    claude, nova = fields.get("thinking", {}).get("type"), fields.get("reasoningConfig", {}).get("maxReasoningEffort")
    return claude in ("enabled", "adaptive") or nova == "high"


def config_effort(sampling: Sampling, profile: Profile) -> str:
    """Returns the `outputConfig.effort` that is asked for; empty if none is, or the model has none."""
    effort = effort_asked(sampling)
    if profile.thinking is not Thinking.ADAPTIVE or effort in (None, ReasoningEffort.NONE):
        return ""
    return nearest(effort, profile)


def nearest(effort: ReasoningEffort, profile: Profile) -> str:
    """Returns the model's effort that is nearest to another."""
    rank = EFFORTS.index(effort.value) if effort.value in EFFORTS else 0
    return min(reversed(profile.efforts), key=lambda name: abs(EFFORTS.index(name) - rank))


def _none(profile: Profile) -> Json:
    if not profile.thinks_by_default:
        return {}
    if profile.thinking is Thinking.EFFORT:
        return {"reasoning_effort": profile.efforts[0]}
    return {"thinking": {"type": "disabled"}} if profile.thinking is Thinking.ADAPTIVE else {}


def _budget(effort: ReasoningEffort, sampling: Sampling, profile: Profile) -> Json:
    limit = sampling.max_output_tokens or profile.max_output_tokens or _BUDGETS[ReasoningEffort.MAX]
    budget = min(max(sampling.reasoning_budget_tokens or _BUDGETS[effort], LEAST_BUDGET), limit - 1)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}} if budget >= LEAST_BUDGET else {}
