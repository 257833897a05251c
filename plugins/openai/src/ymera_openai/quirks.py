"""In what a vendor's chat completions differ from OpenAI's."""

from dataclasses import dataclass
from enum import StrEnum


class ReasoningControl(StrEnum):
    """How a vendor is told how much to think."""

    NONE = "none"
    EFFORT = "reasoning_effort"
    OBJECT = "reasoning"
    """OpenRouter's `{"reasoning": {"effort": …}}`."""
    THINKING = "thinking"
    """`{"thinking": {"type": "enabled"}}`: on or off."""
    ENABLE_THINKING = "enable_thinking"
    """Alibaba's switch."""


class ReasoningEcho(StrEnum):
    """Where a vendor wants its own earlier thinking back."""

    NONE = ""
    CONTENT = "reasoning_content"
    PLAIN = "reasoning"
    DETAILS = "reasoning_details"
    PARTS = "thinking"
    """Mistral's content parts."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """What to send otherwise, or not at all. The defaults suit a server that follows OpenAI closely.

    Attributes:
        max_tokens: The name of the limit of the answer's tokens.
        seed: The name of the seed; empty where it is not taken.
        top_k: Whether `top_k` is taken.
        penalties: Whether frequency and presence penalties are taken.
        stream_usage: Whether `stream_options.include_usage` is taken; those that do not, report usage anyway.
        parallel_tool_calls: Whether that switch is taken.
        strict_tools: Whether a tool's `strict` is taken.
        json_schema: Whether answers can be held to a schema; else JSON is asked for and the schema told in words.
        reasoning: How to tell how much to think.
        echo: Where earlier thinking goes.
        refusals: Whether an assistant's refusal has a field of its own.
        mistral: Whether audio, documents and the ids of tool calls go in Mistral's form.
        openai_families: Whether the rules of OpenAI's own model families apply.
    """

    max_tokens: str = "max_tokens"
    seed: str = "seed"
    top_k: bool = False
    penalties: bool = True
    stream_usage: bool = True
    parallel_tool_calls: bool = True
    strict_tools: bool = True
    json_schema: bool = True
    reasoning: ReasoningControl = ReasoningControl.EFFORT
    echo: ReasoningEcho = ReasoningEcho.NONE
    refusals: bool = False
    mistral: bool = False
    openai_families: bool = False
