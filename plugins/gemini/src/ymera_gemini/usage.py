"""Reads `usageMetadata`."""

from ymera_service.sdk.events import UsageReported
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.wire.json_reader import Json, count, text
from ymera_service.sdk.wire.usage import consistent

_COUNTS = (
    "promptTokenCount",
    "toolUsePromptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
    "totalTokenCount",
)


class Counts:
    """The counts of one answer. Each chunk of a stream repeats them, and may leave some out."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._tier = ""

    def take(self, metadata: Json) -> None:
        """Takes the counts that a chunk has."""
        self._tier = text(metadata, "serviceTier") or self._tier
        for name in _COUNTS:
            if (tokens := count(metadata, name)) is not None:
                self._counts[name] = tokens

    def reported(self) -> list[UsageReported]:
        """Returns the counts so far; empty if there are none.

        Thoughts are counted beside the answer, and what server tools add to the prompt beside the prompt.
        """
        if not self._counts:
            return []
        reported = self._counts.get
        usage = Usage(
            input_tokens=reported("promptTokenCount", 0) + reported("toolUsePromptTokenCount", 0),
            output_tokens=reported("candidatesTokenCount", 0) + reported("thoughtsTokenCount", 0),
            cache_read_input_tokens=reported("cachedContentTokenCount", 0),
            reasoning_output_tokens=reported("thoughtsTokenCount", 0),
        )
        corrected = consistent(usage)
        return [
            UsageReported(
                corrected,
                reported("totalTokenCount"),
                estimated=corrected != usage,
                service_tier=self._tier,
            )
        ]
