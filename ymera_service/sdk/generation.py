"""Requests to a provider, and the tokens that they consume."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ymera_service.sdk.content import CacheHint, Message


class ReasoningEffort(StrEnum):
    """How much a reasoning model should think, in ascending order."""

    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"
    MAX = "max"


class FinishReason(StrEnum):
    """Why a model stopped."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may ask the caller to run.

    `parameters_schema` is a JSON Schema of its arguments as JSON text; empty means that it takes no arguments.
    """

    name: str
    description: str = ""
    parameters_schema: str = ""
    strict: bool = False
    cache: CacheHint | None = None


WEB_SEARCH, CODE_EXECUTION = "web_search", "code_execution"
"""The provider's own tools that have one name for all providers."""


@dataclass(frozen=True, slots=True)
class ProviderTool:
    """A tool that the provider runs itself.

    Attributes:
        name: `WEB_SEARCH` or `CODE_EXECUTION`, or with `provider` that provider's own name for the type of a tool.
        provider: The only provider that may get it, with these `options`; empty if any may.
    """

    name: str
    provider: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    cache: CacheHint | None = None


class ToolChoiceMode(StrEnum):
    """Whether the model has to use tools."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Which tools the model has to use, or may use.

    `tool_name` is used with mode `TOOL`. `allowed_tools` are those that may be called with mode `AUTO` or `REQUIRED`;
    none means all. `max_tool_calls` bounds the calls of tools that the provider runs itself.
    """

    mode: ToolChoiceMode = ToolChoiceMode.AUTO
    tool_name: str = ""
    parallel_tool_calls: bool | None = None
    allowed_tools: tuple[str, ...] = ()
    max_tool_calls: int | None = None


class ResponseType(StrEnum):
    """The format that an answer must have."""

    TEXT = "text"
    JSON_OBJECT = "json_object"
    JSON_SCHEMA = "json_schema"


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """The format of the answer; `schema` is JSON text and is used with `JSON_SCHEMA`, like `description`."""

    type: ResponseType = ResponseType.TEXT
    name: str = "response"
    schema: str = ""
    strict: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an answer is sampled; None leaves the choice to the provider.

    Attributes:
        reasoning_effort: How much to think; None if `reasoning_budget_tokens` says it.
        reasoning_budget_tokens: How many tokens to think for.
        reasoning_summary: Whether the answer is to contain readable thinking.
        logprobs: Asks for the probability of each token, with this number of alternatives.
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_output_tokens: int | None = None
    stop_sequences: tuple[str, ...] = ()
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    reasoning_effort: ReasoningEffort | None = None
    reasoning_budget_tokens: int | None = None
    reasoning_summary: bool | None = None
    logprobs: int | None = None


class ServiceTier(StrEnum):
    """How urgent an answer is."""

    STANDARD = "standard"
    FLEX = "flex"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything that a model receives, and the requirements on its answer.

    `tools` are functions that the caller runs, `provider_tools` what the provider runs itself.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = field(default_factory=ToolChoice)
    response_format: ResponseFormat = field(default_factory=ResponseFormat)
    sampling: Sampling = field(default_factory=Sampling)
    provider_tools: tuple[ProviderTool, ...] = ()
    service_tier: ServiceTier | None = None


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One call of a provider: `model` is the provider's name of the model.

    Attributes:
        stream: The provider sends the answer while it is written; the events are the same.
        options: The caller's own parameters for this provider, such as `{"service_tier": "flex"}`. `HttpProvider`
            merges them into the body.
        strict: What the model does not accept as it is must not be adapted. `HttpProvider` sees to it for a dialect
            that states its adaptations.
    """

    model: str
    prompt: Prompt
    stream: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False


class AdaptationKind(StrEnum):
    """What was done with a parameter that a model does not accept as it is."""

    DROPPED = "dropped"
    REDUCED = "reduced"
    MAPPED = "mapped"


@dataclass(frozen=True, slots=True)
class Adaptation:
    """A parameter that is not sent as the caller gave it: its path, such as `prompt.sampling.seed`, and why."""

    kind: AdaptationKind
    field: str
    detail: str


MAX_TOKENS = 100_000_000
"""The highest plausible count of tokens of one call: ten times the longest context window on offer, of 10 million."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens consumed. Cached and cache-written tokens are part of the input, reasoning of the output."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    reasoning_output_tokens: int = 0

    @property
    def is_credible(self) -> bool:
        """Whether every count is plausible; a provider may send anything."""
        return (
            0 <= self.input_tokens <= MAX_TOKENS
            and 0 <= self.output_tokens <= MAX_TOKENS
            and 0 <= self.cache_read_input_tokens <= MAX_TOKENS
            and 0 <= self.cache_creation_input_tokens <= MAX_TOKENS
            and 0 <= self.reasoning_output_tokens <= MAX_TOKENS
        )

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_input_tokens + other.cache_read_input_tokens,
            self.cache_creation_input_tokens + other.cache_creation_input_tokens,
            self.reasoning_output_tokens + other.reasoning_output_tokens,
        )
