"""Reads token counts and costs from OpenAI's fields and other vendors' fields."""

from collections.abc import Sequence
from math import ceil

from ymera_service.sdk.events import UsageReported
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.wire.json_reader import Json, count, first, member
from ymera_service.sdk.wire.usage import consistent

_DEAREST = 1_000_000
"""USD for one call; a higher amount is a mistake."""
_PROMPT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "prompt_token_details")
_ANSWER_DETAILS = ("completion_tokens_details", "output_tokens_details")
_CACHED = ("prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens")
_WRITTEN = ("cache_write_tokens", "cache_creation_tokens")


def read_usage(usage: Json, tier: str = "") -> UsageReported | None:
    """Returns the counts of a usage object, or None if it holds none; `tier` is the vendor's word for the service."""
    taken, given = count(usage, "prompt_tokens", "input_tokens"), count(usage, "completion_tokens", "output_tokens")
    total = count(usage, "total_tokens")
    if taken is None and given is None and total is None:
        return None
    prompt, answer = _details(usage, _PROMPT_DETAILS), _details(usage, _ANSWER_DETAILS)
    reasoning = first(count(answer, "reasoning_tokens"), count(usage, "reasoning_tokens"))
    counts = Usage(
        input_tokens=taken or 0,
        output_tokens=_with_reasoning(taken or 0, given or 0, reasoning, total),
        cache_read_input_tokens=first(count(prompt, "cached_tokens"), count(usage, *_CACHED)),
        cache_creation_input_tokens=first(count(prompt, *_WRITTEN), count(usage, "cache_creation_input_tokens")),
        reasoning_output_tokens=reasoning,
    )
    corrected = consistent(counts)
    return UsageReported(
        corrected,
        total,
        _charged(usage),
        estimated=corrected is not counts,
        service_tier=tier,
    )


def _details(usage: Json, names: Sequence[str]) -> Json:
    for name in names:
        if name in usage and (found := member(usage, name)):
            return found
    return {}


def _charged(usage: Json) -> int | None:
    """Returns what the vendor charges, in micro-USD rounded up; None if it does not say, or says that it is nothing.

    OpenRouter states USD, and for a caller's own key its fee beside what the upstream charges; Perplexity states a
    table of USD; xAI states ticks of 1e-10 USD.
    """
    cost = usage.get("cost")
    if isinstance(cost, dict):
        cost = cost.get("total_cost")
    usd = _amount(cost) + (_amount(usage.get("cost_in_usd_ticks")) / 10**10 if cost is None else 0)
    if usage.get("is_byok") is True:
        usd += _amount(member(usage, "cost_details").get("upstream_inference_cost"))
    return ceil(round(usd * 10**6, 4)) if 0 < usd <= _DEAREST else None


def _amount(value: object) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0.0


def _with_reasoning(taken: int, given: int, reasoning: int, total: int | None) -> int:
    """Adds reasoning tokens that are not part of the completion's, as with xAI; only the total shows the difference."""
    return given + reasoning if reasoning and total == taken + given + reasoning else given
