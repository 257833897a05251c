"""Prompts that ask for one feature each, and what becomes of it in a dialect."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ymera_service.sdk.content import (
    CacheHint,
    Detail,
    Media,
    MediaKind,
    Message,
    Part,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from ymera_service.sdk.errors import InvalidProviderRequest
from ymera_service.sdk.features import Feature, Support
from ymera_service.sdk.generation import (
    CODE_EXECUTION,
    WEB_SEARCH,
    AdaptationKind,
    GenerateRequest,
    Prompt,
    ProviderTool,
    ReasoningEffort,
    ResponseFormat,
    ResponseType,
    Sampling,
    ServiceTier,
    Tool,
    ToolChoice,
    ToolChoiceMode,
)
from ymera_service.sdk.http import Dialect


@dataclass(frozen=True, slots=True)
class Sample:
    """A prompt that asks for a feature, the same one that does not, and the field that a warning about it names."""

    asking: Prompt
    plain: Prompt
    field: str


_SCHEMA = '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}'
_TOOLS = (Tool("get_weather", "Returns the weather.", _SCHEMA), Tool("get_time", "Returns the time.", _SCHEMA))
_PNG = b"\x89PNG\r\n\x1a\npicture"
_PICTURE = Media(MediaKind.IMAGE, "image/png", _PNG)
_DOCUMENT = Media(MediaKind.FILE, "application/pdf", b"%PDF-1.7 document")
_SEARCH = ProviderTool(WEB_SEARCH)

PLAIN = Prompt((Message(Role.USER, (Text("What is it?"),)),))
WITH_TOOLS = replace(PLAIN, tools=_TOOLS)


def _said(*parts: Part) -> Prompt:
    return Prompt((Message(Role.USER, (Text("What is it?"), *parts)),))


def _resulting(part: Text | Media, *, is_error: bool = False) -> Prompt:
    call = Message(Role.ASSISTANT, (ToolCall("call_1", "get_weather", '{"city":"Paris"}'),))
    return replace(
        WITH_TOOLS,
        messages=(*PLAIN.messages, call, Message(Role.TOOL, (ToolResult("call_1", (part,), is_error),))),
    )


def _sampled(**values: object) -> Sample:
    [name] = values
    return Sample(replace(PLAIN, sampling=Sampling(**values)), PLAIN, f"prompt.sampling.{name}")  # type: ignore[arg-type]  # one field of its type


def _chosen(field: str, choice: ToolChoice) -> Sample:
    return Sample(replace(WITH_TOOLS, tool_choice=choice), WITH_TOOLS, f"prompt.tool_choice.{field}")


def _shaped(shape: ResponseFormat) -> Sample:
    return Sample(replace(PLAIN, response_format=shape), PLAIN, "prompt.response_format")


def _hosted(name: str) -> Sample:
    return Sample(replace(PLAIN, provider_tools=(ProviderTool(name),)), PLAIN, "prompt.provider_tools")


def _served(tier: ServiceTier) -> Sample:
    return Sample(replace(PLAIN, service_tier=tier), PLAIN, "prompt.service_tier")


def _shown(asking: Media, plain: Media | None = None, field: str = "prompt.messages.parts") -> Sample:
    return Sample(_said(asking), _said() if plain is None else _said(plain), field)


def samples(provider: str) -> Mapping[Feature, Sample]:
    """Returns a sample of each feature; `provider` is the one that keeps a file."""
    return {
        **_of_sampling(),
        **_of_tools(),
        **_of_media(provider),
        Feature.CACHE: Sample(
            Prompt((Message(Role.USER, (Text("What is it?", CacheHint()),)),)), PLAIN, "prompt.messages.parts.cache"
        ),
        Feature.FLEX: _served(ServiceTier.FLEX),
        Feature.PRIORITY: _served(ServiceTier.PRIORITY),
    }


def _of_sampling() -> Mapping[Feature, Sample]:
    return {
        Feature.TEMPERATURE: _sampled(temperature=0.5),
        Feature.TOP_P: _sampled(top_p=0.9),
        Feature.TOP_K: _sampled(top_k=7),
        Feature.MAX_OUTPUT_TOKENS: _sampled(max_output_tokens=2000),
        Feature.STOP_SEQUENCES: _sampled(stop_sequences=("END",)),
        Feature.SEED: _sampled(seed=5),
        Feature.FREQUENCY_PENALTY: _sampled(frequency_penalty=0.1),
        Feature.PRESENCE_PENALTY: _sampled(presence_penalty=0.2),
        Feature.LOGPROBS: _sampled(logprobs=2),
        Feature.REASONING_EFFORT: _sampled(reasoning_effort=ReasoningEffort.LOW),
        Feature.REASONING_OFF: _sampled(reasoning_effort=ReasoningEffort.NONE),
        Feature.REASONING_BUDGET: _sampled(reasoning_budget_tokens=2048),
        Feature.REASONING_SHOWN: _sampled(reasoning_summary=True),
        Feature.REASONING_HIDDEN: _sampled(reasoning_summary=False),
        Feature.JSON_OBJECT: _shaped(ResponseFormat(ResponseType.JSON_OBJECT)),
        Feature.JSON_SCHEMA: _shaped(ResponseFormat(ResponseType.JSON_SCHEMA, schema=_SCHEMA)),
    }


def _of_tools() -> Mapping[Feature, Sample]:
    return {
        Feature.TOOLS: Sample(WITH_TOOLS, PLAIN, "prompt.tools"),
        Feature.STRICT_TOOLS: Sample(
            replace(WITH_TOOLS, tools=tuple(replace(tool, strict=True) for tool in _TOOLS)),
            WITH_TOOLS,
            "prompt.tools.strict",
        ),
        Feature.TOOL_REQUIRED: _chosen("mode", ToolChoice(ToolChoiceMode.REQUIRED)),
        Feature.TOOL_BY_NAME: _chosen("", ToolChoice(ToolChoiceMode.TOOL, "get_time")),
        Feature.TOOL_NONE: _chosen("mode", ToolChoice(ToolChoiceMode.NONE)),
        Feature.ALLOWED_TOOLS: _chosen("allowed_tools", ToolChoice(allowed_tools=("get_time",))),
        Feature.ONE_CALL_AT_A_TIME: _chosen("parallel_tool_calls", ToolChoice(parallel_tool_calls=False)),
        Feature.TOOL_ERROR: Sample(
            _resulting(Text("It failed."), is_error=True), _resulting(Text("It failed.")), "prompt.messages.parts"
        ),
        Feature.TOOL_IMAGE: Sample(_resulting(_PICTURE), _resulting(Text("It failed.")), "prompt.messages.parts"),
        Feature.WEB_SEARCH: _hosted(WEB_SEARCH),
        Feature.CODE_EXECUTION: _hosted(CODE_EXECUTION),
        Feature.MAX_TOOL_CALLS: Sample(
            replace(PLAIN, provider_tools=(_SEARCH,), tool_choice=ToolChoice(max_tool_calls=2)),
            replace(PLAIN, provider_tools=(_SEARCH,)),
            "prompt.tool_choice.max_tool_calls",
        ),
    }


def _of_media(provider: str) -> Mapping[Feature, Sample]:
    return {
        Feature.IMAGE: _shown(_PICTURE),
        Feature.IMAGE_URI: _shown(Media(MediaKind.IMAGE, "image/png", uri="https://example.org/it.png")),
        Feature.IMAGE_DETAIL: _shown(
            replace(_PICTURE, detail=Detail.HIGH), _PICTURE, field="prompt.messages.parts.detail"
        ),
        Feature.AUDIO: _shown(Media(MediaKind.AUDIO, "audio/wav", b"RIFF....WAVE")),
        Feature.VIDEO: _shown(Media(MediaKind.VIDEO, "video/mp4", b"....ftypmp42")),
        Feature.FILE: _shown(_DOCUMENT),
        Feature.FILE_URI: _shown(Media(MediaKind.FILE, "application/pdf", uri="https://example.org/it.pdf")),
        Feature.FILE_ID: _shown(Media(MediaKind.FILE, "application/pdf", file_id="file_1", provider=provider)),
        Feature.FILENAME: _shown(
            replace(_DOCUMENT, filename="report.pdf"), _DOCUMENT, field="prompt.messages.parts.filename"
        ),
    }


_INHERENT = frozenset({Feature.REASONING_OFF, Feature.REASONING_SHOWN, Feature.REASONING_HIDDEN})
"""What a model may do without a word of it, so that nothing need be sent."""


def outcome(dialect: Dialect, model: str, feature: Feature, sample: Sample) -> Support | None:
    """Returns what a dialect does with a feature, for a model; None if the feature needs another that it refuses."""
    try:
        plain = dialect.encode(GenerateRequest(model, sample.plain))
    except InvalidProviderRequest:
        return None
    try:
        asking = dialect.encode(GenerateRequest(model, sample.asking))
    except InvalidProviderRequest:
        return Support.REFUSED
    kinds = {one.kind for one in asking.adaptations if one.field.startswith(sample.field)}
    if kinds:
        return Support.DROPPED if kinds == {AdaptationKind.DROPPED} else Support.MAPPED
    return Support.IGNORED if asking.body == plain.body and feature not in _INHERENT else Support.SENT
