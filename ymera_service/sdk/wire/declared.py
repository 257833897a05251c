"""Warns of what a format maps or drops for every model, as it declares it."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from ymera_service.sdk.content import Media, Part, ProviderBlock, Text, ToolResult
from ymera_service.sdk.features import Feature, Features, Support, dropped
from ymera_service.sdk.generation import (
    Adaptation,
    AdaptationKind,
    Prompt,
    ResponseType,
    ServiceTier,
    ToolChoiceMode,
)
from ymera_service.sdk.wire.tiers import Names

_Asks = Callable[[Prompt], bool]

_FIELDS: Mapping[Feature, str] = {
    Feature.JSON_OBJECT: "response_format.type",
    Feature.JSON_SCHEMA: "response_format.schema",
    Feature.STRICT_TOOLS: "tools.strict",
    Feature.TOOL_REQUIRED: "tool_choice.mode",
    Feature.TOOL_NONE: "tool_choice.mode",
    Feature.TOOL_BY_NAME: "tool_choice.tool_name",
    Feature.ALLOWED_TOOLS: "tool_choice.allowed_tools",
    Feature.ONE_CALL_AT_A_TIME: "tool_choice.parallel_tool_calls",
    Feature.MAX_TOOL_CALLS: "tool_choice.max_tool_calls",
    Feature.TOOL_ERROR: "messages.parts.tool_result.is_error",
    Feature.IMAGE_DETAIL: "messages.parts.detail",
    Feature.FILENAME: "messages.parts.filename",
    Feature.FLEX: "service_tier",
    Feature.PRIORITY: "service_tier",
}
"""What a warning names, of the features whose treatment a declaration alone decides."""

_OF_TOOLS: Mapping[Feature, _Asks] = {
    Feature.STRICT_TOOLS: lambda prompt: any(tool.strict for tool in prompt.tools),
    Feature.TOOL_REQUIRED: lambda prompt: prompt.tool_choice.mode is ToolChoiceMode.REQUIRED,
    Feature.TOOL_NONE: lambda prompt: prompt.tool_choice.mode is ToolChoiceMode.NONE,
    Feature.TOOL_BY_NAME: lambda prompt: prompt.tool_choice.mode is ToolChoiceMode.TOOL,
    Feature.ALLOWED_TOOLS: lambda prompt: bool(prompt.tool_choice.allowed_tools),
    Feature.ONE_CALL_AT_A_TIME: lambda prompt: prompt.tool_choice.parallel_tool_calls is False,
}
_FORMATS = {ResponseType.JSON_OBJECT: Feature.JSON_OBJECT, ResponseType.JSON_SCHEMA: Feature.JSON_SCHEMA}
_TIERS = {ServiceTier.FLEX: Feature.FLEX, ServiceTier.PRIORITY: Feature.PRIORITY}
_KINDS = {Support.MAPPED: AdaptationKind.MAPPED, Support.DROPPED: AdaptationKind.DROPPED}


def tiers_of(names: Names) -> Features:
    """Returns what a format does with service tiers that a provider names, or does not have."""
    lacking = {feature: tier for tier, feature in _TIERS.items() if tier not in names}
    return {feature: dropped(f"the provider has no tier {tier.value}") for feature, tier in lacking.items()}


class Declared:
    """The warnings about a prompt that follow from what a format declares, and from nothing else.

    A treatment without a detail gives none: it depends on the request, and the format warns of it itself.
    """

    def __init__(self, features: Features, format: str = "") -> None:
        """`format` is that of the provider's own blocks; blocks of others are left out with a warning."""
        self._adaptations = {
            feature: Adaptation(_KINDS[treatment.support], f"prompt.{_FIELDS[feature]}", treatment.detail)
            for feature, treatment in features.items()
            if feature in _FIELDS and treatment.support in _KINDS and treatment.detail
        }
        self._of_tools = [(asks, self._adaptations[one]) for one, asks in _OF_TOOLS.items() if one in self._adaptations]
        self._format = format

    def of(self, prompt: Prompt) -> list[Adaptation]:
        """Returns the warnings about a prompt."""
        found = [adaptation for asks, adaptation in self._of_tools if asks(prompt)] if prompt.tools else []
        features: list[Feature] = []
        if prompt.provider_tools and prompt.tool_choice.max_tool_calls is not None:
            features.append(Feature.MAX_TOOL_CALLS)
        if prompt.response_format.type is not ResponseType.TEXT:
            features.append(_FORMATS[prompt.response_format.type])
        if prompt.service_tier in _TIERS:
            features.append(_TIERS[prompt.service_tier])
        found += [self._adaptations[feature] for feature in features if feature in self._adaptations]
        unusual = [part for message in prompt.messages for part in message.parts if type(part) is not Text]
        return [*found, *self._of_parts(unusual)] if unusual else found

    def _of_parts(self, parts: Sequence[Part]) -> Iterator[Adaptation]:
        for one in sorted({one for part in parts for one in _seen(part)}):
            if isinstance(one, Feature):
                if one in self._adaptations:
                    yield self._adaptations[one]
            elif one != self._format:
                detail = f"it has the format {one}"
                yield Adaptation(AdaptationKind.DROPPED, "prompt.messages.parts.provider_block", detail)


def _seen(part: Part) -> Iterator[Feature | str]:
    """Yields what a part asks for, and the format of a provider's block."""
    match part:
        case ProviderBlock():
            yield part.format
        case ToolResult():
            if part.is_error:
                yield Feature.TOOL_ERROR
            for inner in part.parts:
                yield from _seen(inner)
        case Media():
            if part.detail:
                yield Feature.IMAGE_DETAIL
            if part.filename:
                yield Feature.FILENAME
