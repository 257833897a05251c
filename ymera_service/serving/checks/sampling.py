"""How an answer is drawn."""

from ymera_service.sdk.generation import Sampling
from ymera_service.serving.checks.violations import Violations

_RANGES: tuple[tuple[str, float, float, bool], ...] = (
    ("temperature", 0, 2, False),
    ("top_p", 0, 1, True),
    ("top_k", 1, float("inf"), False),
    ("max_output_tokens", 1, float("inf"), False),
    ("frequency_penalty", -2, 2, False),
    ("presence_penalty", -2, 2, False),
    ("reasoning_budget_tokens", 1, float("inf"), False),
    ("logprobs", 0, 20, False),
)


def check_sampling(sampling: Sampling, faults: Violations) -> None:
    """Notes parameters that are out of range, under `prompt.sampling`."""
    for name, low, high, above in _RANGES:
        value = getattr(sampling, name)
        if value is not None:
            faults.number(f"prompt.sampling.{name}", value, low, high, above=above)
    faults.texts("prompt.sampling.stop_sequences", sampling.stop_sequences, max_length=0)
    if sampling.reasoning_effort is not None and sampling.reasoning_budget_tokens is not None:
        faults.add("prompt.sampling.reasoning_budget_tokens", "goes without reasoning_effort; give one of the two")
