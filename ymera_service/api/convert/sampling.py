"""How an answer is drawn."""

from ymera.v1 import content_pb2 as pb

from ymera_service.sdk.generation import ReasoningEffort, Sampling, ServiceTier
from ymera_service.serving.checks.limits import fits
from ymera_service.serving.checks.prompts import ANY_SAMPLING
from ymera_service.serving.checks.violations import Violations

_EFFORTS = {
    pb.REASONING_EFFORT_UNSPECIFIED: None,
    pb.REASONING_EFFORT_NONE: ReasoningEffort.NONE,
    pb.REASONING_EFFORT_MINIMAL: ReasoningEffort.MINIMAL,
    pb.REASONING_EFFORT_LOW: ReasoningEffort.LOW,
    pb.REASONING_EFFORT_MEDIUM: ReasoningEffort.MEDIUM,
    pb.REASONING_EFFORT_HIGH: ReasoningEffort.HIGH,
    pb.REASONING_EFFORT_XHIGH: ReasoningEffort.XHIGH,
    pb.REASONING_EFFORT_MAX: ReasoningEffort.MAX,
}


_TIERS = {
    pb.SERVICE_TIER_UNSPECIFIED: None,
    pb.SERVICE_TIER_STANDARD: ServiceTier.STANDARD,
    pb.SERVICE_TIER_FLEX: ServiceTier.FLEX,
    pb.SERVICE_TIER_PRIORITY: ServiceTier.PRIORITY,
}


def service_tier_of(prompt: pb.Prompt, faults: Violations) -> ServiceTier | None:
    """Returns how urgent the answer is; None leaves it to the provider."""
    if prompt.service_tier not in _TIERS:
        faults.add("prompt.service_tier", "is not known")
    return _TIERS.get(prompt.service_tier)


def sampling_of(prompt: pb.Prompt, faults: Violations) -> Sampling:
    """Returns the sampling parameters; what is absent is left to the provider."""
    if not prompt.HasField("sampling"):
        return ANY_SAMPLING
    sampling = prompt.sampling
    given = {field.name: value for field, value in sampling.ListFields()}
    return Sampling(
        temperature=given.get("temperature"),
        top_p=given.get("top_p"),
        top_k=given.get("top_k"),
        max_output_tokens=given.get("max_output_tokens"),
        stop_sequences=_stop_sequences(sampling, faults),
        seed=given.get("seed"),
        frequency_penalty=given.get("frequency_penalty"),
        presence_penalty=given.get("presence_penalty"),
        reasoning_effort=_effort(sampling, faults),
        reasoning_budget_tokens=given.get("reasoning_budget_tokens"),
        reasoning_summary=given.get("reasoning_summary"),
        logprobs=given.get("logprobs"),
    )


def _stop_sequences(sampling: pb.SamplingParameters, faults: Violations) -> tuple[str, ...]:
    sequences = sampling.stop_sequences
    return tuple(sequences) if fits("prompt.sampling.stop_sequences", len(sequences), faults) else ()


def _effort(sampling: pb.SamplingParameters, faults: Violations) -> ReasoningEffort | None:
    if sampling.reasoning_effort not in _EFFORTS:
        faults.add("prompt.sampling.reasoning_effort", "is not known")
    return _EFFORTS.get(sampling.reasoning_effort)
