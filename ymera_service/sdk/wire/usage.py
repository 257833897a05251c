"""Token counts as providers report them."""

from dataclasses import replace

from ymera_service.sdk.generation import Usage


def consistent(usage: Usage) -> Usage:
    """Returns the counts with no part larger than its whole: cached tokens are input, reasoning tokens are output.

    Some vendors count a cached prefix that is longer than the prompt, which would make a cost negative.
    """
    if (
        max(usage.cache_read_input_tokens, usage.cache_creation_input_tokens) <= usage.input_tokens
        and usage.reasoning_output_tokens <= usage.output_tokens
    ):
        return usage
    return replace(
        usage,
        cache_read_input_tokens=min(usage.cache_read_input_tokens, usage.input_tokens),
        cache_creation_input_tokens=min(usage.cache_creation_input_tokens, usage.input_tokens),
        reasoning_output_tokens=min(usage.reasoning_output_tokens, usage.output_tokens),
    )
