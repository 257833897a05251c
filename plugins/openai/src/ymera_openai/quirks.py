"""The differences between a vendor's chat completions and OpenAI's."""

from dataclasses import dataclass, field
from enum import StrEnum

from ymera_service.sdk.wire.tiers import Names


class ReasoningControl(StrEnum):
    """The field of a request that controls how much a model thinks."""

    NONE = "none"
    EFFORT = "reasoning_effort"
    OBJECT = "reasoning"
    """OpenRouter's `{"reasoning": {"effort": …}}`."""
    THINKING = "thinking"
    """`{"thinking": {"type": "enabled"}}`: on or off."""
    EFFORT_OR_OFF = "reasoning_effort or thinking"
    """DeepSeek's: models think unless `thinking` disables it, with the effort "high" unless another one is sent."""
    ENABLE_THINKING = "enable_thinking"
    """Alibaba's boolean."""
    TEMPLATE = "chat_template_kwargs"
    """vLLM's and SGLang's `{"chat_template_kwargs": {"enable_thinking": …}}`."""


class ReasoningEcho(StrEnum):
    """The field in which a vendor expects its model's earlier thinking."""

    NONE = ""
    CONTENT = "reasoning_content"
    PLAIN = "reasoning"
    DETAILS = "reasoning_details"
    PARTS = "thinking"
    """Mistral's content parts."""
    TAGS = "tags"
    """`<think>…</think>` at the beginning of the text. Earlier thinking is not sent back, as models drop it."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """What is sent differently, or not at all. The defaults suit a server that follows OpenAI closely.

    Attributes:
        max_tokens: The name of the field that limits the answer's tokens.
        seed: The name of the field of the seed; empty if there is none.
        top_k: Whether `top_k` is accepted.
        penalties: Whether frequency and presence penalties are accepted.
        stream_usage: Whether `stream_options.include_usage` is accepted; other vendors always report usage.
        parallel_tool_calls: Whether `parallel_tool_calls` is accepted.
        strict_tools: Whether a tool's `strict` is accepted.
        allowed_tools: Whether `tool_choice` may allow a part of the tools; otherwise only these are offered.
        json_schema: Whether a schema is accepted; otherwise JSON mode is used and the schema is put into a message.
        tiers: The vendor's words for the service tiers that it has.
        cache_control: Whether parts and tools may ask for caching; other vendors cache by themselves, or not at all.
        web_search: The type of the vendor's own tool for searches; empty if it has none in chat completions.
        reasoning: The field that controls how much a model thinks.
        echo: The field for earlier thinking.
        refusals: Whether an assistant's refusal has a separate field.
        result_media: Whether a tool's result may hold media; otherwise these follow in a user message.
        mistral: Whether audio, documents and the ids of tool calls are sent in Mistral's form.
        openai_families: Whether OpenAI's reasoning models are led by a `developer`, and some of its models are called
            through its other APIs.
        vendor: The vendor whose models' efforts apply, by its name here; empty for another vendor.
    """

    max_tokens: str = "max_tokens"
    seed: str = "seed"
    top_k: bool = False
    penalties: bool = True
    stream_usage: bool = True
    parallel_tool_calls: bool = True
    strict_tools: bool = True
    allowed_tools: bool = False
    json_schema: bool = True
    tiers: Names = field(default_factory=dict)
    cache_control: bool = False
    web_search: str = ""
    reasoning: ReasoningControl = ReasoningControl.EFFORT
    echo: ReasoningEcho = ReasoningEcho.NONE
    refusals: bool = False
    result_media: bool = False
    mistral: bool = False
    openai_families: bool = False
    vendor: str = ""
