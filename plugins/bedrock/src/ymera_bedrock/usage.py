"""Reads the token counts of an answer."""

from collections.abc import Mapping

from ymera_service.sdk.events import UsageReported
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.wire.json_reader import Json, count, first, member, members, text

_HEADERS = {
    "inputTokens": "x-amzn-bedrock-input-token-count",
    "outputTokens": "x-amzn-bedrock-output-token-count",
    "cacheReadInputTokens": "x-amzn-bedrock-cache-read-input-token-count",
    "cacheWriteInputTokens": "x-amzn-bedrock-cache-write-input-token-count",
}
"""Of whole answers of InvokeModel."""


def reported_in(headers: Mapping[str, str]) -> list[UsageReported]:
    """Returns the counts in the head of a response; empty if there are none."""
    found = {ours: headers.get(theirs, "") for ours, theirs in _HEADERS.items()}
    return reported({"usage": {name: int(digits) for name, digits in found.items() if digits.isdecimal()}})


def reported(answer: Json) -> list[UsageReported]:
    """Returns the counts of a whole answer, or of a stream's metadata; empty if there are none.

    What is read from the cache and written to it is counted beside the input.
    """
    counts = member(answer, "usage")
    if count(counts, "inputTokens") is None and count(counts, "outputTokens") is None:
        return []
    read, written = first(count(counts, "cacheReadInputTokens")), first(count(counts, "cacheWriteInputTokens"))
    usage = Usage(
        input_tokens=first(count(counts, "inputTokens")) + read + written,
        output_tokens=first(count(counts, "outputTokens")),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
    )
    tier, latency = text(member(answer, "serviceTier"), "type"), text(member(answer, "performanceConfig"), "latency")
    for_an_hour = any(text(one, "ttl") == "1h" and count(one, "inputTokens") for one in members(counts, "cacheDetails"))
    charges_more = any(member(counts, "serverToolUsage").values()) or latency == "optimized" or for_an_hour
    return [UsageReported(usage, count(counts, "totalTokens"), usual_rates=not charges_more, service_tier=tier)]
